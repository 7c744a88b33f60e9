package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
)

const token = "bur_test"

// serve answers with the given handlers, one for each request, and fails the test when there are more requests.
func serve(t *testing.T, answers ...http.HandlerFunc) (*client.Client, *int) {
	t.Helper()
	n := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			t.Errorf("%s without its token", r.URL)
		}
		if n++; n > len(answers) {
			t.Errorf("request %d, for %s, was not expected", n, r.URL)
			return
		}
		answers[n-1](w, r)
	}))
	t.Cleanup(srv.Close)
	c, err := client.New(srv.URL+"/", client.WithToken(token), client.WithPause(func(context.Context, int) error { return nil }))
	if err != nil {
		t.Fatal(err)
	}
	return c, &n
}

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code); _, _ = io.WriteString(w, body) }
}

func TestWhatIsTriedAgain(t *testing.T) {
	busy := status(503, `{"title":"Service Unavailable","status":503,"detail":"busy","code":"unavailable"}`)
	c, n := serve(t, busy, status(502, "<html>"), status(200, `{"id":"run_1","state":"queued"}`))
	if run, err := c.Run(t.Context(), "run_1"); err != nil || run.ID != "run_1" || *n != 3 {
		t.Errorf("got %+v, %v after %d requests", run, err, *n)
	}
	c, n = serve(t, busy, busy, busy)
	if _, err := c.Run(t.Context(), "run_1"); bursar.CodeOf(err) != bursar.Unavailable || *n != 3 {
		t.Errorf("got %v after %d requests", err, *n)
	}
	c, n = serve(t, busy, busy, status(201, `{"id":"acc_1"}`))
	if a, err := c.AddAccount(t.Context(), client.NewAccount{}); err != nil || a.ID != "acc_1" || *n != 3 {
		t.Errorf("got %+v, %v after %d requests", a, err, *n)
	}
	inFlight := status(409, `{"title":"Conflict","status":409,"detail":"under way","code":"conflict","reason":"idempotency_in_flight"}`)
	c, n = serve(t, busy, inFlight, inFlight, inFlight, inFlight, inFlight, status(201, `{"id":"acc_1"}`))
	if a, err := c.AddAccount(t.Context(), client.NewAccount{}); err != nil || a.ID != "acc_1" || *n != 7 {
		t.Errorf("got %+v, %v after %d requests", a, err, *n)
	}
	for _, refused := range []http.HandlerFunc{status(409, `{"title":"Conflict","status":409,"detail":"taken","code":"conflict"}`), status(500, `{"title":"x","status":500,"detail":"x","code":"internal"}`)} {
		c, n = serve(t, refused)
		if _, err := c.AddAccount(t.Context(), client.NewAccount{}); err == nil || *n != 1 {
			t.Errorf("got %v after %d requests", err, *n)
		}
	}
	c, n = serve(t, busy)
	if _, err := c.RenameAccount(t.Context(), "x", "y"); bursar.CodeOf(err) != bursar.Unavailable || *n != 1 {
		t.Errorf("got %v after %d requests", err, *n)
	}
	c, n = serve(t, status(404, `{"title":"Not Found","status":404,"detail":"no such run","code":"not_found","hint":"look again","field":"run"}`))
	var e *client.Error
	if _, err := c.Run(t.Context(), "x"); !errors.As(err, &e) || e.Hint != "look again" || err.Error() != "run: no such run" || *n != 1 {
		t.Errorf("got %v after %d requests", err, *n)
	}
}

func TestIDsCannotLeaveTheirPath(t *testing.T) {
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.EscapedPath() != "/api/v1/accounts/..%2F..%2Fx%3Fy" {
			t.Errorf("asked for %s", r.URL.EscapedPath())
		}
		_, _ = io.WriteString(w, "{}")
	})
	if _, err := c.Account(t.Context(), "../../x?y"); err != nil {
		t.Error(err)
	}
}

func TestListsAreReadToTheirEnd(t *testing.T) {
	page := func(cursor, next string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if got := r.URL.Query().Get("cursor"); got != cursor {
				t.Errorf("cursor %q, want %q", got, cursor)
			}
			fmt.Fprintf(w, `{"items":[{"name":"after %s"}],"next_cursor":%q}`, cursor, next)
		}
	}
	c, _ := serve(t, page("", "a&b"), page("a&b", "c"), page("c", ""))
	if got, err := c.Accounts(t.Context()); err != nil || len(got) != 3 || got[1].Name != "after a&b" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestWatchOutlivesABrokenStream(t *testing.T) {
	broken := func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, ": hello\n\nevent: finding\ndata: {\"check\":\"assume_role\"}\n\nevent: news\ndata: {}\n\nevent: run\nda")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	c, n := serve(t, broken, status(200, `{"id":"run_1","state":"running"}`), status(200, `{"id":"run_1","state":"succeeded"}`))
	var seen []string
	run, err := c.WatchRun(t.Context(), "run_1", func(e client.RunEvent) { seen = append(seen, e.Finding.Check) })
	if err != nil || run.State != bursar.RunSucceeded || strings.Join(seen, " ") != "assume_role" || *n != 3 {
		t.Errorf("got %+v, %v, %v after %d requests", run, err, seen, *n)
	}
}

func TestUnreachableSaysWhatToDo(t *testing.T) {
	srv := httptest.NewServer(nil)
	srv.Close()
	c, err := client.New(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.AddAccount(t.Context(), client.NewAccount{})
	if bursar.CodeOf(err) != bursar.Unavailable || !strings.Contains(err.Error(), "bursar serve") {
		t.Errorf("got %v", err)
	}
	for _, bad := range []string{"", "127.0.0.1:8440", "ftp://x", "http://", "http://[::1"} {
		if _, err := client.New(bad); err == nil {
			t.Errorf("%q passed for an address", bad)
		}
	}
}
