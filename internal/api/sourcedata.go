package api

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/source/costexplorer"
	"github.com/bursarhq/bursar/internal/store"
)

// CostStream describes a stream that a source can ask for.
type CostStream struct {
	Name      string                `json:"name" doc:"What it is called in a source's streams."`
	About     string                `json:"about" doc:"What it tells."`
	Operation string                `json:"operation" doc:"The operation of Cost Explorer that answers it."`
	Action    string                `json:"action" doc:"The IAM action that must be allowed."`
	Groups    int                   `json:"groups" doc:"By how many things it can be grouped. Of costs, a third is asked value by value."`
	Metrics   []string              `json:"metrics,omitempty" doc:"What can be asked of it. Several cost no more than one."`
	GroupBy   []string              `json:"group_by,omitempty" doc:"What it can be grouped by, beside tag:KEY and category:NAME."`
	Months    int                   `json:"months,omitempty" doc:"How far back it goes by default."`
	MaxMonths int                   `json:"max_months,omitempty" doc:"How far back it goes at most."`
	Key       string                `json:"key,omitempty" doc:"What its key is: a dimension, tag, category or service."`
	Setting   string                `json:"setting,omitempty" doc:"What must be switched on in AWS first."`
	Default   bool                  `json:"default" doc:"Whether a source asks for it when nobody has chosen."`
	Columns   []costexplorer.Column `json:"columns" doc:"Of its rows."`
}

func (a *API) listStreams(_ context.Context, _ auth.Principal, _ *struct{}) (*listOutput[CostStream], error) {
	byDefault := map[string]bool{}
	for _, s := range costexplorer.Defaults() {
		byDefault[s.Name] = true
	}
	var items []CostStream
	for _, o := range costexplorer.Operations() {
		s := CostStream{
			Name: o.Name, About: o.About, Operation: o.Action, Action: o.IAM(), Groups: o.Groups, Months: o.Months, MaxMonths: o.Most, Key: o.Key, Setting: o.Setting, Default: byDefault[o.Name], Columns: o.Columns(),
		}
		if o.Metrics {
			s.Metrics, s.GroupBy = costexplorer.Metrics, costexplorer.Groups()
		}
		if o.Beyond {
			s.Groups++
		}
		items = append(items, s)
	}
	return listed(items, ""), nil
}

// SourceData is what is held of a stream.
type SourceData struct {
	Stream     bursar.StreamStatus   `json:"stream" doc:"How it stands, and how old the data is."`
	Columns    []costexplorer.Column `json:"columns" doc:"Of the rows."`
	Rows       [][]string            `json:"rows" doc:"Cells as text, in the order of the columns; an empty cell of any type but text has no value."`
	Months     []bursar.CostMonth    `json:"months" doc:"What is held, month by month. One without a period where the stream is not about times."`
	NextCursor string                `json:"next_cursor,omitempty" doc:"Gives the next page as cursor. Absent on the last one."`
}

type sourceDataOutput struct{ Body SourceData }

type sourceDataInput struct {
	SourcePath
	Stream string        `path:"stream" doc:"The stream: cost_daily."`
	From   bursar.Period `query:"from" doc:"First month, YYYY-MM; absent for the first one."`
	To     bursar.Period `query:"to" doc:"Last month, YYYY-MM; absent for the last one."`
	Cursor string        `query:"cursor" doc:"The next_cursor of the page before. Opaque."`
	Limit  int           `query:"limit" minimum:"1" maximum:"10000" default:"1000" doc:"Rows at most."`
}

func (a *API) sourceData(ctx context.Context, p auth.Principal, in *sourceDataInput) (*sourceDataOutput, error) {
	o := costexplorer.Find(in.Stream)
	if o == nil {
		return nil, bursar.Errorf(bursar.NotFound, "there is no stream %q", in.Stream).WithReason("stream_unknown").WithHint("use one of %s", costexplorer.Names())
	}
	skip, err := offset(in.Cursor)
	if err != nil {
		return nil, err
	}
	out := SourceData{Columns: o.Columns(), Rows: [][]string{}}
	err = a.Store.View(ctx, func(tx *store.Tx) error {
		s, err := tx.Source(p.WorkspaceID, in.Source)
		if err != nil {
			return err
		}
		if err := out.about(tx, s, in.Stream); err != nil {
			return err
		}
		seen := 0
		return tx.CostRows(s.ID, in.Stream, in.From, in.To, func(r store.CostRow) error {
			if seen++; seen <= skip {
				return nil
			}
			if len(out.Rows) == in.Limit {
				out.NextCursor = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(skip + in.Limit)))
				return nil
			}
			out.Rows = append(out.Rows, r.Cells)
			return nil
		})
	})
	return &sourceDataOutput{out}, err
}

func (d *SourceData) about(tx *store.Tx, s bursar.Source, stream string) (err error) {
	if d.Months, err = tx.CostMonths(s.ID, stream); err != nil {
		return err
	}
	d.Stream = bursar.StreamStatus{Name: stream, State: bursar.StreamNever}
	list, err := tx.Streams(s)
	for _, x := range list {
		if x.Name == stream {
			d.Stream = x
		}
	}
	return err
}

func offset(cursor string) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	n, err2 := strconv.Atoi(string(text))
	if err != nil || err2 != nil || n < 0 {
		return 0, bursar.InvalidField("cursor", "the cursor is not one of this list").WithReason("cursor_malformed").WithHint("send the next_cursor of the page before, as it is")
	}
	return n, nil
}

// RequestFilter chooses lines of the ledger.
type RequestFilter struct {
	Source string `query:"source" doc:"Only those of this source: its id (src_…)."`
	Access string `query:"access" doc:"Only those of this access: an account's (acc_…) or a credential's (crd_…) id."`
	Run    string `query:"run" doc:"Only those of this run: its id (run_…)."`
	Stream string `query:"stream" doc:"Only those of this stream."`
}

func (f RequestFilter) filter() store.RequestFilter {
	return store.RequestFilter{Source: f.Source, Access: f.Access, Run: f.Run, Stream: f.Stream}
}

func (a *API) listRequests(ctx context.Context, p auth.Principal, in *struct {
	RequestFilter
	Paging
},
) (*listOutput[bursar.CostRequest], error) {
	return paged(ctx, a, in.Paging, func(tx *store.Tx, page store.Page) ([]bursar.CostRequest, string, error) {
		return tx.Requests(p.WorkspaceID, in.filter(), page)
	})
}

// RequestSpend is what was spent on one day with one operation.
type RequestSpend struct {
	Day       string         `json:"day" doc:"YYYY-MM-DD, UTC."`
	Operation string         `json:"operation" doc:"The operation of Cost Explorer."`
	Requests  int64          `json:"requests" doc:"That were sent."`
	Cached    int64          `json:"cached" doc:"That did not have to be sent: what they ask had been paid for."`
	Failed    int64          `json:"failed" doc:"Of those that were sent, that AWS answered with an error: they are free."`
	USD       bursar.Decimal `json:"usd" doc:"What they cost by AWS's price list."`
}

func (a *API) requestSpend(ctx context.Context, p auth.Principal, in *struct {
	RequestFilter
	Days int `query:"days" minimum:"1" maximum:"400" default:"30" doc:"How many days, today included."`
},
) (*listOutput[RequestSpend], error) {
	var items []RequestSpend
	err := a.Store.View(ctx, func(tx *store.Tx) error {
		list, err := tx.SpendByDay(p.WorkspaceID, in.filter(), tx.Now.Truncate(24*time.Hour).AddDate(0, 0, 1-in.Days))
		for _, s := range list {
			items = append(items, RequestSpend(s))
		}
		return err
	})
	return listed(items, ""), err
}

// RequestBudget is a budget that sources share, with what is spent of it.
type RequestBudget struct {
	bursar.SharedBudget
	SpentDay   bursar.Decimal `json:"spent_day" doc:"Today, UTC."`
	SpentMonth bursar.Decimal `json:"spent_month" doc:"This month, UTC."`
}

type requestBudgetOutput struct{ Body RequestBudget }

func showBudget(tx *store.Tx, workspaceID, scope string) (out RequestBudget, err error) {
	if out.SharedBudget, err = tx.RequestBudget(workspaceID, scope); err != nil {
		return out, err
	}
	f := store.RequestFilter{Access: scope}
	if scope == bursar.AllAccess {
		f.Access = ""
	}
	if out.SpentDay, err = tx.Spent(workspaceID, f, tx.Now.Truncate(24*time.Hour)); err != nil {
		return out, err
	}
	out.SpentMonth, err = tx.Spent(workspaceID, f, bursar.PeriodOf(tx.Now).Start())
	return out, err
}

func (a *API) listRequestBudgets(ctx context.Context, p auth.Principal, _ *struct{}) (*listOutput[RequestBudget], error) {
	var items []RequestBudget
	err := a.Store.View(ctx, func(tx *store.Tx) error {
		list, err := tx.AllSources(p.WorkspaceID)
		if err != nil {
			return err
		}
		scopes := []string{bursar.AllAccess}
		for _, s := range list {
			if known := strings.Join(scopes, " "); !strings.Contains(known, s.Access()) {
				scopes = append(scopes, s.Access())
			}
		}
		for _, scope := range scopes {
			b, err := showBudget(tx, p.WorkspaceID, scope)
			if err != nil {
				return err
			}
			items = append(items, b)
		}
		return nil
	})
	return listed(items, ""), err
}

// NewRequestBudget is what sources may spend together.
type NewRequestBudget struct {
	Day   bursar.Decimal `json:"day" doc:"US dollars on a day, UTC."`
	Month bursar.Decimal `json:"month" doc:"US dollars in a month, UTC."`
}

func (a *API) setRequestBudget(ctx context.Context, p auth.Principal, in *struct {
	Scope string `path:"scope" doc:"all for the workspace, or the id of an account (acc_…) or credential (crd_…) whose access sources use."`
	Body  NewRequestBudget
},
) (*requestBudgetOutput, error) {
	if err := (bursar.Budget{Day: in.Body.Day, Month: in.Body.Month}).Check(); err != nil {
		return nil, err
	}
	var out requestBudgetOutput
	err := a.Store.InTx(ctx, func(tx *store.Tx) error {
		if err := knownScope(tx, p.WorkspaceID, in.Scope); err != nil {
			return err
		}
		if err := tx.SetRequestBudget(p.WorkspaceID, bursar.SharedBudget{Scope: in.Scope, Day: in.Body.Day, Month: in.Body.Month}); err != nil {
			return err
		}
		var err error
		out.Body, err = showBudget(tx, p.WorkspaceID, in.Scope)
		return err
	})
	return &out, err
}

func knownScope(tx *store.Tx, workspaceID, scope string) error {
	if scope == bursar.AllAccess {
		return nil
	}
	if strings.HasPrefix(scope, "crd_") {
		_, err := tx.Credential(workspaceID, scope)
		return err
	}
	_, err := tx.Account(workspaceID, scope)
	return err
}
