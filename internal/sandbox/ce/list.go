package ce

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// listInput is the input of the operations that list definitions, and of GetAnomalies.
type listInput struct {
	DateInterval                                                         *struct{ StartDate, EndDate string }
	EffectiveOn, Feedback, MonitorArn, Status, Type                      string
	MonitorArnList, SubscriptionArnList, SupportedResourceTypes, TagKeys []string
	TotalImpact                                                          map[string]any
	MaxResults                                                           int
	NextToken, NextPageToken                                             string
}

// listed answers with one page of a list.
func listed[T any](c *call, in *listInput, name, tokenName string, all []T) (any, *cloud.Error) {
	n, e := size(in.MaxResults, 100, 1000)
	if e != nil {
		return nil, e
	}
	page, next, e := paged(c, all, n, or(in.NextToken, in.NextPageToken))
	if e != nil {
		return nil, e
	}
	return map[string]any{name: page, tokenName: token(next)}, nil
}

func (c *call) arn(rest string) string {
	return "arn:" + c.Cloud.Partition() + ":ce::" + c.account() + ":" + rest
}

func (c *call) categoryDefinitions() (any, *cloud.Error) {
	var in listInput
	if e := c.read(&in); e != nil {
		return nil, e
	}
	out := []map[string]any{}
	for _, k := range billgen.CostCategoryKeys() {
		out = append(out, map[string]any{
			"CostCategoryArn": c.arn("costcategory/" + billgen.UUID(c.account()+k)), "Name": k, "EffectiveStart": "2025-01-01T00:00:00Z", "NumberOfRules": 4, "DefaultValue": "Unallocated",
		})
	}
	return listed(c, &in, "CostCategoryReferences", "NextToken", out)
}

func (c *call) allocationTags() (any, *cloud.Error) {
	var in listInput
	if e := c.read(&in); e != nil {
		return nil, e
	}
	if o, ok := c.Cloud.OrganizationOf(c.account()); ok && o.ManagementID != c.account() {
		return nil, cloud.Errorf(400, "AccessDeniedException", "Linked account doesn't have access to cost allocation tags.")
	}
	out := []map[string]any{}
	for _, k := range billgen.TagKeys() {
		kind := "UserDefined"
		if strings.HasPrefix(k, "aws:") {
			kind = "AWSGenerated"
		}
		if in.Type == "" || in.Type == kind {
			out = append(out, map[string]any{"TagKey": tagKey(k), "Type": kind, "Status": "Active", "LastUpdatedDate": "2025-01-01T00:00:00Z", "LastUsedDate": c.today().Format(hourStamp)})
		}
	}
	return listed(c, &in, "CostAllocationTags", "NextToken", out)
}

func (c *call) monitor() string {
	return c.arn("anomalymonitor/" + billgen.UUID(c.account()+"monitor"))
}

func (c *call) anomalyMonitors() (any, *cloud.Error) {
	var in listInput
	if e := c.read(&in); e != nil {
		return nil, e
	}
	return listed(c, &in, "AnomalyMonitors", "NextPageToken", []map[string]any{{
		"MonitorArn": c.monitor(), "MonitorName": "Default-Services-Monitor", "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE", "CreationDate": "2025-01-01T00:00:00Z", "DimensionalValueCount": 20,
	}})
}

func (c *call) anomalySubscriptions() (any, *cloud.Error) {
	var in listInput
	if e := c.read(&in); e != nil {
		return nil, e
	}
	return listed(c, &in, "AnomalySubscriptions", "NextPageToken", []map[string]any{{
		"SubscriptionArn": c.arn("anomalysubscription/" + billgen.UUID(c.account()+"subscription")), "AccountId": c.account(), "SubscriptionName": "Default-Services-Subscription",
		"MonitorArnList": []string{c.monitor()}, "Frequency": "DAILY", "Subscribers": []map[string]string{{"Type": "EMAIL", "Address": "billing@example.com", "Status": "CONFIRMED"}},
	}})
}

// anomalies are the days on which a service cost more than twice its mean, in the time that is asked for.
func (c *call) anomalies() (any, *cloud.Error) {
	var in listInput
	if e := c.read(&in); e != nil {
		return nil, e
	}
	if in.DateInterval == nil {
		return nil, invalid("1 validation error detected: Value null at 'dateInterval' failed to satisfy constraint: Member must not be null")
	}
	end := or(in.DateInterval.EndDate, c.today().Format(time.DateOnly))
	s, e := c.span(&interval{in.DateInterval.StartDate, end}, "")
	switch {
	case e != nil:
		return nil, e
	case s.from.Before(c.today().AddDate(0, 0, -90)):
		return nil, invalid("Start date cannot be earlier than 90 days ago")
	}
	parts := s.cut("DAILY")
	t := tallies{}
	c.lines(s.from, s.to, func(l *billgen.Line) {
		if l.Type == billgen.Usage {
			t.add(key{find(parts, l.Start), service(l)}, "cost", l.UnblendedCost)
		}
	})
	return listed(c, &in, "Anomalies", "NextPageToken", c.unusual(t, parts))
}

func (c *call) unusual(t tallies, parts []span) []map[string]any {
	total := map[string]bursar.Decimal{}
	for k := range t {
		total[k.group] = total[k.group].Add(t.of(k, "cost"))
	}
	out := []map[string]any{}
	for _, k := range slices.SortedFunc(maps.Keys(t), key.compare) {
		cost := t.of(k, "cost")
		mean := quotient(total[k.group], bursar.DecimalFromInt64(int64(len(parts)), 0), 1)
		impact := cost.Sub(mean)
		if cost.Cmp(mean.Add(mean)) <= 0 || impact.Cmp(bursar.DecimalFromInt64(1, 0)) < 0 {
			continue
		}
		day := parts[k.part].interval("")
		out = append(out, map[string]any{
			"AnomalyId": billgen.UUID(c.account() + k.group + day.Start), "AnomalyStartDate": day.Start, "AnomalyEndDate": day.Start, "DimensionValue": k.group, "MonitorArn": c.monitor(),
			"AnomalyScore": map[string]float64{"CurrentScore": 0.5, "MaxScore": 0.5}, "RootCauses": []map[string]string{{"Service": k.group}},
			"Impact": map[string]any{"MaxImpact": number(impact), "TotalImpact": number(impact), "TotalActualSpend": number(cost), "TotalExpectedSpend": number(mean)},
		})
	}
	return out
}

// number is a decimal that JSON shows as a number, as AWS does for the impact of an anomaly alone.
type number bursar.Decimal

// MarshalJSON writes the digits without quotes.
func (n number) MarshalJSON() ([]byte, error) { return []byte(bursar.Decimal(n).String()), nil }

func (c *call) costForecast() (any, *cloud.Error) {
	var in struct {
		TimePeriod              *interval
		Metric, Granularity     string
		Filter                  *expression
		PredictionIntervalLevel int
		BillingViewArn          string
	}
	if e := c.read(&in); e != nil {
		return nil, e
	}
	s, e := c.span(in.TimePeriod, "")
	months := map[string]int{"DAILY": 3, "MONTHLY": 12}[in.Granularity]
	switch {
	case e != nil:
		return nil, e
	case !slices.Contains([]string{"AMORTIZED_COST", "BLENDED_COST", "NET_AMORTIZED_COST", "NET_UNBLENDED_COST", "UNBLENDED_COST"}, in.Metric):
		return nil, refused("metric", in.Metric, "AMORTIZED_COST, BLENDED_COST, NET_AMORTIZED_COST, NET_UNBLENDED_COST, UNBLENDED_COST")
	case months == 0:
		return nil, refused("granularity", in.Granularity, "DAILY, MONTHLY")
	case s.from.Before(c.today()):
		return nil, invalid("Start date for forecast must be equal to or no later than the current date")
	case s.to.After(c.today().AddDate(0, months, 1)):
		return nil, invalid("End date for forecast is too far in the future")
	}
	var past sums
	c.lines(c.today().AddDate(0, 0, -30), c.today(), func(l *billgen.Line) {
		if in.Filter.match(l) {
			past.add(l)
		}
	})
	daily := quotient(past.unblended.Decimal(), bursar.DecimalFromInt64(30, 0), 1)
	if daily.Sign() <= 0 {
		return nil, cloud.Errorf(400, "DataUnavailableException", "Insufficient amount of historical data to generate forecast")
	}
	return c.forecast(s, in.Granularity, daily), nil
}

func (c *call) forecast(s span, granularity string, daily bursar.Decimal) any {
	type result struct {
		TimePeriod                                                 interval
		MeanValue                                                  string
		PredictionIntervalLowerBound, PredictionIntervalUpperBound string
	}
	times := func(p span) bursar.Decimal {
		return quotient(daily, bursar.DecimalFromInt64(1, 0), int64(p.to.Sub(p.from)/(24*time.Hour)))
	}
	list := []result{}
	for _, p := range s.cut(granularity) {
		v := times(p)
		list = append(list, result{p.interval(""), text(v), text(part(v, 85)), text(part(v, 115))})
	}
	return map[string]any{"Total": metric{text(times(s)), "USD"}, "ForecastResultsByTime": list}
}
