package sandbox_test

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox"
	"github.com/bursarhq/bursar/internal/sandbox/cfn"
)

// walker is a browser without a screen.
type walker struct {
	t    testing.TB
	base string
	http *http.Client
}

func walk(t testing.TB, s *sandbox.Sandbox) *walker {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &walker{t, s.URL(), &http.Client{Jar: jar, Timeout: time.Minute}}
}

func (w *walker) read(res *http.Response, err error) (int, string) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func (w *walker) get(path string) (int, string) {
	w.t.Helper()
	return w.read(w.http.Get(w.base + path))
}

func (w *walker) post(path string, form url.Values) (int, string) {
	w.t.Helper()
	return w.read(w.http.PostForm(w.base+path, form))
}

func (w *walker) signIn(account string) {
	w.t.Helper()
	if status, body := w.post("/console/signin", url.Values{"account": {account}, "back": {"/console/"}}); status != http.StatusOK {
		w.t.Fatalf("sign in to %s: %d %s", account, status, body)
	}
}

var (
	links = regexp.MustCompile(`(?:href|action|src)="([^"]+)"`)
	ids   = regexp.MustCompile(`<(?:h1|label|button|title)[^>]*>`)
)

// TestEveryPageOfTheConsole follows every link, signed in to each account, and finds whole pages that say what they are.
func TestEveryPageOfTheConsole(t *testing.T) {
	s := start(t, small(t))
	w := walk(t, s)
	if st, err := s.CreateStackFromLink(t.Context(), exportLink(t, s, exportParameters(payer)), payer); err != nil || st.Status != "CREATE_COMPLETE" {
		t.Fatalf("%v %s", err, st.Status)
	}
	s.Cloud().Clock.Advance(9 * time.Hour)
	for _, a := range s.Accounts() {
		w.signIn(a.ID)
		seen, todo := map[string]bool{}, []string{"/console/", "/console", "/console/home"}
		for len(todo) > 0 {
			path := todo[0]
			todo = todo[1:]
			if seen[path] || !strings.HasPrefix(path, "/console") {
				continue
			}
			seen[path] = true
			status, body := w.get(path)
			if status == http.StatusMethodNotAllowed { // an action, not a page
				continue
			}
			if strings.HasSuffix(path, ".js") {
				continue
			}
			if status != http.StatusOK || !strings.Contains(body, "Simulated AWS") || !strings.HasSuffix(strings.TrimSpace(body), "</html>") || len(ids.FindAllString(body, -1)) < 3 || strings.Contains(body, "<no value>") {
				t.Errorf("%s in %s: %d\n%s", path, a.ID, status, body)
			}
			for _, m := range links.FindAllStringSubmatch(body, -1) {
				todo = append(todo, html.UnescapeString(m[1]))
			}
		}
		if len(seen) < 12 {
			t.Errorf("%s: %d pages", a.ID, len(seen))
		}
	}
}

// TestTheBillingPage does by hand what the demo does: orders an export, lets a day pass, restates a month.
func TestTheBillingPage(t *testing.T) {
	s := start(t, small(t))
	w := walk(t, s)
	w.signIn(payer)
	if _, body := w.get("/console/billing/home"); !strings.Contains(body, "has no exports") {
		t.Errorf("before: %s", body)
	}
	makeBucket(t, s, payer, "payer-bills")
	order(t, s, payer, "daily", "payer-bills", bursar.FormatCUR2, "csv", bursar.Overwrite)
	if status, body := w.post("/console/billing/home/clock", url.Values{"hours": {"24"}}); status != http.StatusOK || !strings.Contains(body, `<strong id="now">2026-07-04 09:00:00 UTC</strong>`) {
		t.Errorf("clock: %d %s", status, body)
	}
	x := listed(t, s, "daily")
	before, _ := s.Billing().Truth(x.ARN, june)
	status, body := w.post("/console/billing/home/deliveries", url.Values{"export": {x.ARN}, "period": {"2026-06"}, "restate": {"yes"}})
	after, _ := s.Billing().Truth(x.ARN, june)
	if status != http.StatusOK || before.Version == after.Version || !strings.Contains(body, after.Truth.Unblended.String()) {
		t.Errorf("restate: %d %s", status, body)
	}
	if _, body := w.post("/console/billing/home/deliveries", url.Values{"export": {x.ARN}, "period": {"2026-06"}, "trouble": {"missing_file"}}); !strings.Contains(body, "<td>missing_file</td>") {
		t.Errorf("trouble: %s", body)
	}
	for path, form := range map[string]url.Values{
		"/console/billing/home/clock":      {"hours": {"-1"}},
		"/console/billing/home/deliveries": {"export": {x.ARN}, "period": {"June"}},
	} {
		if status, _ := w.post(path, form); status != http.StatusBadRequest {
			t.Errorf("%s: %d", path, status)
		}
	}
	w.signIn(loner)
	if status, _ := w.post("/console/billing/home/deliveries", url.Values{"export": {x.ARN}}); status != http.StatusBadRequest {
		t.Errorf("from another account: %d", status)
	}
}

// TestAStackByHand types a template's text in, sees its parameters before anything is made, and makes the stack.
func TestAStackByHand(t *testing.T) {
	s := start(t, small(t))
	makeBucket(t, s, payer, "payer-bills")
	w := walk(t, s)
	w.signIn(payer)
	const path = "/console/cloudformation/home/stacks/create?region=us-east-1"
	form := url.Values{"region": {"us-east-1"}, "stackName": {"report"}, "templateBody": {reportTemplate}}
	status, body := w.post(path, form)
	if status != http.StatusOK || !strings.Contains(body, `name="param_Prefix"`) || len(s.Billing().Exports(payer)) != 0 {
		t.Fatalf("review: %d %s", status, body)
	}
	form.Set("reviewed", "yes")
	form.Set("param_Prefix", "by-hand")
	status, body = w.post(path, form)
	if status != http.StatusOK || !strings.Contains(body, "CREATE_COMPLETE") {
		t.Fatalf("create: %d %s", status, body)
	}
	if x := listed(t, s, "stack-HOURLY"); x.Prefix != "by-hand" {
		t.Errorf("%+v", x)
	}
	all := s.CloudFormation().Stacks(payer, "us-east-1")
	i := slices.IndexFunc(all, func(st cfn.Stack) bool { return st.Name == "report" })
	if status, body = w.post("/console/cloudformation/home/stacks/delete", url.Values{"region": {"us-east-1"}, "stackId": {all[i].ID}}); status != http.StatusOK {
		t.Errorf("delete: %d %s", status, body)
	}
	if n := len(s.Billing().Exports(payer)); n != 0 {
		t.Errorf("%d exports are left", n)
	}
}
