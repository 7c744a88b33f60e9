package api_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/destination"
	"github.com/bursarhq/bursar/internal/destination/file"
	"github.com/bursarhq/bursar/internal/destination/postgres"
	"github.com/bursarhq/bursar/internal/destination/service"
	"github.com/bursarhq/bursar/internal/egress"
	"github.com/bursarhq/bursar/internal/job"
	"github.com/bursarhq/bursar/internal/job/kind"
	"github.com/bursarhq/bursar/internal/seal"
	"github.com/bursarhq/bursar/internal/seal/local"
)

// oneRow is a dataset with one part, whose rows are none.
type oneRow struct{ version string }

func (*oneRow) Name() string { return "line_items" }

func (o *oneRow) Parts(context.Context, string) ([]*destination.Part, func(), error) {
	part := &destination.Part{Key: destination.Key{Dataset: "line_items", Source: "exp_a", Period: "2026-02"}, Version: o.version}
	part.Read = func(context.Context, func(destination.Batch) error) error { return nil }
	return []*destination.Part{part}, func() {}, nil
}

// destinations are those of the bench: files, and a PostgreSQL that cannot be reached.
func (b *bench) destinations() *service.Service {
	ring, err := local.Create(filepath.Join(b.TempDir(), "keyring"), time.Now())
	if err != nil {
		b.Fatal(err)
	}
	b.rows = &oneRow{version: "dlv_1"}
	return &service.Service{
		Store: b.store, Sealer: seal.New(ring), Datasets: []destination.Dataset{b.rows},
		Kinds: []destination.Kind{
			{
				Name: bursar.DestinationFile, Settings: []string{"path", "format"}, Defaults: destination.DefaultFormat, Validate: file.Validate,
				Open: func(_ context.Context, d bursar.Destination, _ bursar.Secret, o destination.Origin) (destination.Target, error) {
					return file.Open(filepath.Join(b.dir, "delivered", d.WorkspaceID), d.Target, o, b.dir)
				},
			},
			{
				Name: bursar.DestinationPostgres, Settings: []string{"host", "port", "database", "user", "schema", "tls"}, Secret: destination.MayHaveOne, Defaults: postgres.Defaults, Validate: postgres.Validate,
				Open: func(_ context.Context, d bursar.Destination, secret bursar.Secret, o destination.Origin) (destination.Target, error) {
					b.opened = secret
					return postgres.Open(d.Target, secret, o, egress.Guard{})
				},
			},
			{
				Name: bursar.DestinationWebhook, Settings: []string{"url"}, Secret: destination.MakesItself, Validate: func(bursar.TargetSettings) error { return nil },
				Open: func(context.Context, bursar.Destination, bursar.Secret, destination.Origin) (destination.Target, error) {
					return nil, errors.New("not in these tests")
				},
			},
		},
	}
}

// deliveries are runs of the kind that delivers.
func (b *bench) deliveries(ctx context.Context, l *job.Live) error {
	return kind.Deliver{Store: b.store, Destinations: b.places, Datasets: b.places.Datasets}.Do(ctx, l)
}

// destination adds a folder.
func (b *bench) destination(name string) *client.Destination {
	b.Helper()
	d, err := b.client(b.owner).AddDestination(b.Context(), client.DestinationWish{Name: &name, Kind: bursar.DestinationFile, Target: &bursar.TargetSettings{Format: "csv"}})
	if err != nil {
		b.Fatal(err)
	}
	return d
}

func TestADestinationsLife(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	d := b.destination("files")
	if !strings.HasPrefix(d.ID, "dst_") || d.Usable || d.Trigger != bursar.TriggerPublication || len(d.Datasets) != 1 || d.HasSecret || d.SigningSecret != "" {
		t.Errorf("added %+v", d)
	}
	run := func() *bursar.Run {
		t.Helper()
		run, err := c.RunDestination(t.Context(), "files")
		if err != nil {
			t.Fatal(err)
		}
		run, err = c.WatchRun(t.Context(), run.ID, func(client.RunEvent) {})
		if err != nil || run.State != bursar.RunSucceeded || run.AccountID != d.ID {
			t.Fatalf("%+v, %v", run, err)
		}
		return run
	}
	run()
	run() // nothing has changed
	b.rows.version = "dlv_2"
	last := run()
	list, err := c.DestinationDeliveries(t.Context(), d.ID)
	if err != nil || len(list) != 2 || list[0].Version != "dlv_2" || list[0].RunID != last.ID || list[1].Version != "dlv_1" {
		t.Errorf("delivered %+v, %v", list, err)
	}
	if d, err = c.Destination(t.Context(), "files"); err != nil || !d.Usable || len(d.Checks) != 4 || d.AttemptedAt.IsZero() {
		t.Errorf("after a run: %+v, %v", d, err)
	}
	daily, hooks := bursar.TriggerDaily, "folder"
	if d, err = c.ChangeDestination(t.Context(), "files", client.DestinationWish{Trigger: &daily, Name: &hooks}); err != nil || d.Trigger != daily || d.Name != "folder" || !d.Usable {
		t.Errorf("changed %+v, %v", d, err)
	}
	if d, err = c.ChangeDestination(t.Context(), "folder", client.DestinationWish{Target: &bursar.TargetSettings{Path: "a"}}); err != nil || d.Usable || d.Target.Path != "a" || d.Target.Format != "parquet" {
		t.Errorf("moved %+v, %v", d, err)
	}
	if d, err = c.CheckDestination(t.Context(), "folder"); err != nil || !d.Usable {
		t.Errorf("checked %+v, %v", d, err)
	}
	if _, err := c.RemoveDestination(t.Context(), "folder"); err != nil {
		t.Fatal(err)
	}
	if list, err := c.Destinations(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("left %+v, %v", list, err)
	}
}

func TestTheSecretsOfDestinations(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	name, password := "warehouse", "sesame one"
	d, err := c.AddDestination(t.Context(), client.DestinationWish{Name: &name, Kind: bursar.DestinationPostgres, Target: &bursar.TargetSettings{Host: "127.0.0.1", Database: "d", User: "u"}, Secret: &password})
	if err != nil || !d.HasSecret {
		t.Fatalf("%+v, %v", d, err)
	}
	opens := func(want string) {
		t.Helper()
		if d, err = c.CheckDestination(t.Context(), name); err != nil || b.opened.Reveal() != want || d.Checks[0].Code != "address_not_allowed" {
			t.Errorf("opened with another secret, or %+v, %v", d, err)
		}
	}
	opens("sesame one")
	password = "sesame two"
	if _, err = c.ChangeDestination(t.Context(), name, client.DestinationWish{Secret: &password}); err != nil {
		t.Fatal(err)
	}
	opens("sesame two")
	hook := "hook"
	if d, err = c.AddDestination(t.Context(), client.DestinationWish{Name: &hook, Kind: bursar.DestinationWebhook, Target: &bursar.TargetSettings{URL: "https://example.com"}}); err != nil || !strings.HasPrefix(d.SigningSecret, "whsec_") {
		t.Errorf("bursar made no signing secret: %v", err)
	}
	if d, err = c.Destination(t.Context(), hook); err != nil || d.SigningSecret != "" || !d.HasSecret {
		t.Errorf("a signing secret is shown again: %v", err)
	}
}

func TestWhatIsNoDestination(t *testing.T) {
	b := start(t)
	for reason, body := range map[string]string{
		"unknown_kind":            `{"name":"a","kind":"ftp","target":{}}`,
		"name_invalid":            `{"name":" ","kind":"file","target":{}}`,
		"path_invalid":            `{"name":"a","kind":"file","target":{"path":"../x"}}`,
		"unknown_format":          `{"name":"a","kind":"file","target":{"format":"xls"}}`,
		"setting_of_another_kind": `{"name":"a","kind":"file","target":{"host":"x"}}`,
		"unknown_dataset":         `{"name":"a","kind":"file","target":{},"datasets":["x"]}`,
		"datasets_missing":        `{"name":"a","kind":"file","target":{},"datasets":[]}`,
		"unknown_trigger":         `{"name":"a","kind":"file","target":{},"trigger":"x"}`,
		"secret_not_wanted":       `{"name":"a","kind":"file","target":{},"secret":"x"}`,
		"secret_malformed":        `{"name":"a","kind":"webhook","target":{},"secret":"x"}`,
		"host_invalid":            `{"name":"a","kind":"postgres","target":{"host":"https://x","database":"d","user":"u"}}`,
		"destination_name_taken":  `{"name":"taken","kind":"file","target":{}}`,
	} {
		if reason == "destination_name_taken" {
			b.destination("taken")
		}
		resp, got := b.raw("POST", "/api/v1/destinations", body, "Content-Type", "application/json")
		if p := problem(t, resp, got); p.Reason != reason {
			t.Errorf("%s: %d %s", reason, resp.StatusCode, got)
		}
	}
}
