package credential_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/credential"
	"github.com/bursarhq/bursar/internal/credential/paste"
	"github.com/bursarhq/bursar/internal/sandbox"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/seal"
	"github.com/bursarhq/bursar/internal/seal/local"
	"github.com/bursarhq/bursar/internal/store"
)

// Accounts of the sandbox's demo world.
const (
	payer  = "111122223333"
	member = "222233334444"
	own    = "999900001111"
)

var now = time.Date(2026, 7, 3, 9, 0, 0, 0, time.UTC)

// bench is the service with a real store, a real keyring and a simulated AWS.
type bench struct {
	*testing.T
	*credential.Service
	aws   *sandbox.Sandbox
	ws    string
	other string
	users []bursar.CredentialUser
	at    time.Time
	path  string // of the state database
}

func start(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, at: now}
	var err error
	if b.aws, err = sandbox.New(sandbox.Config{Start: now, Frozen: true}); err != nil {
		t.Fatal(err)
	}
	if err := b.aws.Start(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.aws.Close() })
	b.path = filepath.Join(t.TempDir(), "s.db")
	s, err := store.Open(t.Context(), b.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	ring, err := local.Create(filepath.Join(t.TempDir(), "keyring"), now)
	if err != nil {
		t.Fatal(err)
	}
	k := b.aws.Cloud().BursarKey()
	client, err := awsapi.New(t.Context(), awsapi.Config{Endpoint: b.aws.URL(), AccessKeyID: k.ID, SecretAccessKey: bursar.NewSecret(k.Secret.Reveal())})
	if err != nil {
		t.Fatal(err)
	}
	b.Service = &credential.Service{
		Store: s, Sealer: seal.New(ring), AWS: client, Audit: store.NewAuditQueue(s), Now: func() time.Time { return b.at },
		Users: []credential.Users{func(*store.Tx, string, string) ([]bursar.CredentialUser, error) { return b.users, nil }},
	}
	s.Now = b.Service.Now
	b.in(func(tx *store.Tx) error {
		one, err := tx.AddWorkspace("one")
		two, err2 := tx.AddWorkspace("two")
		b.ws, b.other = one.ID, two.ID
		return errors.Join(err, err2)
	})
	return b
}

func (b *bench) in(f func(*store.Tx) error) {
	b.Helper()
	if err := b.Store.InTx(b.Context(), f); err != nil {
		b.Fatal(err)
	}
}

// user makes an IAM user with a policy, and returns its key as it is pasted.
func (b *bench) user(account, name, policy string) paste.Key {
	b.Helper()
	u := cloud.IAMUser{}
	u.AccountID, u.Name, u.Path = account, name, "/"
	if _, e := b.aws.Cloud().CreateUser(u); e != nil {
		b.Fatal(e)
	}
	if policy != "" {
		doc, e := cloud.ParsePolicy(policy, 0)
		if e != nil {
			b.Fatal(e)
		}
		if _, e := b.aws.Cloud().ChangeUser(account, name, func(u *cloud.IAMUser) *cloud.Error { u.SetInline("p", doc); return nil }); e != nil {
			b.Fatal(e)
		}
	}
	k, e := b.aws.Cloud().CreateAccessKey(account, name)
	if e != nil {
		b.Fatal(e)
	}
	return paste.Key{ID: k.ID, Secret: k.Secret}
}

func (b *bench) add(name string, k paste.Key) bursar.Credential {
	b.Helper()
	c, err := b.Add(b.Context(), credential.New{WorkspaceID: b.ws, Name: name, Key: k})
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func reason(err error) string {
	var e *bursar.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// audited returns how often an action stands in the audit log, and the whole log as text.
func (b *bench) audited(action string) (times int, text string) {
	b.Helper()
	err := b.Store.View(b.Context(), func(tx *store.Tx) error {
		entries, err := tx.AuditEntries(b.ws, store.AuditFilter{}, 0, 1000)
		for _, e := range entries {
			text += e.Action + " " + e.Target + " " + string(e.Before) + string(e.After) + "\n"
		}
		times = len(slices.DeleteFunc(entries, func(e bursar.AuditEntry) bool { return e.Action != action }))
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return times, text
}

func (b *bench) nothingOf(k paste.Key, where, text string) {
	b.Helper()
	for _, secret := range []string{k.Secret.Reveal(), k.Token.Reveal(), k.ID} {
		if secret != "" && strings.Contains(text, secret) {
			b.Errorf("%s holds the key", where)
		}
	}
}
