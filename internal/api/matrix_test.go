package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
)

// matrix is a workspace in which everything exists that a route can name, and another one that must never see it.
type matrix struct {
	*bench
	foreign string // the other workspace
	account string
	run     string
	export  string
	former  string // a delivery that was superseded
	made    int
	names   []string // ids of the first workspace, which the other one must not be told
}

func startMatrix(t *testing.T) *matrix {
	m := &matrix{bench: start(t)}
	for range cap(m.gate) {
		m.gate <- struct{}{}
	}
	owner := m.client(m.owner)
	m.account = m.add(owner, "012345678901", "payer").ID
	in(m.bench, func(tx *store.Tx) error {
		return tx.SetOrganization(m.ws, m.account, bursar.KindPayer, "012345678901", "o-abcdefghij")
	})
	run, err := owner.CheckAccount(t.Context(), m.account)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := owner.WatchRun(t.Context(), run.ID, func(client.RunEvent) {}); err != nil {
		t.Fatal(err)
	}
	m.run, m.foreign = run.ID, m.workspace("foreign")
	e, deliveries := m.deliver(m.account, 2)
	m.export, m.former = e.ID, deliveries[0].ID
	m.names = []string{m.ws, m.account, m.run, "payer", m.export, m.former}
	return m
}

// request makes an operation's path and body, with something of the first workspace wherever the path names something. What the
// operation would take away is made afresh.
func (m *matrix) request(op string) (method, path, body string) {
	m.Helper()
	m.made++
	method, path, _ = strings.Cut(op, " ")
	replace := []string{"{account}", m.account, "{run}", m.run, "{export}", m.export, "{delivery}", m.former}
	if strings.Contains(path, "{key}") {
		replace = append(replace, "{key}", m.keyID(m.ws))
	}
	switch op {
	case "POST /api/v1/accounts":
		body = fmt.Sprintf(`{"account_id":"%012d","name":"made %d"}`, 1000+m.made, m.made)
	case "POST /api/v1/sql", "POST /api/v1/sql/export":
		body = `{"sql":"SELECT 1"}`
	case "PATCH /api/v1/accounts/{account}":
		body = `{"name":"payer"}`
	case "PATCH /api/v1/accounts/{account}/setup":
		body = `{"target_organization_id":"r-abcd"}`
	case "DELETE /api/v1/accounts/{account}":
		a := m.add(m.client(m.owner), fmt.Sprintf("%012d", 900000+m.made), fmt.Sprintf("gone %d", m.made))
		replace = []string{"{account}", a.ID}
	case "POST /api/v1/validate":
		body = `{"account_id":"012345678901"}`
	case "POST /api/v1/keys":
		body = fmt.Sprintf(`{"name":"made %d","role":"viewer"}`, m.made)
	}
	return method, strings.NewReplacer(replace...).Replace(path), body
}

// keyID makes a key and returns its id.
func (b *bench) keyID(ws string) string {
	b.Helper()
	return b.key(ws, auth.Viewer).Reveal()[4:12]
}

func (m *matrix) send(op, credential string) (*http.Response, string) {
	m.Helper()
	method, path, body := m.request(op)
	return m.raw(method, path, body, "Content-Type", "application/json", "Authorization", credential)
}

func TestEveryRouteForEveryRole(t *testing.T) {
	m := startMatrix(t)
	operations := m.operations()
	if len(operations) != len(allowed) {
		t.Errorf("the document has %d routes, the table %d", len(operations), len(allowed))
	}
	for _, role := range auth.Roles {
		own, other := "Bearer "+m.key(m.ws, role).Reveal(), "Bearer "+m.key(m.foreign, role).Reveal()
		for _, op := range operations {
			may := strings.Contains(allowed[op], letters[role])
			resp, body := m.send(op, own)
			if may != (resp.StatusCode < 300) || !may && resp.StatusCode != 403 {
				t.Errorf("%s as %s: %d, allowed %v: %s", op, role, resp.StatusCode, may, body)
			}
			resp, body = m.send(op, other)
			want := map[bool]int{true: 404, false: 403}[may]
			if named := strings.Contains(op, "{"); named && resp.StatusCode != want || !named && may != (resp.StatusCode < 300) {
				t.Errorf("%s as %s of another workspace: %d %s", op, role, resp.StatusCode, body)
			}
			names := m.names
			if strings.Contains(op, "/audit") { // it tells the other workspace which ids its own callers tried
				names = []string{m.ws, "payer"}
			}
			for _, name := range names {
				if strings.Contains(body, name) {
					t.Errorf("%s as %s of another workspace tells of %s: %s", op, role, name, body)
				}
			}
			m.audited(op, role, may)
		}
	}
}

// audited proves that a refusal is the newest line of the log, with who and what.
func (m *matrix) audited(op string, role auth.Role, may bool) {
	m.Helper()
	if may {
		return
	}
	var newest []bursar.AuditEntry
	m.view(func(tx *store.Tx) (err error) {
		newest, err = tx.AuditEntries(m.ws, store.AuditFilter{Outcome: bursar.OutcomeRefused}, 0, 1)
		return err
	})
	if len(newest) != 1 || newest[0].Reason != "role_forbids" || newest[0].Actor.Kind != bursar.ActorKey || newest[0].RequestID == "" || newest[0].From != "127.0.0.1" || newest[0].Action != m.operationID(op) {
		m.Errorf("%s as %s: the refusal is not in the audit log: %+v", op, role, newest)
	}
}

func TestNoRouteWithoutACredentialInForce(t *testing.T) {
	m := startMatrix(t)
	now := time.Now()
	m.store.Now = func() time.Time { return now }
	expired, revoked := m.expiring(now.Add(time.Minute)), m.key(m.ws, auth.Owner)
	in(m.bench, func(tx *store.Tx) error { return tx.RevokeKey(m.ws, revoked.Reveal()[4:12]) })
	now = now.Add(time.Minute)
	good := m.owner.Reveal()
	for name, credential := range map[string]string{
		"none": "", "no key": "Bearer", "noise": "Bearer x", "another scheme": "Basic " + good, "no scheme": good, "too long": "Bearer " + good + "x",
		"expired": "Bearer " + expired.Reveal(), "revoked": "Bearer " + revoked.Reveal(), "another's checksum": "Bearer " + good[:len(good)-6] + "000000",
	} {
		for _, op := range m.operations() {
			resp, body := m.send(op, credential)
			if p := problem(t, resp, body); resp.StatusCode != 401 || p.Code != bursar.Unauthorized || resp.Header.Get("WWW-Authenticate") == "" || p.Reason != "key_refused" {
				t.Errorf("%s with %s: %d %s", op, name, resp.StatusCode, body)
			}
		}
	}
	var refusals []bursar.AuditEntry
	m.view(func(tx *store.Tx) (err error) {
		refusals, err = tx.AuditEntries(m.ws, store.AuditFilter{Outcome: bursar.OutcomeRefused}, 0, 100)
		return err
	})
	var who []string // each caller has one line in a minute, however often it tries
	for _, e := range refusals {
		who = append(who, string(e.Actor.Kind)+" "+e.Actor.ID)
	}
	slices.Sort(who)
	want := []string{"anonymous ", "key " + expired.Reveal()[4:12], "key " + revoked.Reveal()[4:12]}
	slices.Sort(want)
	if !slices.Equal(who, want) {
		t.Errorf("refused: %q, want %q", who, want)
	}
}

func (b *bench) expiring(at time.Time) (key bursar.Secret) {
	b.Helper()
	in(b, func(tx *store.Tx) (err error) {
		key, _, err = auth.NewKey(tx, b.ws, bursar.NewID("test"), auth.Owner, at)
		return err
	})
	return key
}

func in(b *bench, f func(*store.Tx) error) {
	b.Helper()
	if err := b.store.InTx(b.Context(), f); err != nil {
		b.Fatal(err)
	}
}
