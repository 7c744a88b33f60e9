package querytest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/query"
	"github.com/bursarhq/bursar/internal/billing/table"
)

func (b *bench) questions() query.Questions {
	return query.Questions{Lake: b, Engine: b.engine, Known: &query.KnownKeys{}}
}

func (b *bench) itemQuestion(w query.Words, columns ...string) query.ItemQuestion {
	b.t.Helper()
	if w.From == "" {
		w.From, w.To = "2026-01", "2026-07"
	}
	q, err := query.ParseItems(w, columns, time.Date(2026, 6, 15, 0, 0, 0, 0, time.UTC))
	check(b.t, err)
	return q
}

// items reads page after page, of a size, as text; it makes sure that count and totals of each are those of all.
func (b *bench) items(q query.ItemQuestion, size int) (rows []string) {
	b.t.Helper()
	cursor := ""
	for {
		page, err := b.questions().Items(b.t.Context(), "ws", q, cursor, size)
		check(b.t, err)
		for _, r := range page.Rows {
			rows = append(rows, shown(page.Columns, r))
		}
		if cursor = page.Next; cursor == "" {
			if int(page.Count) != len(rows) {
				b.t.Errorf("%d line items are counted, %d come", page.Count, len(rows))
			}
			return rows
		}
	}
}

func shown(columns []table.Column, row []any) string {
	cells := make([]string, len(row))
	for i, c := range row {
		cells[i] = fmt.Sprint(table.JSON(columns[i], c))
	}
	return strings.Join(cells, " ")
}

func items(t *testing.T, b *bench) {
	b.publish(
		Bill{Period: "2026-01", Lines: sameLine(lines(`
line_item_unblended_cost | line_item_product_code | line_item_usage_start_date | line_item_usage_amount | pricing_unit | resource_tags
1   | AmazonEC2 | 2026-01-01 05:00:00 | 3   | Hrs | {"user:team":"red"}
2   | AmazonEC2 | 2026-01-02 00:00:00 | 4   | Hrs | -
2   | AmazonEC2 | 2026-01-02 00:00:00 | 4.5 | Hrs | -
2   | AmazonS3  | 2026-01-02 00:00:00 | 1   | GB  | -
-1  | AmazonEC2 | 2026-01-03 00:00:00 | 0   | -   | -`), usual)},
		Bill{Period: "2026-02", Lines: sameLine(lines(`
line_item_unblended_cost | line_item_product_code | line_item_usage_start_date | line_item_line_item_description
2.000000000000000000000001 | AmazonEC2 | 2026-02-01 00:00:00 | a fee`), usual), Digits: digitsOf("line_item_unblended_cost", 38, 24)},
	)
	q := b.itemQuestion(query.Words{Filters: []string{"service is AmazonEC2"}}, "day", "service", "unblended", "currency", "usage", "tag:team", "ChargeDescription")
	want := []string{
		"2026-02-01 AmazonEC2 2.000000000000000000000001 USD 0 <nil> a fee", "2026-01-02 AmazonEC2 2 USD 4 <nil> <nil>", "2026-01-02 AmazonEC2 2 USD 4.5 <nil> <nil>",
		"2026-01-01 AmazonEC2 1 USD 3 red <nil>", "2026-01-03 AmazonEC2 -1 USD 0 <nil> <nil>",
	}
	for _, size := range []int{1, 2, 3, 5, 100} {
		if got := b.items(q, size); !slices.Equal(got, want) {
			t.Errorf("pages of %d:\n%s", size, strings.Join(got, "\n"))
		}
	}
	page, err := b.questions().Items(t.Context(), "ws", q, "", 1)
	if err != nil || len(page.Totals) != 1 || page.Totals[0].Amount.String() != "6.000000000000000000000001" {
		t.Errorf("totals %v, %v", page.Totals, err)
	}
	usual := b.itemQuestion(query.Words{From: "2026-01-02", To: "2026-01-03", Metric: "usage", Filters: []string{"service is AmazonS3"}})
	if got := b.items(usual, 10); len(got) != 1 || !strings.HasPrefix(got[0], "2026-01-02 1 GB 011111111111 AmazonS3") {
		t.Errorf("%v", got)
	}
	b.snap.Version += "x"
	if _, err := b.questions().Items(t.Context(), "ws", q, page.Next, 1); bursar.CodeOf(err) != bursar.Conflict {
		t.Errorf("a cursor of another state: %v", err)
	}
	for _, c := range []string{"x", "!", "e30"} {
		if _, err := b.questions().Items(t.Context(), "ws", q, c, 1); bursar.CodeOf(err) != bursar.Invalid {
			t.Errorf("%q: %v", c, err)
		}
	}
	if _, err := b.questions().Items(t.Context(), "ws", b.itemQuestion(query.Words{}, "colour"), "", 1); bursar.CodeOf(err) != bursar.Invalid || !strings.Contains(err.Error(), "cost_category:KEY") {
		t.Errorf("%v", err)
	}
}

func itemFiles(t *testing.T, b *bench) {
	b.publish(Bill{Period: "2026-01", Lines: sameLine(lines("line_item_unblended_cost|line_item_product_code|line_item_usage_start_date\n1.5|=A1|2026-01-01 00:00:00\n2|AmazonS3|2026-01-01 00:00:00"), usual)})
	b.publish(Bill{Period: "2026-02", Lines: sameLine(lines("line_item_unblended_cost|line_item_product_code|line_item_usage_start_date\n0.25|AmazonEC2|2026-02-01 00:00:00"), usual)})
	q := b.itemQuestion(query.Words{}, "day", "service", "line_item_unblended_cost", "BillingPeriodStart")
	for format, want := range map[string]string{
		"csv":   "day,service,line_item_unblended_cost,BillingPeriodStart\n2026-01-01,'=A1,1.5,\n2026-01-01,AmazonS3,2,\n2026-02-01,AmazonEC2,0.25,\n",
		"jsonl": `{"day":"2026-01-01","service":"=A1","line_item_unblended_cost":"1.5","BillingPeriodStart":null}` + "\n",
	} {
		f, err := table.FormatByName(format)
		check(t, err)
		file, err := b.questions().ItemFile(t.Context(), "ws", q)
		check(t, err)
		var out bytes.Buffer
		if err := file.Write(t.Context(), &out, f); err != nil || !strings.HasPrefix(out.String(), want) {
			t.Errorf("%s: %v\n%s", format, err, out.String())
		}
	}
}

func known(t *testing.T, b *bench) {
	b.publish(Bill{Period: "2026-01", Lines: sameLine(lines(`
line_item_unblended_cost | line_item_product_code | resource_tags | cost_category | line_item_usage_start_date
1 | AmazonEC2 | {"user:team":"red","aws:createdBy":"x"} | {"Unit":"a"} | 2026-01-01 00:00:00
1 | AmazonS3  | {"user_team":"blue"}                    | -            | 2026-01-02 00:00:00
1 | O'Brien   | {"user:team":"red"}                     | {"Unit":"a"} | 2026-01-03 00:00:00`), usual)})
	b.publish(Bill{Period: "2026-02", Lines: sameLine(lines("line_item_unblended_cost|tags|line_item_usage_start_date\n1|{\"resourceTags/user:owner\":\"Ann\"}|2026-02-01 00:00:00"), usual)})
	q := b.itemQuestion(query.Words{}).Question
	ask := b.questions()
	for range 2 { // the second time from memory
		keys, err := ask.Keys(t.Context(), "ws", q)
		if got := fmt.Sprint(keys); err != nil || got != "{[aws:createdBy owner team] [Unit]}" {
			t.Errorf("%s, %v", got, err)
		}
	}
	for _, tc := range []struct {
		dimension, contains string
		limit               int
		want                string
	}{
		{"service", "", 10, "[AmazonEC2 AmazonS3 O'Brien] false"},
		{"service", "", 2, "[AmazonEC2 AmazonS3] true"},
		{"service", "AMAZON", 10, "[AmazonEC2 AmazonS3] false"},
		{"service", "o'b", 10, "[O'Brien] false"},
		{"tag:team", "", 10, "[blue red] false"},
		{"tag:owner", "", 10, "[Ann] false"},
		{"tag:nobody", "", 10, "[] false"},
		{"cost_category:Unit", "", 10, "[a] false"},
		{"account", "", 10, "[011111111111] false"},
		{"resource", "", 10, "[] false"},
	} {
		d, err := query.DimensionByName(tc.dimension)
		check(t, err)
		values, more, err := ask.ValuesOf(t.Context(), "ws", q, d, tc.contains, tc.limit)
		if got := fmt.Sprint(values, " ", more); err != nil || strings.Replace(got, "]  ", "] ", 1) != tc.want {
			t.Errorf("%s with %q: %s, %v; want %s", tc.dimension, tc.contains, got, err, tc.want)
		}
	}
}
