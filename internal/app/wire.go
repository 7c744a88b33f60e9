package app

import (
	"context"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/deploy"
	"github.com/bursarhq/bursar/internal/api"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/billing/query"
	"github.com/bursarhq/bursar/internal/billing/query/duckdb"
	"github.com/bursarhq/bursar/internal/check"
	"github.com/bursarhq/bursar/internal/job"
	"github.com/bursarhq/bursar/internal/job/kind"
	"github.com/bursarhq/bursar/internal/store"
)

// liveRuns is how many runs go on at once: checks wait for AWS most of their time.
const liveRuns = 8

// statementsAtOnce is how many statements of people's SQL run at once; each may use as much memory as the settings say.
const statementsAtOnce = 2

// wire holds the explicit lists: every kind of run and every schedule stands here.
func (a *App) wire(ctx context.Context, aws *awsapi.Client) (err error) {
	identity := a.identity(ctx, aws)
	a.runner = job.New(a.store, a.log, liveRuns,
		job.Kind{Name: api.KindCheck, Do: a.check(aws).Do},
		// One import uses every core, and all the memory that imports may have.
		job.Kind{Name: api.KindImport, AtOnce: 1, Do: kind.Import{Store: a.store, Lake: a.lake, Open: bucketOf(aws), Now: a.now, Check: enqueue(api.KindCheck)}.Do},
	)
	a.scheduler = job.NewScheduler(a.runner,
		job.Schedule{Name: "check every account", Every: a.config.CheckEvery / 10, Due: due(api.KindCheck, a.config.CheckEvery, everyAccount)},
		job.Schedule{Name: "poll every export", Every: a.config.PollEvery, Due: due(api.KindImport, 0, accountsWithExports)},
	)
	a.api, err = api.New(api.Services{
		Store: a.store, Keys: auth.Keys{Store: a.store}, Runs: a.runner, Guide: identity,
		Costs: query.Questions{Lake: a.lake, Engine: a.engine}, SQL: a.statements(), Ready: a.ready, Now: a.now, Log: a.log,
	})
	return err
}

// statements runs people's SQL.
func (a *App) statements() query.SQL {
	confined := duckdb.Confine(duckdb.Options{MemoryMB: statementsAtOnce * a.config.SQLMemoryMB, Threads: int(a.config.Workers)}, statementsAtOnce)
	return query.SQL{Lake: a.lake, Engine: confined, Timeout: a.config.SQLTimeout}
}

// check is the kind of run that looks at an account. An export that it finds is asked for deliveries at once.
func (a *App) check(aws *awsapi.Client) kind.Check {
	return kind.Check{
		Store: a.store, Access: check.Through(aws), Suite: check.All, Forget: aws.Forget, Version: deploy.Version, Adds: deploy.Adds, Pace: a.config.Propagation.pace, Now: a.now,
		Import: enqueue(api.KindImport),
	}
}

// enqueue asks for a run of another kind about the same account.
func enqueue(kindName string) func(*store.Tx, bursar.Account) error {
	return func(tx *store.Tx, a bursar.Account) error {
		_, _, err := tx.Enqueue(a.WorkspaceID, kindName, a.ID, tx.Now)
		return err
	}
}

// due enqueues a run of a kind for each account that named gives and that had none for so long.
func due(kindName string, after time.Duration, named func(*store.Tx, string) ([]string, error)) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		workspaces, err := tx.Workspaces()
		if err != nil {
			return err
		}
		for _, ws := range workspaces {
			accounts, err := named(tx, ws.ID)
			if err != nil {
				return err
			}
			for _, id := range accounts {
				last, err := tx.LastFinished(ws.ID, kindName, id)
				if err != nil {
					return err
				}
				if last.IsZero() && kindName == api.KindCheck || tx.Now.Sub(last) < after {
					continue // a new account is checked when its person says so
				}
				if _, _, err := tx.Enqueue(ws.ID, kindName, id, tx.Now); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

func everyAccount(tx *store.Tx, workspaceID string) (ids []string, err error) {
	page := store.Page{Limit: 1000}
	for {
		accounts, next, err := tx.Accounts(workspaceID, page)
		if err != nil {
			return nil, err
		}
		for _, acct := range accounts {
			ids = append(ids, acct.ID)
		}
		if next == "" {
			return ids, nil
		}
		page.After = next
	}
}

func accountsWithExports(tx *store.Tx, workspaceID string) (ids []string, err error) {
	exports, err := tx.Exports(workspaceID, "")
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, e := range exports {
		if !seen[e.AccountID] {
			seen[e.AccountID] = true
			ids = append(ids, e.AccountID)
		}
	}
	return ids, nil
}
