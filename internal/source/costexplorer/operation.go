package costexplorer

import "slices"

const (
	nextPage = "NextPageToken"
	next     = "NextToken"
	results  = "MaxResults"
	pageSize = "PageSize"

	hourlySetting = "hourly granularity: AWS console, Billing and Cost Management, Cost Management preferences, Hourly and resource level data; AWS charges for it"
	detailSetting = "resource-level data: AWS console, Billing and Cost Management, Cost Management preferences, Hourly and resource level data"
	sizeSetting   = "rightsizing recommendations: AWS console of the payer, Billing and Cost Management, Cost Management preferences"
)

// history is how many months AWS keeps beside the current one; older ones, monthly, when their owner has switched them on.
// https://docs.aws.amazon.com/cost-management/latest/userguide/ce-api-best-practices.html
const history = 13

// operations is the whole table.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Operations_AWS_Cost_Explorer_Service.html
var operations = []Operation{
	{Name: "cost_daily", About: "Costs and usage by day.", Action: "GetCostAndUsage", Times: Daily, Months: 3, Most: history + 1, Groups: 2, Beyond: true, Metrics: true, Filters: true, token: nextPage},
	{Name: "cost_monthly", About: "Costs and usage by month.", Action: "GetCostAndUsage", Times: Monthly, Months: 6, Most: 38, Groups: 2, Beyond: true, Metrics: true, Filters: true, token: nextPage},
	{Name: "cost_hourly", About: "Costs and usage by hour, of the last 14 days.", Action: "GetCostAndUsage", Times: Hourly, Groups: 2, Metrics: true, Filters: true, Setting: hourlySetting, token: nextPage},
	{Name: "cost_resource_daily", About: "Costs of single EC2 instances by day, of the last 14 days.", Action: "GetCostAndUsageWithResources", Times: Resources, Groups: 2, Metrics: true, Filters: true, Setting: detailSetting, token: nextPage},
	{
		Name: "forecast", About: "What AWS expects the next three months to cost.", Action: "GetCostForecast", Times: Future, Filters: true,
		list: []string{"ForecastResultsByTime"}, columns: append(days(), decimal("mean", "MeanValue"), decimal("lower_bound", "PredictionIntervalLowerBound"), decimal("upper_bound", "PredictionIntervalUpperBound")),
		fixed: map[string]any{"Metric": "UNBLENDED_COST", "Granularity": Monthly, "PredictionIntervalLevel": 80},
	},
	{
		Name: "dimensions", About: "The values of a dimension.", Action: "GetDimensionValues", Times: Monthly, Key: "dimension", KeyBy: "SERVICE", Filters: true, token: nextPage, size: results, largest: 1000,
		list: []string{"DimensionValues"}, columns: []Column{text("value", "Value"), text("description", "Attributes.description"), document("attributes", "Attributes")},
	},
	{Name: "tags", About: "The keys of tags, or the values of one key.", Action: "GetTags", Times: Monthly, Key: "tag", Filters: true, token: nextPage, size: results, largest: 1000, list: []string{"Tags"}, columns: []Column{text("value", "")}},
	{
		Name: "cost_categories", About: "The names of cost categories, or the values of one.", Action: "GetCostCategories", Times: Monthly, Key: "category", Filters: true, token: nextPage, size: results, largest: 1000,
		list: []string{"CostCategoryNames"}, columns: []Column{text("value", "")},
	},
	{
		Name: "ri_coverage", About: "How much of what ran was covered by reservations, by day.", Action: "GetReservationCoverage", Times: Daily, Settled: true, Months: 3, Most: history, Groups: 1, Filters: true, token: nextPage, size: results, largest: 1000,
		list: []string{"CoveragesByTime", "Groups"}, whole: "Coverage", columns: slices.Concat(days(), []Column{
			document("attributes", "Attributes"), decimal("reserved_hours", "Coverage.CoverageHours.ReservedHours"), decimal("on_demand_hours", "Coverage.CoverageHours.OnDemandHours"),
			decimal("total_hours", "Coverage.CoverageHours.TotalRunningHours"), decimal("coverage_percent", "Coverage.CoverageHours.CoverageHoursPercentage"), decimal("on_demand_cost", "Coverage.CoverageCost.OnDemandCost"),
		}),
	},
	{
		Name: "ri_utilization", About: "How much of the reservations was used, by day.", Action: "GetReservationUtilization", Times: Daily, Settled: true, Months: 3, Most: history, Groups: 1, Filters: true, token: nextPage, size: results, largest: 1000,
		list: []string{"UtilizationsByTime", "Groups"}, whole: "Utilization", columns: slices.Concat(days(), []Column{
			text("subscription_id", "Value"), document("attributes", "Attributes"), decimal("utilization_percent", "Utilization.UtilizationPercentage"), decimal("purchased_hours", "Utilization.PurchasedHours"),
			decimal("used_hours", "Utilization.TotalActualHours"), decimal("unused_hours", "Utilization.UnusedHours"), decimal("on_demand_cost", "Utilization.OnDemandCostOfRIHoursUsed"),
			decimal("amortized_fee", "Utilization.TotalAmortizedFee"), decimal("net_savings", "Utilization.NetRISavings"),
		}),
	},
	{
		Name: "ri_recommendation", About: "Which reservations AWS recommends.", Action: "GetReservationPurchaseRecommendation", Key: "service", KeyBy: "Amazon Elastic Compute Cloud - Compute", token: nextPage, size: pageSize, largest: 100,
		list: []string{"Recommendations", "RecommendationDetails"}, columns: []Column{
			text("linked_account_id", "AccountId"), text("currency", "CurrencyCode"), decimal("count", "RecommendedNumberOfInstancesToPurchase"), decimal("monthly_on_demand_cost", "EstimatedMonthlyOnDemandCost"),
			decimal("monthly_savings", "EstimatedMonthlySavingsAmount"), decimal("savings_percent", "EstimatedMonthlySavingsPercentage"), decimal("upfront_cost", "UpfrontCost"), document("instance", "InstanceDetails"),
		},
	},
	{
		Name: "sp_coverage", About: "How much of the eligible spending was covered by Savings Plans, by day.", Action: "GetSavingsPlansCoverage", Times: Daily, Settled: true, Months: 3, Most: history, Groups: 1, Filters: true, token: next, size: results, largest: 1000,
		list: []string{"SavingsPlansCoverages"}, columns: slices.Concat(days(), []Column{
			document("attributes", "Attributes"), decimal("covered_spend", "Coverage.SpendCoveredBySavingsPlans"), decimal("on_demand_cost", "Coverage.OnDemandCost"), decimal("total_cost", "Coverage.TotalCost"), decimal("coverage_percent", "Coverage.CoveragePercentage"),
		}),
	},
	{
		Name: "sp_utilization", About: "How much of the Savings Plans was used, by day.", Action: "GetSavingsPlansUtilization", Times: Daily, Settled: true, Months: 3, Most: history, Filters: true,
		list: []string{"SavingsPlansUtilizationsByTime"}, columns: slices.Concat(days(), planColumns),
	},
	{
		Name: "sp_utilization_details", About: "How much of each Savings Plan was used, by month.", Action: "GetSavingsPlansUtilizationDetails", Times: Monthly, Settled: true, Months: 3, Most: history, Filters: true, token: next, size: results, largest: 1000,
		list: []string{"SavingsPlansUtilizationDetails"}, columns: slices.Concat(days(), []Column{text("savings_plan_arn", "SavingsPlanArn"), document("attributes", "Attributes")}, planColumns),
	},
	{
		Name: "sp_recommendation", About: "Which Savings Plans AWS recommends.", Action: "GetSavingsPlansPurchaseRecommendation", token: nextPage, size: pageSize, largest: 100,
		fixed: map[string]any{"SavingsPlansType": "COMPUTE_SP", "TermInYears": "ONE_YEAR", "PaymentOption": "NO_UPFRONT", "LookbackPeriodInDays": "THIRTY_DAYS"},
		list:  []string{"SavingsPlansPurchaseRecommendation", "SavingsPlansPurchaseRecommendationDetails"}, columns: []Column{
			text("linked_account_id", "AccountId"), text("currency", "CurrencyCode"), decimal("hourly_commitment", "HourlyCommitmentToPurchase"), decimal("hourly_on_demand_spend", "CurrentAverageHourlyOnDemandSpend"),
			decimal("monthly_savings", "EstimatedMonthlySavingsAmount"), decimal("savings_percent", "EstimatedSavingsPercentage"), decimal("upfront_cost", "UpfrontCost"), document("plan", "SavingsPlansDetails"),
		},
	},
	{
		Name: "rightsizing", About: "Which EC2 instances AWS finds too large.", Action: "GetRightsizingRecommendation", Setting: sizeSetting, token: nextPage, size: pageSize, largest: 100, fixed: map[string]any{"Service": "AmazonEC2"},
		list: []string{"RightsizingRecommendations"}, columns: []Column{
			text("linked_account_id", "AccountId"), text("resource_id", "CurrentInstance.ResourceId"), text("name", "CurrentInstance.InstanceName"), text("recommendation", "RightsizingType"), text("currency", "CurrentInstance.CurrencyCode"),
			decimal("monthly_cost", "CurrentInstance.MonthlyCost"), decimal("terminate_savings", "TerminateRecommendationDetail.EstimatedMonthlySavings"), document("target_instances", "ModifyRecommendationDetail.TargetInstances"), document("instance", "CurrentInstance.ResourceDetails"),
		},
	},
	{
		Name: "anomalies", About: "Days that cost unusually much, of the last 90 days.", Action: "GetAnomalies", Times: Recent, token: nextPage, size: results, largest: 100,
		list: []string{"Anomalies"}, columns: []Column{
			text("anomaly_id", "AnomalyId"), moment("start", "AnomalyStartDate"), moment("end", "AnomalyEndDate"), text("dimension_value", "DimensionValue"), text("monitor_arn", "MonitorArn"), decimal("max_impact", "Impact.MaxImpact"),
			decimal("total_impact", "Impact.TotalImpact"), decimal("actual_spend", "Impact.TotalActualSpend"), decimal("expected_spend", "Impact.TotalExpectedSpend"), decimal("score", "AnomalyScore.CurrentScore"), document("root_causes", "RootCauses"), text("feedback", "Feedback"),
		},
	},
	{
		Name: "anomaly_monitors", About: "What AWS watches for anomalies.", Action: "GetAnomalyMonitors", token: nextPage, size: results, largest: 100, list: []string{"AnomalyMonitors"},
		columns: []Column{text("monitor_arn", "MonitorArn"), text("name", "MonitorName"), text("type", "MonitorType"), text("dimension", "MonitorDimension"), moment("created", "CreationDate"), document("specification", "MonitorSpecification")},
	},
	{
		Name: "anomaly_subscriptions", About: "Whom AWS tells of anomalies.", Action: "GetAnomalySubscriptions", token: nextPage, size: results, largest: 100, list: []string{"AnomalySubscriptions"},
		columns: []Column{text("subscription_arn", "SubscriptionArn"), text("name", "SubscriptionName"), text("frequency", "Frequency"), document("monitors", "MonitorArnList"), document("subscribers", "Subscribers"), document("threshold", "ThresholdExpression")},
	},
	{
		Name: "cost_allocation_tags", About: "Which tags are activated for costs. The payer's alone.", Action: "ListCostAllocationTags", token: next, size: results, largest: 1000, list: []string{"CostAllocationTags"},
		columns: []Column{text("tag", "TagKey"), text("type", "Type"), text("status", "Status"), moment("updated", "LastUpdatedDate"), moment("used", "LastUsedDate")},
	},
	{
		Name: "cost_category_definitions", About: "The definitions of cost categories.", Action: "ListCostCategoryDefinitions", token: next, size: results, largest: 100, list: []string{"CostCategoryReferences"},
		columns: []Column{text("arn", "CostCategoryArn"), text("name", "Name"), moment("effective_from", "EffectiveStart"), moment("effective_to", "EffectiveEnd"), decimal("rules", "NumberOfRules"), text("default_value", "DefaultValue"), document("values", "Values")},
	},
}

var planColumns = []Column{
	decimal("commitment", "Utilization.TotalCommitment"), decimal("used", "Utilization.UsedCommitment"), decimal("unused", "Utilization.UnusedCommitment"), decimal("utilization_percent", "Utilization.UtilizationPercentage"),
	decimal("net_savings", "Savings.NetSavings"), decimal("on_demand_equivalent", "Savings.OnDemandCostEquivalent"), decimal("amortized", "AmortizedCommitment.TotalAmortizedCommitment"),
}
