package api_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/auth"
)

// post sends JSON with an Idempotency-Key.
func (b *bench) post(path, key, body string, header ...string) (*http.Response, string) {
	b.Helper()
	return b.raw("POST", path, body, append([]string{"Content-Type", "application/json", "Idempotency-Key", key}, header...)...)
}

func TestTheSameRequestIsDoneOnce(t *testing.T) {
	b := start(t)
	now := b.clock.set(time.Now())
	const body = `{"account_id":"012345678901","name":"payer"}`
	first, said := b.post("/api/v1/accounts", "one", body)
	again, saidAgain := b.post("/api/v1/accounts", "one", body)
	if first.StatusCode != 201 || again.StatusCode != 201 || said != saidAgain || first.Header.Get("Location") == "" || first.Header.Get("Location") != again.Header.Get("Location") ||
		first.Header.Get("Content-Type") != again.Header.Get("Content-Type") || first.Header.Get("Idempotency-Replayed") != "" || again.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("%d %v %.200s\nthen %d %v %.200s", first.StatusCode, first.Header, said, again.StatusCode, again.Header, saidAgain)
	}
	resp, text := b.post("/api/v1/accounts", "one", `{"account_id":"012345678902","name":"payer"}`)
	if p := problem(t, resp, text); resp.StatusCode != 422 || p.Reason != "idempotency_key_reused" || p.Field != "Idempotency-Key" || p.Hint == "" {
		t.Errorf("another body: %d %s", resp.StatusCode, text)
	}
	if resp, text := b.post("/api/v1/keys", "one", body); problem(t, resp, text).Reason != "idempotency_key_reused" {
		t.Errorf("another path: %d %s", resp.StatusCode, text)
	}
	resp, text = b.post("/api/v1/accounts", "two", body)
	if problem(t, resp, text).Reason != "account_id_taken" {
		t.Errorf("another key: %d %s", resp.StatusCode, text)
	}
	if resp, same := b.post("/api/v1/accounts", "two", body); resp.StatusCode != 409 || same != text {
		t.Errorf("a refusal is answered again: %d %s", resp.StatusCode, same)
	}
	now = b.clock.set(now.Add(24*time.Hour - time.Second))
	if resp, _ := b.post("/api/v1/accounts", "one", body); resp.StatusCode != 201 {
		t.Errorf("within a day: %d", resp.StatusCode)
	}
	b.clock.set(now.Add(time.Second))
	if resp, text := b.post("/api/v1/accounts", "one", body); problem(t, resp, text).Reason != "account_id_taken" {
		t.Errorf("after a day: %d %s", resp.StatusCode, text)
	}
}

func TestAnIdempotencyKeyBelongsToItsCredential(t *testing.T) {
	b := start(t)
	const body = `{"name":"robot","role":"viewer"}`
	_, said := b.post("/api/v1/keys", "one", body)
	other := "Bearer " + b.key(b.ws, auth.Owner).Reveal()
	if resp, text := b.post("/api/v1/keys", "one", body, "Authorization", other); resp.StatusCode != 201 || text == said {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	viewer := "Bearer " + b.key(b.ws, auth.Viewer).Reveal()
	if resp, text := b.post("/api/v1/keys", "one", body, "Authorization", viewer); resp.StatusCode != 403 {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	foreign := "Bearer " + b.key(b.workspace("foreign"), auth.Owner).Reveal()
	if resp, text := b.post("/api/v1/keys", "one", body, "Authorization", foreign); resp.StatusCode != 201 || text == said {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	_, cookie := b.person(b.ws, auth.Owner)
	resp, by := b.post("/api/v1/accounts", "one", `{"account_id":"012345678901","name":"x"}`, "Authorization", "", "Cookie", cookie)
	if again, text := b.post("/api/v1/accounts", "one", `{"account_id":"012345678901","name":"x"}`, "Authorization", "", "Cookie", cookie); resp.StatusCode != 201 || text != by || again.StatusCode != 201 {
		t.Errorf("by session: %d %s", again.StatusCode, text)
	}
}

// A key that is shown once is in the answer, which is kept: but nobody can read it in the database.
func TestAKeptAnswerIsSealed(t *testing.T) {
	b := start(t)
	_, said := b.post("/api/v1/keys", "the-idempotency-key", `{"name":"robot","role":"viewer"}`)
	at := strings.Index(said, "bur_")
	if at < 0 {
		t.Fatalf("no key in %s", said)
	}
	secret := said[at+13 : at+40]
	files, err := filepath.Glob(filepath.Join(b.dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{secret, "the-idempotency-key"} {
			if strings.Contains(string(text), s) {
				t.Errorf("%s holds %q", f, s)
			}
		}
	}
}

func TestManySendTheSameRequestAtOnce(t *testing.T) {
	b := start(t)
	var wg sync.WaitGroup
	statuses := make([]int, 20)
	for i := range statuses {
		wg.Go(func() {
			req, err := http.NewRequestWithContext(context.Background(), "POST", b.url+"/api/v1/keys", strings.NewReader(`{"name":"robot","role":"viewer"}`))
			if err != nil {
				return
			}
			req.Header = http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {"one"}, "Authorization": {"Bearer " + b.owner.Reveal()}}
			if resp, err := http.DefaultClient.Do(req); err == nil {
				resp.Body.Close()
				statuses[i] = resp.StatusCode
			}
		})
	}
	wg.Wait()
	for _, s := range statuses {
		if s != 201 && s != 409 {
			t.Errorf("got %d", s)
		}
	}
	keys, err := b.client(b.owner).Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	keys = slices.DeleteFunc(keys, func(k client.Key) bool { return k.Name != "robot" })
	if len(keys) != 1 || !slices.Contains(statuses, 201) {
		t.Errorf("%d keys were made: %v", len(keys), statuses)
	}
}

func TestIdempotencyKeysThatAreRefused(t *testing.T) {
	b := start(t)
	for _, key := range []string{"two words", strings.Repeat("x", 256), "süd"} {
		resp, text := b.post("/api/v1/accounts", key, `{}`)
		if p := problem(t, resp, text); resp.StatusCode != 400 || p.Reason != "idempotency_key_malformed" || p.Hint == "" {
			t.Errorf("%q: %d %s", key, resp.StatusCode, text)
		}
	}
	resp, text := b.post("/api/v1/accounts", "large", `{"name":"`+strings.Repeat("x", 1<<20)+`"}`)
	if p := problem(t, resp, text); resp.StatusCode != 413 || p.Reason != "body_too_large" {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}

// A request that was begun and never answered is not done a second time; one that has failed may be tried again.
func TestARequestThatFails(t *testing.T) {
	b := start(t)
	const body = `{"role_arn":"arn:aws:iam::012345678901:role/%s"}`
	for _, tc := range []struct {
		role          string
		status, again int
		reason        string
	}{
		{"breaks", 500, 409, "idempotency_outcome_unknown"},
		{"fails", 500, 500, ""},
	} {
		body := fmt.Sprintf(body, tc.role)
		if resp, text := b.post("/api/v1/validate", tc.role, body); resp.StatusCode != tc.status {
			t.Errorf("%s: %d %s", tc.role, resp.StatusCode, text)
		}
		resp, text := b.post("/api/v1/validate", tc.role, body)
		if p := problem(t, resp, text); resp.StatusCode != tc.again || p.Reason != tc.reason || p.Hint == "" {
			t.Errorf("%s, again: %d %s", tc.role, resp.StatusCode, text)
		}
	}
}
