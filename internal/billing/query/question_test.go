package query_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/query"
)

var now = time.Date(2026, 6, 15, 10, 0, 0, 0, time.UTC)

func TestParse(t *testing.T) {
	q, err := query.Parse(query.Words{}, now)
	if err != nil || q.Metric.Name != "unblended" || q.Granularity != query.Monthly || q.From.Format(time.DateOnly) != "2026-01-01" || q.To.Format(time.DateOnly) != "2026-07-01" {
		t.Errorf("asked for nothing in particular: %+v, %v", q, err)
	}
	q, err = query.Parse(query.Words{GroupBy: []string{"service", "tag:team", "account"}, Granularity: "daily", From: "2026-02", To: "2026-02-15", Metric: "net_amortized"}, now)
	if err != nil || len(q.GroupBy) != 3 || q.GroupBy[1].Name != "tag:team" || q.To.Format(time.DateOnly) != "2026-02-15" {
		t.Errorf("%+v, %v", q, err)
	}
}

func TestParseSaysWhatIsValid(t *testing.T) {
	for name, tc := range map[string]struct {
		words       query.Words
		field, says string
	}{
		"metric":      {query.Words{Metric: "cost"}, "metric", "unblended, blended, net_unblended, amortized, net_amortized, list, usage"},
		"group":       {query.Words{GroupBy: []string{"team"}}, "group_by", "service, account, region"},
		"empty tag":   {query.Words{GroupBy: []string{"tag:"}}, "group_by", "tag:KEY"},
		"too many":    {query.Words{GroupBy: []string{"service", "account", "region", "payer"}}, "group_by", "at most 3"},
		"twice":       {query.Words{GroupBy: []string{"service", "service"}}, "group_by", "twice"},
		"granularity": {query.Words{Granularity: "weekly"}, "granularity", "daily, monthly, total"},
		"from":        {query.Words{From: "2026"}, "from", "YYYY-MM"},
		"to":          {query.Words{To: "2026-13"}, "to", "YYYY-MM"},
		"backwards":   {query.Words{From: "2026-03", To: "2026-03"}, "to", "exclusive"},
	} {
		_, err := query.Parse(tc.words, now)
		var e *bursar.Error
		if !errors.As(err, &e) || e.Code != bursar.Invalid || e.Field != tc.field || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: got %v, want it about %s, saying %q", name, err, tc.field, tc.says)
		}
	}
}

func TestMetricsSayWhereTheyComeFrom(t *testing.T) {
	for _, m := range query.Metrics {
		if m.Doc == "" || m.Source == "" {
			t.Errorf("%s has no definition or no source", m.Name)
		}
	}
	for _, d := range query.Dimensions {
		if d.Doc == "" {
			t.Errorf("%s has no definition", d.Name)
		}
	}
}

func TestFilters(t *testing.T) {
	for text, want := range map[string]string{
		"service is AmazonEC2":                      "service|is|AmazonEC2",
		" service  is not  a b ":                    "service|is not| a b",
		"usage_type contains is not":                "usage_type|contains|is not",
		"service is notable":                        "service|is|notable",
		"tag:team not exists":                       "tag:team|not exists|",
		"tag:team exists":                           "tag:team|exists|",
		`tag:"what is it" is 7`:                     "tag:what is it|is|7",
		"tag:cost centre not contains x":            "tag:cost centre|not contains|x",
		"cost_category:Unit A is b is c":            "cost_category:Unit A|is|b is c",
		"legal_entity is Amazon Web Services, Inc.": "legal_entity|is|Amazon Web Services, Inc.",
	} {
		f, err := query.ParseFilter(text)
		if got := f.Dimension.Name + "|" + string(f.Operator) + "|" + f.Value; err != nil || got != want {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
	for text, says := range map[string]string{
		"team is x": "tag:KEY", "service": "is not", "service was x": "is not", "service is": "not exists", "service exists x": "x", "": "service, account", "tag: is x": "tag:KEY",
	} {
		_, err := query.ParseFilter(text)
		var e *bursar.Error
		if !errors.As(err, &e) || e.Field != "filter" || !strings.Contains(e.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestPages(t *testing.T) {
	a := query.Answer{State: "abc"}
	for i := range 5 {
		a.Rows = append(a.Rows, query.Row{Amount: bursar.DecimalFromInt64(int64(i), 0)})
	}
	var got []string
	cursor := ""
	for pages := 0; pages < 3; pages++ {
		rows, next, err := a.Page(cursor, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			got = append(got, r.Amount.String())
		}
		if cursor = next; (next == "") != (pages == 2) {
			t.Errorf("page %d leads to %q", pages, next)
		}
	}
	if strings.Join(got, "") != "01234" {
		t.Errorf("got %v", got)
	}
	_, next, _ := a.Page("", 2)
	a.State = "other"
	if _, _, err := a.Page(next, 2); bursar.CodeOf(err) != bursar.Conflict {
		t.Errorf("a cursor of another state: %v", err)
	}
	for _, c := range []string{"x", "!", "LTEgYWJj"} {
		if _, _, err := a.Page(c, 2); bursar.CodeOf(err) != bursar.Invalid {
			t.Errorf("%q: %v", c, err)
		}
	}
}
