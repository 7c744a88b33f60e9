package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
)

const payer = "111122223333"

// TestKill ends the program with SIGKILL at random moments while it checks, imports and registers, and starts it again. Whatever was
// acknowledged is there, once; every total is what AWS delivered.
func TestKill(t *testing.T) {
	t.Parallel()
	kills := func(n int) int {
		if testing.Short() {
			return 1
		}
		return n
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	k := &killer{installation: install(t), rand: rand.New(rand.NewPCG(seed, 1))}
	k.register(payer)

	if err := createStack(t.Context(), k.client(), k.aws, payer, "access"); err != nil {
		t.Fatal(err)
	}
	k.whileKilled(kills(2), 3*time.Second, func(c *client.Client) (*bursar.Run, error) { return c.CheckAccount(t.Context(), payer) })
	if a := must(k.client().Account(t.Context(), payer))(k.installation); a.Kind != bursar.KindPayer || a.Status.Summary != bursar.SummaryConnected {
		t.Errorf("after the check: %s, %+v", a.Kind, a.Status)
	}

	if err := createStack(t.Context(), k.client(), k.aws, payer, "export"); err != nil {
		t.Fatal(err)
	}
	k.whileKilled(kills(1), 3*time.Second, func(c *client.Client) (*bursar.Run, error) { return c.CheckAccount(t.Context(), payer) })
	exports := must(k.client().Exports(t.Context()))(k.installation)
	if len(exports) != 1 {
		t.Fatalf("exports followed: %+v", exports)
	}
	k.export = exports[0]
	k.aws.Cloud().Clock.Advance(36 * time.Hour)
	importing := func(c *client.Client) (*bursar.Run, error) { return c.ImportAccount(t.Context(), payer) }
	k.whileKilled(kills(6), 1500*time.Millisecond, importing)
	k.whileKilled(0, 0, importing) // what was delivered after the interrupted run had looked
	k.compare()

	month := bursar.PeriodOf(k.aws.Cloud().Clock.Now()).Add(-1)
	if err := k.aws.Billing().Restate(k.export.ARN, month); err != nil {
		t.Fatal(err)
	}
	k.whileKilled(kills(3), 600*time.Millisecond, importing)
	k.whileKilled(0, 0, importing)
	k.compare()
}

type killer struct {
	*installation
	rand   *rand.Rand
	export bursar.Export

	next         int
	acknowledged []string // accounts that the server said are registered
	refused      int
}

// whileKilled starts a run, kills the program so often within a time after each start, and lets the run come to its end.
func (k *killer) whileKilled(times int, within time.Duration, begin func(*client.Client) (*bursar.Run, error)) {
	k.Helper()
	run := must(begin(k.client()))(k.installation)
	for range times {
		k.underLoad(func() {
			time.Sleep(time.Duration(k.rand.Int64N(int64(within)))) // the moment is what is random, nothing is waited for
			_ = k.end(os.Kill)
		})
		k.start()
		if got := must(k.client().Run(k.Context(), run.ID))(k.installation); got.State.Final() && got.State != bursar.RunSucceeded {
			k.Fatalf("the run %+v\n%s", got, k.log)
		}
	}
	end := must(k.client().WatchRun(k.Context(), run.ID, func(client.RunEvent) {}))(k.installation)
	if end.State != bursar.RunSucceeded {
		k.Fatalf("the run ended as %+v %+v\n%s", end, end.Error, k.log)
	}
	k.accounts()
}

// underLoad registers accounts, one after the other, until the program ends.
func (k *killer) underLoad(kill func()) {
	ctx, stop := context.WithCancel(k.Context())
	var done sync.WaitGroup
	done.Add(1)
	c := k.client()
	go func() {
		defer done.Done()
		for ctx.Err() == nil {
			k.next++
			id := fmt.Sprintf("%012d", 500000000000+k.next)
			if _, err := c.AddAccount(ctx, client.NewAccount{AccountID: id, Name: "load " + id}); err != nil {
				k.refused++
				return
			}
			k.acknowledged = append(k.acknowledged, id)
		}
	}()
	kill()
	stop()
	done.Wait()
}

func (k *killer) register(id string) {
	k.Helper()
	must(k.client().AddAccount(k.Context(), client.NewAccount{AccountID: id, Name: "Example Corp"}))(k.installation)
	k.acknowledged = append(k.acknowledged, id)
}

// accounts wants every acknowledged account once, and at most those beside them whose answers never came.
func (k *killer) accounts() {
	k.Helper()
	seen := map[string]int{}
	for _, a := range must(k.client().Accounts(k.Context()))(k.installation) {
		seen[a.AccountID]++
	}
	for _, id := range k.acknowledged {
		if seen[id] != 1 {
			k.Errorf("account %s was acknowledged and is there %d times", id, seen[id])
		}
	}
	if surplus := len(seen) - len(k.acknowledged); surplus > k.refused {
		k.Errorf("%d accounts are there that nobody registered", surplus-k.refused)
	}
}

// compare wants one published delivery for each month, and for each account and month what AWS delivered last.
func (k *killer) compare() {
	k.Helper()
	published := map[bursar.Period]bursar.Delivery{}
	versions := map[string]bool{}
	for _, d := range must(k.client().Deliveries(k.Context(), k.export.ID))(k.installation) {
		if key := d.Period.String() + " " + d.Version; versions[key] {
			k.Errorf("the delivery %s is there twice", key)
		} else {
			versions[key] = true
		}
		if d.State == bursar.DeliveryPublished {
			if _, twice := published[d.Period]; twice {
				k.Errorf("%s is published twice", d.Period)
			}
			published[d.Period] = d
		}
	}
	got := k.costs()
	compared := 0
	for _, d := range k.aws.Billing().Deliveries(k.export.ARN) {
		last, ok := k.aws.Billing().Truth(k.export.ARN, d.Period)
		if !ok || published[d.Period].Rows != last.Truth.Rows {
			k.Errorf("%s has %d line items, AWS delivered %d", d.Period, published[d.Period].Rows, last.Truth.Rows)
		}
		for account, totals := range last.Truth.ByAccount {
			compared++
			if have := got[d.Period.String()+" "+account]; have.Cmp(totals.Unblended) != 0 {
				k.Errorf("%s cost %s in %s, AWS delivered %s", account, have, d.Period, totals.Unblended)
			}
		}
	}
	if compared < 6 || compared < len(got) {
		k.Errorf("%d totals were compared, %d are there", compared, len(got))
	}
	k.Logf("%d totals equal after %d starts, %d accounts registered, %d answers lost", compared, k.restarts, len(k.acknowledged), k.refused)
}

func (k *killer) costs() map[string]bursar.Decimal {
	k.Helper()
	var months []string
	for _, d := range k.aws.Billing().Deliveries(k.export.ARN) {
		months = append(months, d.Period.String())
	}
	slices.Sort(months)
	last := must(bursar.ParsePeriod(months[len(months)-1]))(k.installation)
	answer := must(k.client().Costs(k.Context(), client.Question{GroupBy: []string{"account"}, Granularity: "monthly", From: months[0], To: last.Add(1).String()}))(k.installation)
	out := map[string]bursar.Decimal{}
	for _, r := range answer.Rows {
		key := strings.TrimSuffix(r.Start, "-01") + " " + r.Groups["account"]
		out[key] = out[key].Add(r.Amount)
	}
	return out
}
