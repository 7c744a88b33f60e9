package cloudcraft_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/cloudcraft"
	"github.com/bursarhq/bursar/internal/register"
	"github.com/bursarhq/bursar/internal/store"
)

const (
	own     = "999900001111"
	account = "123456789012"
	role    = "arn:aws:iam::" + account + ":role/cloudcraft"
)

var start = time.Date(2026, 7, 3, 9, 0, 0, 123456000, time.UTC)

// room is a face over a real state, without AWS.
type room struct {
	*testing.T
	store    *store.Store
	face     http.Handler
	ws       string
	now      time.Time
	refused  []error
	canceled []string
	gone     []string
	log      bytes.Buffer
	limit    func(set func(string, string), p auth.Principal) error // nil: none
}

// Wake does nothing: nobody works here.
func (r *room) Wake() {}

// Cancel remembers what was ended.
func (r *room) Cancel(_ context.Context, _, id string) (bursar.Run, error) {
	r.canceled = append(r.canceled, id)
	return bursar.Run{}, nil
}

func newRoom(t *testing.T) *room {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	r := &room{T: t, store: s, now: start}
	s.Now = func() time.Time { return r.now }
	r.face, err = cloudcraft.New(cloudcraft.Services{
		Store: s, Keys: auth.Keys{Store: s}, Runs: r, Log: slog.New(slog.NewTextHandler(&r.log, nil)),
		Config: func() register.Config {
			return register.Config{PrincipalAccountID: own, PrincipalARN: "arn:aws:iam::" + own + ":user/bursar"}
		},
		Check: func(tx *store.Tx, a bursar.Account) error {
			_, _, err := tx.Enqueue(a.WorkspaceID, "check", a.ID, tx.Now)
			return err
		},
		From:   func(*http.Request) string { return "192.0.2.1" },
		Refuse: func(_ context.Context, err error) { r.refused = append(r.refused, err) },
		Limit: func(set func(string, string), p auth.Principal) error {
			if r.limit == nil {
				return nil
			}
			return r.limit(set, p)
		},
		Forget: func(_ context.Context, a bursar.Account) { r.gone = append(r.gone, a.AccountID) },
	})
	if err != nil {
		t.Fatal(err)
	}
	r.ws = r.workspace("one")
	return r
}

func (r *room) tx(f func(*store.Tx) error) {
	r.Helper()
	if err := r.store.InTx(r.Context(), f); err != nil {
		r.Fatal(err)
	}
}

func (r *room) workspace(name string) (id string) {
	r.Helper()
	r.tx(func(tx *store.Tx) error { w, err := tx.AddWorkspace(name); id = w.ID; return err })
	return id
}

// key makes a key of 44 characters.
func (r *room) key(ws string, role auth.Role) (key string, id string) {
	r.Helper()
	r.tx(func(tx *store.Tx) error {
		k, kept, err := auth.NewCloudcraftKey(tx, ws, bursar.NewID("test"), role, time.Time{})
		key, id = k.Reveal(), kept.ID
		return err
	})
	return key, id
}

// send sends a request as it stands in a recording: a line, headers, an empty line, a body.
func (r *room) send(raw, key string) (int, http.Header, []byte) {
	r.Helper()
	head, body, _ := strings.Cut(raw, "\n\n")
	text := strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n" + body
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		r.Fatalf("%v in\n%s", err, text)
	}
	if req.Header.Get("Content-Length") == "" {
		req.Body, req.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	w := httptest.NewRecorder()
	r.face.ServeHTTP(w, req)
	return w.Code, w.Header(), w.Body.Bytes()
}

// ask sends a plain request and reads the JSON that it answers, which every answer with a body must be.
func (r *room) ask(method, path, key, body string, into any) int {
	r.Helper()
	status, h, text := r.send(method+" "+path+" HTTP/1.1\nHost: bursar.example.com\n\n"+body, key)
	if len(text) > 0 && h.Get("Content-Type") != "application/json" {
		r.Errorf("%s %s answers %q", method, path, h.Get("Content-Type"))
	}
	if into == nil {
		return status
	}
	if err := json.Unmarshal(text, into); err != nil {
		r.Fatalf("%s %s: %d %v in %q", method, path, status, err, text)
	}
	return status
}

// shown is an account as a client reads it.
type shown struct {
	ID, Name, RoleARN, ExternalID, CreatorID, Source string
	ReadAccess, WriteAccess                          []string
	CreatedAt, UpdatedAt                             time.Time
}

type failure struct {
	Error, Reason string
	Code          int
}

func (r *room) add(key, name, role string) shown {
	r.Helper()
	var out shown
	body, err := json.Marshal(map[string]string{"name": name, "roleArn": role, "region": "us-east-1"})
	if err != nil {
		r.Fatal(err)
	}
	if status := r.ask("POST", "/aws/account", key, string(body), &out); status != http.StatusCreated {
		r.Fatalf("%d", status)
	}
	return out
}

func (r *room) list(key string) []shown {
	r.Helper()
	var out struct{ Accounts []shown }
	if status := r.ask("GET", "/aws/account", key, "", &out); status != http.StatusOK {
		r.Fatalf("%d", status)
	}
	return out.Accounts
}
