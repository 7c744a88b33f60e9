package api_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/api"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/billing/query"
	"github.com/bursarhq/bursar/internal/billing/table"
	"github.com/bursarhq/bursar/internal/destination/service"
	"github.com/bursarhq/bursar/internal/job"
	"github.com/bursarhq/bursar/internal/register"
	"github.com/bursarhq/bursar/internal/store"
)

// bench is the API over real HTTP, a real store and a real runner. What costs are is the test's.
type bench struct {
	places *service.Service
	rows   *oneRow
	opened bursar.Secret // the secret of the target that was opened last
	*testing.T
	store  *store.Store
	runner *job.Runner
	api    *api.API
	url    string
	log    *logBuffer
	ws     string
	owner  bursar.Secret
	setup  bursar.Secret
	dir    string // of the state database
	asked  []query.Question
	lake   *lake.Lake
	huge   bool          // amounts are larger than files can hold
	gate   chan struct{} // a check waits for it after its first finding
	clock  clock
}

// clock is the store's: the real one until it is set.
type clock struct {
	mu    sync.Mutex
	fixed time.Time
}

// now is the time.
func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fixed.IsZero() {
		return time.Now()
	}
	return c.fixed
}

// set makes it stand still at a time.
func (c *clock) set(t time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fixed = t
	return t
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}
func (l *logBuffer) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

var guide = register.Config{PrincipalAccountID: "999988887777", PrincipalARN: "arn:aws:iam::999988887777:role/bursar", TemplateBaseURL: "https://templates.s3.amazonaws.com"}

func (b *bench) Ask(_ context.Context, ws string, q query.Question) (query.Answer, error) {
	if ws != b.ws {
		return query.Answer{Question: q}, nil
	}
	b.asked = append(b.asked, q)
	amount, err := bursar.ParseDecimal("4064.4831315379")
	row := query.Row{Start: q.From, Groups: make([]string, len(q.GroupBy)), Amount: amount, Currency: "USD"}
	for i, d := range q.GroupBy {
		row.Groups[i] = "a " + d.Name
	}
	answer := query.Answer{Question: q, Rows: []query.Row{row}, Totals: []bursar.Money{{Amount: amount, Currency: "USD"}}, State: "s1"}
	if b.huge { // more digits than Parquet can hold
		answer.Rows[0].Amount = bursar.NewDecimal(new(big.Int).Exp(big.NewInt(10), big.NewInt(40), nil), 0)
	}
	if q.Compare {
		answer.Rows[0].Previous, answer.Previous = bursar.DecimalFromInt64(15, 1), &query.Previous{From: q.From, To: q.To, Totals: []bursar.Money{}}
	}
	return answer, err
}

// Run answers statements with themselves.
func (b *bench) Run(_ context.Context, ws, statement string, most int, out query.Results) (bool, error) {
	if strings.Contains(statement, "panics") {
		panic("near a secret: " + statement)
	}
	if strings.Contains(statement, "bad") {
		return false, bursar.InvalidField("sql", "it is bad").WithReason("sql_error")
	}
	err := out.Begin([]table.Column{{Name: "said", Type: table.Text}, {Name: "d", Type: table.Decimal, Scale: 2}, {Name: "n", Type: table.Integer}, {Name: "at", Type: table.Timestamp}})
	if err != nil {
		return false, err
	}
	at := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	return most == 1, out.Row([]any{ws[:3] + " " + statement, bursar.DecimalFromInt64(150, 2), int64(9007199254740993), at})
}

func (b *bench) check(ctx context.Context, l *job.Live) error {
	run := l.Run()
	for i, name := range []string{"assume_role", "organization"} {
		f := bursar.Finding{RunID: run.ID, Check: name, Capability: bursar.CapAccess, Status: bursar.StatusOK, Code: "ok", At: time.Now().UTC()}
		err := b.store.InTx(ctx, func(tx *store.Tx) (err error) { f, err = tx.AddFinding(run.WorkspaceID, run.AccountID, f); return err })
		if err != nil {
			return err
		}
		l.Found(f)
		l.Progress(ctx, bursar.Progress{Step: name, Done: int64(i + 1), Total: 2, Unit: "checks"})
		select {
		case <-b.gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// cheap makes a password's hash quickly.
var cheap = auth.Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}

func start(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, log: &logBuffer{}, gate: make(chan struct{}, 100)}
	var err error
	b.dir = t.TempDir()
	if b.store, err = store.Open(t.Context(), filepath.Join(b.dir, "s.db")); err != nil {
		t.Fatal(err)
	}
	b.store.Now = b.clock.now
	log := slog.New(slog.NewJSONHandler(b.log, nil))
	b.runner = job.New(b.store, log, 2, job.Kind{Name: api.KindCheck, Do: b.check}, job.Kind{Name: api.KindImport, Do: b.check},
		job.Kind{Name: api.KindMembers, Do: b.check}, job.Kind{Name: api.KindMembersFailed, Do: b.check}, job.Kind{Name: api.KindSync, Do: b.check}, job.Kind{Name: api.KindRotateKeys, Do: func(context.Context, *job.Live) error { return nil }}, job.Kind{Name: api.KindSource, Do: func(context.Context, *job.Live) error { return nil }}, job.Kind{Name: api.KindDeliver, Do: b.deliveries})
	begun, err := auth.Bootstrap(t.Context(), b.store)
	if err != nil {
		t.Fatal(err)
	}
	b.owner, b.setup = begun.Key, begun.Setup
	b.view(func(tx *store.Tx) error {
		ws, err := tx.Workspaces()
		b.ws = ws[0].ID
		return err
	})
	if b.lake, err = lake.Open(t.Context(), filepath.Join(t.TempDir(), "lake"), b.store, nil, lake.Options{}); err != nil {
		t.Fatal(err)
	}
	b.places = b.destinations()
	b.api, err = api.New(api.Services{
		Store: b.store, Keys: auth.Keys{Store: b.store}, People: auth.NewPeople(b.store, auth.PeopleOptions{Cost: cheap}), Runs: b.runner, Guide: guide, Looker: b, Costs: b, SQL: b, SQLTimeout: 30 * time.Second, Lake: b.lake, Destinations: b.places, Log: log, Credentials: b.credentials(), SealingKey: func() string { return "local:test" },
		Now: func() time.Time { return time.Date(2026, 6, 15, 0, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.runner.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(b.api)
	b.url = srv.URL
	t.Cleanup(func() { b.api.Close(); srv.Close(); b.runner.Stop(); b.store.Close() })
	return b
}

func (b *bench) view(f func(*store.Tx) error) {
	b.Helper()
	if err := b.store.View(b.Context(), f); err != nil {
		b.Fatal(err)
	}
}

// as makes a client whose key has a role in a workspace.
func (b *bench) as(ws string, role auth.Role) *client.Client {
	b.Helper()
	return b.client(b.key(ws, role))
}

func (b *bench) key(ws string, role auth.Role) (key bursar.Secret) {
	b.Helper()
	err := b.store.InTx(b.Context(), func(tx *store.Tx) (err error) {
		key, _, err = auth.NewKey(tx, ws, bursar.NewID("test"), role, time.Time{})
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return key
}

func (b *bench) client(key bursar.Secret) *client.Client {
	b.Helper()
	c, err := client.New(b.url, client.WithToken(key.Reveal()))
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func (b *bench) workspace(name string) (id string) {
	b.Helper()
	err := b.store.InTx(b.Context(), func(tx *store.Tx) error {
		ws, err := tx.AddWorkspace(name)
		id = ws.ID
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return id
}

// raw sends a request as it is, with the owner's key unless a header says otherwise.
func (b *bench) raw(method, path, body string, header ...string) (*http.Response, string) {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), method, b.url+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+b.owner.Reveal())
	req.Header.Set("X-Bursar-Csrf", "1")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	if strings.HasPrefix(path, "/api/v1/changes") && resp.StatusCode == 200 { // it has no end
		event, err := bufio.NewReader(resp.Body).ReadString('}')
		if err != nil {
			b.Fatal(err)
		}
		return resp, event
	}
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	return resp, string(got)
}

func (b *bench) add(c *client.Client, id, name string) *client.Account {
	b.Helper()
	a, err := c.AddAccount(b.Context(), client.NewAccount{AccountID: id, Name: name})
	if err != nil {
		b.Fatal(err)
	}
	return a
}

func TestRegister(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	a := b.add(c, "012345678901", "Zahlungskonto Süd")
	if a.AccountID != "012345678901" || a.Kind != bursar.KindUnknown || a.Method != bursar.MethodConsole || a.Status.Summary != bursar.SummaryPending {
		t.Errorf("got %+v", a)
	}
	if !strings.HasPrefix(a.ExternalID, "bur-") || !strings.HasPrefix(a.RoleARN, "arn:aws:iam::012345678901:role/bursar/bursar-") {
		t.Errorf("external id %q, role %q", a.ExternalID, a.RoleARN)
	}
	if a.Setup == nil || !strings.Contains(a.Setup.Steps[0].Links[0].URL, a.ExternalID) || !slices.Contains(a.Setup.Steps[0].Parameters, client.Parameter{Key: "ExternalId", Value: a.ExternalID}) {
		t.Errorf("the answer lacks the link and its values: %+v", a.Setup)
	}
	for _, id := range []string{a.ID, a.AccountID} {
		got, err := c.Account(t.Context(), id)
		if err != nil || got.ID != a.ID || got.ExternalID != a.ExternalID {
			t.Errorf("%s: %+v, %v", id, got, err)
		}
	}
	other := b.add(c, "123456789012", "other")
	if other.ExternalID == a.ExternalID || strings.TrimPrefix(other.RoleARN, "arn:aws:iam::123456789012") == strings.TrimPrefix(a.RoleARN, "arn:aws:iam::012345678901") {
		t.Error("two accounts share an external id or a role's name")
	}
	list, err := c.Accounts(t.Context())
	if err != nil || len(list) != 2 || list[0].Name != "Zahlungskonto Süd" || list[1].Status.Summary != bursar.SummaryPending {
		t.Errorf("list: %+v, %v", list, err)
	}
}

func TestRegisterRefusals(t *testing.T) {
	b := start(t)
	b.add(b.client(b.owner), "012345678901", "payer")
	long := strings.Repeat("x", bursar.MaxAccountName+1)
	for name, tc := range map[string]struct {
		body   string
		status int
		reason string
		field  string
	}{
		"same id":             {`{"account_id":"012345678901","name":"x"}`, 409, "account_id_taken", "account_id"},
		"same name":           {`{"account_id":"123456789012","name":"payer"}`, 409, "account_name_taken", "name"},
		"external id":         {`{"account_id":"123456789012","name":"x","external_id":"mine"}`, 400, "external_id_generated", "external_id"},
		"external id and bad": {`{"account_id":7,"external_id":"mine"}`, 400, "", ""},
		"unknown field":       {`{"account_id":"123456789012","name":"x","colour":"red"}`, 400, "unknown_field", "colour"},
		"id is a number":      {`{"account_id":123456789012,"name":"x"}`, 400, "wrong_type", "account_id"},
		"id too short":        {`{"account_id":"12345678901","name":"x"}`, 422, "account_id_malformed", "account_id"},
		"id with dashes":      {`{"account_id":"1234-5678-9012","name":"x"}`, 422, "account_id_malformed", "account_id"},
		"no id":               {`{"name":"x"}`, 422, "missing", "account_id"},
		"no name":             {`{"account_id":"123456789012"}`, 422, "missing", "name"},
		"empty name":          {`{"account_id":"123456789012","name":""}`, 422, "name_empty", "name"},
		"long name":           {`{"account_id":"123456789012","name":"` + long + `"}`, 422, "name_too_long", "name"},
		"control character":   {`{"account_id":"123456789012","name":"a\u0000b"}`, 422, "name_malformed", "name"},
		"method":              {`{"account_id":"123456789012","name":"x","method":"magic"}`, 422, "unknown_method", "method"},
		"partition":           {`{"account_id":"123456789012","name":"x","partition":"aws-x"}`, 422, "unknown_partition", "partition"},
		"null":                {`null`, 400, "body_malformed", ""},
		"a list":              {`[]`, 400, "body_malformed", ""},
		"not JSON":            {`{"account_id":`, 400, "body_malformed", ""},
		"nothing":             {``, 400, "body_missing", ""},
		"two documents":       {`{"account_id":"123456789012","name":"x"}{}`, 400, "body_malformed", ""},
		"too large":           {`{"account_id":"123456789012","name":"` + strings.Repeat("x", 70<<10) + `"}`, 413, "body_too_large", ""},
	} {
		resp, body := b.raw("POST", "/api/v1/accounts", tc.body, "Content-Type", "application/json")
		p := problem(t, resp, body)
		if resp.StatusCode != tc.status || tc.reason != "" && (p.Reason != tc.reason || p.Field != tc.field) {
			t.Errorf("%s: got %d %s\n want %d %s %s", name, resp.StatusCode, body, tc.status, tc.reason, tc.field)
		}
		if strings.Contains(body, "mine") {
			t.Errorf("%s: the refusal repeats the value: %s", name, body)
		}
	}
	if resp, body := b.raw("POST", "/api/v1/accounts", "a=b", "Content-Type", "application/x-www-form-urlencoded"); resp.StatusCode != 415 {
		t.Errorf("a form: %d %s", resp.StatusCode, body)
	}
	if list, err := b.client(b.owner).Accounts(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("a refused registration left something behind: %+v, %v", list, err)
	}
}

// problem reads a problem document and insists on its form.
func problem(t *testing.T, resp *http.Response, body string) api.Problem {
	t.Helper()
	var p api.Problem
	dec := json.NewDecoder(strings.NewReader(body))
	dec.DisallowUnknownFields()
	err := dec.Decode(&p)
	if err != nil || resp.Header.Get("Content-Type") != "application/problem+json" || p.Status != resp.StatusCode || p.Title == "" || p.Detail == "" || p.Code == "" ||
		p.RequestID == "" || p.RequestID != resp.Header.Get("X-Request-Id") {
		t.Errorf("not a whole problem document: %s %v %q %s", resp.Status, err, resp.Header, body)
	}
	return p
}

func TestNoRouteNoMethod(t *testing.T) {
	b := start(t)
	for _, path := range []string{"/", "/api/v1/nothing", "/api/v2/accounts", "/api/v1/accounts/a/b/c"} {
		resp, body := b.raw("GET", path, "")
		if p := problem(t, resp, body); resp.StatusCode != 404 || p.Code != bursar.NotFound {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
	}
	resp, body := b.raw("DELETE", "/api/v1/accounts", "")
	if problem(t, resp, body); resp.StatusCode != 405 || resp.Header.Get("Allow") != "GET, POST" {
		t.Errorf("got %d, Allow %q: %s", resp.StatusCode, resp.Header.Get("Allow"), body)
	}
}

func TestCheckAndWatch(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	a := b.add(c, "012345678901", "payer")
	run, err := c.CheckAccount(t.Context(), a.AccountID)
	if err != nil || run.Kind != "check" || run.AccountID != a.ID {
		t.Fatalf("got %+v, %v", run, err)
	}
	if again, err := c.CheckAccount(t.Context(), a.ID); err != nil || again.ID != run.ID {
		t.Errorf("asking twice gave %+v, %v", again, err)
	}
	var checks []string
	steps := map[string]bool{}
	end, err := c.WatchRun(t.Context(), run.ID, func(e client.RunEvent) {
		if e.Finding != nil {
			checks = append(checks, e.Finding.Check)
			b.gate <- struct{}{} // the next check begins when this one's finding has been seen
		}
		if e.Run != nil {
			steps[e.Run.Progress.Step] = true
		}
	})
	if err != nil || end.State != bursar.RunSucceeded || end.Progress.Done != 2 {
		t.Fatalf("got %+v, %v", end, err)
	}
	if got := strings.Join(checks, " "); got != "assume_role organization" || !steps["organization"] {
		t.Errorf("findings: %s, steps: %v", got, steps)
	}
	checks = nil // whoever comes late sees the same
	if _, err := c.WatchRun(t.Context(), run.ID, func(e client.RunEvent) {
		if e.Finding != nil {
			checks = append(checks, e.Finding.Check)
		}
	}); err != nil || len(checks) != 2 {
		t.Errorf("afterwards: %v, %v", checks, err)
	}
	got, err := c.Account(t.Context(), a.ID)
	if err != nil || got.Status.Summary != bursar.SummaryConnected || len(got.Findings) != 2 {
		t.Errorf("account: %+v, %v", got, err)
	}
	list, err := c.Accounts(t.Context())
	if err != nil || list[0].Status.Summary != bursar.SummaryConnected || list[0].Findings != nil {
		t.Errorf("list: %+v, %v", list, err)
	}
	setup, err := c.Setup(t.Context(), a.ID)
	if err != nil || setup.Steps[0].State != "done" {
		t.Errorf("setup: %+v, %v", setup, err)
	}
	runs, err := c.Runs(t.Context(), a.ID, 1)
	if err != nil || len(runs) != 1 || runs[0].ID != run.ID {
		t.Errorf("runs: %+v, %v", runs, err)
	}
}

func TestCancel(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	a := b.add(c, "012345678901", "payer")
	run, err := c.ImportAccount(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	end, err := c.WatchRun(t.Context(), run.ID, func(e client.RunEvent) {
		if e.Finding != nil {
			if _, err := c.CancelRun(t.Context(), run.ID); err != nil {
				t.Error(err)
			}
		}
	})
	if err != nil || end.State != bursar.RunCancelled {
		t.Errorf("got %+v, %v", end, err)
	}
}

func TestStreamsEndWhenTheServerStops(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	run, err := c.CheckAccount(t.Context(), b.add(c, "012345678901", "payer").ID)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), "GET", b.url+"/api/v1/runs/"+run.ID+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+b.owner.Reveal())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" || resp.Uncompressed {
		t.Errorf("a stream of type %q, compressed %v", got, resp.Uncompressed)
	}
	b.api.Close()
	if _, err := io.ReadAll(resp.Body); err != nil {
		t.Error(err)
	}
	if resp, _ := b.raw("GET", "/readyz", ""); resp.StatusCode != 503 {
		t.Errorf("stopping, and ready: %d", resp.StatusCode)
	}
}

func TestCosts(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	got, err := c.Costs(t.Context(), client.Question{GroupBy: []string{"service", "region"}, Granularity: "monthly", From: "2026-01", To: "2026-07", Metric: "unblended"})
	if err != nil {
		t.Fatal(err)
	}
	r := got.Rows[0]
	if got.From != "2026-01-01" || got.To != "2026-07-01" || r.Start != "2026-01-01" || r.Groups["service"] != "a service" || r.Amount.String() != "4064.4831315379" || r.Currency != "USD" ||
		got.Totals[0].Amount.String() != "4064.4831315379" {
		t.Errorf("got %+v", got)
	}
	_, body := b.raw("GET", "/api/v1/costs", "")
	if !strings.Contains(body, `"amount":"4064.4831315379"`) || !strings.Contains(body, `"group_by":[]`) {
		t.Errorf("amounts are text: %s", body)
	}
	if q := b.asked[1]; q.Metric.Name != "unblended" || !q.From.Equal(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the defaults are %+v", q)
	}
	for query, want := range map[string]string{
		"group_by=colour": "service, account, region", "metric=x": "unblended, blended", "granularity=weekly": "daily, monthly, total",
		"from=yesterday": "YYYY-MM", "from=2026-07&to=2026-01": "exclusive", "metrics=x": "spelling", "group_by=service,service": "once",
	} {
		resp, body := b.raw("GET", "/api/v1/costs?"+query, "")
		p := problem(t, resp, body)
		if resp.StatusCode != 400 || p.Field == "" || !strings.Contains(p.Hint, want) {
			t.Errorf("%s: %d %s, want a hint with %q", query, resp.StatusCode, body, want)
		}
	}
}

func TestClientErrorsAreOurs(t *testing.T) {
	b := start(t)
	_, err := b.client(b.owner).Account(t.Context(), "acc_none")
	var e *client.Error
	if !errors.As(err, &e) || e.Status != 404 || bursar.CodeOf(err) != bursar.NotFound || e.RequestID == "" {
		t.Errorf("got %#v", err)
	}
}

func TestCostsPageByPageAndAsFiles(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	q := client.Question{GroupBy: []string{"service"}, Filters: []string{"service is not x", "tag:team exists"}, Granularity: "total", Compare: true, Top: 2}
	got, err := c.Costs(t.Context(), q)
	if err != nil || len(got.Rows) != 1 || got.Rows[0].Previous == nil || got.Previous == nil {
		t.Fatalf("got %+v, %v", got, err)
	}
	if asked := b.asked[len(b.asked)-1]; len(asked.Filters) != 2 || asked.Filters[0].Operator != query.IsNot || asked.Top != 2 || !asked.Compare {
		t.Errorf("asked %+v", asked)
	}
	for format, want := range map[string]string{
		"csv":     "start,service,rest,unblended,previous,currency\n2026-01-01,a service,0,4064.4831315379,1.5,USD\n",
		"jsonl":   `{"start":"2026-01-01","service":"a service","rest":0,"unblended":"4064.4831315379","previous":"1.5","currency":"USD"}` + "\n",
		"parquet": "PAR1",
	} {
		var out bytes.Buffer
		if err := c.ExportCosts(t.Context(), q, format, &out); err != nil || !strings.HasPrefix(out.String(), want) {
			t.Errorf("%s: %v\n%.300s", format, err, out.String())
		}
	}
	for query, reason := range map[string]string{
		"filter=team+is+x": "unknown_filter", "filter=service+was+x": "unknown_operator", "granularity=weekly": "unknown_granularity",
		"compare=next": "unknown_compare", "top=3": "bad_top", "cursor=MTAgeA": "cursor_stale", "cursor=!": "cursor_malformed", "metric=cost": "unknown_metric",
	} {
		resp, body := b.raw("GET", "/api/v1/costs?"+query, "")
		if resp.StatusCode != 400 && (reason != "cursor_stale" || resp.StatusCode != 409) || !strings.Contains(body, `"`+reason+`"`) {
			t.Errorf("%s: %d %s", query, resp.StatusCode, body)
		}
	}
	if resp, body := b.raw("GET", "/api/v1/costs/export?format=xls", ""); resp.StatusCode != 400 || !strings.Contains(body, "csv, jsonl, parquet") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	_, body := b.raw("GET", "/api/v1/costs?metric=usage", "")
	if !strings.Contains(body, `"unit":"USD"`) || strings.Contains(body, "currency") {
		t.Errorf("usage has a unit: %s", body)
	}
}
