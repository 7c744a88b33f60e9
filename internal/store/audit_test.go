package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

func audited(t *testing.T) (*store.Store, string) {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	id := ""
	if err := s.InTx(t.Context(), func(tx *store.Tx) error { ws, err := tx.AddWorkspace("one"); id = ws.ID; return err }); err != nil {
		t.Fatal(err)
	}
	return s, id
}

func lines(t *testing.T, s *store.Store, ws string) (out []bursar.AuditEntry) {
	t.Helper()
	var chain bursar.AuditChain
	err := s.View(t.Context(), func(tx *store.Tx) (err error) {
		if out, err = tx.AuditAfter(ws, 0, 10000); err != nil {
			return err
		}
		for _, e := range out {
			if err := chain.Next(e); err != nil {
				return err
			}
		}
		head, err := tx.AuditHead(ws)
		if head.Hash != chain.Hash {
			t.Errorf("the log ends with %+v and its head is %+v", chain, head)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNoChangeThatSomebodyAskedForIsWithoutItsLine(t *testing.T) {
	s, ws := audited(t)
	ctx := store.WithOrigin(t.Context(), store.Origin{
		WorkspaceID: ws, Actor: bursar.Actor{Kind: bursar.ActorKey, ID: "k1", Name: "nightly"}, Operation: "cancelRun", Target: "run_x", RequestID: "r-1", From: "192.0.2.1",
	})
	var run bursar.Run
	if err := s.InTx(t.Context(), func(tx *store.Tx) (err error) { run, _, err = tx.Enqueue(ws, "check", "acc_x", tx.Now); return err }); err != nil {
		t.Fatal(err)
	}
	before := len(lines(t, s, ws))
	if err := s.InTx(ctx, func(tx *store.Tx) error { return tx.FinishRun(run.ID, bursar.RunCancelled, nil) }); err != nil { // it says nothing about the log
		t.Fatal(err)
	}
	all := lines(t, s, ws)
	e := all[len(all)-1]
	if len(all) != before+1 || e.Action != "cancelRun" || e.Target != "run_x" || e.Actor.Name != "nightly" || e.RequestID != "r-1" || e.From != "192.0.2.1" || e.Outcome != bursar.OutcomeDone {
		t.Errorf("%d lines before, then %+v", before, e)
	}
	if err := s.InTx(ctx, func(tx *store.Tx) error { _, err := tx.Run(ws, run.ID); return err }); err != nil || len(lines(t, s, ws)) != len(all) {
		t.Errorf("a look left a line: %v", err)
	}
	boom := errors.New("boom")
	err := s.InTx(ctx, func(tx *store.Tx) error {
		if _, err := tx.AddAccount(bursar.Account{WorkspaceID: ws, AccountID: "111122223333", Name: "x", ExternalID: "e"}); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) || len(lines(t, s, ws)) != len(all) {
		t.Errorf("a change that was not made has a line: %v", err)
	}
}

func TestTheLogHasNoSecrets(t *testing.T) {
	s, ws := audited(t)
	key := "bur_ABCDEFGH_" + strings.Repeat("k", 49)
	id := bursar.NewExternalID()
	canaries := []string{"canary-password", "canary-token", "canary-hash", "canary-secret-key", key, id}
	value := map[string]any{
		"name": "kept", "password": "canary-password", "session_token": "canary-token", "inner": []any{map[string]any{"password_hash": "canary-hash", "aws_secret_access_key": "canary-secret-key"}},
		"text": "somebody pasted " + key + " here", "role": "uses " + id, "external_id": id, "empty_token": "",
	}
	if err := s.InTx(t.Context(), func(tx *store.Tx) error {
		return tx.Audit(store.Change{WorkspaceID: ws, Action: "x", Before: value, After: value})
	}); err != nil {
		t.Fatal(err)
	}
	all := lines(t, s, ws)
	e := all[len(all)-1]
	for _, c := range canaries {
		if strings.Contains(string(e.Before)+string(e.After), c) {
			t.Errorf("the log has %q: %s", c, e.After)
		}
	}
	if !strings.Contains(string(e.After), `"name":"kept"`) || !strings.Contains(string(e.After), "somebody pasted [redacted] here") {
		t.Errorf("too much is gone: %s", e.After)
	}
}

func TestManyLinesAtOnceKeepTheChain(t *testing.T) {
	s, ws := audited(t)
	q := store.NewAuditQueue(s)
	before := len(lines(t, s, ws))
	const n = 200
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			cancel() // what has happened is written even when its request is over
			if err := q.Add(ctx, store.Change{WorkspaceID: ws, Action: "assumeRole", Target: fmt.Sprint(i)}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, e := range lines(t, s, ws)[before:] {
		seen[e.Target] = true
	}
	if len(seen) != n {
		t.Errorf("%d of %d lines are there", len(seen), n)
	}
	if err := q.Add(t.Context(), store.Change{Action: "assumeRole", Target: "of nobody"}); err != nil {
		t.Fatal(err)
	}
	if all := lines(t, s, ws); all[len(all)-1].Target != "of nobody" {
		t.Error("what belongs to no workspace is not in the first one's log")
	}
	s.Close()
	if err := q.Add(t.Context(), store.Change{WorkspaceID: ws, Action: "assumeRole"}); err == nil {
		t.Error("a line that cannot be written is said to be")
	}
}

func TestEachWorkspaceHasAChainOfItsOwn(t *testing.T) {
	s, one := audited(t)
	two := ""
	err := s.InTx(t.Context(), func(tx *store.Tx) error {
		ws, err := tx.AddWorkspace("two")
		if err != nil {
			return err
		}
		two = ws.ID
		return tx.Audit(store.Change{WorkspaceID: one, Action: "x"})
	})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := lines(t, s, one), lines(t, s, two); len(a) != 2 || len(b) != 1 || b[0].Seq != 1 || b[0].Previous != "" {
		t.Errorf("%+v\n%+v", a, b)
	}
}
