package permission

import (
	"time"

	"github.com/bursarhq/bursar"
)

// costRequest is what Cost Explorer charges for one request, in US dollars.
// https://aws.amazon.com/aws-cost-management/aws-cost-explorer/pricing/
var costRequest = bursar.DecimalFromInt64(1, 2)

// body makes the narrowest request of an operation that AWS accepts: one day, one metric, no groups, one row.
type body func(now time.Time) map[string]any

const ec2 = "Amazon Elastic Compute Cloud - Compute"

// costExplorer are the actions that bursar's Cost Explorer streams use. There is no other: nothing that writes is here.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscostexplorerservice.html
var costExplorer = []Action{
	{Name: "ce:GetCostAndUsage", For: "costs and usage by day, month and hour", body: costs(nil)},
	{Name: "ce:GetCostAndUsageWithResources", For: "costs of each resource, of the last 14 days", setting: "resource-level data, which the payer switches on in Billing and Cost Management, Cost Management preferences, Cost Explorer", body: costs(map[string]any{
		"Filter": map[string]any{"Dimensions": map[string]any{"Key": "SERVICE", "Values": []string{ec2}}},
	})},
	{Name: "ce:GetDimensionValues", For: "what there is to filter by: services, regions, accounts", body: period(map[string]any{"Dimension": "SERVICE", "MaxResults": 1})},
	{Name: "ce:GetTags", For: "tags and their values", body: period(map[string]any{"MaxResults": 1})},
	{Name: "ce:GetCostCategories", For: "cost categories and their values", body: period(map[string]any{"MaxResults": 1})},
	{Name: "ce:GetCostForecast", For: "the forecast", body: func(now time.Time) map[string]any {
		return map[string]any{"TimePeriod": between(now, 1, 2), "Metric": "UNBLENDED_COST", "Granularity": "DAILY"}
	}},
	{Name: "ce:GetReservationCoverage", For: "how much reservations cover", body: period(map[string]any{"MaxResults": 1})},
	{Name: "ce:GetReservationUtilization", For: "how well reservations are used", body: period(map[string]any{"MaxResults": 1})},
	{Name: "ce:GetReservationPurchaseRecommendation", For: "which reservations AWS recommends", body: fixed(map[string]any{"Service": ec2, "PageSize": 1})},
	{Name: "ce:GetSavingsPlansCoverage", For: "how much savings plans cover", body: period(map[string]any{"MaxResults": 1})},
	{Name: "ce:GetSavingsPlansUtilization", For: "how well savings plans are used", body: period(nil)},
	{Name: "ce:GetSavingsPlansUtilizationDetails", For: "how well each savings plan is used", body: period(map[string]any{"MaxResults": 1})},
	{Name: "ce:GetSavingsPlansPurchaseRecommendation", For: "which savings plans AWS recommends", body: fixed(map[string]any{
		"SavingsPlansType": "COMPUTE_SP", "TermInYears": "ONE_YEAR", "PaymentOption": "NO_UPFRONT", "LookbackPeriodInDays": "SEVEN_DAYS", "PageSize": 1,
	})},
	{Name: "ce:GetRightsizingRecommendation", For: "which instances are too large", setting: "rightsizing recommendations, which the payer switches on in Billing and Cost Management, Cost Management preferences", body: fixed(map[string]any{"Service": "AmazonEC2", "PageSize": 1})},
	{Name: "ce:GetAnomalies", For: "anomalies", body: func(now time.Time) map[string]any {
		return map[string]any{"DateInterval": map[string]any{"StartDate": date(now, -1)}, "MaxResults": 1}
	}},
	{Name: "ce:GetAnomalyMonitors", For: "what is watched for anomalies", body: fixed(map[string]any{"MaxResults": 1})},
	{Name: "ce:GetAnomalySubscriptions", For: "who is told of anomalies", body: fixed(map[string]any{"MaxResults": 1})},
	{Name: "ce:ListCostAllocationTags", For: "which tags allocate costs", setting: "cost allocation tags, which are the payer's alone: use a credential of the payer", body: fixed(map[string]any{"MaxResults": 1})},
	{Name: "ce:ListCostCategoryDefinitions", For: "how cost categories are defined", body: fixed(map[string]any{"MaxResults": 1})},
}

// CostExplorer lists the actions that bursar's Cost Explorer streams use, each with the price of a request.
func CostExplorer() []Action {
	out := make([]Action, len(costExplorer))
	for i, a := range costExplorer {
		a.USD = costRequest
		out[i] = a
	}
	return out
}

func date(now time.Time, days int) string { return now.UTC().AddDate(0, 0, days).Format(time.DateOnly) }

func between(now time.Time, from, to int) map[string]any {
	return map[string]any{"Start": date(now, from), "End": date(now, to)}
}

// period asks for the day before yesterday: reservations and savings plans know no later one.
func period(more map[string]any) body {
	return func(now time.Time) map[string]any {
		out := map[string]any{"TimePeriod": between(now, -2, -1)}
		for k, v := range more {
			out[k] = v
		}
		return out
	}
}

func costs(more map[string]any) body {
	return func(now time.Time) map[string]any {
		out := period(more)(now)
		out["Granularity"], out["Metrics"] = "DAILY", []string{"UnblendedCost"}
		return out
	}
}

func fixed(b map[string]any) body { return func(time.Time) map[string]any { return b } }
