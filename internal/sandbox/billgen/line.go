package billgen

// LineType is the line item type, as line_item_line_item_type has it.
type LineType string

// The line item types that bills are made of.
const (
	Usage                   LineType = "Usage"
	DiscountedUsage         LineType = "DiscountedUsage"
	RIFee                   LineType = "RIFee"
	Fee                     LineType = "Fee"
	SavingsPlanCoveredUsage LineType = "SavingsPlanCoveredUsage"
	SavingsPlanNegation     LineType = "SavingsPlanNegation"
	SavingsPlanRecurringFee LineType = "SavingsPlanRecurringFee"
	SavingsPlanUpfrontFee   LineType = "SavingsPlanUpfrontFee"
	Tax                     LineType = "Tax"
	Credit                  LineType = "Credit"
	Refund                  LineType = "Refund"
	EdpDiscount             LineType = "EdpDiscount"
)

// Pair is one entry of a map column.
type Pair struct{ Key, Value string }

// Line is one line item. Times are Unix seconds, ends exclusive. Amounts that do not apply are None.
type Line struct {
	Block int // number of the block: the lines of one block differ only in what is marked "varies"

	ID                         string // varies
	IntervalStart, IntervalEnd int64  // varies

	InvoiceID, InvoicingEntity, BillingEntity, BillType, LegalEntity string
	PeriodStart, PeriodEnd                                           int64
	Payer, Account                                                   Account

	Type                                LineType
	Start, End                          int64 // varies
	ProductCode, UsageType, Operation   string
	Zone, ResourceID, Description       string
	TaxType, Currency, Unit             string
	UsageAmount, NormalizedAmount       Amount // varies
	NormalizationFactor                 Amount
	UnblendedRate, BlendedRate, NetRate Amount
	UnblendedCost, BlendedCost, NetCost Amount // varies
	Discount                            Amount // varies; negative, what the discount takes off

	PublicRate                                     Amount
	PublicCost                                     Amount // varies
	Term, PurchaseOption, LeaseLength, Offering    string
	RateCode, RateID                               string
	ServiceName, ProductFamily, SKU                string
	Region, Location, InstanceType, InstanceFamily string
	FromRegion, FromLocation, ToRegion, ToLocation string
	Product                                        []Pair // the attributes of the product that have no field, keys as legacy reports have them ("vcpu")
	Tags                                           []Pair // keys as the user has them, with their origin: "user:CostCenter", "aws:createdBy"
	CostCategories                                 []Pair
	Reservation                                    Reservation
	SavingsPlan                                    SavingsPlan
	Split                                          Split
}

// Reservation is the reservation/… part of a line item.
type Reservation struct {
	ARN, SubscriptionID, Zone, StartTime, EndTime, ModificationStatus string
	Units, TotalUnits, NormalizedUnits, TotalNormalizedUnits, Number  string
	EffectiveCost, AmortizedUpfront, RecurringFee                     Amount // of this usage; varies
	AmortizedForPeriod, UnusedAmortized, UnusedRecurring              Amount // of an RIFee
	UnusedQuantity, UnusedNormalized, UpfrontValue                    Amount
}

// SavingsPlan is the savingsPlan/… part of a line item.
type SavingsPlan struct {
	ARN, StartTime, EndTime, OfferingType, PaymentOption, PurchaseTerm string
	Region, Family                                                     string
	Rate                                                               Amount
	EffectiveCost                                                      Amount // varies
	Commitment, Used                                                   Amount // of a recurring fee's hour; varies
	AmortizedForPeriod, RecurringForPeriod                             Amount // of a recurring fee's hour
}

// blank returns a line whose amounts are all absent.
func blank() Line {
	n := None
	return Line{
		UsageAmount: n, NormalizedAmount: n, NormalizationFactor: n, UnblendedRate: n, BlendedRate: n, NetRate: n,
		UnblendedCost: 0, BlendedCost: n, NetCost: n, Discount: n, PublicRate: n, PublicCost: n,
		Reservation: Reservation{
			EffectiveCost: n, AmortizedUpfront: n, RecurringFee: n, AmortizedForPeriod: n, UnusedAmortized: n,
			UnusedRecurring: n, UnusedQuantity: n, UnusedNormalized: n, UpfrontValue: n,
		},
		Split:       blankSplit(),
		SavingsPlan: SavingsPlan{Rate: n, EffectiveCost: n, Commitment: n, Used: n, AmortizedForPeriod: n, RecurringForPeriod: n},
	}
}

// Amortized returns what the line item adds to the amortized view (AWS's Cloud Intelligence Dashboards, summary
// view).
func (l *Line) Amortized() Amount {
	switch l.Type {
	case SavingsPlanCoveredUsage:
		return l.SavingsPlan.EffectiveCost
	case SavingsPlanRecurringFee:
		return l.SavingsPlan.Commitment - l.SavingsPlan.Used
	case SavingsPlanNegation, SavingsPlanUpfrontFee:
		return 0
	case DiscountedUsage:
		return l.Reservation.EffectiveCost
	case RIFee:
		return l.Reservation.UnusedAmortized + l.Reservation.UnusedRecurring
	case Fee:
		if l.Reservation.ARN != "" {
			return 0
		}
	}
	return l.UnblendedCost
}

// Net returns what the line item adds to the net unblended view: its net cost where it has one.
func (l *Line) Net() Amount {
	if l.NetCost != None {
		return l.NetCost
	}
	return l.UnblendedCost
}
