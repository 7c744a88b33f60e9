package sandbox

import (
	"encoding/json"
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
	mux.HandleFunc("GET /_sandbox/{$}", s.getIndex)
	mux.HandleFunc("GET /_sandbox/clock", s.getClock)
	mux.HandleFunc("POST /_sandbox/clock", s.postClock)
	mux.HandleFunc("GET /_sandbox/faults", s.getFaults)
	mux.HandleFunc("POST /_sandbox/faults", s.postFault)
	mux.HandleFunc("DELETE /_sandbox/faults", s.deleteFaults)
	mux.HandleFunc("GET /_sandbox/meter", s.getMeter)
	mux.HandleFunc("DELETE /_sandbox/meter", s.deleteMeter)
	mux.HandleFunc("GET /_sandbox/world", s.getWorld)
	mux.HandleFunc("POST /_sandbox/accounts", s.postAccount)
	mux.HandleFunc("POST /_sandbox/propagation", s.postPropagation)
	return mux
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
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

func (s *Sandbox) getIndex(w http.ResponseWriter, _ *http.Request) {
	names := make([]string, 0, len(s.services))
	for _, service := range s.parts.list {
		names = append(names, service.Name())
	}
	answer(w, map[string]any{
		"sandbox": "a simulated AWS; nothing here is real", "services": names,
		"paths": []string{"/_sandbox/clock", "/_sandbox/faults", "/_sandbox/meter", "/_sandbox/world", "/_sandbox/accounts", "/_sandbox/propagation"},
	})
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
