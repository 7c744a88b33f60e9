package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/auth"
)

func TestTheAuditLogSaysWhoDidWhat(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	a := b.add(c, "012345678901", "payer")
	made, err := c.AddKey(t.Context(), client.NewKey{Name: "nightly", Role: "viewer"})
	if err != nil || !strings.HasPrefix(made.Key, "bur_"+made.ID+"_") || made.State != "active" || made.CreatedBy != "owner" {
		t.Fatalf("%+v, %v", made, err)
	}
	if _, err := b.client(bursar.NewSecret(made.Key)).Keys(t.Context()); bursar.CodeOf(err) != bursar.Forbidden {
		t.Errorf("a viewer lists keys: %v", err)
	}
	if revoked, err := c.RevokeKey(t.Context(), made.ID); err != nil || revoked.State != "revoked" || revoked.Key != "" {
		t.Errorf("%+v, %v", revoked, err)
	}
	if _, err := b.client(bursar.NewSecret(made.Key)).Accounts(t.Context()); bursar.CodeOf(err) != bursar.Unauthorized {
		t.Errorf("a revoked key: %v", err)
	}
	if _, err := c.RevokeKey(t.Context(), made.ID); bursar.CodeOf(err) != bursar.Conflict {
		t.Errorf("revoked twice: %v", err)
	}
	newest, err := c.Audit(t.Context(), client.AuditFilter{}, 5)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range newest {
		got = append(got, strings.Join([]string{string(e.Actor.Kind), e.Actor.Name, e.Action, string(e.Outcome), e.Reason}, " "))
	}
	want := "key nightly listAccounts refused key_refused\nkey owner revokeKey done \nkey nightly listKeys refused role_forbids\nkey owner addKey done \nkey owner addAccount done "
	if strings.Join(got, "\n") != want {
		t.Errorf("the log says\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	account := newest[4]
	if account.Target != a.ID || account.RequestID == "" || account.From != "127.0.0.1" || !strings.Contains(string(account.After), `"account_id":"012345678901"`) || strings.Contains(string(account.After), a.ExternalID) {
		t.Errorf("%+v", account)
	}
	some, err := c.Audit(t.Context(), client.AuditFilter{Actor: "nightly", Outcome: "refused"}, 100)
	if err != nil || len(some) != 2 {
		t.Errorf("%+v, %v", some, err)
	}
	keys, err := c.Keys(t.Context())
	if err != nil || len(keys) != 2 || keys[0].ID != made.ID || keys[0].State != "revoked" || keys[1].LastUsedAt.IsZero() {
		t.Errorf("%+v, %v", keys, err)
	}
}

func TestAnExportProvesItself(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	for i := range 3 {
		b.add(c, strings.Repeat("0", 11)+string(rune('1'+i)), "<&> \u2028 "+string(rune('a'+i)))
	}
	var chain bursar.AuditChain
	if err := c.ExportAudit(t.Context(), 0, chain.Next); err != nil || chain.Seq < 5 {
		t.Fatalf("%+v, %v", chain, err)
	}
	rest := bursar.AuditChain{WorkspaceID: b.ws, Seq: chain.Seq, Hash: chain.Hash}
	b.add(c, "222222222222", "later")
	if err := c.ExportAudit(t.Context(), chain.Seq, rest.Next); err != nil || rest.Seq != chain.Seq+1 {
		t.Errorf("%+v, %v", rest, err)
	}
	_, body := b.raw("GET", "/api/v1/audit/export", "")
	for _, line := range strings.Split(strings.TrimSpace(body), "\n") {
		var e bursar.AuditEntry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Errorf("%v: %s", err, line)
		}
	}
}

func TestAnAdministratorMakesNoOwners(t *testing.T) {
	b := start(t)
	admin := b.as(b.ws, auth.Administrator)
	for role, may := range map[string]bool{"owner": false, "auditor": false, "administrator": true, "member": true, "viewer": true} {
		if _, err := admin.AddKey(t.Context(), client.NewKey{Name: "as " + role, Role: role}); may != (err == nil) || !may && bursar.CodeOf(err) != bursar.Forbidden {
			t.Errorf("%s: %v", role, err)
		}
	}
	if _, err := admin.RevokeKey(t.Context(), b.owner.Reveal()[4:12]); bursar.CodeOf(err) != bursar.Forbidden {
		t.Errorf("an administrator takes the owner's key away: %v", err)
	}
	if _, err := admin.AddKey(t.Context(), client.NewKey{Name: "x", Role: "king"}); bursar.CodeOf(err) != bursar.Invalid {
		t.Errorf("%v", err)
	}
	log, err := b.client(b.owner).Audit(t.Context(), client.AuditFilter{Outcome: "refused"}, 100)
	if err != nil || len(log) != 3 || log[0].Reason != "role_too_high" {
		t.Errorf("%+v, %v", log, err)
	}
}
