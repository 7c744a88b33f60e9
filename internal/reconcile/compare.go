package reconcile

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/query"
	"github.com/bursarhq/bursar/internal/store"
)

// Line is one metric of one closed month, as the bill and as Cost Explorer tell it.
type Line struct {
	SourceID       string         `json:"source_id"`
	AccountID      string         `json:"account_id"` // 12 digits
	Period         bursar.Period  `json:"period"`
	Metric         string         `json:"metric"`
	Currency       string         `json:"currency"`
	Bill           bursar.Decimal `json:"bill"`
	CostExplorer   bursar.Decimal `json:"cost_explorer"`
	Difference     bursar.Decimal `json:"difference"` // the bill less Cost Explorer
	Cause          string         `json:"cause"`      // stable: equal, rounding, bill_missing, …
	Explanation    string         `json:"explanation"`
	BillAt         time.Time      `json:"bill_at,omitzero"` // when AWS delivered it
	CostExplorerAt time.Time      `json:"cost_explorer_at"`
	Accounts       []Difference   `json:"accounts,omitempty"` // the linked accounts that differ
}

// Difference is what one linked account differs by.
type Difference struct {
	AccountID    string         `json:"account_id"`
	Bill         bursar.Decimal `json:"bill"`
	CostExplorer bursar.Decimal `json:"cost_explorer"`
}

// Metrics are those that are compared.
var Metrics = []string{"unblended", "amortized", "net_unblended"}

// cent is less than what people call a difference.
var cent = bursar.DecimalFromInt64(1, 2)

// Compare holds each closed month that a source has asked against the bill. It asks AWS nothing. A source needs the stream cost_monthly without
// a filter: an Invalid error says so where it has none.
func Compare(ctx context.Context, costs query.Questions, st *store.Store, s bursar.Source, now time.Time) ([]Line, error) {
	x, ok := whole(s, []string{"cost_monthly"}, "LINKED_ACCOUNT")
	if !ok {
		if x, ok = whole(s, []string{"cost_monthly"}, ""); !ok {
			return nil, bursar.Errorf(bursar.Conflict, "the source %q does not ask for whole months", s.Name).WithReason("no_monthly_stream").
				WithHint("give it the stream cost_monthly, without a filter, best by LINKED_ACCOUNT")
		}
	}
	c := comparison{costs: costs, source: s, byAccount: len(x.GroupBy) == 1 && x.GroupBy[0] == "LINKED_ACCOUNT", now: now}
	err := st.View(ctx, func(tx *store.Tx) error { return c.read(tx, x) })
	if err != nil || len(c.months) == 0 {
		return nil, err
	}
	out := []Line{}
	for _, metric := range Metrics {
		if !asks(x, metricOf[metric]) {
			continue
		}
		lines, err := c.metric(ctx, metric)
		if err != nil {
			return nil, err
		}
		out = append(out, lines...)
	}
	c.explain(out)
	slices.SortStableFunc(out, func(a, b Line) int { return cmp.Compare(a.Period.String(), b.Period.String()) })
	return out, nil
}

// comparison is one source's.
type comparison struct {
	costs     query.Questions
	source    bursar.Source
	linked    bool // the account is a member: its costs are part of its payer's bill
	byAccount bool
	now       time.Time
	months    []bursar.CostMonth
	cells     []cell
	billed    map[bursar.Period]time.Time
}

func (c *comparison) read(tx *store.Tx, x bursar.Stream) error {
	months, err := tx.CostMonths(c.source.ID, x.Name)
	if err != nil {
		return err
	}
	for _, m := range months {
		if !m.Period.IsZero() && !c.now.Before(m.Period.End()) {
			c.months = append(c.months, m)
		}
	}
	if c.cells, err = cells(tx, c.source.ID, x.Name, bursar.Period{}, bursar.Period{}); err != nil {
		return err
	}
	if a, missing := tx.Account(c.source.WorkspaceID, c.source.AccountID); missing == nil {
		c.linked = a.Kind == bursar.KindLinked
	}
	c.billed, err = tx.BilledPeriods(c.source.WorkspaceID, c.source.AccountID)
	return err
}

// amounts are sums by month and account.
type amounts map[bursar.Period]map[string]bursar.Decimal

func (a amounts) add(p bursar.Period, account string, d bursar.Decimal) {
	if a[p] == nil {
		a[p] = map[string]bursar.Decimal{}
	}
	a[p][account] = a[p][account].Add(d)
}

func (a amounts) total(p bursar.Period) (sum bursar.Decimal) {
	for _, d := range a[p] {
		sum = sum.Add(d)
	}
	return sum
}

func (c *comparison) metric(ctx context.Context, metric string) ([]Line, error) {
	bill, currency, err := c.bill(ctx, metric)
	if err != nil {
		return nil, err
	}
	asked := amounts{}
	estimated := map[bursar.Period]bool{}
	for _, x := range c.cells {
		if x.metric == metricOf[metric] {
			asked.add(x.period, x.group, x.amount)
			estimated[x.period] = estimated[x.period] || x.estimated
			currency = cmp.Or(currency, x.currency)
		}
	}
	var out []Line
	for _, m := range c.months {
		l := Line{
			SourceID: c.source.ID, AccountID: c.source.AccountID, Period: m.Period, Metric: metric, Currency: currency, Bill: bill.total(m.Period), CostExplorer: asked.total(m.Period),
			BillAt: c.billed[m.Period], CostExplorerAt: m.FetchedAt,
		}
		l.Difference = l.Bill.Sub(l.CostExplorer)
		if c.byAccount && !l.BillAt.IsZero() {
			l.Accounts = differences(bill[m.Period], asked[m.Period])
		}
		l.Cause = c.cause(l, estimated[m.Period])
		out = append(out, l)
	}
	return out, nil
}

// bill asks what the bill says of the months, by account.
func (c *comparison) bill(ctx context.Context, metric string) (amounts, string, error) {
	filter := "payer is " + c.source.AccountID
	if c.linked {
		filter = "account is " + c.source.AccountID
	}
	q, err := query.Parse(query.Words{
		GroupBy: []string{"account"}, Granularity: "monthly", Metric: metric, Filters: []string{filter},
		From: c.months[0].Period.String(), To: c.months[len(c.months)-1].Period.Add(1).String(),
	}, c.now)
	if err != nil {
		return nil, "", err
	}
	a, err := c.costs.Ask(ctx, c.source.WorkspaceID, q)
	out, currency := amounts{}, ""
	for _, r := range a.Rows {
		out.add(bursar.PeriodOf(r.Start), r.Groups[0], r.Amount)
		currency = r.Currency
	}
	return out, currency, err
}

// differences are the accounts whose amounts are not the same, by id.
func differences(bill, asked map[string]bursar.Decimal) (out []Difference) {
	all := maps.Clone(bill)
	if all == nil {
		all = map[string]bursar.Decimal{}
	}
	maps.Copy(all, asked)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if !bill[id].Equal(asked[id]) {
			out = append(out, Difference{id, bill[id], asked[id]})
		}
	}
	return out
}

// cause finds the likeliest reason of a difference.
func (c *comparison) cause(l Line, estimated bool) string {
	size := l.Difference
	if size.Sign() < 0 {
		size = size.Neg()
	}
	switch {
	case l.BillAt.IsZero():
		return "bill_missing"
	case l.Difference.IsZero() && len(l.Accounts) == 0:
		return "equal"
	case size.Cmp(cent) < 0 && len(oneSided(l.Accounts)) == 0:
		return "rounding"
	case estimated:
		return "estimated"
	case len(oneSided(l.Accounts)) > 0:
		return "accounts"
	case l.BillAt.After(l.CostExplorerAt):
		return "bill_newer"
	}
	return "cost_explorer_newer"
}

// oneSided are the accounts that only one of the two knows.
func oneSided(list []Difference) (ids []string) {
	for _, d := range list {
		if d.Bill.IsZero() != d.CostExplorer.IsZero() {
			ids = append(ids, d.AccountID)
		}
	}
	return ids
}

// explain puts causes into words. Where the invoice's amount is the same and another metric's is not, it is how that one is counted.
func (c *comparison) explain(lines []Line) {
	for i := range lines {
		l := &lines[i]
		if l.Metric != "unblended" && l.Cause != "equal" && l.Cause != "bill_missing" && same(lines, l.Period) {
			l.Cause = "counting"
		}
		l.Explanation = explanation(*l)
	}
}

func same(lines []Line, p bursar.Period) bool {
	return slices.ContainsFunc(lines, func(l Line) bool {
		return l.Period == p && l.Metric == "unblended" && (l.Cause == "equal" || l.Cause == "rounding")
	})
}

func explanation(l Line) string {
	switch l.Cause {
	case "equal":
		return "Both say the same, to the last digit."
	case "rounding":
		return "Less than a cent: Cost Explorer rounds each group, the bill each line item."
	case "bill_missing":
		return "No bill of this month counts yet. Look at the account's deliveries."
	case "estimated":
		return "Cost Explorer still calls the month estimated: it has not been invoiced. Compare again once it has."
	case "accounts":
		return fmt.Sprintf("Only one of the two knows of the account %s: an account that joins or leaves an organization takes its history out of Cost Explorer, and not out of the bill.", strings.Join(oneSided(l.Accounts), ", "))
	case "bill_newer":
		return fmt.Sprintf("The bill was delivered after Cost Explorer was asked: AWS has changed the month since. Ask again: bursar source reopen %s %s", l.SourceID, l.Period)
	case "counting":
		return "The invoice's amounts are the same: the two count this metric differently. Fees of reservations and Savings Plans, and discounts, are spread otherwise in Cost Explorer."
	}
	return "Cost Explorer was asked after the bill was delivered: AWS has changed the month since, and the next delivery should bring the same. When it does not, import the month again."
}
