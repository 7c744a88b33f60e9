// Package app plugs the rooms together: it is the only package that knows every other.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/api"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/billing/query/duckdb"
	"github.com/bursarhq/bursar/internal/cli"
	"github.com/bursarhq/bursar/internal/cloudcraft"
	"github.com/bursarhq/bursar/internal/console"
	"github.com/bursarhq/bursar/internal/credential"
	"github.com/bursarhq/bursar/internal/job"
	"github.com/bursarhq/bursar/internal/metric"
	"github.com/bursarhq/bursar/internal/store"
	"github.com/bursarhq/bursar/internal/tracing"
	"github.com/bursarhq/bursar/web"
)

// App is one bursar: New opens everything, Run serves, Close lets go.
type App struct {
	Owner     bursar.Secret // the owner's key; set at the first start only, shown once and never again
	SetupLink bursar.Secret // by which a person becomes the owner, within a day; set at the first start only

	config      Config
	log         *slog.Logger
	listener    net.Listener
	metrics     *metric.Set
	tracer      *tracing.Tracer // nil where nothing is traced
	store       *store.Store
	keys        keys
	credentials *credential.Service
	lake        *lake.Lake
	engine      *duckdb.Engine
	runner      *job.Runner
	scheduler   *job.Scheduler
	api         *api.API
	cloudcraft  *cloudcraft.Face
	closers     []func() error

	metricsListener net.Listener // nil where metrics are not served
}

// New opens the data folder, the state, the lake and the address. It fails, and says what to do, when any of them cannot be had;
// then nothing is left open.
func New(ctx context.Context, c Config, log *slog.Logger) (_ *App, err error) {
	BoundMemory()
	a := &App{config: c, log: log, metrics: metric.New(cli.Version())}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if a.tracer, err = tracing.Open(ctx, c.Tracing, cli.Version(), log); err != nil {
		return nil, err
	}
	a.onClose(a.tracer.Close)
	log = a.tracer.Log(log)
	a.log = log
	if a.listener, err = listen(ctx, c.Addr); err != nil {
		return nil, err
	}
	a.onClose(func() error { return ignoreClosed(a.listener.Close()) })
	if err := a.listenMetrics(ctx); err != nil {
		return nil, err
	}
	if err := a.openData(ctx); err != nil {
		return nil, err
	}
	a.metrics.WatchRuns(a.runsNow)
	aws, err := awsapi.New(ctx, awsapi.Config{
		Region: c.Region, AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
		PrincipalARN: c.PrincipalARN, Endpoint: c.Endpoint, Log: log, Assumed: auditAssumed(store.NewAuditQueue(a.store)), Called: a.metrics.AWSCall,
	})
	if err != nil {
		return nil, err
	}
	if a.keys, err = openKeys(ctx, c, a.store, aws, a.now(), log); err != nil {
		return nil, err
	}
	if c.Endpoint != "" {
		log.Warn("every AWS request goes to one endpoint, which is meant for a simulated AWS", slog.String("endpoint", c.Endpoint))
	}
	begun, err := auth.Bootstrap(ctx, a.store)
	if err != nil {
		return nil, err
	}
	a.Owner = begun.Key
	if !begun.Setup.IsZero() {
		a.SetupLink = bursar.NewSecret(cmp.Or(c.PublicURL, a.URL()) + api.InvitationPath + begun.Setup.Reveal())
	}
	return a, a.wire(ctx, aws)
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (a *App) onClose(f func() error) { a.closers = append(a.closers, f) }

// openData opens what lies in the data folder.
func (a *App) openData(ctx context.Context) error {
	release, err := lockFolder(a.config.DataDir)
	if err != nil {
		return err
	}
	a.onClose(func() error { release(); return nil })
	if err := removeLeftBackups(a.config.DataDir); err != nil {
		a.log.Warn("what a killed backup has left cannot be removed", "error", err)
	}
	if a.store, err = store.Open(ctx, filepath.Join(a.config.DataDir, "state.db")); err != nil {
		return explainState(err)
	}
	a.onClose(a.store.Close)
	if a.config.Now != nil {
		a.store.Now = a.config.Now
	}
	folder, err := filepath.Abs(filepath.Join(a.config.DataDir, "lake"))
	if err != nil {
		return err
	}
	engine := duckdb.Open(duckdb.Options{Folder: folder, MemoryMB: a.config.MemoryLimitMB, Threads: int(a.config.Workers)})
	a.onClose(engine.Close)
	a.lake, err = lake.Open(ctx, folder, a.store, engine, lake.Options{Keep: int(a.config.KeepVersions), Workers: int(a.config.Workers), Log: a.log, Now: a.now})
	a.engine = engine
	return err
}

// explainState says what to do about a state database that cannot be opened.
func explainState(err error) error {
	var known *bursar.Error
	if errors.As(err, &known) { // it has a hint of its own
		return err
	}
	return bursar.Errorf(bursar.Unavailable, "%w", err).WithHint("check that bursar may read and write it; if it is damaged, restore it from a backup: the external ids are in it")
}

func (a *App) now() time.Time {
	if a.config.Now != nil {
		return a.config.Now()
	}
	return time.Now().UTC()
}

// URL is where the server listens.
func (a *App) URL() string { return "http://" + a.listener.Addr().String() }

// Run serves, and works off jobs, until ctx ends; then it lets requests and runs come to a safe point.
func (a *App) Run(ctx context.Context) error {
	if err := a.runner.Start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // told to stop before it had begun
		}
		return err
	}
	defer a.runner.Stop()
	a.scheduler.Start(ctx)
	defer a.scheduler.Stop()
	defer a.serveMetrics(ctx)()
	go a.keepToken(ctx)
	return serveHTTP(ctx, a.listener, a.Handler(), a.api.Close, a.log)
}

// ready says whether requests can be served: the state answers, and runs are worked off.
func (a *App) ready(ctx context.Context) error {
	err := a.store.View(ctx, func(tx *store.Tx) error { _, err := tx.Workspaces(); return err })
	return errors.Join(err, a.runner.Ready())
}

// Handler is the whole HTTP face.
func (a *App) Handler() http.Handler {
	return a.tracer.HTTP(faces(a.api, a.countedFace("console", console.New(web.Built())), a.countedFace("cloudcraft", a.cloudcraft)))
}

// Close lets go of everything that New opened. It may be called twice.
func (a *App) Close() error {
	var err error
	for _, f := range slices.Backward(a.closers) {
		err = errors.Join(err, f())
	}
	a.closers = nil
	return err
}

// accessRequest says how an account's role is assumed for work.
func accessRequest(acct bursar.Account, capability bursar.Capability, role string) awsapi.AssumeRequest {
	return awsapi.AssumeRequest{WorkspaceID: acct.WorkspaceID, AccountID: acct.AccountID, Capability: capability, RecordID: acct.ID, RoleARN: role, ExternalID: acct.ExternalID}
}

// bucketOf opens the bucket of an export with the role that reads it.
func bucketOf(aws *awsapi.Client) func(context.Context, bursar.Account, bursar.Export) (bursar.Bucket, error) {
	return func(ctx context.Context, acct bursar.Account, e bursar.Export) (bursar.Bucket, error) {
		s, err := aws.Session(ctx, accessRequest(acct, bursar.CapBillingExport, e.RoleARN))
		if err != nil {
			return nil, awsError(acct, "reading the bills", err)
		}
		return s.Bucket(e.Bucket, e.Region, e.BucketOwner)
	}
}

// awsError gives an AWS error of a job a code: what may pass by itself is Unavailable, and tried again.
func awsError(acct bursar.Account, doing string, err error) error {
	cause := awsapi.Classify(err)
	code := bursar.Conflict
	switch cause.Class {
	case awsapi.Throttled, awsapi.Unreachable, awsapi.NotDeployed, awsapi.ExpiredOwn:
		code = bursar.Unavailable
	}
	return bursar.Errorf(code, "%s of account %s: %w", doing, acct.AccountID, fmt.Errorf("%w", err)).
		WithReason(string(cause.Class)).WithHint("check the account: its findings say what is wrong and what to do")
}
