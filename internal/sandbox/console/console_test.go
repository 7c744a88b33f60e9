package console_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/register"
	"github.com/bursarhq/bursar/internal/sandbox/billing"
	"github.com/bursarhq/bursar/internal/sandbox/cfn"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/sandbox/console"
	"github.com/bursarhq/bursar/internal/sandbox/iam"
	"github.com/bursarhq/bursar/internal/sandbox/s3"
	"github.com/bursarhq/bursar/internal/sandbox/world"
	"github.com/google/go-cmp/cmp"
)

const (
	payer = "111122223333"
	lone  = "777788889999"
)

type bundle struct {
	cloud   *cloud.Cloud
	console *console.Console
	url     string
	browser *http.Client
	config  register.Config
}

func setup(t *testing.T) bundle {
	t.Helper()
	w, err := world.Load("demo")
	if err != nil {
		t.Fatal(err)
	}
	c, err := cloud.New(w, cloud.Options{Frozen: true})
	if err != nil {
		t.Fatal(err)
	}
	iam.New(c)
	objects, err := s3.New(c, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	bills, err := billing.New(c, objects)
	if err != nil {
		t.Fatal(err)
	}
	f, err := cfn.New(c, cfn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k, err := console.New(c, f, bills)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(k)
	t.Cleanup(srv.Close)
	templates := httptest.NewServer(register.Published())
	t.Cleanup(templates.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return bundle{c, k, srv.URL, &http.Client{Jar: jar}, register.Config{
		PrincipalAccountID: "999900001111",
		PrincipalARN:       "arn:aws:iam::999900001111:user/bursar", TemplateBaseURL: templates.URL, ConsoleBaseURL: srv.URL + "/console",
	}}
}

func account(id string, kind bursar.Kind) bursar.Account {
	return bursar.Account{
		AccountID: id, Name: "Example & co", Partition: bursar.PartitionAWS, Kind: kind, Method: bursar.MethodConsole,
		ExternalID: "bur-abcdefghijklmnopqrstuvwxyz", RoleARN: "arn:aws:iam::" + id + ":role/bursar/bursar-k3j2h1g4f5",
	}
}

func (b bundle) link(t *testing.T, a bursar.Account) string {
	t.Helper()
	steps, err := b.config.Setup(a, bursar.Status{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return steps[0].Links[0].URL
}

// moved does what the page's script does: what stands after "#" goes into the path and the query.
func moved(link string) string {
	base, fragment, _ := strings.Cut(link, "#/")
	path, query, _ := strings.Cut(fragment, "?")
	base, region, _ := strings.Cut(base, "?")
	return base + "/" + path + "?" + region + "&" + query
}

func read(t *testing.T, res *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(body), "Simulated AWS") && strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		t.Errorf("the page does not say that it is simulated:\n%s", body)
	}
	return string(body)
}

func (b bundle) get(t *testing.T, address string) string {
	t.Helper()
	res, err := b.browser.Get(address)
	return read(t, res, err)
}

func (b bundle) post(t *testing.T, address string, form url.Values) (int, string) {
	t.Helper()
	res, err := b.browser.PostForm(address, form)
	body := read(t, res, err)
	return res.StatusCode, body
}

var input = regexp.MustCompile(`<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"`)

// form collects the values that a page's form would send.
func form(page string) url.Values {
	out := url.Values{}
	_, page, _ = strings.Cut(page, "<main>")
	for _, m := range input.FindAllStringSubmatch(page, -1) {
		out.Set(m[1], strings.NewReplacer("&amp;", "&", "&#43;", "+", "&#39;", "'", "&lt;", "<").Replace(m[2]))
	}
	return out
}

func TestAPersonCreatesTheStack(t *testing.T) {
	b := setup(t)
	link := b.link(t, account(lone, bursar.KindUnknown))
	if page := b.get(t, link); !strings.Contains(page, `src="/console/console.js"`) {
		t.Fatalf("the link opens no page that reads what stands after #:\n%s", page)
	}
	if page := b.get(t, b.url+"/console/console.js"); !strings.Contains(page, "location.replace") {
		t.Errorf("script: %s", page)
	}
	b.post(t, b.url+"/console/signin", url.Values{"account": {lone}, "back": {"/console/"}})
	page := b.get(t, moved(link))
	for _, want := range []string{"bur-abcdefghijklmnopqrstuvwxyz", "with custom names", "Create stack", lone, "bursar-k3j2h1g4f5"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	values := form(page)
	status, body := b.post(t, moved(link), values)
	if status != http.StatusBadRequest || !strings.Contains(body, "Requires capabilities : [CAPABILITY_NAMED_IAM]") {
		t.Fatalf("without the acknowledgement: %d\n%s", status, body)
	}
	values.Set("acknowledge", "on")
	status, body = b.post(t, moved(link), values)
	if status != http.StatusOK || !strings.Contains(body, `<strong id="status">CREATE_COMPLETE</strong>`) || !strings.Contains(body, "arn:aws:iam::"+lone+":role/bursar/bursar-k3j2h1g4f5") {
		t.Fatalf("%d\n%s", status, body)
	}
	if _, e := b.cloud.Role(lone, "bursar-k3j2h1g4f5"); e != nil {
		t.Error(e)
	}
	list := b.get(t, b.url+"/console/cloudformation/home/stacks?region=us-east-1")
	if !strings.Contains(list, "CREATE_COMPLETE") {
		t.Errorf("the list lacks the stack:\n%s", list)
	}
}

func TestSignedInToTheWrongAccount(t *testing.T) {
	b := setup(t)
	link := b.link(t, account(lone, bursar.KindUnknown))
	b.post(t, b.url+"/console/signin", url.Values{"account": {payer}})
	values := form(b.get(t, moved(link)))
	values.Set("acknowledge", "on")
	if status, body := b.post(t, moved(link), values); status != http.StatusBadRequest || !strings.Contains(body, "signed in to another AWS account") {
		t.Errorf("%d\n%s", status, body)
	}
}

func TestCreateStackFromLinkIsWhatThePageDoes(t *testing.T) {
	b := setup(t)
	st, err := b.console.CreateStackFromLink(t.Context(), b.link(t, account(lone, bursar.KindUnknown)), lone)
	if err != nil || st.Status != "CREATE_COMPLETE" {
		t.Fatalf("%v %s %v", err, st.Status, st.Events)
	}
	if _, e := b.cloud.Role(lone, "bursar-k3j2h1g4f5"); e != nil {
		t.Error(e)
	}
	if _, err := b.console.CreateStackFromLink(t.Context(), b.link(t, account(lone, bursar.KindUnknown)), lone); err == nil || !strings.Contains(err.Error(), "AlreadyExistsException") {
		t.Errorf("a second time: %v", err)
	}
	for _, bad := range []string{"", "https://example.com/", b.url + "/console/cloudformation/home?region=us-east-1#/stacks", b.url + "/console/cloudformation/home#/stacks/create/review?stackName=x"} {
		if _, err := b.console.CreateStackFromLink(t.Context(), bad, lone); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestUpdatePageKeepsTheValues(t *testing.T) {
	b := setup(t)
	a := account(lone, bursar.KindUnknown)
	if _, err := b.console.CreateStackFromLink(t.Context(), b.link(t, a), lone); err != nil {
		t.Fatal(err)
	}
	b.post(t, b.url+"/console/signin", url.Values{"account": {lone}})
	steps, err := b.config.Setup(a, bursar.Status{Capabilities: map[bursar.Capability]bursar.CapabilityState{bursar.CapAccess: bursar.StateDegraded}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	update := steps[0].Links[0]
	if update.Title != "Update stack" {
		t.Fatalf("links %v", steps[0].Links)
	}
	values := form(b.get(t, moved(update.URL)))
	if values.Get("param_ExternalId") != a.ExternalID {
		t.Fatalf("values %v", values)
	}
	for _, key := range []string{"Organization", "BillingExport", "CostExplorer"} {
		values.Set("param_Enable"+key, "true") // a choice, which the helper above does not read
	}
	values.Set("param_EnableInventory", "true")
	values.Set("acknowledge", "on")
	status, body := b.post(t, moved(update.URL), values)
	if status != http.StatusOK || !strings.Contains(body, "UPDATE_COMPLETE") {
		t.Fatalf("%d\n%s", status, body)
	}
	role, e := b.cloud.Role(lone, "bursar-k3j2h1g4f5")
	if e != nil {
		t.Fatal(e)
	}
	if _, ok := role.InlinePolicy("bursar-inventory"); !ok {
		t.Error("the update did not reach the role")
	}
}

func TestStackSetByHand(t *testing.T) {
	b := setup(t)
	a := account(payer, bursar.KindPayer)
	steps, err := b.config.Setup(a, bursar.Status{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	step := steps[len(steps)-1]
	b.post(t, b.url+"/console/signin", url.Values{"account": {payer}})
	address := moved(step.Links[0].URL)
	values := form(b.get(t, address+"&"+url.Values{"templateURL": {step.Template.URL}}.Encode()))
	values.Set("stackName", step.StackName)
	values.Set("acknowledge", "on")
	for _, p := range step.Parameters {
		values.Set("param_"+p.Key, p.Value)
	}
	status, body := b.post(t, address, values)
	if status != http.StatusOK || !strings.Contains(body, "SUCCEEDED") {
		t.Fatalf("%d\n%s", status, body)
	}
	role, e := b.cloud.Role("222233334444", "bursar-k3j2h1g4f5")
	if e != nil || !strings.Contains(role.Trust.Text(), bursar.MemberExternalID(a.ExternalID, "222233334444")) {
		t.Errorf("%v %v", e, role)
	}
}

// TestRedeployAfterAFailure: a role that is in the way keeps AWS from making one; once it is gone, the account is tried again.
func TestRedeployAfterAFailure(t *testing.T) {
	b := setup(t)
	a := account(payer, bursar.KindPayer)
	steps, err := b.config.Setup(a, bursar.Status{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	step, member := steps[len(steps)-1], "333344445555"
	b.post(t, b.url+"/console/signin", url.Values{"account": {member}})
	inTheWay := url.Values{"awsAccount": {"999900001111"}, "externalId": {"x"}, "roleName": {"bursar-k3j2h1g4f5"}, "path": {"/"}}
	if status, body := b.post(t, b.url+"/console/iam/home/roles/create", inTheWay); status != http.StatusOK {
		t.Fatalf("%d\n%s", status, body)
	}
	b.post(t, b.url+"/console/signin", url.Values{"account": {payer}})
	address := moved(step.Links[0].URL)
	values := form(b.get(t, address+"&"+url.Values{"templateURL": {step.Template.URL}}.Encode()))
	values.Set("stackName", step.StackName)
	values.Set("acknowledge", "on")
	for _, p := range step.Parameters {
		values.Set("param_"+p.Key, p.Value)
	}
	_, body := b.post(t, address, values)
	again := `aria-label="Redeploy to ` + member + `"`
	if !strings.Contains(body, "already exists") || strings.Count(body, "Redeploy to") != 1 || !strings.Contains(body, again) {
		t.Fatalf("one account fails, and can be tried again:\n%s", body)
	}
	b.post(t, b.url+"/console/signin", url.Values{"account": {member}})
	b.post(t, b.url+"/console/iam/home/roles/delete", url.Values{"roleName": {"bursar-k3j2h1g4f5"}})
	b.post(t, b.url+"/console/signin", url.Values{"account": {payer}})
	unit := url.Values{"stackSetName": {step.StackName}, "unit": {"ou-exmp-workload"}, "account": {member}}
	if _, body = b.post(t, b.url+"/console/cloudformation/home/stacksets/instances", unit); strings.Contains(body, again) {
		t.Errorf("the account still fails:\n%s", body)
	}
	if _, e := b.cloud.Role(member, "bursar-k3j2h1g4f5"); e != nil {
		t.Error(e)
	}
}

func TestCreateRolePage(t *testing.T) {
	b := setup(t)
	b.post(t, b.url+"/console/signin", url.Values{"account": {lone}})
	values := form(b.get(t, b.url+"/console/iam/home/roles/create?awsAccount=999900001111&externalId=bur-x%2B1&roleName=reader"))
	if values.Get("externalId") != "bur-x+1" || values.Get("roleName") != "reader" {
		t.Fatalf("prefilled %v", values)
	}
	values.Set("path", "/bursar/")
	if status, body := b.post(t, b.url+"/console/iam/home/roles/create", values); status != http.StatusOK || !strings.Contains(body, ":role/bursar/reader") {
		t.Fatalf("%d\n%s", status, body)
	}
	role, e := b.cloud.Role(lone, "reader")
	if e != nil || !strings.Contains(role.Trust.Text(), `"sts:ExternalId":"bur-x+1"`) {
		t.Errorf("%v %v", e, role)
	}
	values.Set("roleName", "a b")
	if status, _ := b.post(t, b.url+"/console/iam/home/roles/create", values); status != http.StatusBadRequest {
		t.Errorf("a malformed name: %d", status)
	}
}

// TestReadPolicyIsTheTemplates: what bursar shows of the role that reads an existing export is what the role gets.
func TestReadPolicyIsTheTemplates(t *testing.T) {
	b := setup(t)
	a := account(lone, bursar.KindStandalone)
	e := bursar.Export{Name: "hourly", ARN: "arn:1", Bucket: "lone-star-billing", BucketOwner: lone, Prefix: "reports"}
	a.Choice.Export.Existing = e.ARN
	ok := bursar.Status{Capabilities: map[bursar.Capability]bursar.CapabilityState{bursar.CapAccess: bursar.StateOK}}
	steps, err := b.config.Setup(a, ok, []bursar.Definition{{Export: e}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.console.CreateStackFromLink(t.Context(), steps[1].Links[0].URL, lone); err != nil {
		t.Fatal(err)
	}
	role, problem := b.cloud.Role(lone, "bursar-k3j2h1g4f5-export")
	if problem != nil {
		t.Fatal(problem)
	}
	var made string
	for _, p := range role.Inline {
		made = p.Doc.Text()
	}
	var want, got any
	if err := errors.Join(json.Unmarshal([]byte(made), &want), json.Unmarshal([]byte(steps[1].Texts[0].Body), &got)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plain(want), plain(got)); diff != "" {
		t.Errorf("the template against what is shown:\n%s", diff)
	}
}

// plain writes a list of one text as the text: IAM takes both for the same.
func plain(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for k := range x {
			x[k] = plain(x[k])
		}
	case []any:
		for i := range x {
			x[i] = plain(x[i])
		}
		if text, ok := x[0].(string); ok && len(x) == 1 {
			return text
		}
	}
	return v
}

func TestOtherSitesCannotPost(t *testing.T) {
	b := setup(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/console/signin", strings.NewReader("account="+payer))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	res, err := b.browser.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("got %s", res.Status)
	}
}

func TestMarkupInNamesIsText(t *testing.T) {
	b := setup(t)
	page := b.get(t, b.url+"/console/cloudformation/home/stacks/create/review?stackName="+url.QueryEscape(`"><script>alert(1)</script>`))
	if strings.Contains(page, "<script>alert") {
		t.Error("a name became markup")
	}
}
