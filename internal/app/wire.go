package app

import (
	"context"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/deploy"
	"github.com/bursarhq/bursar/internal/api"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/billing/deposit"
	"github.com/bursarhq/bursar/internal/billing/query"
	"github.com/bursarhq/bursar/internal/billing/query/duckdb"
	"github.com/bursarhq/bursar/internal/check"
	"github.com/bursarhq/bursar/internal/cloudcraft"
	"github.com/bursarhq/bursar/internal/credential"
	"github.com/bursarhq/bursar/internal/job"
	"github.com/bursarhq/bursar/internal/job/kind"
	"github.com/bursarhq/bursar/internal/reconcile"
	"github.com/bursarhq/bursar/internal/source/costexplorer/paid"
	"github.com/bursarhq/bursar/internal/store"
)

// liveRuns is how many runs go on at once: checks wait for AWS most of their time.
const liveRuns = 8

// statementsAtOnce is how many statements of people's SQL run at once; each may use as much memory as the settings say.
const statementsAtOnce = 2

// wire holds the explicit lists: every kind of run and every schedule stands here.
func (a *App) wire(ctx context.Context, aws *awsapi.Client) (err error) {
	desk := a.desk()
	a.credentials = a.stored(aws, desk)
	if err := a.emptySpool(); err != nil {
		return err
	}
	places := a.destinations(aws)
	a.runner = job.New(a.store, a.log, liveRuns, a.counted(
		job.Kind{Name: api.KindCheck, Do: a.check(aws).Do},
		job.Kind{Name: api.KindMembers, Do: a.members(aws, kind.Everyone).Do, AtOnce: 1},
		job.Kind{Name: api.KindMembersFailed, Do: a.members(aws, kind.Lacking).Do, AtOnce: 1},
		job.Kind{Name: api.KindSync, Do: a.members(aws, kind.Reached).Do, AtOnce: 1},
		// One import uses every core, and all the memory that imports may have.
		job.Kind{Name: api.KindImport, AtOnce: 1, Do: a.imports(bucketOf(aws)).Do},
		job.Kind{Name: api.KindRotateKeys, AtOnce: 1, Do: a.rotateKeys().Do},
		job.Kind{Name: api.KindSource, Do: a.sources(aws, desk).Do},
		job.Kind{Name: api.KindDeliver, AtOnce: 2, Do: a.deliver(places).Do},
	)...)
	a.runner.Tracer = a.tracer
	a.scheduler = job.NewScheduler(a.runner,
		job.Schedule{Name: "check every account", Every: a.config.CheckEvery / 10, Due: due(api.KindCheck, a.config.CheckEvery, ownAccess)},
		job.Schedule{Name: "look at every organization", Every: a.config.CheckEvery / 10, Due: due(api.KindSync, a.config.CheckEvery, payers)},
		job.Schedule{Name: "ask every source", Every: a.config.PollEvery, Due: a.sourcesDue},
		job.Schedule{Name: "deliver to every destination", Every: deliverEvery, Due: deliveriesDue},
		job.Schedule{Name: "poll every export", Every: a.config.PollEvery, Due: due(api.KindImport, 0, accountsWithExports)},
	)
	questions := query.Questions{Lake: a.lake, Engine: a.engine, Known: &query.KnownKeys{}}
	guide := a.guide(ctx, aws)
	a.api, err = api.New(api.Services{
		Store: a.store, Keys: auth.Keys{Store: a.store}, People: auth.NewPeople(a.store, auth.PeopleOptions{Idle: a.config.SessionIdle, Lifetime: a.config.SessionLifetime}),
		SignOn: a.signOn(), PublicURL: a.config.PublicURL, TrustedProxies: a.config.TrustedProxies, RequestsPerMinute: a.config.RequestsPerMinute, Runs: a.runner, Guide: guide, Looker: looker{a, aws}, Credentials: a.credentials, SealingKey: a.keys.sealer.KeyID,
		Costs: tracedCosts{reconcile.Costs{Questions: questions, Store: a.store}}, Compare: a.compare(questions), SQL: tracedStatements{a.statements()}, SQLTimeout: a.config.SQLTimeout, Lake: a.lake, Destinations: places,
		Ready: a.ready, Identified: guide.identified, Removed: a.removed(aws), Now: a.now, Log: a.log, Answered: a.metrics.Request,
	})
	if err != nil {
		return err
	}
	a.cloudcraft, err = a.compatible(guide, aws)
	return err
}

// compatible is the face for clients of the Cloudcraft API.
func (a *App) compatible(g *guide, aws *awsapi.Client) (*cloudcraft.Face, error) {
	removed := a.removed(aws)
	return cloudcraft.New(cloudcraft.Services{
		Store: a.store, Keys: auth.Keys{Store: a.store}, Runs: a.runner, Config: g.Config, Check: enqueue(api.KindCheck), Log: a.log,
		From: a.api.Address, Refuse: a.api.AuditRefusal, Limit: a.api.Limit, Forget: func(ctx context.Context, acct bursar.Account) { removed(ctx, acct, nil) },
	})
}

// stored are the credentials, and what uses them: each room that can use one has a line here.
func (a *App) stored(aws *awsapi.Client, desk *paid.Desk) *credential.Service {
	return &credential.Service{
		Store: a.store, Sealer: a.keys.sealer, AWS: aws, Audit: store.NewAuditQueue(a.store), Now: a.now, Pay: payAt(desk),
		Users: []credential.Users{sourcesOfCredential, destinationsOfCredential},
	}
}

// imports is the kind of run that takes bills in: those that AWS delivers, and those that people brought.
func (a *App) imports(delivered kind.Buckets) kind.Import {
	folder := deposit.In(a.config.DataDir)
	open := func(ctx context.Context, acct bursar.Account, e bursar.Export) (bursar.Bucket, error) {
		if deposit.Is(e) {
			return folder.Open(acct.ID)
		}
		return delivered(ctx, acct, e)
	}
	return kind.Import{Store: a.store, Lake: tracedImports{countedImports{a.lake, a.metrics}}, Open: open, Now: a.now, Deposits: folder.Exports, Check: enqueue(api.KindCheck)}
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

// members is the kind of run that looks at the accounts of a payer's organization.
func (a *App) members(aws *awsapi.Client, whom kind.Whom) kind.Members {
	return kind.Members{
		Store: a.store, Access: check.Through(aws), Whom: whom, Forget: aws.Forget, Pace: a.config.Propagation.pace, InBill: a.inBill, Now: a.now,
	}
}
