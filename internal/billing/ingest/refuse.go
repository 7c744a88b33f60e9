package ingest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

// recognise says what the columns of a file are, or what the file looks like instead of a bill.
func recognise(header []string, hint bursar.Format) (bursar.Format, error) {
	has := map[string]bool{}
	slashes := false
	for _, h := range header {
		has[h] = true
		slashes = slashes || strings.HasPrefix(h, "lineItem/") || strings.HasPrefix(h, "identity/") || strings.HasPrefix(h, "bill/")
	}
	if has["BilledCost"] || has["ChargePeriodStart"] {
		return recogniseFOCUS(has)
	}
	normal := map[string]bool{}
	known := 0
	for _, h := range header {
		n := schema.Normalize(h)
		normal[n] = true
		if schema.Known(n) {
			known++
		}
	}
	if missing := missingOf(schema.Required, normal); len(missing) > 0 {
		return "", refuseHeader(has, normal, known, missing)
	}
	switch {
	case slashes:
		return bursar.FormatLegacy, nil
	case normal["bill_payer_account_name"], normal["line_item_usage_account_name"], normal["product"], normal["resource_tags"],
		normal["cost_category"], normal["discount"], normal["tags"]:
		return bursar.FormatCUR2, nil
	case slices.ContainsFunc(header, func(h string) bool { _, key := schema.OfCUR(h, true); return key != "" }):
		return bursar.FormatLegacy, nil
	case hint == bursar.FormatLegacy:
		return bursar.FormatLegacy, nil
	}
	return bursar.FormatCUR2, nil
}

func missingOf(required []string, has map[string]bool) (missing []string) {
	for _, r := range required {
		if !has[r] {
			missing = append(missing, r)
		}
	}
	return missing
}

func recogniseFOCUS(has map[string]bool) (bursar.Format, error) {
	version := ""
	switch {
	case has["AmortizedCost"] || has["BilledCurrency"]:
		version = "0.5"
	case has["ServiceProviderName"] || has["HostProviderName"] || has["InvoiceDetailId"]:
		version = "1.3 or later"
	case has["InvoiceId"] || has["PricingCurrency"] || has["BillingAccountType"] || has["SubAccountType"]:
		version = "1.2"
	case has["CapacityReservationId"] || has["SkuMeter"] || has["CommitmentDiscountQuantity"] || has["ServiceSubcategory"]:
		version = "1.1"
	default:
		version = "1.0"
	}
	switch version {
	case "1.0", "1.2":
	default:
		return "", focusVersion(version)
	}
	if missing := missingOf(schema.RequiredFOCUS, has); len(missing) > 0 {
		return "", partial("FOCUS "+version+" export", missing)
	}
	if version == "1.0" {
		return bursar.FormatFOCUS10, nil
	}
	return bursar.FormatFOCUS12, nil
}

func focusVersion(version string) error {
	return bursar.Errorf(bursar.Invalid, "not a supported bill: it is FOCUS %s", version).WithReason("focus_version").
		WithHint("order a FOCUS 1.2 export (or CUR 2.0) from AWS Data Exports; bursar reads FOCUS 1.0 and 1.2")
}

func partial(what string, missing []string) error {
	return bursar.Errorf(bursar.Invalid, "only a part of a bill: it looks like an extract of a %s without %s", what, strings.Join(missing, ", ")).WithReason("partial").
		WithHint("give the files as AWS delivered them, or add the missing columns to the export's query")
}

// refuseHeader says what a csv or Parquet file without the required columns looks like.
func refuseHeader(has, normal map[string]bool, known int, missing []string) error {
	with := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(n string) bool { return !has[n] && !normal[n] })
	}
	switch {
	case with("InvoiceIssuer", "ChargeType"): // 1.0 has other names for both
		return focusVersion("0.5")
	case with("Recommendation Date"), with("Owner Account", "Instance Type"):
		return notBill("a table of Reserved Instance recommendations from the Cost Explorer console", "")
	case with("recommendation_id", "action_type"):
		return notBill("the export of another table: COST_OPTIMIZATION_RECOMMENDATIONS", "")
	case with("total_mbm_emissions_value"), with("total_lbm_emissions_value"):
		return notBill("the export of another table: CARBON_EMISSIONS", "")
	case with("InvoiceID", "RecordType"), with("PayerAccountId", "LinkedAccountId"):
		return notBill("a detailed billing report of the kind that AWS gave up in 2019", "order a CUR 2.0 export from AWS Data Exports")
	case with("FormatVersion"), with("SKU", "OfferTermCode"):
		return notBill("an AWS price list", "it says what things cost, not what was used")
	case with("MeterId", "CostInBillingCurrency"), with("MeterId", "SubscriptionId"):
		return notBill("a cost export of Microsoft Azure", "")
	case len(has) == 1 && with("status"):
		return notBill("the status table beside an Athena report", "give the data files in the report's year=/month= folders")
	case known >= 3:
		return partial("Cost and Usage Report", missing)
	}
	for h := range has {
		if strings.HasSuffix(h, "($)") || strings.HasSuffix(h, "(USD)") {
			return notBill("a table saved from the Cost Explorer console", "")
		}
	}
	return notBill(otherTable(has), "")
}

// otherTable describes a table that nothing is known of by its columns.
func otherTable(has map[string]bool) string {
	names := slices.Sorted(maps.Keys(has))
	if len(names) == 1 {
		return fmt.Sprintf("plain text that begins with %q", clip([]byte(names[0])))
	}
	shown := make([]string, 0, 4)
	for _, n := range names[:min(len(names), 4)] {
		shown = append(shown, fmt.Sprintf("%q", clip([]byte(n))))
	}
	more := ""
	if len(names) > len(shown) {
		more = fmt.Sprintf(" and %d more", len(names)-len(shown))
	}
	return "some other table, with the columns " + strings.Join(shown, ", ") + more
}
