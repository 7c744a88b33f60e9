package app_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/app"
	"github.com/bursarhq/bursar/internal/cli"
	"github.com/google/go-cmp/cmp"
)

// kept is what a caller sees of everything that is kept.
type kept struct {
	Accounts   map[string]string // external ids by name
	Exports    []bursar.Export
	Deliveries []bursar.Delivery
}

func keptBy(t *testing.T, c *client.Client) kept {
	t.Helper()
	k := kept{Accounts: map[string]string{}, Exports: must[[]bursar.Export](t)(c.Exports(t.Context())), Deliveries: must[[]bursar.Delivery](t)(c.Deliveries(t.Context(), ""))}
	for _, a := range must[[]client.Account](t)(c.Accounts(t.Context())) {
		k.Accounts[a.Name] = must[*client.Account](t)(c.Account(t.Context(), a.AccountID)).ExternalID
	}
	return k
}

func in(data string) cli.ServeOptions {
	return cli.ServeOptions{Environ: []string{"BURSAR_DATA_DIR=" + data}}
}

// reimports imports a delivery anew, again and again, until ctx ends.
func (l land) reimports(ctx context.Context, delivery string) {
	for ctx.Err() == nil {
		run, err := l.Reimport(ctx, delivery)
		if err == nil {
			run, err = l.WatchRun(ctx, run.ID, func(client.RunEvent) {})
		}
		if ctx.Err() == nil && (err != nil || run.State != bursar.RunSucceeded) {
			l.Errorf("the import under the backup: %+v, %v", run, err)
		}
	}
}

// counts are the deliveries that count, without what an import of the same gives anew.
func counts(all []bursar.Delivery) (out []string) {
	for _, d := range all {
		if d.State == bursar.DeliveryPublished {
			out = append(out, fmt.Sprint(d.ExportID, d.Period, d.Version, d.Rows, d.SourceBytes, d.Totals))
		}
	}
	slices.Sort(out)
	return out
}

// TestBackupUnderLoad backs up a server that has bills while accounts are registered and a bill is imported, and finds all that was there before in what is restored.
func TestBackupUnderLoad(t *testing.T) {
	var data string
	l := newLand(t, func(c *app.Config) { data = c.DataDir })
	l.connect(lone)
	l.choose(lone, bursar.ExportChoice{Existing: must[*client.Candidates](t)(l.AccountExports(t.Context(), lone)).Items[0].Definition.Export.ARN})
	l.open(lone, "export")
	l.confirm(lone)
	l.bring(lone)
	before := keptBy(t, l.Client)
	if len(before.Deliveries) == 0 {
		t.Fatal("nothing was imported")
	}
	identity := must[*age.X25519Identity](t)(age.GenerateX25519Identity())
	file, key := filepath.Join(t.TempDir(), "backup"), write(t, "key.txt", identity.String())

	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	first := make(chan struct{})
	load.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			_, err := l.AddAccount(ctx, client.NewAccount{AccountID: fmt.Sprintf("9%011d", i), Name: fmt.Sprintf("load %d", i)})
			if err != nil && ctx.Err() == nil {
				t.Error(err)
			}
			if i == 0 {
				close(first)
			}
		}
	})
	load.Go(func() { l.reimports(ctx, before.Deliveries[0].ID) })
	<-first
	made, err := app.Local{}.Backup(t.Context(), cli.BackupOptions{ServeOptions: in(data), File: file, Recipients: []string{identity.Recipient().String()}})
	stop()
	load.Wait()
	if err != nil || made.Files < 2 || !made.Encrypted {
		t.Fatalf("%+v, %v", made, err)
	}
	if left, _ := filepath.Glob(filepath.Join(data, "backup-*")); len(left) > 0 {
		t.Errorf("it left %v behind", left)
	}

	elsewhere := filepath.Join(t.TempDir(), "restored")
	if _, err := (app.Local{}).Restore(t.Context(), cli.RestoreOptions{ServeOptions: in(elsewhere), File: file}); err == nil || !strings.Contains(err.Error(), "encrypted") {
		t.Errorf("without the identity: %v", err)
	}
	if _, err := (app.Local{}).Restore(t.Context(), cli.RestoreOptions{ServeOptions: in(elsewhere), File: file, Identity: key}); err != nil {
		t.Fatal(err)
	}
	if _, err := (app.Local{}).Restore(t.Context(), cli.RestoreOptions{ServeOptions: in(elsewhere), File: file, Identity: key}); bursar.CodeOf(err) != bursar.Conflict {
		t.Errorf("into a folder that is not empty: %v", err)
	}
	everythingThere(t, l, elsewhere, before)
	missed(t, elsewhere)
}

// everythingThere serves what was restored, and compares it with what was kept before.
func everythingThere(t *testing.T, l land, data string, before kept) {
	t.Helper()
	key := l.aws.Cloud().BursarKey()
	a, err := app.New(t.Context(), app.Config{DataDir: data, Addr: "127.0.0.1:0", Region: "us-east-1", AccessKeyID: key.ID, SecretAccessKey: key.Secret, Endpoint: l.aws.URL(), CheckEvery: 1 << 50, PollEvery: 1 << 50, KeepVersions: 3, MemoryLimitMB: 256, Now: l.aws.Cloud().Clock.Now}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- a.Run(ctx) }()
	defer func() { stop(); <-served; a.Close() }()
	c := must[*client.Client](t)(client.New(a.URL(), client.WithToken(l.app.Owner.Reveal())))
	after := keptBy(t, c)
	if !cmp.Equal(before.Exports, after.Exports) || !cmp.Equal(counts(before.Deliveries), counts(after.Deliveries)) {
		t.Errorf("restored %+v\nwant %+v", after, before)
	}
	if want, got := must[*client.Account](t)(l.Account(t.Context(), lone)), must[*client.Account](t)(c.Account(t.Context(), lone)); !cmp.Equal(want.Findings, got.Findings) || len(got.Findings) == 0 {
		t.Errorf("the findings: %s", cmp.Diff(want.Findings, got.Findings))
	}
	var chain bursar.AuditChain
	if err := c.ExportAudit(t.Context(), 0, chain.Next); err != nil || chain.Seq < int64(len(after.Accounts)) {
		t.Errorf("the audit log of %d lines: %v", chain.Seq, err)
	}
	now := keptBy(t, l.Client).Accounts
	if len(after.Accounts) <= len(before.Accounts) || len(after.Accounts) > len(now) {
		t.Errorf("%d accounts were there before, %d in the backup, %d now", len(before.Accounts), len(after.Accounts), len(now))
	}
	for name, id := range after.Accounts {
		if now[name] != id {
			t.Errorf("%s has another external id", name)
		}
	}
	question := client.Question{}
	if want, got := must[*client.Costs](t)(l.Costs(t.Context(), question)), must[*client.Costs](t)(c.Costs(t.Context(), question)); fmt.Sprintf("%+v", want.Rows) != fmt.Sprintf("%+v", got.Rows) {
		t.Errorf("the costs are %+v, want %+v", got.Rows, want.Rows)
	}
}

// missed removes a file of the lake, and has the doctor find it.
func missed(t *testing.T, data string) {
	t.Helper()
	lake := func() cli.Diagnosis {
		o := in(data)
		o.Environ = append(o.Environ, "BURSAR_AWS_ENDPOINT=http://127.0.0.1:1", "BURSAR_AWS_ACCESS_KEY_ID=AKIAEXAMPLE", "BURSAR_AWS_SECRET_ACCESS_KEY=none")
		all := must[[]cli.Diagnosis](t)(app.Local{}.Doctor(t.Context(), o))
		return all[len(all)-1]
	}
	if d := lake(); !d.OK || strings.HasPrefix(d.Found, "0 ") {
		t.Errorf("before: %+v", d)
	}
	files, _ := filepath.Glob(filepath.Join(data, "lake", "*", "*", "*", "dlv_*", "line_items*"))
	if len(files) == 0 {
		t.Fatal("there are no files")
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	if d := lake(); d.OK || !strings.Contains(d.Do, "reimport") {
		t.Errorf("after: %+v", d)
	}
}
