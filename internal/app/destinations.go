package app

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/api"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/destination"
	"github.com/bursarhq/bursar/internal/destination/bills"
	"github.com/bursarhq/bursar/internal/destination/clickhouse"
	"github.com/bursarhq/bursar/internal/destination/costs"
	"github.com/bursarhq/bursar/internal/destination/file"
	"github.com/bursarhq/bursar/internal/destination/postgres"
	"github.com/bursarhq/bursar/internal/destination/s3"
	"github.com/bursarhq/bursar/internal/destination/service"
	"github.com/bursarhq/bursar/internal/destination/webhook"
	"github.com/bursarhq/bursar/internal/egress"
	"github.com/bursarhq/bursar/internal/job/kind"
	"github.com/bursarhq/bursar/internal/store"
)

// destinations are the kinds of destinations, and what can be delivered to them.
func (a *App) destinations(aws *awsapi.Client) *service.Service {
	return &service.Service{
		Store: a.store, Sealer: a.keys.sealer, Now: a.now,
		Datasets: slices.Concat(bills.Datasets(a.lake), costs.Datasets(a.store)),
		Kinds:    []destination.Kind{a.fileKind(), a.bucketKind(aws), a.postgresKind(), a.clickhouseKind(), a.webhookKind()},
	}
}

// deliver is the kind of run that delivers to a destination.
func (a *App) deliver(s *service.Service) kind.Deliver {
	return kind.Deliver{Store: a.store, Destinations: s, Datasets: s.Datasets, Delivered: a.metrics.Delivered}
}

func (a *App) guard() egress.Guard { return egress.Guard{Allow: a.config.EgressAllow} }

func (a *App) fileKind() destination.Kind {
	home := a.config.DeliveredDir
	if home == "" {
		home = filepath.Join(a.config.DataDir, "delivered")
	}
	return destination.Kind{
		Name: bursar.DestinationFile, Settings: []string{"path", "format", "plain_csv"}, Defaults: destination.DefaultFormat, Validate: file.Validate,
		Open: func(_ context.Context, d bursar.Destination, _ bursar.Secret, o destination.Origin) (destination.Target, error) {
			return file.Open(filepath.Join(home, d.WorkspaceID), d.Target, o, a.spool())
		},
	}
}

// spool is where files are made before they are delivered. What a crash has left there goes at the next start.
func (a *App) spool() string { return filepath.Join(a.config.DataDir, "spool") }

func (a *App) emptySpool() error {
	return errors.Join(os.RemoveAll(a.spool()), os.MkdirAll(a.spool(), 0o700))
}

func (a *App) bucketKind(aws *awsapi.Client) destination.Kind {
	return destination.Kind{
		Name: bursar.DestinationS3, Settings: []string{"bucket", "prefix", "region", "bucket_owner", "account_id", "credential_id", "format", "plain_csv"},
		Defaults: destination.DefaultFormat, Validate: s3.Validate,
		Open: func(ctx context.Context, d bursar.Destination, _ bursar.Secret, o destination.Origin) (destination.Target, error) {
			b, err := a.bucketOfDestination(ctx, aws, d)
			if err != nil {
				return nil, err
			}
			return s3.Open(b, d.Target, o, a.spool())
		},
	}
}

// bucketOfDestination opens a bucket. It must belong to the account that opens it, unless another is named.
func (a *App) bucketOfDestination(ctx context.Context, aws *awsapi.Client, d bursar.Destination) (*awsapi.Bucket, error) {
	var session *awsapi.Session
	var owner string
	var err error
	if d.Target.CredentialID != "" {
		session, err = a.credentials.Session(ctx, d.WorkspaceID, d.Target.CredentialID, "destination "+d.ID)
		if err == nil {
			owner, err = a.ownerOfCredential(ctx, d)
		}
	} else {
		session, err = a.accountSession(ctx, aws, d.WorkspaceID, d.Target.AccountID, bursar.CapAccess, "delivering to the bucket "+d.Target.Bucket)
		if err == nil {
			owner, err = a.accountNumber(ctx, d)
		}
	}
	if err != nil {
		return nil, err
	}
	return session.Bucket(d.Target.Bucket, d.Target.Region, cmp.Or(d.Target.BucketOwner, owner))
}

func (a *App) ownerOfCredential(ctx context.Context, d bursar.Destination) (owner string, err error) {
	err = a.store.View(ctx, func(tx *store.Tx) error {
		c, err := tx.Credential(d.WorkspaceID, d.Target.CredentialID)
		owner = c.AccountID
		return err
	})
	return owner, err
}

func (a *App) accountNumber(ctx context.Context, d bursar.Destination) (number string, err error) {
	err = a.store.View(ctx, func(tx *store.Tx) error {
		acct, err := tx.Account(d.WorkspaceID, d.Target.AccountID)
		number = acct.AccountID
		return err
	})
	return number, err
}

func (a *App) webhookKind() destination.Kind {
	return destination.Kind{
		Name: bursar.DestinationWebhook, Settings: []string{"url"}, Secret: destination.MakesItself, Validate: webhook.Validate,
		Open: func(_ context.Context, d bursar.Destination, secret bursar.Secret, o destination.Origin) (destination.Target, error) {
			return webhook.Open(d.Target, secret, o, a.guard(), nil)
		},
	}
}

// destinationsOfCredential are the destinations that use a credential.
func destinationsOfCredential(tx *store.Tx, workspaceID, id string) (users []bursar.CredentialUser, err error) {
	list, err := tx.DestinationsUsing(workspaceID, id)
	for _, d := range list {
		users = append(users, bursar.CredentialUser{Kind: "destination", ID: d.ID, Name: d.Name})
	}
	return users, err
}

func (a *App) postgresKind() destination.Kind {
	return destination.Kind{
		Name: bursar.DestinationPostgres, Settings: []string{"host", "port", "database", "schema", "user", "tls", "ca_certificate"}, Secret: destination.MayHaveOne,
		Defaults: postgres.Defaults, Validate: postgres.Validate,
		Open: func(_ context.Context, d bursar.Destination, secret bursar.Secret, o destination.Origin) (destination.Target, error) {
			return postgres.Open(d.Target, secret, o, a.guard())
		},
	}
}

func (a *App) clickhouseKind() destination.Kind {
	return destination.Kind{
		Name: bursar.DestinationClickHouse, Settings: []string{"url", "database", "user", "ca_certificate"}, Secret: destination.MayHaveOne,
		Defaults: clickhouse.Defaults, Validate: clickhouse.Validate,
		Open: func(_ context.Context, d bursar.Destination, secret bursar.Secret, o destination.Origin) (destination.Target, error) {
			return clickhouse.Open(d.Target, secret, o, a.guard())
		},
	}
}

// deliverEvery is how often it is looked whether something that counts has changed.
const deliverEvery = 30 * time.Second

// retryEvery is when a destination whose run has failed is tried again by itself.
const retryEvery = 6 * time.Hour

// deliveriesDue enqueues a run for each destination that has something to be delivered, and whose time has come.
func deliveriesDue(tx *store.Tx) error {
	all, err := tx.AllDestinations()
	if err != nil {
		return err
	}
	counts := map[string]string{} // by workspace
	for _, d := range all {
		if _, known := counts[d.WorkspaceID]; !known {
			if counts[d.WorkspaceID], err = tx.Fingerprint(d.WorkspaceID); err != nil {
				return err
			}
		}
		due, err := deliveryDue(tx, d, counts[d.WorkspaceID])
		if err != nil {
			return err
		}
		if due {
			if _, _, err := tx.Enqueue(d.WorkspaceID, api.KindDeliver, d.ID, tx.Now); err != nil {
				return err
			}
		}
	}
	return nil
}

func deliveryDue(tx *store.Tx, d bursar.Destination, counts string) (bool, error) {
	since := tx.Now.Sub(d.AttemptedAt)
	switch {
	case d.Paused, d.Trigger == bursar.TriggerManual:
		return false, nil
	case d.Trigger == bursar.TriggerHourly:
		return since >= time.Hour, nil
	case d.Trigger == bursar.TriggerDaily:
		return since >= 24*time.Hour, nil
	case d.Seen != counts:
		return true, nil
	case since < retryEvery:
		return false, nil
	}
	last, err := tx.LastRun(d.WorkspaceID, api.KindDeliver, d.ID)
	return last.State == bursar.RunFailed, err
}
