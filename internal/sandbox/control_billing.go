package sandbox

import (
	"net/http"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billing"
)

func (s *Sandbox) getExports(w http.ResponseWriter, r *http.Request) {
	answer(w, map[string]any{"exports": s.parts.billing.Exports(r.FormValue("account"))})
}

func (s *Sandbox) postExport(w http.ResponseWriter, r *http.Request) {
	var in struct{ Account, Name, Bucket, Region, Prefix, Versioning, Files string }
	if !take(w, r, &in) {
		return
	}
	arn, err := s.parts.billing.Mount(billing.Export{
		Account: in.Account, Name: in.Name, Bucket: in.Bucket, Region: in.Region, Prefix: in.Prefix, Versioning: in.Versioning, Files: in.Files,
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer(w, map[string]any{"export": arn, "deliveries": s.parts.billing.Deliveries(arn)})
}

// period reads ?period=; it answers 400 itself.
func period(w http.ResponseWriter, text string) (p bursar.Period, ok bool) {
	if err := p.UnmarshalText([]byte(text)); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return p, false
	}
	return p, true
}

func (s *Sandbox) getDeliveries(w http.ResponseWriter, r *http.Request) {
	p, ok := period(w, r.FormValue("period"))
	if !ok {
		return
	}
	out := []billing.Delivery{}
	for _, x := range s.parts.billing.Exports(r.FormValue("account")) {
		if want := r.FormValue("export"); want != "" && want != x.ARN {
			continue
		}
		for _, d := range s.parts.billing.Deliveries(x.ARN) {
			if p.IsZero() || d.Period == p {
				out = append(out, d)
			}
		}
	}
	answer(w, map[string]any{"deliveries": out})
}

// order is the body of the requests that deliver.
type order struct {
	Export string
	Period bursar.Period
}

func (s *Sandbox) postDelivery(w http.ResponseWriter, r *http.Request) {
	s.deliver(w, r, s.parts.billing.Deliver)
}

func (s *Sandbox) postRestatement(w http.ResponseWriter, r *http.Request) {
	s.deliver(w, r, s.parts.billing.Restate)
}

func (s *Sandbox) deliver(w http.ResponseWriter, r *http.Request, run func(arn string, p bursar.Period) error) {
	var in order
	if !take(w, r, &in) {
		return
	}
	before := len(s.parts.billing.Deliveries(in.Export))
	if err := run(in.Export, in.Period); err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	answer(w, map[string]any{"deliveries": s.parts.billing.Deliveries(in.Export)[before:]})
}

func (s *Sandbox) getTruth(w http.ResponseWriter, r *http.Request) {
	p, ok := period(w, r.FormValue("period"))
	if !ok {
		return
	}
	d, ok := s.parts.billing.Truth(r.FormValue("export"), p)
	if !ok {
		http.Error(w, "nothing was delivered of this export and period, or its files are somebody's own", http.StatusNotFound)
		return
	}
	answer(w, d)
}
