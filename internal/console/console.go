// Package console serves the web console: files that a browser keeps for ever, because their names change with their contents, and one
// page, which it asks for each time. The console is a client of the API like any other: nothing here knows accounts or bills.
package console

import (
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/klauspost/compress/gzhttp"
)

// policy lets a page load what this server serves, and nothing else. Styles may be set by scripts, which components do to place things.
const policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// unbuilt is said in place of the console by a program that was built without it.
const unbuilt = "The console was not built into this program: build it with \"make build\". The API and the command line work without it.\n"

// New serves the console's files; every address that is no file is a page of the console, and gets its one document. Without
// files it says that there is no console.
func New(files fs.FS, built bool) http.Handler {
	if !built {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, unbuilt, http.StatusNotFound) })
	}
	return gzhttp.GzipHandler(secure(pages{files}))
}

func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

type pages struct{ files fs.FS }

// ServeHTTP answers GET and HEAD.
func (p pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "the console is read with GET", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	info, err := fs.Stat(p.files, name)
	switch {
	case err == nil && !info.IsDir() && name != "index.html":
		if strings.HasPrefix(name, "assets/") {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		http.ServeFileFS(w, r, p.files, name)
	case strings.HasPrefix(name, "assets/"):
		http.NotFound(w, r) // of an older build: the page would be taken for a script
	default:
		p.document(w)
	}
}

// document writes the one page. It is not kept: it names the files of this build.
func (p pages) document(w http.ResponseWriter) {
	text, err := fs.ReadFile(p.files, "index.html")
	if err != nil {
		http.Error(w, "the console cannot be read", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(text) // the browser has gone when it fails
}
