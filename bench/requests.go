package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/sandbox"
	"github.com/bursarhq/bursar/internal/source/costexplorer"
	"github.com/bursarhq/bursar/internal/source/costexplorer/paid"
	"github.com/bursarhq/bursar/internal/store"
)

// What is measured of the requests to Cost Explorer.
const (
	requestDays  = 60
	requestLimit = 5 // a day and credential
)

// requests counts what the default streams of a source send to Cost Explorer in two months, one run a day, and what AWS charges for it, by the
// simulated AWS's meter.
func (b *bench) requests(ctx context.Context) error {
	aws, err := sandbox.New(sandbox.Config{Start: time.Date(2026, 7, 3, 9, 0, 0, 0, time.UTC), Frozen: true})
	if err != nil {
		return err
	}
	defer aws.Close()
	if err := aws.Start(ctx, "127.0.0.1:0"); err != nil {
		return err
	}
	folder := b.folder("requests")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	s, err := defaultSource(ctx, aws, filepath.Join(folder, "state.db"))
	if err != nil {
		return err
	}
	defer s.Desk.Store.Close()
	most, all := int64(0), int64(0)
	for day := range requestDays {
		s.RunID = fmt.Sprint("run_", day)
		list, err := s.Run(ctx)
		if err != nil {
			return err
		}
		for _, x := range list {
			if x.State != bursar.StreamOK {
				return fmt.Errorf("day %d: %s: %s %s", day, x.Name, x.State, x.Message)
			}
		}
		sent := aws.Cloud().Meter.Requests("ce", "") - all
		all, most = all+sent, max(most, sent)
		aws.Cloud().Clock.Advance(24 * time.Hour)
	}
	dollars := float64(aws.Cloud().Meter.NanoUSD()) / 1e9
	b.table.judge("requests of the default Cost Explorer streams a day", "at most 5", most <= requestLimit, "at most %d, %.2f on average of %d days", most, float64(all)/requestDays, requestDays)
	b.table.add("  what AWS charges for them", "%.3f USD a day, %.2f USD in %d days", dollars/requestDays, dollars, requestDays)
	return nil
}

// defaultSource is a source of the demo's payer with the default streams and budget.
func defaultSource(ctx context.Context, aws *sandbox.Sandbox, path string) (*costexplorer.Sync, error) {
	key, e := aws.Cloud().AdminKey(orgPayer)
	if e != nil {
		return nil, e
	}
	client, err := awsapi.New(ctx, awsapi.Config{AccessKeyID: key.ID, SecretAccessKey: key.Secret, Endpoint: aws.URL(), HTTPClient: &http.Client{}})
	if err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	st.Now = aws.Cloud().Clock.Now
	source := bursar.Source{Name: "costs", Credential: "crd_bench", AccountID: orgPayer, Streams: costexplorer.Defaults(), Budget: bursar.DefaultBudget()}
	err = st.InTx(ctx, func(tx *store.Tx) error {
		ws, err := tx.AddWorkspace("bench")
		if err != nil {
			return err
		}
		source.WorkspaceID = ws.ID
		source, err = tx.AddSource(source)
		return err
	})
	quick := func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return &costexplorer.Sync{Desk: &paid.Desk{Store: st, Wait: quick}, Asker: client.Own(), Source: source, Now: aws.Cloud().Clock.Now}, err
}
