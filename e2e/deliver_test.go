package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/destination"
	"github.com/bursarhq/bursar/internal/realserver"
)

// held is what a destination holds of a month: how many line items, and their cost.
type held struct {
	rows int64
	cost string
}

// place is a destination, and a way to look into it that is not bursar's.
type place struct {
	kind   bursar.DestinationKind
	target bursar.TargetSettings
	secret string
	look   func(t *testing.T) map[string]held // by month
}

// TestDeliveriesSurviveKill ends the program with SIGKILL at random moments while it delivers. At each of them the destination holds whole
// months alone, as they were or as they are; in the end it holds each month once, to the last decimal.
func TestDeliveriesSurviveKill(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]func(*testing.T, string) place{"file": inFolder, "postgres": inPostgres, "clickhouse": inClickHouse} {
		t.Run(name, func(t *testing.T) {
			delivered := t.TempDir()
			p := of(t, delivered)
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			k := &killer{installation: install(t, "BURSAR_EGRESS_ALLOW=127.0.0.1/32", "BURSAR_DELIVERED_DIR="+delivered), rand: rand.New(rand.NewPCG(seed, 1))}
			k.haveBill()
			c := k.client()
			manual := bursar.TriggerManual
			d := must(c.AddDestination(t.Context(), client.DestinationWish{Name: &name, Kind: p.kind, Trigger: &manual, Target: &p.target, Secret: secretOf(p.secret)}))(k.installation)
			if d = must(c.CheckDestination(t.Context(), d.ID))(k.installation); !d.Usable {
				t.Fatalf("%+v", d.Checks)
			}
			none := map[string]held{}
			now := k.published()
			k.deliverKilled(d.ID, p, none, now)

			month := bursar.PeriodOf(k.aws.Cloud().Clock.Now()).Add(-1)
			if err := k.aws.Billing().Restate(k.export.ARN, month); err != nil {
				t.Fatal(err)
			}
			k.whileKilled(0, 0, func(c *client.Client) (*bursar.Run, error) { return c.ImportAccount(t.Context(), payer) })
			restated := k.published()
			if restated[month.String()] == now[month.String()] {
				t.Fatalf("%s was not restated", month)
			}
			k.deliverKilled(d.ID, p, now, restated)
		})
	}
}

func secretOf(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// haveBill registers an account, and waits until its bill is in.
func (k *killer) haveBill() {
	k.Helper()
	check := func(c *client.Client) (*bursar.Run, error) { return c.CheckAccount(k.Context(), payer) }
	k.register(payer)
	for _, step := range []string{"access", "export"} {
		if err := createStack(k.Context(), k.client(), k.aws, payer, step); err != nil {
			k.Fatal(err)
		}
		k.whileKilled(0, 0, check)
	}
	k.export = must(k.client().Exports(k.Context()))(k.installation)[0]
	k.aws.Cloud().Clock.Advance(36 * time.Hour)
	importing := func(c *client.Client) (*bursar.Run, error) { return c.ImportAccount(k.Context(), payer) }
	k.whileKilled(0, 0, importing)
	k.whileKilled(0, 0, importing)
}

// published is what counts, by month.
func (k *killer) published() map[string]held {
	k.Helper()
	out := map[string]held{}
	for _, d := range must(k.client().Deliveries(k.Context(), k.export.ID))(k.installation) {
		if d.State == bursar.DeliveryPublished {
			out[d.Period.String()] = held{d.Rows, d.Totals["USD"].String()}
		}
	}
	if len(out) < 2 {
		k.Fatalf("%d months have a bill", len(out))
	}
	return out
}

// deliverKilled delivers, and kills the program meanwhile. Each month must be as it was before or as it is after.
func (k *killer) deliverKilled(id string, p place, before, after map[string]held) {
	k.Helper()
	run := must(k.client().RunDestination(k.Context(), id))(k.installation)
	for range 5 {
		time.Sleep(time.Duration(k.rand.Int64N(int64(250 * time.Millisecond)))) // the moment is what is random, nothing is waited for
		_ = k.end(os.Kill)
		for month, h := range p.look(k.T) {
			if h != before[month] && h != after[month] {
				k.Errorf("after a kill %s has %+v, was %+v, shall be %+v", month, h, before[month], after[month])
			}
		}
		k.start()
	}
	end := must(k.client().WatchRun(k.Context(), run.ID, func(client.RunEvent) {}))(k.installation)
	if end.State != bursar.RunSucceeded {
		k.Fatalf("the run ended as %+v %+v\n%s", end, end.Error, k.log)
	}
	got := p.look(k.T)
	if len(got) != len(after) {
		k.Errorf("%d months are there, not %d", len(got), len(after))
	}
	for month, want := range after {
		if got[month] != want {
			k.Errorf("%s has %+v, not %+v", month, got[month], want)
		}
	}
}

// decimal writes a number as bursar does.
func decimal(t *testing.T, s string) string {
	t.Helper()
	d, err := bursar.ParseDecimal(s)
	if err != nil {
		t.Fatal(err)
	}
	return d.String()
}

func inFolder(_ *testing.T, home string) place {
	return place{kind: bursar.DestinationFile, target: bursar.TargetSettings{Format: "csv"}, look: func(t *testing.T) map[string]held {
		out := map[string]held{}
		manifests, err := filepath.Glob(filepath.Join(home, "*", "line_items", "*", "*", "manifest.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range manifests {
			var m destination.Manifest
			b, err := os.ReadFile(name)
			if err == nil {
				err = json.Unmarshal(b, &m)
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range m.Files {
				body, err := os.ReadFile(filepath.Join(filepath.Dir(name), f.Name))
				if sum := sha256.Sum256(body); err != nil || hex.EncodeToString(sum[:]) != f.SHA256 {
					t.Errorf("%s is not what its manifest says: %v", f.Name, err)
				}
			}
			out[m.Period] = held{m.Rows, m.Totals["USD"].String()}
		}
		return out
	}}
}

func inPostgres(t *testing.T, _ string) place {
	server := realserver.Need(t, realserver.StartPostgres)
	target := bursar.TargetSettings{Host: "127.0.0.1", Port: server.Port, Database: server.Database, User: server.User, CACertificate: server.Certificate}
	return place{kind: bursar.DestinationPostgres, target: target, secret: server.Password, look: func(t *testing.T) map[string]held {
		ctx := context.Background()
		c, err := pgx.Connect(ctx, fmt.Sprintf("host=127.0.0.1 port=%d user=%s password='%s' dbname=%s sslmode=require", server.Port, server.User, server.Password, server.Database))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(ctx)
		out := map[string]held{}
		var there bool
		if err := c.QueryRow(ctx, `SELECT to_regclass('bursar.line_items') IS NOT NULL AND EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = 'bursar' AND table_name = 'line_items' AND column_name = 'BilledCost')`).Scan(&there); err != nil {
			t.Fatal(err)
		}
		if !there {
			return out
		}
		rows, err := c.Query(ctx, `SELECT bursar_period, count(*), sum("BilledCost")::text FROM bursar.line_items GROUP BY 1`)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var month, cost string
			var n int64
			if err := rows.Scan(&month, &n, &cost); err != nil {
				t.Fatal(err)
			}
			out[month] = held{n, decimal(t, cost)}
		}
		if rows.Err() != nil {
			t.Fatal(rows.Err())
		}
		return out
	}}
}

func inClickHouse(t *testing.T, _ string) place {
	server := realserver.Need(t, realserver.StartClickHouse)
	ask := func(t *testing.T, statement string) string {
		resp, err := http.Get(server.URL + "/?query=" + url.QueryEscape(statement))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %v %s", statement, err, b)
		}
		return string(b)
	}
	return place{kind: bursar.DestinationClickHouse, target: bursar.TargetSettings{URL: server.URL}, look: func(t *testing.T) map[string]held {
		out := map[string]held{}
		if strings.TrimSpace(ask(t, "SELECT count() FROM system.columns WHERE database = 'bursar' AND table = 'line_items' AND name = 'BilledCost'")) == "0" {
			return out
		}
		for line := range strings.Lines(ask(t, "SELECT bursar_period, count(), sum(BilledCost) FROM bursar.line_items GROUP BY 1")) {
			var h held
			var month, cost string
			if _, err := fmt.Sscan(line, &month, &h.rows, &cost); err != nil {
				t.Fatal(err)
			}
			h.cost = decimal(t, cost)
			out[month] = h
		}
		return out
	}}
}
