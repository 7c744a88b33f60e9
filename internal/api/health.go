package api

import (
	"log/slog"
	"net/http"

	"github.com/bursarhq/bursar"
)

// healthz says that the process lives. It asks nothing: a restart mends nothing that lies outside.
func (a *API) healthz(w http.ResponseWriter, _ *http.Request) { answerStatus(w, "ok") }

// readyz says whether requests can be served now.
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
	answerStatus(w, "ready")
}

func answerStatus(w http.ResponseWriter, status string) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"status":"` + status + "\"}\n")) // the caller has gone when it fails
}
