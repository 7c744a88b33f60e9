package api_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
)

func TestTooManyRequestsOfOneKey(t *testing.T) {
	b := start(t)
	var passed atomic.Int64 // seconds
	begun := time.Date(2026, 6, 15, 0, 0, 20, 0, time.UTC)
	b.api.RequestsPerMinute, b.api.Now = 3, func() time.Time { return begun.Add(time.Duration(passed.Load()) * time.Second) }
	other := "Bearer " + b.key(b.ws, auth.Viewer).Reveal()
	for i, want := range []int{200, 200, 200, 429, 429} {
		resp, text := b.raw("GET", "/api/v1/accounts", "")
		if resp.StatusCode != want || resp.Header.Get("RateLimit-Policy") != `"caller";q=3;w=60` || resp.Header.Get("RateLimit") != fmt.Sprintf(`"caller";r=%d;t=40`, max(0, 2-i)) {
			t.Errorf("request %d: %d %v", i+1, resp.StatusCode, resp.Header)
		}
		if want != 429 {
			continue
		}
		if p := problem(t, resp, text); p.Code != bursar.TooMany || p.Reason != "rate_limited" || p.Hint == "" || resp.Header.Get("Retry-After") != "40" {
			t.Errorf("request %d: %v %s", i+1, resp.Header, text)
		}
	}
	if resp, _ := b.raw("GET", "/api/v1/accounts", "", "Authorization", other); resp.StatusCode != 200 || resp.Header.Get("RateLimit") != `"caller";r=2;t=40` {
		t.Errorf("another key: %d %v", resp.StatusCode, resp.Header)
	}
	_, cookie := b.person(b.ws, auth.Viewer)
	if resp, _ := b.raw("GET", "/api/v1/accounts", "", "Authorization", "", "Cookie", cookie); resp.StatusCode != 200 || resp.Header.Get("RateLimit") != `"caller";r=2;t=40` {
		t.Errorf("a person: %d %v", resp.StatusCode, resp.Header)
	}
	passed.Store(40)
	if resp, _ := b.raw("GET", "/api/v1/accounts", ""); resp.StatusCode != 200 || resp.Header.Get("RateLimit") != `"caller";r=2;t=60` || resp.Header.Get("Retry-After") != "" {
		t.Errorf("in the next minute: %d %v", resp.StatusCode, resp.Header)
	}
}

func TestNoLimitOfRequests(t *testing.T) {
	b := start(t)
	if resp, _ := b.raw("GET", "/api/v1/accounts", ""); resp.StatusCode != 200 || resp.Header.Get("RateLimit") != "" || resp.Header.Get("RateLimit-Policy") != "" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
}
