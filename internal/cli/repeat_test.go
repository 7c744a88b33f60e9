package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A list that is watched is printed again when it has changed, and not when it has not; Ctrl-C is no failure.
func TestWatch(t *testing.T) {
	answers := []string{`{"items":[]}`, `{"items":[]}`, `{"items":[{"id":"run_1","state":"running"}]}`, `{"items":[{"id":"run_1","state":"succeeded"}]}`}
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, answers[asked])
		asked++
	}))
	defer srv.Close()
	s := &serverFlags{addr: srv.URL, env: Environment{Environ: []string{"BURSAR_TOKEN=x"}}, pause: func(context.Context) error {
		if asked < len(answers) {
			return nil
		}
		return context.Canceled
	}}
	var out bytes.Buffer
	c := s.watchable(runList(s))
	c.SetOut(&out)
	c.SetArgs([]string{"--watch", "--output", "csv"})
	const header = "RUN,KIND,ACCOUNT,STATE,PROGRESS,STEP,BEGAN\n"
	if err := c.ExecuteContext(t.Context()); err != nil || asked != 4 || out.String() != header+header+"run_1,,,running,,,\n"+header+"run_1,,,succeeded,,,\n" {
		t.Errorf("%v after %d looks:\n%s", err, asked, out.String())
	}
}

// What cannot be read ends the looking, with its error.
func TestWatchEndsWithAnError(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(401)
		_, _ = fmt.Fprint(w, `{"title":"Unauthorized","status":401,"detail":"no","code":"unauthorized"}`)
	}))
	defer srv.Close()
	s := &serverFlags{addr: srv.URL, env: Environment{Environ: []string{"BURSAR_TOKEN=x"}}, pause: func(context.Context) error { return errors.New("not reached") }}
	c := s.watchable(runList(s))
	c.SilenceErrors, c.SilenceUsage = true, true
	c.SetOut(io.Discard)
	c.SetArgs([]string{"--watch"})
	if err := c.ExecuteContext(t.Context()); exitCode(err) != ExitServer {
		t.Errorf("got %v", err)
	}
}
