// Package console is the sandbox's stand-in for the AWS console: the pages that bursar's links open, so that a person
// with a browser, or a test without one, walks a registration to its end. Every page says that it is simulated.
//
// The address of a page follows AWS's: /console/cloudformation/home?region=…#/stacks/create/review?templateURL=….
// What stands after "#" never reaches a server, so a few lines of script move it into the path and the query.
package console

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/billing"
	"github.com/bursarhq/bursar/internal/sandbox/cfn"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

//go:embed page
var files embed.FS

// Console serves the pages under /console/.
type Console struct {
	cloud   *cloud.Cloud
	cfn     *cfn.Service
	billing *billing.Service
	pages   map[string]*template.Template
	mux     http.Handler
}

// New makes the console of a cloud. It acts with the rights of the admin of the account that is signed in.
func New(c *cloud.Cloud, f *cfn.Service, b *billing.Service) (*Console, error) {
	k := &Console{cloud: c, cfn: f, billing: b, pages: map[string]*template.Template{}}
	layout := template.New("").Funcs(template.FuncMap{"time": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }})
	names, err := fs.Glob(files, "page/*.html")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		own, err := layout.Clone()
		if err == nil {
			own, err = own.ParseFS(files, "page/layout.html", name)
		}
		if err != nil {
			return nil, fmt.Errorf("console: %w", err)
		}
		k.pages[name[len("page/"):len(name)-len(".html")]] = own
	}
	// The console has a signed-in account: a page of another site must not be able to post in its name.
	k.mux = http.NewCrossOriginProtection().Handler(k.routes())
	return k, nil
}

// routes is the whole map.
func (k *Console) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /console", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/console/", http.StatusSeeOther) })
	mux.HandleFunc("GET /console/{$}", k.page(k.home))
	mux.HandleFunc("GET /console/home", k.page(k.home))
	mux.HandleFunc("GET /console/console.js", k.script)
	mux.HandleFunc("POST /console/signin", k.signIn)
	mux.HandleFunc("GET /console/cloudformation/home", k.page(k.move))
	mux.HandleFunc("GET /console/iam/home", k.page(k.move))
	mux.HandleFunc("GET /console/cloudformation/home/stacks", k.page(k.stacks))
	mux.HandleFunc("GET /console/cloudformation/home/stacks/stackinfo", k.page(k.stack))
	mux.HandleFunc("POST /console/cloudformation/home/stacks/delete", k.page(k.deleteStack))
	for _, path := range []string{"stacks/create/review", "stacks/quickcreate", "stacks/create/template", "stacks/create"} {
		mux.HandleFunc("GET /console/cloudformation/home/"+path, k.page(k.reviewStack))
		mux.HandleFunc("POST /console/cloudformation/home/"+path, k.page(k.createStack))
	}
	mux.HandleFunc("GET /console/cloudformation/home/stacks/update/template", k.page(k.reviewUpdate))
	mux.HandleFunc("POST /console/cloudformation/home/stacks/update/template", k.page(k.updateStack))
	mux.HandleFunc("GET /console/cloudformation/home/stacksets", k.page(k.stackSets))
	mux.HandleFunc("GET /console/cloudformation/home/stacksets/create", k.page(k.reviewSet))
	mux.HandleFunc("POST /console/cloudformation/home/stacksets/create", k.page(k.createSet))
	mux.HandleFunc("POST /console/cloudformation/home/stacksets/access", k.page(k.setAccess))
	mux.HandleFunc("POST /console/cloudformation/home/stacksets/instances", k.page(k.redeploy))
	mux.HandleFunc("GET "+billsPath, k.page(k.showBills))
	mux.HandleFunc("POST "+billsPath+"/clock", k.page(k.moveClock))
	mux.HandleFunc("POST "+billsPath+"/deliveries", k.page(k.changeBills))
	mux.HandleFunc("GET /console/iam/home/roles", k.page(k.roles))
	mux.HandleFunc("GET /console/iam/home/roles/create", k.page(k.reviewRole))
	mux.HandleFunc("POST /console/iam/home/roles/create", k.page(k.createRole))
	mux.HandleFunc("POST /console/iam/home/roles/delete", k.page(k.deleteRole))
	return mux
}

// ServeHTTP answers a browser.
func (k *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	k.mux.ServeHTTP(w, r)
}

// view is what a page shows. Name picks the page; To, when set, redirects instead.
type view struct {
	Name    string
	Title   string
	To      string
	Status  int // 200 when zero
	Problem string
	Data    any

	Account  cloud.Account   // signed in
	Accounts []cloud.Account // to choose from
	Region   string
	Path     string // of this page with its query, to come back to
}

// Service names the part of AWS that a page belongs to, as AWS's own pages do above their titles.
func (v view) Service() string {
	switch {
	case strings.HasPrefix(v.Path, "/console/cloudformation/"):
		return "CloudFormation"
	case strings.HasPrefix(v.Path, "/console/iam/"):
		return "IAM"
	}
	return "Sandbox"
}

// page turns a handler into an answer: whatever it returns is rendered to a buffer first, so that a page is whole or
// an error.
func (k *Console) page(f func(*http.Request, *view)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, cfn.MaxURL)
		if err := r.ParseForm(); err != nil {
			http.Error(w, "the form cannot be read", http.StatusBadRequest)
			return
		}
		v := view{Account: k.signedIn(r), Accounts: k.cloud.Accounts(), Region: region(r), Path: r.URL.RequestURI()}
		f(r, &v)
		if v.To != "" {
			http.Redirect(w, r, v.To, http.StatusSeeOther)
			return
		}
		var b bytes.Buffer
		if err := k.pages[v.Name].ExecuteTemplate(&b, "layout", v); err != nil {
			http.Error(w, "the page cannot be shown: "+err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(max(v.Status, http.StatusOK))
		_, _ = w.Write(b.Bytes()) // the browser has gone when it fails
	}
}

func (k *Console) script(w http.ResponseWriter, _ *http.Request) {
	text, err := files.ReadFile("page/console.js")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	_, _ = w.Write(text)
}

func (k *Console) home(_ *http.Request, v *view) { v.Name, v.Title = "home", "Console home" }

// move is the page that an AWS address opens: its script goes on to what stands after "#".
func (k *Console) move(_ *http.Request, v *view) { v.Name, v.Title = "move", "Opening…" }
