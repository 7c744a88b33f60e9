package auth_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
)

func setup(t *testing.T) (*store.Store, bursar.Secret) {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	begun, err := auth.Bootstrap(t.Context(), s)
	if err != nil || begun.Key.IsZero() || begun.Setup.IsZero() {
		t.Fatalf("first start: %v", err)
	}
	return s, begun.Key
}

func TestBootstrapGivesTheOwnerKeyOnce(t *testing.T) {
	s, key := setup(t)
	again, err := auth.Bootstrap(t.Context(), s)
	if err != nil || !again.Key.IsZero() || !again.Setup.IsZero() {
		t.Errorf("the second start made a key: %v", err)
	}
	p, err := auth.Keys{Store: s}.Authenticate(t.Context(), key)
	if err != nil || p.Role != auth.Owner || p.WorkspaceID == "" {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestAuthenticateRefuses(t *testing.T) {
	s, key := setup(t)
	now := time.Now()
	s.Now = func() time.Time { return now }
	keys := auth.Keys{Store: s}
	k := key.Reveal()
	var expiring, revoked bursar.Secret
	err := s.InTx(t.Context(), func(tx *store.Tx) (err error) {
		ws, err := tx.Workspaces()
		if err != nil {
			return err
		}
		if expiring, _, err = auth.NewKey(tx, ws[0].ID, "short", auth.Viewer, now.Add(time.Hour)); err != nil {
			return err
		}
		var kept store.Key
		if revoked, kept, err = auth.NewKey(tx, ws[0].ID, "gone", auth.Viewer, time.Time{}); err != nil {
			return err
		}
		return tx.RevokeKey(ws[0].ID, kept.ID)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Authenticate(t.Context(), expiring); err != nil {
		t.Errorf("a key that has an hour left: %v", err)
	}
	now = now.Add(time.Hour)
	swapped := k[:len(k)-1] + map[bool]string{true: "A", false: "B"}[k[len(k)-1] != 'A']
	for name, bad := range map[string]string{
		"nothing": "", "noise": "hello", "checksum": swapped, "cut": k[:len(k)-1], "expired": expiring.Reveal(), "revoked": revoked.Reveal(),
		"two keys": k + k, "newline": k + "\n", "lower": strings.ToLower(k),
	} {
		if p, err := keys.Authenticate(t.Context(), bursar.NewSecret(bad)); bursar.CodeOf(err) != bursar.Unauthorized {
			t.Errorf("%s: got %+v, %v", name, p, err)
		}
	}
}

// TestTheDocumentOfRolesIsTheTable keeps docs/roles.md true.
func TestTheDocumentOfRolesIsTheTable(t *testing.T) {
	const path = "../../docs/roles.md"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(auth.Reference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(path)
	if err != nil || string(kept) != auth.Reference() {
		t.Errorf("%s is not current (%v): run make golden", path, err)
	}
}

func TestNobodyGivesMoreThanTheyHave(t *testing.T) {
	for giver, want := range map[auth.Role]string{auth.Owner: "11111", auth.Administrator: "01110", auth.Member: "00110", auth.Viewer: "00010", auth.Auditor: "00001", "": "00000"} {
		got := ""
		for _, r := range auth.Roles {
			got += map[bool]string{true: "1", false: "0"}[auth.Principal{Role: giver}.MayGrant(r) == nil]
		}
		if got != want {
			t.Errorf("%s gives %s, want %s", giver, got, want)
		}
	}
	if err := (auth.Principal{Role: auth.Owner}).MayGrant("king"); bursar.CodeOf(err) != bursar.Invalid {
		t.Errorf("a role that does not exist: %v", err)
	}
}

func TestTwoKeysOfANameSoThatTheyCanBeRotated(t *testing.T) {
	s, _ := setup(t)
	now := time.Now().Truncate(time.Second)
	s.Now = func() time.Time { return now }
	ws := ""
	add := func(expires time.Time) (id string, err error) {
		err = s.InTx(t.Context(), func(tx *store.Tx) error {
			home, err := tx.HomeWorkspace()
			if err != nil {
				return err
			}
			ws = home.ID
			_, k, err := auth.NewKey(tx, ws, "nightly", auth.Viewer, expires)
			id = k.ID
			return err
		})
		return id, err
	}
	if _, err := add(now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	second, err := add(time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := add(time.Time{}); bursar.CodeOf(err) != bursar.Conflict {
		t.Errorf("a third: %v", err)
	}
	if _, err := add(now); bursar.CodeOf(err) != bursar.Invalid {
		t.Errorf("one that has expired already: %v", err)
	}
	now = now.Add(time.Hour) // the first expires
	if _, err := add(time.Time{}); err != nil {
		t.Errorf("in the place of an expired one: %v", err)
	}
	if err := s.InTx(t.Context(), func(tx *store.Tx) error { return tx.RevokeKey(ws, second) }); err != nil {
		t.Fatal(err)
	}
	if _, err := add(time.Time{}); err != nil {
		t.Errorf("in the place of a revoked one: %v", err)
	}
}

func TestRolesDenyByDefault(t *testing.T) {
	every := []auth.Action{auth.ReadAccounts, auth.ManageAccounts, auth.CheckAccounts, auth.ReadBills, auth.ManageBills, auth.ReadRuns, auth.ManageKeys, auth.ReadAudit}
	for role, want := range map[auth.Role]string{
		auth.Owner: "11111111", auth.Administrator: "11111110", auth.Member: "10110100", auth.Viewer: "10010100", auth.Auditor: "10000101", "nobody": "00000000", "": "00000000",
	} {
		got := ""
		for _, a := range every {
			got += map[bool]string{true: "1", false: "0"}[auth.Principal{Role: role}.May(a)]
		}
		if got != want {
			t.Errorf("%s: %s, want %s", role, got, want)
		}
	}
}
