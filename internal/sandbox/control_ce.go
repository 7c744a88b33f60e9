package sandbox

import (
	"net/http"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/ce"
)

func (s *Sandbox) putCostExplorer(w http.ResponseWriter, r *http.Request) {
	var in ce.Account
	if !take(w, r, &in) {
		return
	}
	if err := s.parts.ce.Set(in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer(w, in)
}

func (s *Sandbox) postCostRestatement(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Account string        `json:"account"`
		Period  bursar.Period `json:"period"`
	}
	if !take(w, r, &in) {
		return
	}
	if _, ok := s.cloud.Account(in.Account); !ok || in.Period.IsZero() {
		http.Error(w, "name an account and a period (YYYY-MM)", http.StatusBadRequest)
		return
	}
	s.parts.ce.Restate(in.Account, in.Period)
	answer(w, in)
}
