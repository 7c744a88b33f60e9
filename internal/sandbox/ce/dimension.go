package ce

import (
	"slices"
	"strconv"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/billgen"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

func itoa(n int) string { return strconv.Itoa(n) }

// dimensions are those that lines can be grouped and filtered by, with what a line has of each.
var dimensions = map[string]func(*billgen.Line) string{
	"AZ":                   func(l *billgen.Line) string { return or(l.Zone, "NoAZ") },
	"BILLING_ENTITY":       func(l *billgen.Line) string { return l.BillingEntity },
	"INSTANCE_TYPE":        func(l *billgen.Line) string { return or(l.InstanceType, "NoInstanceType") },
	"INVOICING_ENTITY":     func(l *billgen.Line) string { return l.InvoicingEntity },
	"LEGAL_ENTITY_NAME":    func(l *billgen.Line) string { return l.LegalEntity },
	"LINKED_ACCOUNT":       func(l *billgen.Line) string { return l.Account.ID },
	"OPERATION":            func(l *billgen.Line) string { return or(l.Operation, "NoOperation") },
	"PLATFORM":             platform,
	"PURCHASE_TYPE":        purchase,
	"RECORD_TYPE":          recordType,
	"REGION":               region,
	"RESERVATION_ID":       func(l *billgen.Line) string { return or(l.Reservation.SubscriptionID, "NoReservationId") },
	"RESOURCE_ID":          func(l *billgen.Line) string { return or(l.ResourceID, "NoResourceId") },
	"SAVINGS_PLAN_ARN":     func(l *billgen.Line) string { return or(l.SavingsPlan.ARN, "NoSavingsPlan") },
	"SERVICE":              service,
	"SUBSCRIPTION_ID":      func(l *billgen.Line) string { return or(l.Reservation.SubscriptionID, "NoSubscriptionId") },
	"TENANCY":              tenancy,
	"USAGE_TYPE":           func(l *billgen.Line) string { return or(l.UsageType, "NoUsageType") },
	"INSTANCE_TYPE_FAMILY": func(l *billgen.Line) string { return or(l.InstanceFamily, "NoInstanceTypeFamily") },
}

// groupable are the dimensions that AWS groups costs by.
var groupable = []string{
	"AZ", "INSTANCE_TYPE", "LEGAL_ENTITY_NAME", "INVOICING_ENTITY", "LINKED_ACCOUNT", "OPERATION", "PLATFORM", "PURCHASE_TYPE",
	"SERVICE", "TENANCY", "RECORD_TYPE", "USAGE_TYPE", "REGION", "BILLING_ENTITY", "RESERVATION_ID", "SAVINGS_PLAN_ARN", "INSTANCE_TYPE_FAMILY",
}

func or(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}

func region(l *billgen.Line) string {
	switch l.Region {
	case "":
		return "NoRegion"
	case "any":
		return "global"
	}
	return l.Region
}

func platform(l *billgen.Line) string {
	if l.ProductCode == "AmazonEC2" && l.InstanceType != "" {
		return "Linux/UNIX"
	}
	return "NoOperatingSystem"
}

func tenancy(l *billgen.Line) string {
	if l.InstanceType != "" {
		return "Shared"
	}
	return "NoTenancy"
}

// service splits EC2 in two and keeps tax apart, as Cost Explorer does and a bill does not.
func service(l *billgen.Line) string {
	switch {
	case l.Type == billgen.Tax:
		return "Tax"
	case l.ProductCode == "AmazonEC2" && (l.InstanceType != "" || l.Type == billgen.RIFee):
		return "Amazon Elastic Compute Cloud - Compute"
	case l.ProductCode == "AmazonEC2":
		return "EC2 - Other"
	}
	return or(l.ServiceName, l.ProductCode)
}

func recordType(l *billgen.Line) string {
	switch l.Type {
	case billgen.RIFee:
		return "Recurring"
	case billgen.Fee:
		switch {
		case l.Reservation.ARN != "":
			return "Upfront"
		case strings.HasPrefix(l.ProductCode, "AWSSupport"):
			return "Support"
		}
		return "Other"
	case billgen.EdpDiscount:
		return "Enterprise Discount Program Discount"
	}
	return string(l.Type)
}

func purchase(l *billgen.Line) string {
	switch {
	case l.Type == billgen.DiscountedUsage || l.Type == billgen.RIFee:
		return "Standard Reserved Instances"
	case strings.HasPrefix(string(l.Type), "SavingsPlan"):
		return "Savings Plans"
	case l.Term == "Spot":
		return "Spot Instances"
	}
	return "On Demand Instances"
}

// tagKey is a tag's key as Cost Explorer spells it: what users set has no prefix.
func tagKey(key string) string { return strings.TrimPrefix(key, "user:") }

func pairOf(list []billgen.Pair, key string) string {
	i := slices.IndexFunc(list, func(p billgen.Pair) bool { return tagKey(p.Key) == key })
	if i < 0 {
		return ""
	}
	return list[i].Value
}

// group is a GroupDefinition.
type group struct{ Type, Key string }

// of is the value of a group in an answer: tags and cost categories repeat their key before a dollar sign.
func (g group) of(l *billgen.Line) string {
	switch g.Type {
	case "TAG":
		return g.Key + "$" + pairOf(l.Tags, g.Key)
	case "COST_CATEGORY":
		return g.Key + "$" + pairOf(l.CostCategories, g.Key)
	}
	return dimensions[g.Key](l)
}

func (g group) check(allowed []string) *cloud.Error {
	switch g.Type {
	case "TAG", "COST_CATEGORY":
		return nil
	case "DIMENSION":
		if slices.Contains(allowed, g.Key) {
			return nil
		}
		return invalid("Group Definition dimension %s is invalid. Valid values are: %s", g.Key, strings.Join(allowed, ", "))
	}
	return refused("groupBy.type", g.Type, "DIMENSION, TAG, COST_CATEGORY")
}

// refused is the answer to a value that is none of an enumeration's.
func refused(member, value, set string) *cloud.Error {
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy enum value set: [%s]", value, member, set)
}
