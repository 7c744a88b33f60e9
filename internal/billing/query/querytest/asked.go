package querytest

import (
	"strings"
	"testing"

	"github.com/bursarhq/bursar/internal/billing/query"
)

func filters(t *testing.T, b *bench) {
	b.publish(Bill{Period: "2026-01", Lines: sameLine(lines(`
line_item_unblended_cost | line_item_product_code | line_item_usage_type | line_item_resource_id | resource_tags | product_region_code | line_item_usage_start_date
1  | AmazonEC2 | EU-BoxUsage:m5.large | i-1 | {"user:team":"red"}       | eu-west-1 | 2026-01-01 00:00:00
2  | AmazonEC2 | EU-DataTransfer-Out  | i-1 | {"user:team":"blue"}      | eu-west-1 | 2026-01-01 00:00:00
4  | AmazonS3  | TimedStorage-ByteHrs | b-1 | {"user:cost is high":"y"} | us-east-1 | 2026-01-01 00:00:00
8  | AmazonS3  | Requests-Tier1       | -   | -                         | -         | 2026-01-01 00:00:00
16 | O'Brien's | 100%_box             | -   | -                         | -         | 2026-01-01 00:00:00`), usual)})
	for _, tc := range []struct {
		want    string
		filters []string
	}{
		{"3", []string{"service is AmazonEC2"}},
		{"15", []string{"service is AmazonEC2", "service is AmazonS3"}},
		{"16", []string{"service is not AmazonEC2", "service is not AmazonS3"}},
		{"16", []string{"service is O'Brien's"}},
		{"17", []string{"usage_type contains BOX"}},
		{"16", []string{"usage_type contains %_"}},
		{"6", []string{"usage_type not contains box", "usage_type not contains requests"}},
		{"7", []string{"resource exists"}},
		{"24", []string{"resource not exists"}},
		{"24", []string{"region not exists"}},
		{"1", []string{"tag:team is red"}},
		{"28", []string{"tag:team not exists"}},
		{"4", []string{`tag:"cost is high" is y`}},
		{"2", []string{"service is AmazonEC2", "tag:team is not red", "region is eu-west-1"}},
		{"31", []string{"account is 011111111111"}},
		{"none", []string{"account is 11111111111"}},
	} {
		got := b.ask(query.Words{Granularity: "total", Filters: tc.filters})
		if got = strings.TrimSuffix(got, " USD"); got != tc.want && (got != "" || tc.want != "none") {
			t.Errorf("%q: %s, want %s", tc.filters, got, tc.want)
		}
	}
	b.want(query.Words{Granularity: "total", GroupBy: []string{"service"}, Filters: []string{"line_item_type is Usage", "region exists"}}, "AmazonS3 4 USD\nAmazonEC2 3 USD")
}

func hours(_ *testing.T, b *bench) {
	b.publish(Bill{Period: "2026-02", Lines: sameLine(lines(`
line_item_unblended_cost | line_item_usage_start_date
1  | 2026-02-01 00:00:00
2  | 2026-02-01 00:59:59
4  | 2026-02-01 13:00:00
8  | 2026-01-05 10:00:00
16 | 2026-03-02 10:00:00
32 | -`), usual)})
	b.want(query.Words{Granularity: "hourly"}, "2026-02-01T00 43 USD\n2026-02-01T13 4 USD\n2026-02-28T23 16 USD")
	b.want(query.Words{Granularity: "hourly", From: "2026-02-02", To: "2026-03"}, "2026-02-28T23 16 USD")
}

func compared(_ *testing.T, b *bench) {
	b.publish(Bill{Period: "2026-01", Lines: sameLine(lines(`
line_item_unblended_cost | line_item_product_code | line_item_usage_start_date
1  | AmazonEC2 | 2026-01-01 00:00:00
2  | AmazonEC2 | 2026-01-28 00:00:00
4  | AmazonEC2 | 2026-01-29 00:00:00
8  | AmazonEC2 | 2026-01-31 05:00:00
16 | AmazonS3  | 2026-01-31 05:00:00`), usual)})
	b.publish(Bill{Period: "2026-02", Lines: sameLine(lines(`
line_item_unblended_cost | line_item_product_code | line_item_usage_start_date
100 | AmazonEC2 | 2026-02-01 00:00:00
200 | AWSLambda | 2026-02-28 05:00:00`), usual)})
	month := query.Words{From: "2026-02", To: "2026-03", Compare: "previous"}
	with := func(w query.Words, granularity string, groups ...string) query.Words {
		w.Granularity, w.GroupBy = granularity, groups
		return w
	}
	b.want(with(month, "total"), "300 was 31 USD")
	b.want(with(month, "monthly", "service"), "2026-02-01 AWSLambda 200 was 0 USD\n2026-02-01 AmazonEC2 100 was 15 USD\n2026-02-01 AmazonS3 0 was 16 USD")
	b.want(with(month, "daily"), "2026-02-01 100 was 1 USD\n2026-02-28 200 was 30 USD")
	b.want(with(month, "hourly"), "2026-02-01T00 100 was 1 USD\n2026-02-28T00 0 was 6 USD\n2026-02-28T05 200 was 24 USD")
	days := query.Words{From: "2026-02-01", To: "2026-02-02", Compare: "previous", Granularity: "daily"}
	b.want(days, "2026-02-01 100 was 24 USD")
	b.want(query.Words{From: "2026-01", To: "2026-03", Compare: "previous"}, "2026-01-01 31 was 0 USD\n2026-02-01 300 was 0 USD")
}

func top(_ *testing.T, b *bench) {
	b.publish(Bill{Period: "2026-01", Lines: sameLine(lines(`
line_item_unblended_cost | line_item_product_code | line_item_usage_start_date | line_item_currency_code
10 | A | 2026-01-01 00:00:00 | USD
1  | B | 2026-01-01 00:00:00 | USD
2  | C | 2026-01-01 00:00:00 | USD
20 | B | 2026-01-02 00:00:00 | USD
-3 | D | 2026-01-02 00:00:00 | USD
5  | - | 2026-01-02 00:00:00 | USD
7  | C | 2026-01-02 00:00:00 | CNY`), usual)})
	b.want(query.Words{Granularity: "total", GroupBy: []string{"service"}, Top: 2}, "B 21 USD\nA 10 USD\nC 7 CNY\n(3 more) 4 USD")
	b.want(query.Words{Granularity: "daily", GroupBy: []string{"service"}, Top: 1, Filters: []string{"service is not C"}},
		"2026-01-01 B 1 USD\n2026-01-01 (3 more) 10 USD\n2026-01-02 B 20 USD\n2026-01-02 (3 more) 2 USD")
	b.want(query.Words{Granularity: "total", GroupBy: []string{"service"}, Top: 10, Filters: []string{"service is A"}}, "A 10 USD")
}
