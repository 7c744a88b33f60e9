package api

import (
	"context"
	"encoding/csv"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
	"github.com/danielgtaylor/huma/v2"
)

// AccountQuery says which accounts are wanted, and in which order. What is said must hold at once. A parameter may be said more than once: one
// of its values must match, and a value that begins with ! must not.
type AccountQuery struct {
	Text         []string `query:"q,explode" doc:"Found in the name or in the account id, in any case of letters."`
	Name         []string `query:"name,explode" doc:"Found in the name."`
	AccountID    []string `query:"account_id,explode" doc:"Found in the account id."`
	Kind         []string `query:"kind,explode" doc:"payer, linked, standalone or unknown; !linked is all others."`
	Method       []string `query:"method,explode" doc:"How it was registered: console, terraform, role or access_key."`
	Partition    []string `query:"partition,explode" doc:"aws, aws-cn or aws-us-gov."`
	State        []string `query:"state,explode" doc:"What its status amounts to: pending, connected, attention, broken or insecure."`
	Data         []string `query:"data,explode" doc:"Whether its billing data comes in: awaiting_first_delivery, late, failed, receiving, stale or none."`
	Capability   []string `query:"capability,explode" doc:"A capability and its state: billing_export:late, access:!ok."`
	Finding      []string `query:"finding,explode" doc:"The code of one of its newest findings: insecure_trust, outdated…"`
	Payer        []string `query:"payer,explode" doc:"The 12 digits of the account that pays for it."`
	Organization []string `query:"organization,explode" doc:"Its organization: o-…"`
	Top          bool     `query:"top" doc:"Only those that no registered payer stands above."`
	Sort         string   `query:"sort" default:"name" doc:"name, account_id, kind, method, partition, payer_id, state, data, checked_at or created_at; with - before it the other way round. Accounts that are equal are sorted by name."`
}

var capabilityStates = []bursar.CapabilityState{
	bursar.StateNotSetUp, bursar.StateWaiting, bursar.StateOK, bursar.StateLate, bursar.StateDegraded, bursar.StateFailed, bursar.StateInsecure,
}

// filter reads the query. A word that no account can have is an error: whoever misspells one must not take an empty answer for the truth.
func (q AccountQuery) filter() (store.AccountFilter, error) {
	f := store.AccountFilter{
		Text: q.Text, Name: q.Name, AccountID: q.AccountID, Kind: q.Kind, Method: q.Method, Partition: q.Partition, State: q.State, Data: q.Data,
		Finding: q.Finding, Payer: q.Payer, Organization: q.Organization, Top: q.Top, Capability: map[string][]string{},
	}
	for _, c := range q.Capability {
		name, state, _ := strings.Cut(c, ":")
		if err := oneOf("capability", name, capabilities); err != nil {
			return f, err
		}
		if err := knownWord(state, "capability", words(capabilityStates...)); err != nil {
			return f, err
		}
		f.Capability[name] = append(f.Capability[name], state)
	}
	for _, check := range []struct {
		field string
		list  []string
		valid []string
	}{
		{"kind", q.Kind, words(bursar.KindPayer, bursar.KindLinked, bursar.KindStandalone, bursar.KindUnknown)},
		{"method", q.Method, methodWords()},
		{"partition", q.Partition, words(partitions...)},
		{"state", q.State, words(bursar.SummaryPending, bursar.SummaryConnected, bursar.SummaryAttention, bursar.SummaryBroken, bursar.SummaryInsecure)},
		{"data", q.Data, append(words(bursar.ArrivalAwaiting, bursar.ArrivalLate, bursar.ArrivalFailed, bursar.ArrivalReceiving, bursar.ArrivalStale), "none")},
	} {
		for _, w := range check.list {
			if err := knownWord(w, check.field, check.valid); err != nil {
				return f, err
			}
		}
	}
	return f, nil
}

func knownWord(word, field string, valid []string) error {
	return oneOf(field, strings.TrimPrefix(word, "!"), valid)
}

// AccountList is one page of accounts.
type AccountList struct {
	Items      []Account `json:"items" doc:"The accounts of this page."`
	NextCursor string    `json:"next_cursor,omitempty" doc:"Gives the next page as cursor, with the same filter and order. Absent on the last one."`
	Total      *int64    `json:"total,omitempty" doc:"How many accounts match, on all pages. Only when it was asked for."`
}

type accountsOutput struct{ Body AccountList }

func (a *API) listAccounts(ctx context.Context, p auth.Principal, in *struct {
	AccountQuery
	Count bool `query:"count" doc:"Say how many accounts match, on all pages."`
	Paging
},
) (*accountsOutput, error) {
	filter, err := in.filter()
	if err != nil {
		return nil, err
	}
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	var out accountsOutput
	err = a.Store.View(ctx, func(tx *store.Tx) error {
		items, next, err := accountPage(tx, p, filter, in.Sort, page)
		l := listed(items, next)
		out.Body.Items, out.Body.NextCursor = l.Body.Items, l.Body.NextCursor
		if err == nil && in.Count {
			var n int64
			n, err = tx.CountAccounts(p.WorkspaceID, filter)
			out.Body.Total = &n
		}
		return err
	})
	return &out, err
}

// accountPage reads a page of accounts, each with its status and how many accounts are below it.
func accountPage(tx *store.Tx, p auth.Principal, f store.AccountFilter, sort string, page store.Page) (items []Account, next string, err error) {
	accounts, next, err := tx.FindAccounts(p.WorkspaceID, f, sort, page)
	if err != nil {
		return nil, "", err
	}
	var ids, payers []string
	for _, acc := range accounts {
		ids = append(ids, acc.ID)
		if acc.Kind == bursar.KindPayer {
			payers = append(payers, acc.ID)
		}
	}
	findings, err := tx.ForStatus(p.WorkspaceID, ids)
	if err != nil {
		return nil, "", err
	}
	linked, err := tx.CountLinked(p.WorkspaceID, payers)
	for _, acc := range accounts {
		shown := show(p, acc, findings[acc.ID])
		shown.Linked = linked[acc.ID]
		items = append(items, shown)
	}
	return items, next, err
}

// exportedColumns are those of accounts as CSV, with what each holds.
var exportedColumns = []struct {
	name string
	of   func(Account) string
}{
	{"account_id", func(a Account) string { return a.AccountID }},
	{"name", func(a Account) string { return a.Name }},
	{"partition", func(a Account) string { return string(a.Partition) }},
	{"kind", func(a Account) string { return string(a.Kind) }},
	{"payer_id", func(a Account) string { return a.PayerID }},
	{"organization_id", func(a Account) string { return a.OrganizationID }},
	{"method", func(a Account) string { return string(a.Method) }},
	{"role_arn", func(a Account) string { return a.RoleARN }},
	{"state", func(a Account) string { return string(a.Status.Summary) }},
	{"data", func(a Account) string { return string(a.Status.DataArrival) }},
	{"access", func(a Account) string { return capabilityOf(a, bursar.CapAccess) }},
	{"billing_export", func(a Account) string { return capabilityOf(a, bursar.CapBillingExport) }},
	{"member_access", func(a Account) string { return capabilityOf(a, bursar.CapMemberAccess) }},
	{"inventory", func(a Account) string { return capabilityOf(a, bursar.CapInventory) }},
	{"created_at", func(a Account) string { return timeOf(a.CreatedAt) }},
	{"checked_at", func(a Account) string { return timeOf(a.Status.CheckedAt) }},
}

func capabilityOf(a Account, c bursar.Capability) string {
	if state := a.Status.Capabilities[c]; state != "" {
		return string(state)
	}
	return string(bursar.StateNotSetUp)
}

func timeOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// exportAccounts writes every account that matches, a page at a time. The first page is read before anything is written, so that what is
// wrong with the question is answered as such.
func (a *API) exportAccounts(ctx context.Context, p auth.Principal, in *struct{ AccountQuery }) (func(huma.Context), error) {
	filter, err := in.filter()
	if err != nil {
		return nil, err
	}
	read := func(after string) (items []Account, next string, err error) {
		err = a.Store.View(ctx, func(tx *store.Tx) error {
			items, next, err = accountPage(tx, p, filter, in.Sort, store.Page{After: after, Limit: 500})
			return err
		})
		return items, next, err
	}
	items, next, err := read("")
	if err != nil {
		return nil, err
	}
	return func(ctx huma.Context) {
		ctx.SetHeader("Content-Type", csvType+"; charset=utf-8")
		ctx.SetHeader("Content-Disposition", `attachment; filename="accounts.csv"`)
		ctx.SetStatus(http.StatusOK)
		w := csv.NewWriter(ctx.BodyWriter())
		w.UseCRLF = true
		_ = w.Write(exportedNames())
		for err == nil {
			for _, acc := range items {
				_ = w.Write(exportedRow(acc)) // the caller has gone when it fails
			}
			if w.Flush(); next == "" || w.Error() != nil {
				return
			}
			items, next, err = read(next)
		}
		a.Log.ErrorContext(ctx.Context(), "an export of accounts has broken off", "error", err)
		panic(http.ErrAbortHandler) // half a file must not look like a whole one
	}, nil
}

func exportedNames() (names []string) {
	for _, c := range exportedColumns {
		names = append(names, c.name)
	}
	return names
}

// exportedRow writes an account. What a spreadsheet would take for a formula is marked as text.
func exportedRow(acc Account) (row []string) {
	for _, c := range exportedColumns {
		v := c.of(acc)
		if v != "" && slices.Contains([]byte("=+-@\t\r"), v[0]) {
			v = "'" + v
		}
		row = append(row, v)
	}
	return row
}
