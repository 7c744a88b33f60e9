package costexplorer

import (
	"maps"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/source/costexplorer/paid"
)

// Metrics are the metrics of costs, in AWS's words. Amounts of two metrics are never added, and usage never across units.
var Metrics = []string{"UnblendedCost", "AmortizedCost", "NetUnblendedCost", "NetAmortizedCost", "BlendedCost", "UsageQuantity", "NormalizedUsageAmount"}

// defaultMetrics are asked when nobody has chosen any: several cost no more than one.
var defaultMetrics = []string{"UnblendedCost", "AmortizedCost", "NetUnblendedCost", "NetAmortizedCost"}

// groupable are the dimensions that costs are grouped by; more can be filtered by.
var groupable = []string{
	"AZ", "INSTANCE_TYPE", "LEGAL_ENTITY_NAME", "INVOICING_ENTITY", "LINKED_ACCOUNT", "OPERATION", "PLATFORM", "PURCHASE_TYPE", "SERVICE", "TENANCY", "RECORD_TYPE", "USAGE_TYPE",
	"REGION", "DATABASE_ENGINE", "BILLING_ENTITY", "RESERVATION_ID", "SAVINGS_PLAN_ARN", "INSTANCE_TYPE_FAMILY",
}

var filterable = append([]string{"RESOURCE_ID", "USAGE_TYPE_GROUP", "SUBSCRIPTION_ID", "CACHE_ENGINE", "DEPLOYMENT_OPTION", "OPERATING_SYSTEM", "SCOPE", "SAVINGS_PLANS_TYPE", "PAYMENT_OPTION"}, groupable...)

// Groups are the dimensions that costs can be grouped by. Beside them there are "tag:KEY" and "category:NAME".
func Groups() []string { return slices.Clone(groupable) }

// group is one grouping in AWS's words.
type group struct {
	Type string `json:"Type"` // DIMENSION, TAG, COST_CATEGORY
	Key  string `json:"Key"`
}

func groupOf(text string) group {
	if key, ok := strings.CutPrefix(text, "tag:"); ok {
		return group{"TAG", key}
	}
	if key, ok := strings.CutPrefix(text, "category:"); ok {
		return group{"COST_CATEGORY", key}
	}
	return group{"DIMENSION", strings.ToUpper(text)}
}

func (g group) known(dimensions []string) bool {
	return g.Key != "" && (g.Type != "DIMENSION" || slices.Contains(dimensions, g.Key))
}

// value takes the group's own prefix off a value of an answer. Only the known prefix is taken: values may hold dollar signs too.
func (g group) value(text string) string {
	if g.Type == "DIMENSION" {
		return text
	}
	return strings.TrimPrefix(text, g.Key+"$")
}

// condition is one leaf of AWS's Expression: the values that a group may have. An empty value is one that is absent.
func (g group) condition(values []string) map[string]any {
	member := map[string]string{"DIMENSION": "Dimensions", "TAG": "Tags", "COST_CATEGORY": "CostCategories"}[g.Type]
	leaf := map[string]any{"Key": g.Key, "Values": values}
	if len(values) == 1 && values[0] == "" && g.Type != "DIMENSION" {
		leaf = map[string]any{"Key": g.Key, "MatchOptions": []string{"ABSENT"}}
	}
	return map[string]any{member: leaf}
}

// filter writes conditions as one Expression, nil for none: AWS wants exactly one root.
func filter(conditions map[string][]string, more ...map[string]any) map[string]any {
	list := []map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(conditions)) {
		name, not := strings.CutPrefix(key, "not:")
		c := groupOf(name).condition(conditions[key])
		if not {
			c = map[string]any{"Not": c}
		}
		list = append(list, c)
	}
	list = append(list, more...)
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	return map[string]any{"And": list}
}

// body is a question to AWS, without window, page and token.
func (o *Operation) body(s bursar.Stream, more ...map[string]any) map[string]any {
	b := map[string]any{}
	maps.Copy(b, o.fixed)
	if o.Metrics {
		b["Metrics"] = metricsOf(s)
		b["Granularity"] = o.Times
		if o.Times == Resources {
			b["Granularity"] = Daily
			more = append(more, groupOf("SERVICE").condition([]string{"Amazon Elastic Compute Cloud - Compute"}))
		}
	}
	groups := o.groups(s)
	if n := min(len(groups), o.Groups); n > 0 {
		b["GroupBy"] = groups[:n]
	}
	if o.Settled && o.Times == Daily && len(groups) == 0 { // AWS takes a granularity or groups, not both
		b["Granularity"] = Daily
	}
	if f := filter(s.Filter, more...); f != nil {
		b["Filter"] = f
	}
	o.key(b, s.Key)
	if o.size != "" {
		b[o.size] = o.largest // each page costs, however small
	}
	return b
}

func metricsOf(s bursar.Stream) []string {
	if len(s.Metrics) > 0 {
		return s.Metrics
	}
	return defaultMetrics
}

func (o *Operation) groups(s bursar.Stream) []group {
	if o.Times == Resources && len(s.GroupBy) == 0 {
		return []group{{"DIMENSION", "RESOURCE_ID"}}
	}
	out := make([]group, len(s.GroupBy))
	for i, g := range s.GroupBy {
		out[i] = groupOf(g)
	}
	return out
}

func (o *Operation) key(b map[string]any, key string) {
	if key == "" {
		key = o.KeyBy
	}
	switch {
	case key == "":
	case o.Key == "dimension":
		b["Dimension"] = key
	case o.Key == "tag":
		b["TagKey"] = key
	case o.Key == "category":
		b["CostCategoryName"] = key
	case o.Key == "service":
		b["Service"] = key
	}
}

// in sets the window of a question. Costs forget nothing: the body is a copy.
func (o *Operation) in(b map[string]any, w Window) map[string]any {
	b = maps.Clone(b)
	switch {
	case o.Times == Timeless:
	case o.Action == "GetAnomalies":
		b["DateInterval"] = map[string]any{"StartDate": w.From.Format("2006-01-02"), "EndDate": w.To.Format("2006-01-02")}
	default:
		b["TimePeriod"] = o.interval(w)
	}
	return b
}

// Hash is the question that a stream asks, whatever the time.
func (o *Operation) Hash(accountID string, s bursar.Stream) string {
	b := o.body(s)
	if extra := o.beyond(s); extra != (group{}) {
		b["Beyond"] = extra
	}
	return paid.Hash(accountID, o.Action, b)[:16]
}

// beyond is the grouping that AWS does not take, and that is asked value by value; none is the zero group.
func (o *Operation) beyond(s bursar.Stream) group {
	if o.Beyond && len(s.GroupBy) > o.Groups {
		return groupOf(s.GroupBy[o.Groups])
	}
	return group{}
}

// Check says what is wrong with a stream, before anything is paid; nil when nothing is.
func Check(s bursar.Stream) error {
	o := Find(s.Name)
	if o == nil {
		hint := "use one of " + Names()
		if strings.Contains(strings.ToLower(s.Name), "usagereport") || s.Name == "usage_report" {
			hint = "AWS has no ce:GetUsageReport; costs and usage are cost_daily, cost_monthly and cost_hourly"
		}
		return bursar.InvalidField("streams", "there is no stream %q", s.Name).WithReason("stream_unknown").WithHint("%s", hint)
	}
	most := o.Groups
	if o.Beyond {
		most++
	}
	switch {
	case len(s.GroupBy) > most:
		return wrong(s, "groups_too_many", "it is grouped by %d", "group by at most %d", len(s.GroupBy), most)
	case len(s.Metrics) > 0 && !o.Metrics:
		return wrong(s, "metrics_unused", "it has no metrics", "leave them out")
	case len(s.Filter) > 0 && !o.Filters:
		return wrong(s, "filter_unused", "it takes no filter", "leave it out")
	case s.Key != "" && o.Key == "":
		return wrong(s, "key_unused", "it has no key", "leave it out")
	case s.Months < 0 || s.Months > 38:
		return wrong(s, "months_malformed", "it has a history of %d months", "AWS keeps %d and the current one; by month up to 38 where that was switched on", s.Months, history)
	}
	for _, m := range s.Metrics {
		if !slices.Contains(Metrics, m) {
			return wrong(s, "metric_unknown", "there is no metric %q", "use of %s", m, strings.Join(Metrics, ", "))
		}
	}
	for _, g := range s.GroupBy {
		if !groupOf(g).known(filterable) {
			return wrong(s, "group_unknown", "it cannot be grouped by %q", "use %s, tag:KEY or category:NAME", g, strings.Join(groupable, ", "))
		}
	}
	for key, values := range s.Filter {
		if !groupOf(strings.TrimPrefix(key, "not:")).known(filterable) || len(values) == 0 {
			return wrong(s, "filter_malformed", "the filter by %q is none", "use %s, tag:KEY or category:NAME, each with its values; not: before one leaves them out", key, strings.Join(filterable, ", "))
		}
	}
	return nil
}

// wrong words what is wrong with a stream: the sentence takes as many of the arguments as it has places for, the hint the rest.
func wrong(s bursar.Stream, reason, sentence, hint string, args ...any) error {
	n := min(strings.Count(sentence, "%"), len(args))
	e := bursar.InvalidField("streams", "%s: "+sentence, append([]any{s.Name}, args[:n]...)...)
	return e.WithReason(reason).WithHint(hint, args[n:]...)
}
