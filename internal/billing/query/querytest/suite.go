package querytest

import (
	"slices"
	"strings"
	"testing"

	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/billing/query"
)

// Every type of the Cost and Usage Report guide, with a number of its own in each column that a metric could take, so that a metric
// that takes the wrong one is found.
const everyType = `
line_item_line_item_type | line_item_product_code | line_item_unblended_cost | line_item_net_unblended_cost | line_item_blended_cost | pricing_public_on_demand_cost | savings_plan_savings_plan_effective_cost | savings_plan_net_savings_plan_effective_cost | savings_plan_total_commitment_to_date | savings_plan_used_commitment | reservation_effective_cost | reservation_net_effective_cost | reservation_unused_amortized_upfront_fee_for_billing_period | reservation_net_unused_amortized_upfront_fee_for_billing_period | reservation_unused_recurring_fee | reservation_net_unused_recurring_fee | reservation_reservation_a_r_n
Usage                     | AmazonEC2           | 1    | 0.9  | 1.1 | 1.2 | 91 | 92 | 93 | 94 | 95 | 96 | 97 | 98 | 99 | 90 | -
SavingsPlanCoveredUsage   | AmazonEC2           | 2    | 1.9  | 2.1 | 2.2 | 1.5 | 1.4 | 93 | 94 | 95 | 96 | 97 | 98 | 99 | 90 | -
SavingsPlanNegation       | AmazonEC2           | -2   | -1.9 | -   | 2.2 | 91 | 92 | 93 | 94 | 95 | 96 | 97 | 98 | 99 | 90 | -
SavingsPlanRecurringFee   | ComputeSavingsPlans | 3    | 2.9  | 3.1 | 3.2 | 91 | 92 | 5  | 4.25 | 95 | 96 | 97 | 98 | 99 | 90 | -
SavingsPlanUpfrontFee     | ComputeSavingsPlans | 100  | 99   | 4.1 | 4.2 | 91 | 92 | 93 | 94 | 95 | 96 | 97 | 98 | 99 | 90 | -
DiscountedUsage           | AmazonEC2           | 0    | 0    | 5.1 | 5.2 | 91 | 92 | 93 | 94 | 0.5 | 0.4 | 97 | 98 | 99 | 90 | arn:ri
RIFee                     | AmazonEC2           | 6    | 5.9  | 6.1 | 6.2 | 91 | 92 | 93 | 94 | 95 | 96 | 0.25 | 0.2 | 0.125 | 0.1 | arn:ri
Fee                       | AmazonEC2           | 50   | 49   | 7.1 | 7.2 | 91 | 92 | 93 | 94 | 95 | 96 | 97 | 98 | 99 | 90 | arn:ri
Fee                       | AWSSupportBusiness  | 8    | 7.9  | 8.1 | 8.2 | 91 | 92 | 93 | 94 | 95 | 96 | 97 | 98 | 99 | 90 | -
Tax                       | AmazonRDS           | 9    | 8.9  | 9.1 | 9.2 | 91 | 92 | 93 | 94 | 95 | 96 | 97 | 98 | 99 | 90 | -
Credit                    | AmazonEC2           | -10  | -9.9 | -   | -   | 91 | 92 | 93 | 94 | 95 | 96 | 97 | 98 | 99 | 90 | -
Refund                    | AmazonEC2           | -11  | -10.9| -   | -   | 91 | 92 | 93 | 94 | 95 | 96 | 97 | 98 | 99 | 90 | -
Refund                    | ComputeSavingsPlans | -12  | -11.9| -   | -   | 91 | 92 | 93 | 94 | 95 | 96 | 97 | 98 | 99 | 90 | -
EdpDiscount               | AmazonEC2           | -0.5 | -0.4 | -   | -   | 91 | 92 | 93 | 94 | 95 | 96 | 97 | 98 | 99 | 90 | -
BundledDiscount           | AmazonS3            | -0.6 | -    | -   | -   | 91 | 92 | 93 | 94 | 95 | 96 | 97 | 98 | 99 | 90 | -
SomethingNew              | AmazonS3            | 0.7  | 0.65 | -   | -   | 91 | 92 | 93 | 94 | 95 | 96 | 97 | 98 | 99 | 90 | -
`

// sameLine fills in what every line of a table has in common.
func sameLine(in []Line, common Line) []Line {
	for _, l := range in {
		for k, v := range common {
			if _, have := l[k]; !have {
				l[k] = v
			}
		}
	}
	return in
}

var usual = Line{
	"line_item_usage_start_date": "2026-02-03 05:00:00", "line_item_usage_account_id": "011111111111", "line_item_currency_code": "USD",
	"line_item_product_code": "AmazonEC2", "line_item_line_item_type": "Usage",
}

func eachType(t *testing.T, b *bench) {
	b.publish(Bill{Period: "2026-02", Lines: sameLine(lines(everyType), usual)})
	for metric, want := range map[string]string{
		"unblended":     "BundledDiscount -0.6, Credit -10, DiscountedUsage 0, EdpDiscount -0.5, Fee 58, RIFee 6, Refund -23, SavingsPlanCoveredUsage 2, SavingsPlanNegation -2, SavingsPlanRecurringFee 3, SavingsPlanUpfrontFee 100, SomethingNew 0.7, Tax 9, Usage 1",
		"net_unblended": "BundledDiscount -0.6, Credit -9.9, DiscountedUsage 0, EdpDiscount -0.4, Fee 56.9, RIFee 5.9, Refund -22.8, SavingsPlanCoveredUsage 1.9, SavingsPlanNegation -1.9, SavingsPlanRecurringFee 2.9, SavingsPlanUpfrontFee 99, SomethingNew 0.65, Tax 8.9, Usage 0.9",
		"amortized":     "BundledDiscount -0.6, Credit -10, DiscountedUsage 0.5, EdpDiscount -0.5, Fee 8, RIFee 0.375, Refund -11, SavingsPlanCoveredUsage 1.5, SavingsPlanNegation 0, SavingsPlanRecurringFee 0.75, SavingsPlanUpfrontFee 0, SomethingNew 0.7, Tax 9, Usage 1",
		"net_amortized": "BundledDiscount -0.6, Credit -9.9, DiscountedUsage 0.4, EdpDiscount -0.4, Fee 7.9, RIFee 0.3, Refund -10.9, SavingsPlanCoveredUsage 1.4, SavingsPlanNegation 0, SavingsPlanRecurringFee 0.75, SavingsPlanUpfrontFee 0, SomethingNew 0.65, Tax 8.9, Usage 0.9",
		"blended":       "BundledDiscount 0, Credit 0, DiscountedUsage 5.1, EdpDiscount 0, Fee 15.2, RIFee 6.1, Refund 0, SavingsPlanCoveredUsage 2.1, SavingsPlanNegation 0, SavingsPlanRecurringFee 3.1, SavingsPlanUpfrontFee 4.1, SomethingNew 0, Tax 9.1, Usage 1.1",
		"list":          "BundledDiscount 0, Credit 0, DiscountedUsage 5.2, EdpDiscount 0, Fee 15.4, RIFee 6.2, Refund 0, SavingsPlanCoveredUsage 2.2, SavingsPlanNegation 0, SavingsPlanRecurringFee 3.2, SavingsPlanUpfrontFee 4.2, SomethingNew 0, Tax 9.2, Usage 1.2",
	} {
		got := b.ask(query.Words{GroupBy: []string{"line_item_type"}, Granularity: "total", Metric: metric})
		if got := byName(strings.ReplaceAll(got, " USD", "")); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", metric, got, want)
		}
	}
}

// A commitment's fees, over its life, are what its usage and what stayed unused amount to.
func conserved(t *testing.T, b *bench) {
	b.publish(Bill{Period: "2026-02", Lines: sameLine(lines(`
line_item_line_item_type | line_item_unblended_cost | reservation_effective_cost | reservation_unused_amortized_upfront_fee_for_billing_period | reservation_unused_recurring_fee | reservation_reservation_a_r_n | savings_plan_savings_plan_effective_cost | savings_plan_total_commitment_to_date | savings_plan_used_commitment
Fee                     | 120 | -  | -  | -  | arn:partial-upfront | - | - | -
RIFee                   | 60  | -  | 20 | 10 | arn:partial-upfront | - | - | -
DiscountedUsage         | 0   | 150| -  | -  | arn:partial-upfront | - | - | -
SavingsPlanRecurringFee | 72  | -  | -  | -  | - | -  | 72 | 70
SavingsPlanCoveredUsage | 100 | -  | -  | -  | - | 70 | -  | -
SavingsPlanNegation     | -100| -  | -  | -  | - | -  | -  | -`), usual)})
	b.want(query.Words{Granularity: "total", Metric: "unblended"}, "252 USD") // 180 for the reservation, 72 for the plan
	b.want(query.Words{Granularity: "total", Metric: "amortized"}, "252 USD")
}

func absent(t *testing.T, b *bench) {
	b.publish(Bill{Period: "2026-01", Lines: sameLine(lines("line_item_unblended_cost\n1.5"), Line{
		"line_item_usage_start_date": "2026-01-31 23:00:00", "line_item_usage_account_id": "011111111111", "line_item_line_item_type": "SavingsPlanCoveredUsage",
	})})
	b.publish(Bill{Period: "2026-02", Lines: sameLine(lines("line_item_unblended_cost|savings_plan_savings_plan_effective_cost|line_item_line_item_type\n4|3|SavingsPlanCoveredUsage"), usual)})
	for _, m := range query.MetricNames() {
		for _, d := range append(query.DimensionNames(), "tag:team", "cost_category:x") {
			b.ask(query.Words{GroupBy: []string{d}, Metric: m})
		}
	}
	b.want(query.Words{Metric: "amortized", GroupBy: []string{"service"}}, "2026-01-01  0 \n2026-02-01 AmazonEC2 3 USD")
}

func currencies(t *testing.T, b *bench) {
	b.publish(Bill{Period: "2026-02", Lines: sameLine(lines("line_item_unblended_cost|line_item_currency_code\n1|USD\n2|CNY\n3|USD\n4|-"), usual)})
	b.want(query.Words{}, "2026-02-01 4 \n2026-02-01 4 USD\n2026-02-01 2 CNY")
	if sums := b.sums[0]; len(sums) != 3 || sums["CNY"].String() != "2" {
		t.Errorf("the rollup's totals are %v", sums)
	}
}

func days(t *testing.T, b *bench) {
	b.publish(Bill{Period: "2026-02", Lines: sameLine(lines(`
line_item_unblended_cost | line_item_usage_start_date
1  | 2026-02-01 00:00:00
2  | 2026-02-28 23:59:59
4  | 2025-12-31 10:00:00
8  | 2026-03-01 00:00:00
16 | -`), usual)})
	b.publish(Bill{Period: "2026-03", Lines: sameLine(lines("line_item_unblended_cost|line_item_usage_start_date\n100|2026-02-28 12:00:00"), usual)})
	b.want(query.Words{}, "2026-02-01 31 USD\n2026-03-01 100 USD")
	b.want(query.Words{Granularity: "daily"}, "2026-02-01 21 USD\n2026-02-28 10 USD\n2026-03-01 100 USD")
	b.want(query.Words{Granularity: "total", From: "2026-02-02", To: "2026-03"}, "10 USD")
}

// Decimals of many digits beside decimals of few, in one bill, in two, and in one expression.
func digits(t *testing.T, b *bench) {
	tiny := map[string]lake.Digits{"line_item_unblended_cost": {Precision: 38, Scale: 24}}
	large := map[string]lake.Digits{"line_item_unblended_cost": {Precision: 38, Scale: 2}, "reservation_effective_cost": {Precision: 18, Scale: 16}}
	b.publish(
		Bill{Period: "2026-01", Digits: tiny, Lines: sameLine(lines("line_item_unblended_cost\n0.000000000000000000000123\n-7.0E-10"), usual)},
		Bill{Period: "2026-01", Digits: large, Lines: sameLine(lines("line_item_unblended_cost|reservation_effective_cost|line_item_line_item_type\n12345678901234.25|-|Usage\n0|0.0000000000000001|DiscountedUsage"), usual)},
	)
	b.publish(Bill{Period: "2026-02", Lines: sameLine(lines("line_item_unblended_cost\n99999999.9999999999"), usual)})
	b.publish(Bill{Period: "2026-02", Digits: large, Lines: sameLine(lines("line_item_unblended_cost|reservation_effective_cost|line_item_line_item_type\n999999999999999999|-|Usage\n0|0.0000000000000001|DiscountedUsage"), usual)})
	b.want(query.Words{Granularity: "total", From: "2026-01", To: "2026-02"}, "12345678901234.249999999300000000000123 USD")
	b.want(query.Words{Granularity: "total", From: "2026-01", To: "2026-02", Metric: "amortized"}, "12345678901234.249999999300000100000123 USD")
	b.want(query.Words{Granularity: "total", From: "2026-02", To: "2026-03", Metric: "amortized"}, "1000000000099999998.9999999999000001 USD")
}

func usage(t *testing.T, b *bench) {
	b.publish(Bill{Period: "2026-02", Lines: sameLine(lines(`
line_item_line_item_type | line_item_usage_amount | pricing_unit | line_item_unblended_cost | split_line_item_parent_resource_id
Usage           | 2.5 | Hrs    | 1 | -
DiscountedUsage | 1   | Hrs    | 0 | -
Usage           | 100 | GB-Mo  | 1 | -
Usage           | 0.5 | Hrs    | 0 | i-1
RIFee           | 744 | Hrs    | 1 | -
Tax             | 1   | -      | 1 | -
Credit          | 2.5 | Hrs    | -1| -`), usual)})
	b.want(query.Words{Granularity: "total", Metric: "usage"}, "100 GB-Mo\n3.5 Hrs")
}

func dimensions(t *testing.T, b *bench) {
	b.publish(Bill{Period: "2026-02", Lines: sameLine(lines(`
line_item_unblended_cost | line_item_product_code | product | bill_billing_entity | product_region_code | pricing_term | line_item_line_item_type | line_item_resource_id
1  | AmazonEC2 | {"region":"eu-west-1"}            | AWS             | -         | OnDemand | Usage           | i-1
2  | 3xyz      | {"product_name":"A Database"}     | AWS Marketplace | -         | -        | Usage           | -
4  | AmazonEC2 | -                                 | AWS             | us-east-1 | Spot     | Usage           | i-2
8  | AmazonEC2 | -                                 | AWS             | us-east-1 | Reserved | DiscountedUsage | i-2
16 | AmazonEC2 | -                                 | AWS             | us-east-1 | -        | SavingsPlanNegation | i-2
32 | AmazonEC2 | -                                 | AWS             | us-east-1 | -        | Tax             | -`), usual)})
	b.want(query.Words{Granularity: "total", GroupBy: []string{"service"}}, "AmazonEC2 61 USD\nA Database 2 USD")
	b.want(query.Words{Granularity: "total", GroupBy: []string{"region"}}, "us-east-1 60 USD\n 2 USD\neu-west-1 1 USD")
	b.want(query.Words{Granularity: "total", GroupBy: []string{"purchase_option"}}, "Other 32 USD\nSavingsPlan 16 USD\nReserved 8 USD\nSpot 4 USD\nOnDemand 3 USD")
	b.want(query.Words{Granularity: "total", GroupBy: []string{"resource", "service", "account"}},
		" AmazonEC2 011111111111 32 USD\ni-2 AmazonEC2 011111111111 28 USD\n A Database 011111111111 2 USD\ni-1 AmazonEC2 011111111111 1 USD")
}

func tags(t *testing.T, b *bench) {
	b.publish(Bill{Period: "2026-01", Lines: sameLine(lines(`
line_item_unblended_cost | resource_tags | line_item_usage_start_date
1 | {"user:team":"red"}                | 2026-01-01 00:00:00
2 | {"user_team":"blue"}               | 2026-01-01 00:00:00
4 | {"user:Team":"other"}              | 2026-01-01 00:00:00
8 | {"user:a/b~c.d \"e'":"odd"}        | 2026-01-01 00:00:00
16| -                                  | 2026-01-01 00:00:00`), usual)})
	b.publish(Bill{Period: "2026-02", Lines: sameLine(lines("line_item_unblended_cost|tags|cost_category\n32|{\"resourceTags/user:team\":\"red\"}|{\"Unit\":\"x\"}"), usual)})
	b.want(query.Words{Granularity: "total", GroupBy: []string{"tag:team"}}, "red 33 USD\n 28 USD\nblue 2 USD")
	b.want(query.Words{Granularity: "total", GroupBy: []string{`tag:a/b~c.d "e'`}, To: "2026-02", From: "2026-01"}, " 23 USD\nodd 8 USD")
	b.want(query.Words{Granularity: "total", GroupBy: []string{"cost_category:Unit"}}, "x 32 USD\n 31 USD")
}

func focus(t *testing.T, b *bench) {
	b.publish(Bill{Period: "2026-02", Lines: lines(`
line_item_unblended_cost | EffectiveCost | ListCost | ChargeCategory | ServiceName | line_item_usage_account_id | line_item_currency_code | line_item_usage_start_date | ConsumedQuantity | ConsumedUnit | PricingCategory | CommitmentDiscountType | CommitmentDiscountId
1 | 0.5 | 2 | Usage | Amazon EC2 | 011111111111 | USD | 2026-02-01 00:00:00 | 10 | Hours | Standard  | -            | -
0 | 3   | 4 | Usage | Amazon EC2 | 011111111111 | USD | 2026-02-01 00:00:00 | 20 | Hours | Committed | Savings Plan | arn:sp
9 | 0   | 0 | Tax   | Tax        | 011111111111 | USD | 2026-02-01 00:00:00 | 1  | Units | -         | -            | -`)})
	b.want(query.Words{GroupBy: []string{"service"}}, "2026-02-01 Tax 9 USD\n2026-02-01 Amazon EC2 1 USD")
	b.want(query.Words{GroupBy: []string{"line_item_type"}, Metric: "amortized"}, "2026-02-01 Usage 3.5 USD\n2026-02-01 Tax 0 USD")
	b.want(query.Words{GroupBy: []string{"purchase_option"}, Metric: "list"}, "2026-02-01 SavingsPlan 4 USD\n2026-02-01 OnDemand 2 USD\n2026-02-01 Other 0 USD")
	b.want(query.Words{Metric: "usage"}, "2026-02-01 30 Hours\n2026-02-01 0 Units")
	// beside a CUR of another month
	b.publish(Bill{Period: "2026-03", Lines: sameLine(lines("line_item_unblended_cost|line_item_usage_start_date\n5|2026-03-01 00:00:00"), usual)})
	b.want(query.Words{Granularity: "total"}, "15 USD")
}

func nothing(t *testing.T, b *bench) {
	b.want(query.Words{GroupBy: []string{"service", "account", "resource"}}, "")
}

func quoting(t *testing.T, b *bench) {
	b.publish(Bill{Period: "2026-02", Lines: sameLine(lines("line_item_unblended_cost|line_item_product_code|resource_tags\n1|O'Reilly \"; DROP|-"), usual)})
	b.want(query.Words{Granularity: "total", GroupBy: []string{"service", "tag:'); DROP TABLE x; --"}}, `O'Reilly "; DROP  1 USD`)
}

func byName(rows string) string {
	return strings.Join(slices.Sorted(strings.SplitSeq(rows, "\n")), ", ")
}
