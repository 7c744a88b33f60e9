package console_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/bursarhq/bursar/internal/console"
)

func get(t *testing.T, h http.Handler, method, path string) (*http.Response, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Result(), string(body)
}

func TestPagesAndFiles(t *testing.T) {
	h := console.New(fstest.MapFS{
		"index.html":         {Data: []byte("<html>the page</html>")},
		"icon.svg":           {Data: []byte("<svg/>")},
		"assets/index-1.js":  {Data: []byte("script")},
		"assets/index-1.css": {Data: []byte("style")},
	}, true)
	for _, tt := range []struct {
		method, path string
		status       int
		body, cache  string
	}{
		{"GET", "/", 200, "the page", "no-cache"},
		{"GET", "/index.html", 200, "the page", "no-cache"},
		{"GET", "/accounts/123456789012?tab=access", 200, "the page", "no-cache"},
		{"GET", "/assets/index-1.js", 200, "script", "public, max-age=31536000, immutable"},
		{"GET", "/assets/index-0.js", 404, "not found", ""},
		{"GET", "/assets/../index.html", 200, "the page", "no-cache"},
		{"GET", "/icon.svg", 200, "<svg/>", ""},
		{"HEAD", "/costs", 200, "", "no-cache"},
		{"POST", "/", 405, "GET", ""},
	} {
		res, body := get(t, h, tt.method, tt.path)
		if res.StatusCode != tt.status || !strings.Contains(body, tt.body) || res.Header.Get("Cache-Control") != tt.cache {
			t.Errorf("%s %s: %d %q %q", tt.method, tt.path, res.StatusCode, body, res.Header.Get("Cache-Control"))
		}
		if csp := res.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'self';") {
			t.Errorf("%s: policy %q", tt.path, csp)
		}
	}
}

func TestWithoutConsole(t *testing.T) {
	if res, body := get(t, console.New(nil, false), "GET", "/accounts"); res.StatusCode != 404 || !strings.Contains(body, "make build") {
		t.Errorf("%d %q", res.StatusCode, body)
	}
}
