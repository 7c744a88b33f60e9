package costexplorer_test

import (
	"context"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/sandbox"
	"github.com/bursarhq/bursar/internal/sandbox/world"
	"github.com/bursarhq/bursar/internal/source/costexplorer"
	"github.com/bursarhq/bursar/internal/source/costexplorer/paid"
	"github.com/bursarhq/bursar/internal/store"
)

const (
	payer  = "111122223333"
	member = "222233334444"
	loner  = "777788889999"
)

var epoch = time.Date(2026, 7, 12, 9, 0, 0, 0, time.UTC)

// bench is a source of a workspace, at a sandbox whose clock stands still.
type bench struct {
	t       testing.TB
	sandbox *sandbox.Sandbox
	store   *store.Store
	desk    *paid.Desk
	ws      string
	source  bursar.Source
	asker   paid.Asker
	run     int
	told    []bursar.CostRequest
}

// setup makes a source of the account's administrator. page is how many groups a page of the sandbox has.
func setup(t testing.TB, account string, page string, streams ...bursar.Stream) *bench {
	t.Helper()
	w, err := world.Parse([]byte(`
accounts: [{id: "777788889999", name: Lone Star}, {id: "111122223333", name: Payer}, {id: "222233334444", name: Member}]
organizations: [{id: o-example1234, management: "111122223333", members: ["222233334444"]}]
billing: {months: 5, payers: [{account: "777788889999", lines: 4000}, {account: "111122223333", lines: 8000, edp: 5}]}
cost_explorer: {page: ` + page + `, accounts: [{account: "111122223333", hourly: true, resources: true, rightsizing: true}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t}
	if b.sandbox, err = sandbox.New(sandbox.Config{World: w, Start: epoch, Frozen: true, Dir: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	if err := b.sandbox.Start(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.sandbox.Close() })
	if b.store, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "state.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.store.Close() })
	b.store.Now = b.now
	b.desk = &paid.Desk{Store: b.store, Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }, Told: func(_ string, r bursar.CostRequest) { b.told = append(b.told, r) }}
	b.asker = b.as(account)
	b.tx(func(tx *store.Tx) error {
		ws, err := tx.AddWorkspace("one")
		if err != nil {
			return err
		}
		b.ws = ws.ID
		plenty := bursar.DecimalFromInt64(100, 0)
		for _, scope := range []string{bursar.AllAccess, "crd_1"} {
			if err := tx.SetRequestBudget(ws.ID, bursar.SharedBudget{Scope: scope, Day: plenty, Month: plenty}); err != nil {
				return err
			}
		}
		b.source, err = tx.AddSource(bursar.Source{
			WorkspaceID: ws.ID, Name: "costs", Credential: "crd_1", AccountID: account, Streams: streams, Budget: bursar.Budget{Run: plenty, Day: plenty, Month: plenty},
		})
		return err
	})
	return b
}

func (b *bench) now() time.Time { return b.sandbox.Cloud().Clock.Now() }

// as is a session of an account's administrator.
func (b *bench) as(account string) *awsapi.Session {
	b.t.Helper()
	k, e := b.sandbox.Cloud().AdminKey(account)
	if e != nil {
		b.t.Fatal(e)
	}
	return b.with(k.ID, k.Secret)
}

func (b *bench) with(id string, secret bursar.Secret) *awsapi.Session {
	b.t.Helper()
	c, err := awsapi.New(b.t.Context(), awsapi.Config{AccessKeyID: id, SecretAccessKey: secret, Endpoint: b.sandbox.URL(), HTTPClient: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}})
	if err != nil {
		b.t.Fatal(err)
	}
	return c.Own()
}

func (b *bench) tx(f func(*store.Tx) error) {
	b.t.Helper()
	if err := b.store.InTx(b.t.Context(), f); err != nil {
		b.t.Fatal(err)
	}
}

// sync runs the source once.
func (b *bench) sync() map[string]bursar.StreamStatus {
	b.t.Helper()
	out, err := b.try(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

func (b *bench) try(ctx context.Context) (map[string]bursar.StreamStatus, error) {
	b.run++
	s := &costexplorer.Sync{Desk: b.desk, Asker: b.asker, Source: b.source, RunID: "run_" + string(rune('0'+b.run)), Now: b.now}
	list, err := s.Run(ctx)
	out := map[string]bursar.StreamStatus{}
	for _, x := range list {
		out[x.Name] = x
	}
	return out, err
}

// rows reads a stream's cells by their columns.
func (b *bench) rows(stream string) []map[string]string {
	b.t.Helper()
	var out []map[string]string
	columns := costexplorer.Find(stream).Columns()
	b.tx(func(tx *store.Tx) error {
		return tx.CostRows(b.source.ID, stream, bursar.Period{}, bursar.Period{}, func(r store.CostRow) error {
			m := map[string]string{}
			for i, c := range columns {
				m[c.Name] = r.Cells[i]
			}
			out = append(out, m)
			return nil
		})
	})
	return out
}

// sum adds up one metric of a month.
func (b *bench) sum(stream, month, metric string) (sum bursar.Decimal) {
	b.t.Helper()
	for _, r := range b.rows(stream) {
		if r["metric"] == metric && r["period_start"][:7] == month {
			sum = sum.Add(decimal(b.t, r["amount"]))
		}
	}
	return sum
}

func decimal(t testing.TB, s string) bursar.Decimal {
	t.Helper()
	d, err := bursar.ParseDecimal(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// requests is how many requests the sandbox has seen, and how many of them AWS would charge for.
func (b *bench) requests() (all, charged int64) {
	return b.sandbox.Cloud().Meter.Requests("ce", ""), b.sandbox.Cloud().Meter.NanoUSD() / 10_000_000
}
