package report

import (
	"slices"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/billgen"
)

// focusColumns are the columns of FOCUS_1_2_AWS, in AWS's order.
var focusColumns = []column{
	text("AvailabilityZone", func(l *line) string { return l.Zone }),
	hourly("BilledCost", billed),
	text("BillingAccountId", func(l *line) string { return l.Payer.ID }),
	text("BillingAccountName", func(l *line) string { return l.Payer.Name }),
	text("BillingAccountType", func(*line) string { return "AWS Organization" }),
	text("BillingCurrency", func(l *line) string { return l.Currency }),
	when("BillingPeriodEnd", false, func(l *line) int64 { return l.PeriodEnd }),
	when("BillingPeriodStart", false, func(l *line) int64 { return l.PeriodStart }),
	absent("CapacityReservationId"),
	absent("CapacityReservationStatus"),
	text("ChargeCategory", chargeCategory),
	text("ChargeClass", chargeClass),
	text("ChargeDescription", func(l *line) string { return l.Description }),
	text("ChargeFrequency", chargeFrequency),
	when("ChargePeriodEnd", true, func(l *line) int64 { return l.End }),
	when("ChargePeriodStart", true, func(l *line) int64 { return l.Start }),
	text("CommitmentDiscountCategory", commitmentCategory),
	text("CommitmentDiscountId", commitmentID),
	absent("CommitmentDiscountName"),
	hourly("CommitmentDiscountQuantity", commitmentQuantity),
	text("CommitmentDiscountStatus", commitmentStatus),
	text("CommitmentDiscountType", commitmentType),
	text("CommitmentDiscountUnit", commitmentUnit),
	hourly("ConsumedQuantity", consumed),
	text("ConsumedUnit", consumedUnit),
	hourly("ContractedCost", contracted),
	fixed("ContractedUnitPrice", contractedPrice),
	hourly("EffectiveCost", effective),
	text("InvoiceId", func(l *line) string { return l.InvoiceID }),
	text("InvoiceIssuerName", func(l *line) string { return l.InvoicingEntity }),
	hourly("ListCost", list),
	fixed("ListUnitPrice", listPrice),
	text("PricingCategory", pricingCategory),
	text("PricingCurrency", func(l *line) string { return l.Currency }),
	fixed("PricingCurrencyContractedUnitPrice", contractedPrice),
	hourly("PricingCurrencyEffectiveCost", effective),
	fixed("PricingCurrencyListUnitPrice", listPrice),
	hourly("PricingQuantity", consumed),
	text("PricingUnit", func(l *line) string { return l.Unit }),
	text("ProviderName", func(*line) string { return "AWS" }),
	text("PublisherName", func(l *line) string { return l.LegalEntity }),
	text("RegionId", func(l *line) string { return l.Region }),
	text("RegionName", func(l *line) string { return l.Location }),
	text("ResourceId", func(l *line) string { return l.ResourceID }),
	absent("ResourceName"),
	text("ResourceType", resourceType),
	text("ServiceCategory", serviceCategory),
	text("ServiceName", func(l *line) string { return l.ServiceName }),
	text("ServiceSubcategory", serviceSubcategory),
	text("SkuId", func(l *line) string { return l.SKU }),
	text("SkuMeter", func(l *line) string { return l.UsageType }),
	pairsOf("SkuPriceDetails", func(l *line) []pair { return l.Product }),
	text("SkuPriceId", func(l *line) string { return l.RateCode }),
	text("SubAccountId", func(l *line) string { return l.Account.ID }),
	text("SubAccountName", func(l *line) string { return l.Account.Name }),
	text("SubAccountType", func(*line) string { return "AWS Account" }),
	pairsOf("Tags", func(l *line) []pair { return focusTags(l.Tags) }),
	{name: "x_Discounts", varies: true, single: func(l *line) (string, amount) { return "edp_discount", l.Discount }},
	text("x_Operation", func(l *line) string { return l.Operation }),
	text("x_ServiceCode", func(l *line) string { return l.ProductCode }),
}

// focus10Columns are those of FOCUS_1_0_AWS: FOCUS 1.2 without what came later.
var focus10Columns = slices.DeleteFunc(slices.Clone(focusColumns), func(c column) bool {
	switch c.name {
	case "BillingAccountType", "CapacityReservationId", "CapacityReservationStatus", "CommitmentDiscountQuantity",
		"CommitmentDiscountUnit", "InvoiceId", "ServiceSubcategory", "SkuMeter", "SkuPriceDetails", "SubAccountType":
		return true
	}
	return strings.HasPrefix(c.name, "PricingCurrency")
})

// billed is the invoice view. FOCUS has no negations: covered usage is billed nothing.
func billed(l *line) amount {
	switch l.Type {
	case billgen.SavingsPlanCoveredUsage, billgen.SavingsPlanNegation, billgen.DiscountedUsage:
		return 0
	}
	return l.UnblendedCost
}

// effective is the amortized view.
func effective(l *line) amount { return l.Amortized() }

func list(l *line) amount {
	if l.PublicCost != billgen.None {
		return l.PublicCost
	}
	return billed(l)
}

func contracted(l *line) amount {
	switch l.Type {
	case billgen.SavingsPlanNegation, billgen.DiscountedUsage:
		return 0
	}
	return l.UnblendedCost
}

func isUsage(l *line) bool {
	switch l.Type {
	case billgen.Usage, billgen.DiscountedUsage, billgen.SavingsPlanCoveredUsage:
		return true
	}
	return false
}

func consumed(l *line) amount {
	if !isUsage(l) {
		return billgen.None
	}
	return l.UsageAmount
}

func consumedUnit(l *line) string {
	if !isUsage(l) {
		return ""
	}
	return l.Unit
}

func contractedPrice(l *line) amount { return l.UnblendedRate }

func listPrice(l *line) amount { return l.PublicRate }

func chargeCategory(l *line) string {
	switch l.Type {
	case billgen.Tax:
		return "Tax"
	case billgen.Fee, billgen.RIFee, billgen.SavingsPlanUpfrontFee, billgen.SavingsPlanRecurringFee:
		return "Purchase"
	case billgen.Credit:
		return "Credit"
	case billgen.Refund:
		return "Adjustment"
	}
	return "Usage"
}

func chargeClass(l *line) string {
	if l.Type == billgen.Refund {
		return "Correction"
	}
	return ""
}

func chargeFrequency(l *line) string {
	switch l.Type {
	case billgen.Fee, billgen.SavingsPlanUpfrontFee, billgen.Credit, billgen.Refund:
		return "One-Time"
	case billgen.RIFee, billgen.SavingsPlanRecurringFee:
		return "Recurring"
	}
	return "Usage-Based"
}

func commitmentID(l *line) string {
	if l.SavingsPlan.ARN != "" {
		return l.SavingsPlan.ARN
	}
	return l.Reservation.ARN
}

func commitmentCategory(l *line) string {
	switch {
	case l.SavingsPlan.ARN != "":
		return "Spend"
	case l.Reservation.ARN != "":
		return "Usage"
	}
	return ""
}

func commitmentType(l *line) string {
	switch {
	case l.SavingsPlan.ARN != "":
		return "Savings Plan"
	case l.Reservation.ARN != "":
		return "Reserved Instance"
	}
	return ""
}

func commitmentStatus(l *line) string {
	switch l.Type {
	case billgen.SavingsPlanCoveredUsage, billgen.DiscountedUsage:
		return "Used"
	case billgen.RIFee, billgen.SavingsPlanRecurringFee:
		return "Unused"
	}
	return ""
}

func commitmentQuantity(l *line) amount {
	switch l.Type {
	case billgen.SavingsPlanCoveredUsage:
		return l.SavingsPlan.EffectiveCost
	case billgen.DiscountedUsage:
		return l.UsageAmount
	}
	return billgen.None
}

func commitmentUnit(l *line) string {
	switch l.Type {
	case billgen.SavingsPlanCoveredUsage:
		return l.Currency
	case billgen.DiscountedUsage:
		return l.Unit
	}
	return ""
}

func pricingCategory(l *line) string {
	switch {
	case !isUsage(l):
		return ""
	case l.Type != billgen.Usage:
		return "Committed"
	case l.Term == "Spot":
		return "Dynamic"
	}
	return "Standard"
}

func resourceType(l *line) string {
	if l.ResourceID == "" {
		return ""
	}
	return l.ProductFamily
}

var focusCategories = map[string][2]string{
	"AmazonEC2": {"Compute", "Virtual Machines"}, "AWSLambda": {"Compute", "Serverless Compute"},
	"AmazonEKS": {"Compute", "Containers"}, "AmazonS3": {"Storage", "Object Storage"},
	"AmazonRDS": {"Databases", "Relational Databases"}, "AmazonDynamoDB": {"Databases", "NoSQL Databases"},
	"AmazonElastiCache": {"Databases", "Caching"}, "AmazonCloudWatch": {"Management and Governance", "Observability"},
	"AWSQueueService": {"Integration", "Messaging"}, "awskms": {"Security", "Security Posture Management"},
	"AWSDataTransfer": {"Networking", "Network Connectivity"}, "AWSELB": {"Networking", "Application Networking"},
	"AmazonVPC": {"Networking", "Network Infrastructure"}, "AmazonRoute53": {"Networking", "Domain Name System"},
	"ComputeSavingsPlans": {"Compute", "Virtual Machines"},
}

func serviceCategory(l *line) string {
	if c, ok := focusCategories[l.ProductCode]; ok {
		return c[0]
	}
	return "Other"
}

func serviceSubcategory(l *line) string {
	if c, ok := focusCategories[l.ProductCode]; ok {
		return c[1]
	}
	return "Other (Other)"
}

// focusTags drops the origin of user tags and keeps that of AWS's own.
func focusTags(tags []pair) []pair {
	out := make([]pair, len(tags))
	for i, t := range tags {
		out[i] = pair{Key: strings.TrimPrefix(t.Key, "user:"), Value: t.Value}
	}
	return out
}
