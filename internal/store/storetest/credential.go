package storetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

func newCredential(ws, name string) bursar.Credential {
	return bursar.Credential{
		ID: bursar.NewID("crd"), WorkspaceID: ws, Name: name, Description: "for tests", Kind: bursar.CredentialAccessKey, Partition: bursar.PartitionAWS,
		Region: "us-east-1", KeyHint: "MPLE", SecretVersion: 1,
	}
}

// addCredential adds a credential with its secret, as services do.
func addCredential(t *testing.T, s *store.Store, c bursar.Credential) (out bursar.Credential, err error) {
	t.Helper()
	err = s.InTx(t.Context(), func(tx *store.Tx) error {
		if err := tx.AddSecret(secretOf(c, 1)); err != nil {
			return err
		}
		out, err = tx.AddCredential(c)
		return err
	})
	return out, err
}

func secretOf(c bursar.Credential, version int) store.Secret {
	return store.Secret{WorkspaceID: c.WorkspaceID, Owner: c.ID, Field: "access_key", Version: version, Sealed: []byte{1, 2, byte(version)}, KeyID: "local:one"}
}

func reason(err error) string {
	var e *bursar.Error
	errors.As(err, &e)
	if e == nil {
		return ""
	}
	return e.Reason
}

func credentialsLive(t *testing.T, s *store.Store) {
	one, two := workspace(t, s, "one"), workspace(t, s, "two")
	c, err := addCredential(t, s, newCredential(one.ID, "Payer key"))
	if err != nil || c.Version != 1 || c.SecretAt.IsZero() || c.Status(c.CreatedAt) != bursar.CredentialUnchecked {
		t.Fatalf("added %+v, error %v", c, err)
	}
	if _, err := addCredential(t, s, newCredential(one.ID, "Payer key")); reason(err) != "credential_name_taken" {
		t.Errorf("a name twice answers %v", err)
	}
	if _, err := addCredential(t, s, newCredential(two.ID, "Payer key")); err != nil {
		t.Errorf("the name in another workspace: %v", err)
	}
	report := bursar.CredentialReport{CheckedAt: t0, AccountID: "012345678901", Findings: []bursar.Finding{{Check: "identity", Status: bursar.StatusWarning, Code: "root"}}}
	in(t, s, func(tx *store.Tx) error { return tx.ReportCredential(c, report) })
	in(t, s, func(tx *store.Tx) error {
		for _, by := range []string{c.ID, "Payer key"} {
			got, err := tx.Credential(one.ID, by)
			if err != nil || got.ID != c.ID || got.AccountID != "012345678901" || got.Status(t0) != bursar.CredentialAttention {
				t.Errorf("by %s: %+v, error %v", by, got, err)
			}
		}
		if _, err := tx.Credential(two.ID, c.ID); bursar.CodeOf(err) != bursar.NotFound {
			t.Errorf("from another workspace: %v", err)
		}
		if _, err := tx.Secret(two.ID, c.ID, "access_key", 1); bursar.CodeOf(err) != bursar.NotFound {
			t.Errorf("its secret from another workspace: %v", err)
		}
		return nil
	})
	users := []bursar.CredentialUser{{Kind: "source", ID: "src_1", Name: "Costs of the payer"}}
	err = s.InTx(t.Context(), func(tx *store.Tx) error { return tx.DeleteCredential(one.ID, c.ID, users) })
	if reason(err) != "credential_in_use" || !contains(err, "Costs of the payer") {
		t.Errorf("deleting one in use: %v", err)
	}
	in(t, s, func(tx *store.Tx) error { return tx.DeleteCredential(one.ID, c.ID, nil) })
	in(t, s, func(tx *store.Tx) error {
		_, err := tx.Secret(one.ID, c.ID, "access_key", 1)
		if _, err2 := tx.Credential(one.ID, c.ID); bursar.CodeOf(err) != bursar.NotFound || bursar.CodeOf(err2) != bursar.NotFound {
			t.Errorf("after it was deleted: %v, %v", err, err2)
		}
		return nil
	})
}

func credentialsRotate(t *testing.T, s *store.Store) {
	ws := workspace(t, s, "one")
	c, err := addCredential(t, s, newCredential(ws.ID, "Key"))
	if err != nil {
		t.Fatal(err)
	}
	in(t, s, func(tx *store.Tx) error { return tx.ReportCredential(c, bursar.CredentialReport{CheckedAt: t0}) })
	next := c
	next.SecretVersion, next.KeyHint = 2, "NEXT"
	rotate := func(c bursar.Credential) error {
		return s.InTx(t.Context(), func(tx *store.Tx) error {
			if err := tx.AddSecret(secretOf(c, c.SecretVersion)); err != nil {
				return err
			}
			_, err := tx.RotateCredential(c)
			return err
		})
	}
	if err := rotate(next); err != nil {
		t.Fatal(err)
	}
	late := next
	late.SecretVersion = 4
	if err := rotate(late); reason(err) != "credential_changed" {
		t.Errorf("a rotation that has missed one answers %v", err)
	}
	in(t, s, func(tx *store.Tx) error { return tx.ReportCredential(c, bursar.CredentialReport{CheckedAt: t0}) }) // on the old key: dropped
	in(t, s, func(tx *store.Tx) error {
		got, err := tx.Credential(ws.ID, c.ID)
		if err != nil || got.SecretVersion != 2 || got.KeyHint != "NEXT" || got.Report != nil || !got.SecretAt.After(c.SecretAt) {
			t.Errorf("rotated %+v, error %v", got, err)
		}
		_, err = tx.Secret(ws.ID, c.ID, "access_key", 1)
		if _, err2 := tx.Secret(ws.ID, c.ID, "access_key", 2); bursar.CodeOf(err) != bursar.NotFound || err2 != nil {
			t.Errorf("the old secret answers %v, the new one %v", err, err2)
		}
		return nil
	})
}

func rolesThatAreCredentialsStay(t *testing.T, s *store.Store) {
	ws := workspace(t, s, "one")
	a := mustAdd(t, s, newAccount(ws.ID, "012345678901", "Payer"))
	c := newCredential(ws.ID, "Role of the payer")
	c.Kind, c.Account, c.AccountID, c.SecretVersion, c.KeyHint = bursar.CredentialRole, a.ID, a.AccountID, 0, ""
	in(t, s, func(tx *store.Tx) (err error) { c, err = tx.AddCredential(c); return err })
	err := s.InTx(t.Context(), func(tx *store.Tx) error { return tx.RemoveAccount(ws.ID, a.ID, false) })
	if reason(err) != "account_in_use" {
		t.Errorf("deregistering answers %v", err)
	}
	in(t, s, func(tx *store.Tx) error { return tx.DeleteCredential(ws.ID, c.ID, nil) })
	in(t, s, func(tx *store.Tx) error { return tx.RemoveAccount(ws.ID, a.ID, false) })
}

func secretsAreWrappedAnew(t *testing.T, s *store.Store) {
	ws := workspace(t, s, "one")
	for _, name := range []string{"a", "b", "c"} {
		if _, err := addCredential(t, s, newCredential(ws.ID, name)); err != nil {
			t.Fatal(err)
		}
	}
	var began time.Time
	var first []store.Secret
	in(t, s, func(tx *store.Tx) (err error) { began = tx.Now; first, err = tx.SecretsToRewrap(began, 2); return err })
	if len(first) != 2 {
		t.Fatalf("%d secrets to wrap anew, want the limit of 2", len(first))
	}
	in(t, s, func(tx *store.Tx) error { return tx.Rewrapped(first[0], []byte("anew"), "local:two") })
	in(t, s, func(tx *store.Tx) error { return tx.Rewrapped(first[0], []byte("too late"), "local:two") }) // it is another by now
	in(t, s, func(tx *store.Tx) error {
		got, err := tx.Secret(ws.ID, first[0].Owner, "access_key", 1)
		if err != nil || string(got.Sealed) != "anew" || got.KeyID != "local:two" {
			t.Errorf("wrapped anew: %+v, error %v", got, err)
		}
		left, all, err := tx.CountSecretsToRewrap(began)
		if err != nil || left != 2 || all != 3 {
			t.Errorf("%d of %d left, error %v: want 2 of 3", left, all, err)
		}
		keys, err := tx.SealingKeys()
		if err != nil || len(keys) != 2 || keys[0] != (store.SealingKey{ID: "local:one", Secrets: 2}) || keys[1].Secrets != 1 {
			t.Errorf("keys %+v, error %v", keys, err)
		}
		return nil
	})
}

func contains(err error, text string) bool { return err != nil && strings.Contains(err.Error(), text) }
