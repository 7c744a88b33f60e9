package api

import (
	"log/slog"
	"net/http"

	"github.com/bursarhq/bursar"
)

// healthz says that the process lives. It asks nothing: a restart mends nothing that lies outside.
func (a *API) healthz(w http.ResponseWriter, _ *http.Request) { answerStatus(w, "ok", "") }

// readyz says whether requests can be served now. It says too whether AWS has said who bursar is: until then accounts cannot be set up or
// checked, and everything else works.
func (a *API) readyz(w http.ResponseWriter, r *http.Request) {
	select {
	case <-a.stopping:
		writeProblem(w, r, 0, bursar.Errorf(bursar.Unavailable, "bursar is stopping").WithReason("stopping"))
		return
	default:
	}
	if err := a.Ready(r.Context()); err != nil {
		a.Log.WarnContext(r.Context(), "not ready", slog.Any("error", err))
		writeProblem(w, r, 0, bursar.Errorf(bursar.Unavailable, "bursar is not ready").WithReason("not_ready").WithHint("the server's log says why"))
		return
	}
	switch {
	case a.Identified == nil:
		answerStatus(w, "ready", "")
	case a.Identified():
		answerStatus(w, "ready", "known")
	default:
		answerStatus(w, "ready", "unknown")
	}
}

func answerStatus(w http.ResponseWriter, status, identity string) {
	w.Header().Set("Content-Type", "application/json")
	more := ""
	if identity != "" {
		more = `,"aws_identity":"` + identity + `"`
	}
	_, _ = w.Write([]byte(`{"status":"` + status + `"` + more + "}\n")) // the caller has gone when it fails
}
