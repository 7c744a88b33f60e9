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
