package api

import (
	"context"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/reconcile"
	"github.com/bursarhq/bursar/internal/source/costexplorer"
	"github.com/bursarhq/bursar/internal/store"
)

// Source is a source as the API shows it.
type Source struct {
	bursar.Source
	Status     []bursar.StreamStatus `json:"status"`
	SpentDay   bursar.Decimal        `json:"spent_day"`
	SpentMonth bursar.Decimal        `json:"spent_month"`
}

// NewSource is what a caller says to make a source.
type NewSource struct {
	Name        string          `json:"name" doc:"A name that people recognise, unique in the workspace." maxLength:"100"`
	Account     string          `json:"account,omitempty" doc:"The registered account whose access role it uses: its id (acc_…) or its 12 digits. This or a credential."`
	Credential  string          `json:"credential,omitempty" doc:"The stored credential that it uses: its id (crd_…) or its name. This or an account."`
	Streams     []bursar.Stream `json:"streams,omitempty" doc:"What it asks for. Absent: the default streams, which cost at most five requests a day while one page is enough for each."`
	EveryHours  *int            `json:"every_hours,omitempty" doc:"How often it asks by itself; 0 for only when somebody says so. 24 when absent." minimum:"0" maximum:"8760"`
	Budget      *bursar.Budget  `json:"budget,omitempty" doc:"What it may spend on requests. Absent: 0.05 USD a run and a day, 1.55 USD a month."`
	Paused      bool            `json:"paused,omitempty" doc:"It does not ask by itself."`
	Preliminary bool            `json:"preliminary,omitempty" doc:"Its totals stand in for a bill that is still on its way: answers about costs have them, marked, until the bill is there."`
}

// NewSourceChange is what a caller changes of a source. What is absent stays as it is.
type NewSourceChange struct {
	Name        *string          `json:"name,omitempty" doc:"Its name." maxLength:"100"`
	Streams     *[]bursar.Stream `json:"streams,omitempty" doc:"What it asks for, all of it."`
	EveryHours  *int             `json:"every_hours,omitempty" doc:"How often it asks by itself; 0 for only when somebody says so." minimum:"0" maximum:"8760"`
	Budget      *bursar.Budget   `json:"budget,omitempty" doc:"What it may spend on requests."`
	Paused      *bool            `json:"paused,omitempty" doc:"Whether it does not ask by itself."`
	Preliminary *bool            `json:"preliminary,omitempty" doc:"Whether its totals stand in for a bill that is still on its way."`
}

// SourcePath names a source.
type SourcePath struct {
	Source string `path:"source" doc:"The source's id (src_…) or its name."`
}

type sourceOutput struct{ Body Source }

func (o *sourceOutput) state() string { return versionState(o.Body.Version) }

func showSource(tx *store.Tx, s bursar.Source) (out Source, err error) {
	out.Source = s
	if out.Status, err = tx.Streams(s); err != nil {
		return out, err
	}
	own := store.RequestFilter{Source: s.ID}
	if out.SpentDay, err = tx.Spent(s.WorkspaceID, own, tx.Now.Truncate(24*time.Hour)); err != nil {
		return out, err
	}
	out.SpentMonth, err = tx.Spent(s.WorkspaceID, own, bursar.PeriodOf(tx.Now).Start())
	return out, err
}

// check says what is wrong with a source, before anything is saved or paid.
func checkSource(s bursar.Source) error {
	if err := bursar.CheckSourceName(s.Name); err != nil {
		return err
	}
	if len(s.Streams) == 0 {
		return bursar.InvalidField("streams", "it asks for nothing").WithReason("streams_empty").WithHint("name streams: %s", costexplorer.Names())
	}
	seen := map[string]bool{}
	for _, x := range s.Streams {
		if err := costexplorer.Check(x); err != nil {
			return err
		}
		if seen[x.Name] {
			return bursar.InvalidField("streams", "%s is there twice", x.Name).WithReason("stream_twice").WithHint("make another source for another question of the same stream")
		}
		seen[x.Name] = true
	}
	return s.Budget.Check()
}

// source puts a new source together. Its access must be there; whose costs a credential tells is known when somebody has looked.
func (n NewSource) source(tx *store.Tx, workspaceID string) (bursar.Source, error) {
	s := bursar.Source{
		WorkspaceID: workspaceID, Name: n.Name, Streams: n.Streams, EveryHours: 24, Budget: bursar.DefaultBudget(), Paused: n.Paused, Preliminary: n.Preliminary,
	}
	if n.EveryHours != nil {
		s.EveryHours = *n.EveryHours
	}
	if n.Budget != nil {
		s.Budget = *n.Budget
	}
	if len(s.Streams) == 0 {
		s.Streams = costexplorer.Defaults()
	}
	if err := checkSource(s); err != nil {
		return s, err
	}
	return s, n.access(tx, &s)
}

func (n NewSource) access(tx *store.Tx, s *bursar.Source) error {
	switch {
	case (n.Account == "") == (n.Credential == ""):
		return bursar.InvalidField("account", "a source uses the access of an account, or a credential: name one").WithReason("access_missing").
			WithHint("an account's role is preferred: no secret is stored for it")
	case n.Account != "":
		a, err := tx.Account(s.WorkspaceID, n.Account)
		s.Account, s.AccountID = a.ID, a.AccountID
		return err
	}
	c, err := tx.Credential(s.WorkspaceID, n.Credential)
	s.Credential, s.AccountID = c.ID, c.AccountID
	return err
}

func (a *API) listSources(ctx context.Context, p auth.Principal, in *struct{ Paging }) (*listOutput[Source], error) {
	return paged(ctx, a, in.Paging, func(tx *store.Tx, page store.Page) (items []Source, next string, err error) {
		list, next, err := tx.Sources(p.WorkspaceID, page)
		for _, s := range list {
			shown, err := showSource(tx, s)
			if err != nil {
				return nil, "", err
			}
			items = append(items, shown)
		}
		return items, next, err
	})
}

func (a *API) addSource(ctx context.Context, p auth.Principal, in *struct{ Body NewSource }) (*sourceOutput, error) {
	var out sourceOutput
	err := a.Store.InTx(ctx, func(tx *store.Tx) error {
		s, err := in.Body.source(tx, p.WorkspaceID)
		if err != nil {
			return err
		}
		if s, err = tx.AddSource(s); err != nil {
			return err
		}
		out.Body, err = showSource(tx, s)
		return err
	})
	return &out, err
}

func (a *API) getSource(ctx context.Context, p auth.Principal, in *SourcePath) (*sourceOutput, error) {
	var out sourceOutput
	err := a.Store.View(ctx, func(tx *store.Tx) error {
		s, err := tx.Source(p.WorkspaceID, in.Source)
		if err != nil {
			return err
		}
		out.Body, err = showSource(tx, s)
		return err
	})
	return &out, err
}

func (n NewSourceChange) apply(s *bursar.Source) {
	set(&s.Name, n.Name)
	set(&s.Streams, n.Streams)
	set(&s.EveryHours, n.EveryHours)
	set(&s.Budget, n.Budget)
	set(&s.Paused, n.Paused)
	set(&s.Preliminary, n.Preliminary)
}

func set[T any](at, to *T) {
	if to != nil {
		*at = *to
	}
}

func (a *API) changeSource(ctx context.Context, p auth.Principal, in *struct {
	SourcePath
	Body NewSourceChange
},
) (*sourceOutput, error) {
	var out sourceOutput
	err := a.Store.InTx(ctx, func(tx *store.Tx) error {
		s, err := tx.Source(p.WorkspaceID, in.Source)
		if err != nil {
			return err
		}
		if err := unchanged(ctx, versionState(s.Version)); err != nil {
			return err
		}
		in.Body.apply(&s)
		if err := checkSource(s); err != nil {
			return err
		}
		if s, err = tx.ChangeSource(s); err != nil {
			return err
		}
		out.Body, err = showSource(tx, s)
		return err
	})
	return &out, err
}

func (a *API) removeSource(ctx context.Context, p auth.Principal, in *SourcePath) (*sourceOutput, error) {
	var out sourceOutput
	err := a.Store.InTx(ctx, func(tx *store.Tx) error {
		s, err := tx.Source(p.WorkspaceID, in.Source)
		if err != nil {
			return err
		}
		if err := unchanged(ctx, versionState(s.Version)); err != nil {
			return err
		}
		if out.Body, err = showSource(tx, s); err != nil {
			return err
		}
		return tx.RemoveSource(p.WorkspaceID, s.ID)
	})
	return &out, err
}

func (a *API) runSource(ctx context.Context, p auth.Principal, in *SourcePath) (*startedOutput, error) {
	var s bursar.Source
	err := a.Store.View(ctx, func(tx *store.Tx) (err error) { s, err = tx.Source(p.WorkspaceID, in.Source); return err })
	if err != nil {
		return nil, err
	}
	run, err := a.Runs.Enqueue(ctx, p.WorkspaceID, KindSource, s.ID)
	return &startedOutput{"/api/v1/runs/" + run.ID, run}, err
}

// Reopening names what is asked again.
type Reopening struct {
	Period bursar.Period `json:"period" doc:"The month, YYYY-MM." required:"true"`
	Stream string        `json:"stream,omitempty" doc:"Only this stream."`
}

func (a *API) reopenSource(ctx context.Context, p auth.Principal, in *struct {
	SourcePath
	Body Reopening
},
) (*startedOutput, error) {
	if in.Body.Period.IsZero() {
		return nil, bursar.InvalidField("period", "no month is named").WithReason("period_missing").WithHint("write it as YYYY-MM")
	}
	err := a.Store.InTx(ctx, func(tx *store.Tx) error {
		s, err := tx.Source(p.WorkspaceID, in.Source)
		if err != nil {
			return err
		}
		return tx.ReopenCosts(s.ID, in.Body.Stream, in.Body.Period)
	})
	if err != nil {
		return nil, err
	}
	return a.runSource(ctx, p, &in.SourcePath)
}

// Price says what a run would ask, and what that costs.
type Price struct {
	Requests int                   `json:"requests" doc:"That would be sent, as far as is known."`
	AtLeast  bool                  `json:"at_least" doc:"There may be more: how many pages an answer has is known once it was asked."`
	USD      bursar.Decimal        `json:"usd" doc:"What they cost by AWS's price list."`
	Budget   bursar.Budget         `json:"budget" doc:"What the source may spend. It stops before the request that would pass it."`
	Items    []costexplorer.Priced `json:"items" doc:"Each question, as AWS would be asked."`
}

type priceOutput struct{ Body Price }

func (a *API) price(tx *store.Tx, s bursar.Source) (*priceOutput, error) {
	list, err := costexplorer.Price(tx, s, a.Now())
	if err != nil {
		return nil, err
	}
	out := Price{Budget: s.Budget, Items: list}
	out.Requests, out.USD = costexplorer.Total(list)
	for _, x := range list {
		out.AtLeast = out.AtLeast || x.AtLeast && !x.Cached
	}
	return &priceOutput{out}, nil
}

func (a *API) priceSource(ctx context.Context, p auth.Principal, in *SourcePath) (out *priceOutput, err error) {
	err = a.Store.View(ctx, func(tx *store.Tx) error {
		s, err := tx.Source(p.WorkspaceID, in.Source)
		if err != nil {
			return err
		}
		out, err = a.price(tx, s)
		return err
	})
	return out, err
}

func (a *API) priceNewSource(ctx context.Context, p auth.Principal, in *struct{ Body NewSource }) (out *priceOutput, err error) {
	err = a.Store.View(ctx, func(tx *store.Tx) error {
		s, err := in.Body.source(tx, p.WorkspaceID)
		if err != nil {
			return err
		}
		out, err = a.price(tx, s)
		return err
	})
	return out, err
}

func (a *API) reconcileSource(ctx context.Context, p auth.Principal, in *SourcePath) (*listOutput[reconcile.Line], error) {
	var s bursar.Source
	err := a.Store.View(ctx, func(tx *store.Tx) (err error) { s, err = tx.Source(p.WorkspaceID, in.Source); return err })
	if err != nil || a.Compare == nil {
		return listed[reconcile.Line](nil, ""), err
	}
	lines, err := a.Compare(ctx, s)
	return listed(lines, ""), err
}
