package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/sandbox/world"
)

// controlAPI serves /_sandbox/, for whoever plays the simulated AWS: tests, the demo, a curious person with curl.
// Bodies and answers are JSON; durations are texts ("36h", "50ms"). Changes want Content-Type application/json,
// which no foreign web page can send.
func (s *Sandbox) controlAPI() http.Handler {
	mux := http.NewServeMux()
	for _, c := range controls() {
		mux.HandleFunc(c.pattern, func(w http.ResponseWriter, r *http.Request) { c.run(s, w, r) })
	}
	return mux
}

// control is one operation of the control API.
type control struct {
	pattern string
	body    string // an example; "" = it takes none
	about   string
	run     func(*Sandbox, http.ResponseWriter, *http.Request)
}

// controls is the whole map; the index and the guide show it.
func controls() []control {
	return []control{
		{"GET /_sandbox/{$}", "", "what there is: this list, the services, the time", (*Sandbox).getIndex},
		{"GET /_sandbox/clock", "", "the simulated time", (*Sandbox).getClock},
		{"POST /_sandbox/clock", `{"advance": "36h"}`, "moves it forward; what was planned for the time between has happened when it answers", (*Sandbox).postClock},
		{"GET /_sandbox/faults", "", "the troubles to come", (*Sandbox).getFaults},
		{"POST /_sandbox/faults", `{"kind": "throttle", "service": "sts", "times": 1}`, "plans one, for requests that match what else is given: action, account, resource", (*Sandbox).postFault},
		{"DELETE /_sandbox/faults", "", "forgets them", (*Sandbox).deleteFaults},
		{"GET /_sandbox/meter", "", "how often each action was asked for, and what AWS would have charged", (*Sandbox).getMeter},
		{"DELETE /_sandbox/meter", "", "starts the count anew", (*Sandbox).deleteMeter},
		{"GET /_sandbox/world", "", "the accounts and their organizations", (*Sandbox).getWorld},
		{"POST /_sandbox/accounts", `{"id": "121212121212", "name": "New", "parent": "r-exmp"}`, "opens an account under a root or unit; without parent in no organization", (*Sandbox).postAccount},
		{"POST /_sandbox/credentials", `{"account": "777788889999"}`, "an access key of the account's administrator, for the AWS CLI, SDKs and Terraform", (*Sandbox).postCredentials},
		{"POST /_sandbox/propagation", `{"delay": "10s", "simulated": true}`, "how long changes of IAM take from now on, by the simulated clock or the real one", (*Sandbox).postPropagation},
		{"GET /_sandbox/exports", "", "the reports and exports of all accounts, or of `?account=`", (*Sandbox).getExports},
		{"POST /_sandbox/exports", `{"account": "777788889999", "name": "old", "bucket": "old-bills", "prefix": "cur", "files": "/bills"}`, "serves a file or a folder of real bills as an export that the account has", (*Sandbox).postExport},
		{"GET /_sandbox/deliveries", "", "what was delivered, oldest first, with exact totals; `?export=` (an ARN), `?account=`, `?period=` (YYYY-MM)", (*Sandbox).getDeliveries},
		{"POST /_sandbox/deliveries", `{"export": "arn:…", "period": "2026-03"}`, "delivers a month now; without a period every month that has changed", (*Sandbox).postDelivery},
		{"POST /_sandbox/restatements", `{"export": "arn:…", "period": "2026-03"}`, "changes a month's bill as AWS does now and then, and delivers it", (*Sandbox).postRestatement},
		{"PUT /_sandbox/costexplorer", `{"account": "777788889999", "hourly": true}`, "what an account's owner has switched on in Cost Explorer: hourly, resources, history, rightsizing; or disabled", (*Sandbox).putCostExplorer},
		{"POST /_sandbox/costexplorer/restatements", `{"account": "777788889999", "period": "2026-03"}`, "changes a month in Cost Explorer and not in the bill", (*Sandbox).postCostRestatement},
		{"GET /_sandbox/truth", "", "what the last whole delivery of `?export=` and `?period=` adds up to", (*Sandbox).getTruth},
	}
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // the client is gone: nobody is left to tell
}

// take reads a JSON body strictly; it answers 400 or 415 itself.
func take(w http.ResponseWriter, r *http.Request, v any) bool {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		http.Error(w, "send Content-Type: application/json", http.StatusUnsupportedMediaType)
		return false
	}
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

// simulated is a service in the index.
type simulated struct {
	Name       string   `json:"name"`
	Operations []string `json:"operations"`
}

func (s *Sandbox) simulated() []simulated {
	var out []simulated
	for _, service := range s.parts.list {
		x := simulated{Name: service.Name()}
		if l, ok := service.(cloud.Lister); ok {
			x.Operations = l.Operations()
		}
		out = append(out, x)
	}
	return out
}

func (s *Sandbox) getIndex(w http.ResponseWriter, _ *http.Request) {
	type entry struct {
		Request string `json:"request"`
		Body    string `json:"body,omitempty"`
		About   string `json:"about"`
	}
	var entries []entry
	for _, c := range controls() {
		entries = append(entries, entry{c.request(), c.body, c.about})
	}
	answer(w, map[string]any{
		"sandbox": "a simulated AWS; nothing here is real", "now": s.cloud.Clock.Now(), "console": s.URL() + "/console/",
		"control": entries, "services": s.simulated(), "cloudformation_types": s.cloud.ResourceTypes(),
	})
}

// request is the pattern as a person writes it.
func (c control) request() string { return strings.TrimSuffix(c.pattern, "{$}") }

func quoted(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

// Reference writes, in Markdown, what the sandbox has: the control API, the services with their operations, and the
// types that CloudFormation makes. It is a part of the guide.
func (s *Sandbox) Reference() string {
	var b strings.Builder
	b.WriteString("### The control API\n\n| request | body | what it does |\n|---|---|---|\n")
	for _, c := range controls() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.request(), quoted(c.body), c.about)
	}
	b.WriteString("\n### Services\n\n| service | operations |\n|---|---|\n")
	for _, x := range s.simulated() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", x.Name, strings.Join(x.Operations, ", "))
	}
	fmt.Fprintf(&b, "\nCloudFormation makes `%s`.\n", strings.Join(s.cloud.ResourceTypes(), "`, `"))
	return b.String()
}

func (s *Sandbox) getClock(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{"now": s.cloud.Clock.Now()})
}

func (s *Sandbox) postClock(w http.ResponseWriter, r *http.Request) {
	var in struct{ Advance string }
	if !take(w, r, &in) {
		return
	}
	d, err := time.ParseDuration(in.Advance)
	if err != nil || d < 0 {
		http.Error(w, `advance must be a duration such as "36h"; the clock never goes back`, http.StatusBadRequest)
		return
	}
	answer(w, map[string]any{"now": s.cloud.Clock.Advance(d)})
}

func (s *Sandbox) getFaults(w http.ResponseWriter, _ *http.Request) {
	list := s.cloud.Faults.List()
	if list == nil {
		list = []cloud.Fault{}
	}
	answer(w, map[string]any{"faults": list})
}

func (s *Sandbox) postFault(w http.ResponseWriter, r *http.Request) {
	in := struct {
		cloud.Fault
		Latency string `json:"latency"`
	}{}
	if !take(w, r, &in) {
		return
	}
	if in.Kind == "" {
		http.Error(w, "kind is missing: throttle, denied_scp, drop, error, latency, or one of a service's own", http.StatusBadRequest)
		return
	}
	if in.Latency != "" {
		d, err := time.ParseDuration(in.Latency)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		in.Fault.Latency = d
	}
	s.cloud.Faults.Add(in.Fault)
	s.getFaults(w, r)
}

func (s *Sandbox) deleteFaults(w http.ResponseWriter, r *http.Request) {
	s.cloud.Faults.Clear()
	s.getFaults(w, r)
}

func (s *Sandbox) getMeter(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{"requests": s.cloud.Meter.Counts(), "nano_usd": s.cloud.Meter.NanoUSD()})
}

func (s *Sandbox) deleteMeter(w http.ResponseWriter, r *http.Request) {
	s.cloud.Meter.Reset()
	s.getMeter(w, r)
}

func (s *Sandbox) getWorld(w http.ResponseWriter, _ *http.Request) {
	type account struct {
		ID           string `json:"id"`
		Name         string `json:"name"`
		State        string `json:"state"`
		Organization string `json:"organization,omitempty"`
		Management   bool   `json:"management,omitempty"`
		Parent       string `json:"parent,omitempty"`
	}
	out := []account{}
	for _, a := range s.cloud.Accounts() {
		o, _ := s.cloud.OrganizationOf(a.ID)
		out = append(out, account{a.ID, a.Name, a.State, a.OrganizationID, o.ManagementID == a.ID, a.ParentID})
	}
	answer(w, map[string]any{"accounts": out, "bursar_account": s.cloud.World.Bursar.Account})
}

func (s *Sandbox) postAccount(w http.ResponseWriter, r *http.Request) {
	var in struct{ ID, Name, Parent string }
	if !take(w, r, &in) {
		return
	}
	if _, err := s.cloud.AddAccount(world.Account{ID: in.ID, Name: in.Name}, in.Parent); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.getWorld(w, r)
}

// postCredentials gives simulated keys away: they open nothing but this sandbox.
func (s *Sandbox) postCredentials(w http.ResponseWriter, r *http.Request) {
	var in struct{ Account string }
	if !take(w, r, &in) {
		return
	}
	k, e := s.cloud.AdminKey(in.Account)
	if e != nil {
		http.Error(w, e.Message, http.StatusBadRequest)
		return
	}
	answer(w, map[string]string{"access_key_id": k.ID, "secret_access_key": k.Secret.Reveal()})
}

func (s *Sandbox) postPropagation(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Delay     string
		Simulated bool
	}
	if !take(w, r, &in) {
		return
	}
	d, err := time.ParseDuration(in.Delay)
	if err != nil || d < 0 {
		http.Error(w, `delay must be a duration such as "10s"`, http.StatusBadRequest)
		return
	}
	s.cloud.SetPropagation(cloud.Propagation{Delay: d, Simulated: in.Simulated})
	answer(w, map[string]any{"delay": d.String(), "simulated": in.Simulated})
}
