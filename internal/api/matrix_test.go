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

// allowedIdentity is the part of the table that is about who may come in.
var allowedIdentity = map[string]string{
	"DELETE /api/v1/session":                  "oamvu",
	"PUT /api/v1/session/workspace":           "oamvu",
	"GET /api/v1/me":                          "oamvu",
	"PATCH /api/v1/me":                        "oamvu",
	"PUT /api/v1/me/password":                 "oamvu",
	"GET /api/v1/me/sessions":                 "oamvu",
	"DELETE /api/v1/me/sessions/{session}":    "oamvu",
	"GET /api/v1/users":                       "oau",
	"GET /api/v1/users/{user}":                "oau",
	"PATCH /api/v1/users/{user}":              "oa",
	"DELETE /api/v1/users/{user}":             "oa",
	"GET /api/v1/invitations":                 "oau",
	"POST /api/v1/invitations":                "oa",
	"DELETE /api/v1/invitations/{invitation}": "oa",
	"GET /api/v1/workspaces":                  "oamvu",
	"POST /api/v1/workspaces":                 "o",
	"GET /api/v1/workspaces/{workspace}":      "oamvu",
	"PATCH /api/v1/workspaces/{workspace}":    "oa",
}

// allowedDestinations is the part that is about where data is delivered to.
var allowedDestinations = map[string]string{
	"GET /api/v1/destinations":                          "oamvu",
	"POST /api/v1/destinations":                         "oa",
	"GET /api/v1/destinations/{destination}":            "oamvu",
	"PATCH /api/v1/destinations/{destination}":          "oa",
	"DELETE /api/v1/destinations/{destination}":         "oa",
	"POST /api/v1/destinations/{destination}/check":     "oam",
	"POST /api/v1/destinations/{destination}/run":       "oam",
	"GET /api/v1/destinations/{destination}/deliveries": "oamvu",
}

// mayUse are the roles that may use a route, by their letters.
func mayUse(op string) string { return allowed[op] + allowedIdentity[op] + allowedDestinations[op] }

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
	m.account = m.add(owner, "012345678901", "ours of all").ID
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
	m.names = []string{m.ws, m.account, m.run, "ours of all", m.export, m.former}
	return m
}

// caller is somebody with a role in a workspace, by key or by session.
type caller struct {
	session bool
	email   string
	header  []string
}

const password = "correct horse battery"

// callers are a key and a person.
func (m *matrix) callers(ws string, role auth.Role) []caller {
	m.Helper()
	email, cookie := m.person(ws, role)
	return []caller{
		{header: []string{"Authorization", "Bearer " + m.key(ws, role).Reveal()}},
		{session: true, email: email, header: []string{"Authorization", "", "Cookie", cookie, "X-Bursar-Csrf", "1"}},
	}
}

// person invites somebody, who accepts.
func (b *bench) person(ws string, role auth.Role) (email, cookie string) {
	b.Helper()
	var token bursar.Secret
	email = bursar.NewID("ann") + "@example.com"
	in(b, func(tx *store.Tx) (err error) { token, _, err = auth.Invite(tx, ws, email, role); return err })
	began, err := b.people().Accept(b.Context(), auth.Acceptance{Token: token, Name: "Ann", Password: bursar.NewSecret(password)}, auth.Visitor{})
	if err != nil {
		b.Fatal(err)
	}
	return email, "bursar-session=" + began.Token.Reveal()
}

func (b *bench) people() *auth.People { return b.api.People }

// userID invites a viewer and returns who it is.
func (b *bench) userID(ws string) (id string) {
	b.Helper()
	email, _ := b.person(ws, auth.Viewer)
	b.view(func(tx *store.Tx) error { u, err := tx.UserByEmail(email); id = u.ID; return err })
	return id
}

func (b *bench) sessionID(email string) string {
	b.Helper()
	began, err := b.people().SignIn(b.Context(), email, bursar.NewSecret(password), auth.Visitor{})
	if err != nil {
		b.Fatal(err)
	}
	return began.Principal.SessionID
}

// invited invites somebody, and returns what stands in the link.
func (b *bench) invited() (token bursar.Secret) {
	b.Helper()
	in(b, func(tx *store.Tx) (err error) {
		token, _, err = auth.Invite(tx, b.ws, bursar.NewID("bob")+"@example.com", auth.Viewer)
		return err
	})
	return token
}

func (b *bench) invitationID(ws string) (id string) {
	b.Helper()
	in(b, func(tx *store.Tx) error {
		_, i, err := auth.Invite(tx, ws, bursar.NewID("bob")+"@example.com", auth.Viewer)
		id = i.ID
		return err
	})
	return id
}

// request makes an operation's path and body, with something of the first workspace wherever the path names something. What the
// operation would take away is made afresh.
func (m *matrix) request(op string, by caller) (method, path, body string) {
	m.Helper()
	m.made++
	method, path, _ = strings.Cut(op, " ")
	replace := []string{"{account}", m.account, "{run}", m.run, "{workspace}", m.ws, "{export}", m.export, "{delivery}", m.former}
	switch {
	case strings.Contains(path, "{source}"):
		replace = append(replace, "{source}", m.sourceID(), "{stream}", "cost_daily")
	case strings.Contains(path, "{scope}"):
		replace = append(replace, "{scope}", m.account)
	case strings.Contains(path, "{key}"):
		replace = append(replace, "{key}", m.keyID(m.ws))
	case strings.Contains(path, "{credential}"):
		replace = append(replace, "{credential}", m.storedCredential(fmt.Sprintf("stored %d", m.made)))
	case strings.Contains(path, "{user}"):
		replace = append(replace, "{user}", m.userID(m.ws))
	case strings.Contains(path, "{invitation}"):
		replace = append(replace, "{invitation}", m.invitationID(m.ws))
	case strings.Contains(path, "{destination}"):
		replace = append(replace, "{destination}", m.destination(fmt.Sprintf("made %d", m.made)).ID)
	case strings.Contains(path, "{session}"):
		replace = append(replace, "{session}", m.ownSession(by))
	}
	switch op {
	case "POST /api/v1/sources", "POST /api/v1/sources:price":
		body = fmt.Sprintf(`{"name":"made %d","account":"%s"}`, m.made, m.account)
	case "PATCH /api/v1/sources/{source}":
		body = `{"paused":true}`
	case "POST /api/v1/sources/{source}/reopen":
		body = `{"period":"2026-03"}`
	case "PUT /api/v1/request-budgets/{scope}":
		body = `{"day":"1","month":"10.5"}`
	case "POST /api/v1/accounts":
		body = fmt.Sprintf(`{"account_id":"%012d","name":"made %d"}`, 1000+m.made, m.made)
	case "POST /api/v1/accounts:bulk":
		body = fmt.Sprintf(`{"accounts":[{"account_id":"%012d","name":"made %d"}]}`, 1000+m.made, m.made)
	case "POST /api/v1/destinations":
		body = fmt.Sprintf(`{"name":"new %d","kind":"file","target":{"format":"csv"}}`, m.made)
	case "PATCH /api/v1/destinations/{destination}":
		body = `{"paused":true}`
	case "POST /api/v1/credentials":
		body = fmt.Sprintf(`{"name":"made %d","access_key_id":"AKIAIOSFODNN7EXAMPLE","secret_access_key":"%s","untried":true}`, m.made, secretKey)
	case "PATCH /api/v1/credentials/{credential}":
		body = `{"description":"for tests"}`
	case "POST /api/v1/credentials/{credential}/rotate":
		body = `{"access_key_id":"AKIAIOSFODNN7EXAMPLE","secret_access_key":"` + secretKey + `","untried":true}`
	case "POST /api/v1/credentials/{credential}/check":
		body = `{}`
	case "POST /api/v1/sql", "POST /api/v1/sql/export":
		body = `{"sql":"SELECT 1"}`
	case "GET /api/v1/costs/values":
		path += "?dimension=service"
	case "PATCH /api/v1/accounts/{account}":
		body = `{"name":"ours of all"}`
	case "PATCH /api/v1/accounts/{account}/setup":
		body = `{"target_organization_id":"r-abcd"}`
	case "DELETE /api/v1/accounts/{account}":
		a := m.add(m.client(m.owner), fmt.Sprintf("%012d", 900000+m.made), fmt.Sprintf("gone %d", m.made))
		replace = []string{"{account}", a.ID}
	case "POST /api/v1/validate":
		body = `{"account_id":"012345678901"}`
	case "POST /api/v1/keys":
		body = fmt.Sprintf(`{"name":"made %d","role":"viewer"}`, m.made)
	case "PUT /api/v1/session/workspace":
		body = `{"workspace_id":"` + m.ws + `"}`
	case "PATCH /api/v1/me", "POST /api/v1/workspaces", "PATCH /api/v1/workspaces/{workspace}":
		body = fmt.Sprintf(`{"name":"made %d"}`, m.made)
	case "PUT /api/v1/me/password":
		body = `{"current":"` + password + `","password":"` + password + `"}`
	case "PATCH /api/v1/users/{user}":
		body = `{"role":"member"}`
	case "POST /api/v1/session":
		email, _ := m.person(m.ws, auth.Viewer)
		body = `{"email":"` + email + `","password":"` + password + `"}`
	case "POST /api/v1/invitation/look":
		body = `{"token":"` + m.invited().Reveal() + `"}`
	case "POST /api/v1/invitation/accept":
		body = `{"token":"` + m.invited().Reveal() + `","name":"Bob","password":"` + password + `"}`
	case "POST /api/v1/invitations":
		body = fmt.Sprintf(`{"email":"made%d@example.com","role":"viewer"}`, m.made)
	}
	return method, strings.NewReplacer(replace...).Replace(path), body
}

// sourceID makes a source of the account and returns its id.
func (m *matrix) sourceID() (id string) {
	m.Helper()
	in(m.bench, func(tx *store.Tx) error {
		s, err := tx.AddSource(bursar.Source{WorkspaceID: m.ws, Name: bursar.NewID("source"), Account: m.account, AccountID: "012345678901", Streams: []bursar.Stream{{Name: "cost_daily"}}, Budget: bursar.DefaultBudget()})
		id = s.ID
		return err
	})
	m.names = append(m.names, id)
	return id
}

// ownSession is a second session of the caller; of somebody when the caller is of the other workspace or a key.
func (m *matrix) ownSession(by caller) string {
	m.Helper()
	if by.email != "" {
		return m.sessionID(by.email)
	}
	email, _ := m.person(m.ws, auth.Viewer)
	return m.sessionID(email)
}

// keyID makes a key and returns its id.
func (b *bench) keyID(ws string) string {
	b.Helper()
	return b.key(ws, auth.Viewer).Reveal()[4:12]
}

func (m *matrix) send(op string, by caller) (*http.Response, string) {
	m.Helper()
	method, path, body := m.request(op, by)
	return m.raw(method, path, body, append([]string{"Content-Type", "application/json"}, by.header...)...)
}

// personal are the routes that make sense for a person alone.
func personal(op string) bool {
	return strings.Contains(op, "/session") || op == "PATCH /api/v1/me" || op == "PUT /api/v1/me/password"
}

// want is the status of a request that concerns the first workspace: 0 is any success.
func want(op string, role auth.Role, by caller, foreign bool) int {
	may := strings.Contains(mayUse(op), letters[role])
	switch {
	case !may, foreign && (op == "POST /api/v1/workspaces" || strings.Contains(op, "sealing-keys")):
		return 403
	case !by.session && personal(op):
		return 409
	case foreign && (strings.Contains(op, "{") && !strings.Contains(op, "{session}") || op == "PUT /api/v1/session/workspace" || strings.HasPrefix(op, "POST /api/v1/sources")):
		return 404
	}
	return 0
}

func TestEveryRouteForEveryRole(t *testing.T) {
	m := startMatrix(t)
	described := m.described()
	operations := m.guarded()
	if len(operations) != len(allowed)+len(allowedIdentity)+len(allowedDestinations) {
		t.Errorf("the document has %d routes that need a credential, the table %d", len(operations), len(allowed)+len(allowedIdentity)+len(allowedDestinations))
	}
	for _, role := range auth.Roles {
		for _, foreign := range []bool{false, true} {
			ws := map[bool]string{false: m.ws, true: m.foreign}[foreign]
			callers := m.callers(ws, role)
			for _, op := range operations {
				for _, by := range callers {
					resp, body := m.send(op, by)
					want := want(op, role, by, foreign)
					if want == 0 && resp.StatusCode >= 300 || want != 0 && resp.StatusCode != want {
						t.Errorf("%s as %s (session %v, of another workspace %v): %d, want %d: %.300s", op, role, by.session, foreign, resp.StatusCode, want, body)
					}
					if foreign {
						m.silent(op, body)
					}
					if want == 403 {
						m.audited(described[op].ID, ws, by)
					}
				}
				if op == "DELETE /api/v1/session" {
					callers = m.callers(ws, role)
				}
			}
		}
	}
}

// silent proves that an answer tells another workspace nothing of the first one.
func (m *matrix) silent(op, body string) {
	m.Helper()
	names := m.names
	if op == "GET /api/v1/streams" { // AWS's words, the same for everybody
		return
	}
	if strings.Contains(op, "/audit") { // it tells the other workspace which ids its own callers tried
		names = []string{"ours of all"}
	}
	for _, name := range names {
		if strings.Contains(body, name) {
			m.Errorf("%s tells another workspace of %s: %.300s", op, name, body)
		}
	}
}

// audited proves that a refusal is the newest line of the caller's log, with who and what.
func (m *matrix) audited(operationID, ws string, by caller) {
	m.Helper()
	var newest []bursar.AuditEntry
	m.view(func(tx *store.Tx) (err error) {
		newest, err = tx.AuditEntries(ws, store.AuditFilter{Outcome: bursar.OutcomeRefused}, 0, 1)
		return err
	})
	kind := map[bool]bursar.ActorKind{false: bursar.ActorKey, true: bursar.ActorUser}[by.session]
	if len(newest) != 1 || newest[0].Reason != "role_forbids" || newest[0].Actor.Kind != kind || newest[0].RequestID == "" || newest[0].From != "127.0.0.1" || newest[0].Action != operationID {
		m.Errorf("%s: the refusal is not in the audit log: %+v", operationID, newest)
	}
}

func TestNoRouteWithoutACredentialInForce(t *testing.T) {
	m := startMatrix(t)
	now := m.clock.set(time.Now())
	expired, revoked := m.expiring(now.Add(time.Minute)), m.key(m.ws, auth.Owner)
	in(m.bench, func(tx *store.Tx) error { return tx.RevokeKey(m.ws, revoked.Reveal()[4:12]) })
	now = m.clock.set(now.Add(time.Minute))
	good := m.owner.Reveal()
	email, ended := m.person(m.ws, auth.Owner)
	in(m.bench, func(tx *store.Tx) error {
		u, err := tx.UserByEmail(email)
		if err != nil {
			return err
		}
		return tx.DropOtherSessions(u.ID, "")
	})
	_, gone := m.person(m.ws, auth.Owner)
	for name, cookie := range map[string]string{"ended": ended, "noise": "bursar-session=x", "idle": gone, "wrong name": strings.Replace(gone, "bursar", "other", 1)} {
		if name == "idle" {
			now = m.clock.set(now.Add(12 * time.Hour))
		}
		for _, op := range m.guarded() {
			resp, body := m.send(op, caller{header: []string{"Authorization", "", "Cookie", cookie, "X-Bursar-Csrf", "1"}})
			if p := problem(t, resp, body); resp.StatusCode != 401 || p.Code != bursar.Unauthorized {
				t.Errorf("%s with a session that is %s: %d %s", op, name, resp.StatusCode, body)
			}
		}
	}
	seen := m.lastLine()
	for name, credential := range map[string]string{
		"none": "", "no key": "Bearer", "noise": "Bearer x", "another scheme": "Basic " + good, "no scheme": good, "too long": "Bearer " + good + "x",
		"expired": "Bearer " + expired.Reveal(), "revoked": "Bearer " + revoked.Reveal(), "another's checksum": "Bearer " + good[:len(good)-6] + "000000",
	} {
		for _, op := range m.guarded() {
			resp, body := m.send(op, caller{header: []string{"Authorization", credential}})
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
		if e.Seq <= seen {
			continue
		}
		who = append(who, string(e.Actor.Kind)+" "+e.Actor.ID)
	}
	slices.Sort(who)
	who = slices.DeleteFunc(who, func(w string) bool { return w == "anonymous " }) // those with a bad cookie had it already, or not
	want := []string{"key " + expired.Reveal()[4:12], "key " + revoked.Reveal()[4:12]}
	slices.Sort(want)
	if !slices.Equal(who, want) {
		t.Errorf("refused: %q, want %q", who, want)
	}
}

func (m *matrix) lastLine() (seq int64) {
	m.Helper()
	m.view(func(tx *store.Tx) error { head, err := tx.AuditHead(m.ws); seq = head.Seq; return err })
	return seq
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
