package sandbox_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/sandbox"
	"github.com/bursarhq/bursar/internal/sandbox/billgen"
	"github.com/bursarhq/bursar/internal/sandbox/ce"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/sandbox/world"
)

// asker asks Cost Explorer as the administrator of an account.
func asker(t testing.TB, s *sandbox.Sandbox, account string) *awsapi.Session {
	t.Helper()
	k, e := s.Cloud().AdminKey(account)
	if e != nil {
		t.Fatal(e)
	}
	return keySession(t, s, k.ID, k.Secret)
}

func keySession(t testing.TB, s *sandbox.Sandbox, id string, secret bursar.Secret) *awsapi.Session {
	t.Helper()
	c, err := awsapi.New(t.Context(), awsapi.Config{AccessKeyID: id, SecretAccessKey: secret, Endpoint: s.URL(), HTTPClient: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}})
	if err != nil {
		t.Fatal(err)
	}
	return c.Own()
}

// lean is a sandbox whose lone account spends little, so that questions are quick.
func lean(c *sandbox.Config) {
	c.World = mustWorldText(`
accounts: [{id: "777788889999", name: Lone Star}, {id: "111122223333", name: Payer}, {id: "222233334444", name: Member}]
organizations: [{id: o-example1234, management: "111122223333", members: ["222233334444"]}]
billing: {months: 3, payers: [{account: "777788889999", lines: 9000}, {account: "111122223333", lines: 2500, edp: 5}]}
cost_explorer: {page: 40}
`)
}

type costAnswer struct {
	ResultsByTime []struct {
		TimePeriod struct{ Start, End string }
		Total      map[string]struct{ Amount, Unit string }
		Groups     []struct {
			Keys    []string
			Metrics map[string]struct{ Amount, Unit string }
		}
		Estimated bool
	}
	NextPageToken string
}

func askCost(t testing.TB, s *awsapi.Session, op, body string, out any) error {
	t.Helper()
	a, err := s.CostExplorer(t.Context(), op, []byte(body))
	if err == nil && out != nil {
		if err := json.Unmarshal(a.Body, out); err != nil {
			t.Fatalf("%s: %v\n%s", op, err, a.Body)
		}
	}
	return err
}

func decimal(t testing.TB, s string) bursar.Decimal {
	t.Helper()
	d, err := bursar.ParseDecimal(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestCostsAgreeWithTheBill adds up every page of a closed month and holds it against the bill that is delivered of it.
func TestCostsAgreeWithTheBill(t *testing.T) {
	s := start(t, lean)
	c := asker(t, s, payer)
	const question = `"TimePeriod":{"Start":"2026-05-01","End":"2026-06-01"},"Granularity":"DAILY","Metrics":["UnblendedCost","AmortizedCost","NetUnblendedCost","UsageQuantity"],"GroupBy":[{"Type":"DIMENSION","Key":"SERVICE"},{"Type":"DIMENSION","Key":"LINKED_ACCOUNT"}]`
	sum := map[string]bursar.Decimal{}
	pages, split, last := 0, 0, ""
	for token := ""; ; pages++ {
		body := "{" + question + "}"
		if token != "" {
			body = "{" + question + `,"NextPageToken":"` + token + `"}`
		}
		var a costAnswer
		if err := askCost(t, c, "GetCostAndUsage", body, &a); err != nil {
			t.Fatal(err)
		}
		for i, r := range a.ResultsByTime {
			if i == 0 && r.TimePeriod.Start == last {
				split++
			}
			last = r.TimePeriod.Start
			if r.Estimated {
				t.Errorf("%s is estimated, and its month has been invoiced", last)
			}
			for _, g := range r.Groups {
				for name, m := range g.Metrics {
					sum[name] = sum[name].Add(decimal(t, m.Amount))
				}
			}
		}
		if token = a.NextPageToken; token == "" {
			break
		}
	}
	if pages < 3 || split == 0 {
		t.Errorf("%d more pages, %d periods that span two: the pager is not put to the test", pages, split)
	}
	p := bursar.NewPeriod(2026, 5)
	truth := billgen.New(s.Billing().Spec(payer), p, billgen.StateAt(p, epoch, 0)).Truth()
	for name, want := range map[string]bursar.Decimal{"UnblendedCost": truth.Unblended, "AmortizedCost": truth.Amortized, "NetUnblendedCost": truth.Net} {
		if !sum[name].Equal(want) {
			t.Errorf("%s: got %s, want %s", name, sum[name], want)
		}
	}
	if got, want := s.Cloud().Meter.NanoUSD(), int64(pages+1)*10_000_000; got != want {
		t.Errorf("the meter has %d, want %d", got, want)
	}
}

// TestCostExplorerRefuses holds AWS's rules, in its words.
func TestCostExplorerRefuses(t *testing.T) {
	s := start(t, lean)
	c := asker(t, s, loner)
	cost := func(from, to, granularity, more string) string {
		return `{"TimePeriod":{"Start":"` + from + `","End":"` + to + `"},"Granularity":"` + granularity + `","Metrics":["UnblendedCost"]` + more + `}`
	}
	compute := `,"Filter":{"Dimensions":{"Key":"SERVICE","Values":["Amazon Elastic Compute Cloud - Compute"]}}`
	for _, tt := range []struct{ name, op, body, want string }{
		{"today is accepted", "GetCostAndUsage", cost("2026-07-01", "2026-07-03", "DAILY", ""), ""},
		{"the first of next month", "GetCostAndUsage", cost("2026-07-01", "2026-08-01", "MONTHLY", ""), ""},
		{"past the next month", "GetCostAndUsage", cost("2026-07-01", "2026-08-02", "DAILY", ""), "end date past the beginning of next month"},
		{"start after today", "GetCostAndUsage", cost("2026-07-04", "2026-07-05", "DAILY", ""), "Start date cannot be after today"},
		{"empty", "GetCostAndUsage", cost("2026-07-02", "2026-07-02", "DAILY", ""), "should be before end date"},
		{"14 months, counted from today", "GetCostAndUsage", cost("2025-05-03", "2025-06-01", "DAILY", ""), ""},
		{"a day more", "GetCostAndUsage", cost("2025-05-02", "2025-06-01", "MONTHLY", ""), "You haven't enabled historical data beyond 14 months."},
		{"no metric", "GetCostAndUsage", strings.Replace(cost("2026-07-01", "2026-07-02", "DAILY", ""), `["UnblendedCost"]`, `[]`, 1), "metric"},
		{"another metric", "GetCostAndUsage", strings.Replace(cost("2026-07-01", "2026-07-02", "DAILY", ""), `Unblended`, `Total`, 1), "TotalCost is invalid"},
		{"three groups", "GetCostAndUsage", cost("2026-07-01", "2026-07-02", "DAILY", `,"GroupBy":[{"Type":"TAG","Key":"a"},{"Type":"TAG","Key":"b"},{"Type":"TAG","Key":"c"}]`), "less than or equal to 2"},
		{"a group by nothing", "GetCostAndUsage", cost("2026-07-01", "2026-07-02", "DAILY", `,"GroupBy":[{"Type":"DIMENSION","Key":"COLOUR"}]`), "COLOUR is invalid"},
		{"two roots", "GetCostAndUsage", cost("2026-07-01", "2026-07-02", "DAILY", `,"Filter":{"Not":{"Tags":{"Key":"a","Values":["b"]}},"Tags":{"Key":"a","Values":["b"]}}`), "One Root"},
		{"hours, not opted in", "GetCostAndUsage", cost("2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z", "HOURLY", ""), "opt-in only feature"},
		{"resources, not opted in", "GetCostAndUsageWithResources", cost("2026-07-01", "2026-07-02", "DAILY", compute), "opt-in only feature"},
		{"resources of everything", "GetCostAndUsageWithResources", cost("2026-07-01", "2026-07-02", "DAILY", ""), "'filter'"},
		{"reservations until today", "GetReservationCoverage", `{"TimePeriod":{"Start":"2026-06-01","End":"2026-07-03"},"Granularity":"DAILY"}`, ""},
		{"reservations beyond today", "GetReservationUtilization", `{"TimePeriod":{"Start":"2026-06-01","End":"2026-07-04"}}`, "DataUnavailableException"},
		{"granularity and groups", "GetSavingsPlansCoverage", `{"TimePeriod":{"Start":"2026-06-01","End":"2026-07-01"},"Granularity":"DAILY","GroupBy":[{"Type":"DIMENSION","Key":"SERVICE"}]}`, "cannot be used together"},
		{"sort and size", "GetTags", `{"TimePeriod":{"Start":"2026-06-01","End":"2026-07-01"},"MaxResults":10,"SortBy":[{"Key":"UnblendedCost"}]}`, "SortBy cannot"},
		{"rightsizing", "GetRightsizingRecommendation", `{"Service":"AmazonEC2"}`, "Rightsizing EC2 recommendation is an opt-in only feature"},
		{"usage report", "GetUsageReport", `{}`, "UnknownOperationException"},
		{"a token of nobody's", "GetCostAndUsage", cost("2026-07-01", "2026-07-02", "DAILY", `,"NextPageToken":"x"`), "InvalidNextTokenException"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := askCost(t, c, tt.op, tt.body, nil)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestCostExplorerSwitches walks through what an owner can switch on, and what AWS says where it is off.
func TestCostExplorerSwitches(t *testing.T) {
	s := start(t, lean)
	c := asker(t, s, loner)
	must := func(a ce.Account) {
		t.Helper()
		a.Account = loner
		if err := s.CostExplorer().Set(a); err != nil {
			t.Fatal(err)
		}
	}
	const hours = `{"TimePeriod":{"Start":"2026-07-01T00:00:00Z","End":"2026-07-02T00:00:00Z"},"Granularity":"HOURLY","Metrics":["UnblendedCost"]}`
	must(ce.Account{Disabled: true})
	if got := awsapi.Classify(askCost(t, c, "GetCostAndUsage", hours, nil)); got.Class != awsapi.NotEnabled || got.Action != "ce:GetCostAndUsage" {
		t.Errorf("got %+v", got)
	}
	must(ce.Account{Hourly: true, Resources: true, History: true, Rightsizing: true})
	var a costAnswer
	if err := askCost(t, c, "GetCostAndUsage", hours, &a); err != nil || len(a.ResultsByTime) != 24 || !a.ResultsByTime[0].Estimated {
		t.Errorf("%v %+v", err, a)
	}
	old := func(from string) error {
		return askCost(t, c, "GetCostAndUsage", `{"TimePeriod":{"Start":"`+from+`","End":"2025-05-01"},"Granularity":"MONTHLY","Metrics":["UnblendedCost"]}`, nil)
	}
	if err := old("2025-03-02"); err == nil || !strings.Contains(err.Error(), "needs to be the first day of the month") {
		t.Errorf("got %v", err)
	}
	if err := old("2025-03-01"); err != nil {
		t.Error(err)
	}
	for _, op := range []string{
		`GetCostAndUsageWithResources {"TimePeriod":{"Start":"2026-06-20","End":"2026-07-02"},"Granularity":"DAILY","Metrics":["UnblendedCost"],"GroupBy":[{"Type":"DIMENSION","Key":"RESOURCE_ID"}],"Filter":{"Dimensions":{"Key":"SERVICE","Values":["Amazon Elastic Compute Cloud - Compute"]}}}`,
		`GetRightsizingRecommendation {"Service":"AmazonEC2"}`,
		`GetReservationPurchaseRecommendation {"Service":"Amazon Elastic Compute Cloud - Compute"}`,
		`GetSavingsPlansPurchaseRecommendation {"SavingsPlansType":"COMPUTE_SP","TermInYears":"ONE_YEAR","PaymentOption":"NO_UPFRONT","LookbackPeriodInDays":"THIRTY_DAYS"}`,
		`GetSavingsPlansUtilization {"TimePeriod":{"Start":"2026-06-01","End":"2026-07-01"},"Granularity":"DAILY"}`,
		`GetSavingsPlansUtilizationDetails {"TimePeriod":{"Start":"2026-06-01","End":"2026-07-01"}}`,
		`GetReservationUtilization {"TimePeriod":{"Start":"2026-06-01","End":"2026-07-01"},"GroupBy":[{"Type":"DIMENSION","Key":"SUBSCRIPTION_ID"}]}`,
		`GetSavingsPlansCoverage {"TimePeriod":{"Start":"2026-06-01","End":"2026-07-01"},"GroupBy":[{"Type":"DIMENSION","Key":"SERVICE"}]}`,
		`GetDimensionValues {"TimePeriod":{"Start":"2026-06-01","End":"2026-07-01"},"Dimension":"LINKED_ACCOUNT"}`,
		`GetTags {"TimePeriod":{"Start":"2026-06-01","End":"2026-07-01"},"TagKey":"team"}`,
		`GetCostCategories {"TimePeriod":{"Start":"2026-06-01","End":"2026-07-01"}}`,
		`GetCostForecast {"TimePeriod":{"Start":"2026-07-03","End":"2026-08-01"},"Granularity":"MONTHLY","Metric":"UNBLENDED_COST"}`,
		`GetAnomalies {"DateInterval":{"StartDate":"2026-06-01"}}`,
		`GetAnomalyMonitors {}`, `GetAnomalySubscriptions {}`, `ListCostAllocationTags {}`, `ListCostCategoryDefinitions {}`,
	} {
		name, body, _ := strings.Cut(op, " ")
		var out map[string]any
		if err := askCost(t, c, name, body, &out); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !slices.ContainsFunc(slices.Collect(mapsValues(out)), func(v any) bool {
			l, ok := v.([]any)
			return ok && len(l) > 0 || name == "GetSavingsPlansPurchaseRecommendation" || name == "GetAnomalies"
		}) {
			t.Errorf("%s answers with nothing: %v", name, out)
		}
	}
}

func mapsValues(m map[string]any) func(func(any) bool) {
	return func(yield func(any) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}

func TestCostExplorerEvaluatesPolicies(t *testing.T) {
	s := start(t, lean)
	err := askCost(t, asker(t, s, member), "ListCostAllocationTags", "{}", nil)
	if got := awsapi.Classify(err); got.Class != awsapi.NotEnabled {
		t.Errorf("a member has no allocation tags: got %+v", got)
	}
	k := s.Cloud().BursarKey()
	got := awsapi.Classify(askCost(t, keySession(t, s, k.ID, k.Secret), "GetTags", `{}`, nil))
	if got.Class != awsapi.DeniedIdentity || got.Action != "ce:GetTags" {
		t.Errorf("got %+v", got)
	}
	bad := keySession(t, s, k.ID, bursar.NewSecret("wrong"))
	if got := awsapi.Classify(askCost(t, bad, "GetTags", `{}`, nil)); got.Class != awsapi.OwnIdentity || got.Code != "InvalidSignatureException" {
		t.Errorf("got %+v", got)
	}
	s.Cloud().Faults.Add(cloud.Fault{Kind: cloud.FaultThrottle, Service: "ce", Times: 1})
	if got := awsapi.Classify(askCost(t, asker(t, s, loner), "ListCostAllocationTags", "{}", nil)); got.Class != awsapi.Throttled || got.Code != "LimitExceededException" || got.Status != 400 {
		t.Errorf("got %+v", got)
	}
	if n := s.Cloud().Meter.NanoUSD(); n != 0 {
		t.Errorf("failed requests cost %d", n)
	}
}

// TestCostExplorerRestates sees groups vanish, amounts change and the open month grow.
func TestCostExplorerRestates(t *testing.T) {
	s := start(t, lean)
	c := asker(t, s, loner)
	groups := func() map[string]string {
		out := map[string]string{}
		for token := ""; ; {
			var a costAnswer
			more := ""
			if token != "" {
				more = `,"NextPageToken":"` + token + `"`
			}
			body := `{"TimePeriod":{"Start":"2026-06-01","End":"2026-07-01"},"Granularity":"MONTHLY","Metrics":["UnblendedCost"],"GroupBy":[{"Type":"TAG","Key":"Name"},{"Type":"DIMENSION","Key":"USAGE_TYPE"}]` + more + `}`
			if err := askCost(t, c, "GetCostAndUsage", body, &a); err != nil {
				t.Fatal(err)
			}
			for _, g := range a.ResultsByTime[0].Groups {
				out[strings.Join(g.Keys, "|")] = g.Metrics["UnblendedCost"].Amount
			}
			if token = a.NextPageToken; token == "" {
				return out
			}
		}
	}
	before := groups()
	for range 8 { // each takes one resource in 37 away
		s.CostExplorer().Restate(loner, bursar.NewPeriod(2026, 6))
	}
	after := groups()
	gone := 0
	for k := range before {
		if _, ok := after[k]; !ok {
			gone++
		}
	}
	if gone == 0 || len(before) == 0 {
		t.Errorf("no group of %d vanished", len(before))
	}
	open := func() string {
		var a costAnswer
		if err := askCost(t, c, "GetCostAndUsage", `{"TimePeriod":{"Start":"2026-07-01","End":"2026-08-01"},"Granularity":"MONTHLY","Metrics":["UnblendedCost"]}`, &a); err != nil {
			t.Fatal(err)
		}
		return a.ResultsByTime[0].Total["UnblendedCost"].Amount
	}
	first := open()
	s.Cloud().Clock.Advance(24 * time.Hour)
	if second := open(); decimal(t, second).Cmp(decimal(t, first)) <= 0 {
		t.Errorf("the open month does not grow: %s, %s", first, second)
	}
}

func mustWorldText(text string) *world.World {
	w, err := world.Parse([]byte(text))
	if err != nil {
		panic(err)
	}
	return w
}
