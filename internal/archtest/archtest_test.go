// Package archtest holds the house rules as tests. Each rule carries its reason, so that the failure teaches.
package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/bursarhq/bursar"

// A layer rule: files under dir (tests too, unless testsMay) never import what begins with deny, save under the excepted folders.
var layers = []struct {
	dir, deny string
	except    []string
	testsMay  bool
	why       string
}{
	{dir: "internal/", deny: "github.com/aws/", except: []string{"internal/awsapi/", "internal/sandbox/"}, testsMay: true, why: "only awsapi speaks to AWS, so that errors, retries and endpoints are decided in one place"},
	{dir: "client/", deny: module + "/internal", testsMay: true, why: "the client is public: it may not lean on what others cannot import"},
	{dir: "internal/", deny: module + "/internal/sandbox", except: []string{"internal/sandbox/", "internal/app/"}, testsMay: true, why: "the product sees endpoints and must not know that the sandbox exists"},
	{dir: "internal/api/", deny: "database/sql", why: "faces ask the services, never the database"},
	{dir: "internal/cli/", deny: "database/sql", why: "faces ask the services, never the database"},
	{dir: "internal/api/", deny: "github.com/duckdb/", testsMay: true, why: "faces ask the query room, never an engine"},
	{dir: "internal/cli/", deny: "github.com/duckdb/", why: "faces ask the query room, never an engine"},
	{dir: "internal/api/", deny: module + "/internal/cli", why: "faces do not know each other"},
	{dir: "internal/cli/", deny: module + "/internal/api", why: "the CLI is a client of the API: it speaks through client/"},
	{dir: "internal/cloudcraft/", deny: "database/sql", why: "faces ask the services, never the database"},
	{dir: "internal/cloudcraft/", deny: "github.com/duckdb/", why: "faces ask the query room, never an engine"},
	{dir: "internal/cloudcraft/", deny: module + "/internal/api", why: "faces do not know each other: this one can be removed without the other noticing"},
	{dir: "internal/cloudcraft/", deny: module + "/internal/cli", why: "faces do not know each other"},
	{dir: "internal/cloudcraft/", deny: module + "/internal/awsapi", why: "a role is checked by a run like any other: this face asks AWS nothing"},
	{dir: "internal/cloudcraft/", deny: module + "/internal/billing", why: "this face knows accounts and no bills"},
	{dir: "internal/api/", deny: module + "/internal/cloudcraft", why: "faces do not know each other"},
	{dir: "", deny: "google.golang.org/grpc", testsMay: true, why: "traces go out by HTTP: gRPC would be 7 MB in every bursar for one exporter"},
	{dir: "", deny: "go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp", testsMay: true, why: "it links gRPC; tracing has a transport of its own"},
	{dir: "", deny: "go.opentelemetry.io/otel/sdk", except: []string{"internal/tracing/"}, testsMay: true, why: "only tracing knows how spans are sent; rooms start them under their context"},
	{dir: "internal/awsapi/", deny: module + "/internal/", except: nil, testsMay: true, why: "awsapi lies at the bottom: it knows the vocabulary only"},
	{dir: "internal/store/", deny: module + "/internal/", except: nil, testsMay: true, why: "the store lies at the bottom: it knows the vocabulary only"},
	{dir: "internal/seal/", deny: module + "/internal/", except: []string{"internal/seal/awskms/"}, testsMay: true, why: "sealing lies at the bottom: it knows the vocabulary, and key services through awsapi"},
	{dir: "internal/check/", deny: module + "/internal/store", testsMay: true, why: "checks look and report; what is kept is decided above"},
	{dir: "internal/check/", deny: module + "/internal/register", testsMay: true, why: "siblings do not know each other"},
	{dir: "internal/register/", deny: module + "/internal/check", testsMay: true, why: "siblings do not know each other"},
	{dir: "internal/register/", deny: module + "/internal/store", testsMay: true, why: "registration is a pure function of an account"},
	{dir: "internal/billing/", deny: module + "/internal/check", why: "siblings do not know each other"},
	{dir: "internal/billing/", deny: module + "/internal/job", why: "jobs call billing, not the other way round"},
	{dir: "internal/billing/export/", deny: module + "/internal/billing/lake", why: "an export is found without knowing where it will lie"},
	{dir: "internal/billing/ingest/", deny: module + "/internal/billing/lake", why: "a bill is decoded without knowing where it will lie"},
	{dir: "internal/job/", deny: module + "/internal/billing", except: []string{"internal/job/kind/"}, why: "the engine runs jobs of any kind and knows none"},
	{dir: "internal/job/", deny: module + "/internal/check", except: []string{"internal/job/kind/"}, why: "the engine runs jobs of any kind and knows none"},
	{dir: "internal/", deny: module + "/internal/app", except: []string{"internal/app/"}, why: "app plugs the rooms together; no room may reach back"},
	{dir: "cmd/", deny: module + "/internal/", except: nil, why: ""},
}

// cmd may import these two rooms, and nothing else.
var cmdMay = []string{module + "/internal/cli", module + "/internal/app"}

// bannedNames say nothing about what a package does.
var bannedNames = map[string]bool{"util": true, "utils": true, "common": true, "helper": true, "helpers": true, "model": true, "models": true, "types": true, "misc": true, "base": true}

type source struct {
	path string // relative to the module, with slashes
	test bool
	file *ast.File
	fset *token.FileSet
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
	}
}

func sources(t *testing.T) []source {
	t.Helper()
	top := root(t)
	var out []source
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != top && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" || name == "bin") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		rel, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		out = append(out, source{filepath.ToSlash(rel), strings.HasSuffix(name, "_test.go"), f, fset})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 10 {
		t.Fatalf("only %d Go files found under %s", len(out), top)
	}
	return out
}

func imports(s source) []string {
	var out []string
	for _, i := range s.file.Imports {
		out = append(out, strings.Trim(i.Path.Value, `"`))
	}
	return out
}

func anyPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// within says whether a file of dir imports its own room.
func within(path, imported string) bool {
	room := strings.TrimPrefix(imported, module+"/")
	return strings.HasPrefix(path, room+"/") || strings.HasPrefix(imported, module+"/"+roomOf(path))
}

// roomOf returns the first two folders of a file: "internal/store".
func roomOf(path string) string {
	parts := strings.Split(path, "/")
	if len(parts) < 3 {
		return path
	}
	return parts[0] + "/" + parts[1]
}

func TestImportDirections(t *testing.T) {
	for _, s := range sources(t) {
		for _, imp := range imports(s) {
			for _, l := range layers {
				if !strings.HasPrefix(s.path, l.dir) || !strings.HasPrefix(imp, l.deny) || anyPrefix(s.path, l.except) || l.testsMay && s.test {
					continue
				}
				if l.dir == "cmd/" {
					if !anyPrefix(imp, cmdMay) {
						t.Errorf("%s imports %s: cmd plugs in cli and app alone", s.path, imp)
					}
					continue
				}
				if l.deny == module+"/internal/" && within(s.path, imp) {
					continue
				}
				t.Errorf("%s imports %s: %s", s.path, imp, l.why)
			}
		}
	}
}

func TestRootImportsTheStandardLibraryOnly(t *testing.T) {
	for _, s := range sources(t) {
		if strings.Contains(s.path, "/") || s.test {
			continue
		}
		for _, imp := range imports(s) {
			if strings.Contains(strings.Split(imp, "/")[0], ".") {
				t.Errorf("%s imports %s: the vocabulary is words and rules; machinery lives in the rooms", s.path, imp)
			}
		}
	}
}

func TestKindsNeverImportSiblings(t *testing.T) {
	for _, wall := range []string{"internal/destination/", "internal/register/", "internal/billing/query/"} {
		for _, s := range sources(t) {
			own, _, nested := strings.Cut(strings.TrimPrefix(s.path, wall), "/")
			if !strings.HasPrefix(s.path, wall) || !nested || s.test {
				continue
			}
			for _, imp := range imports(s) {
				sib := strings.TrimPrefix(imp, module+"/"+wall)
				if sib != imp && strings.Split(sib, "/")[0] != own && !strings.HasSuffix(own, "test") {
					t.Errorf("%s imports %s: a kind that leans on its sibling cannot be removed alone", s.path, imp)
				}
			}
		}
	}
}

func TestPackageNames(t *testing.T) {
	for _, s := range sources(t) {
		if bannedNames[strings.TrimSuffix(s.file.Name.Name, "_test")] {
			t.Errorf("%s is in package %s: a package is named for what it does", s.path, s.file.Name.Name)
		}
	}
}

// The limits are hard ones; aim far lower: functions of 10 lines, files of 100 to 300.
const (
	maxFileLines     = 500
	maxTestFileLines = 800
	maxFunctionLines = 80
	maxMainLines     = 40
)

func TestSizes(t *testing.T) {
	for _, s := range sources(t) {
		lines := s.fset.File(s.file.Pos()).LineCount()
		limit := maxFileLines
		switch {
		case s.test:
			limit = maxTestFileLines
		case s.path == "cmd/bursar/main.go":
			limit = maxMainLines
		}
		if lines > limit {
			t.Errorf("%s has %d lines, the limit is %d: split it by responsibility", s.path, lines, limit)
		}
		if s.test {
			continue
		}
		for _, d := range s.file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			if n := s.fset.Position(fn.End()).Line - s.fset.Position(fn.Pos()).Line; n > maxFunctionLines {
				t.Errorf("%s: %s has %d lines, the limit is %d: give its steps names", s.path, fn.Name.Name, n, maxFunctionLines)
			}
		}
	}
}

func TestEverythingExportedIsDocumented(t *testing.T) {
	documented := map[string]bool{}
	dirs := map[string]string{}
	for _, s := range sources(t) {
		dir := filepath.ToSlash(filepath.Dir(s.path))
		if s.test {
			continue
		}
		dirs[dir] = s.path
		documented[dir] = documented[dir] || s.file.Doc != nil
		for _, d := range s.file.Decls {
			for _, name := range undocumented(d) {
				t.Errorf("%s: %s is exported and has no doc comment: say what it promises, its units and its errors", s.path, name)
			}
		}
	}
	for dir, path := range dirs {
		if !documented[dir] {
			t.Errorf("%s: package has no doc comment (%s)", dir, path)
		}
	}
}

func undocumented(d ast.Decl) []string {
	var out []string
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
			out = append(out, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Name.IsExported() && d.Doc == nil && spec.Doc == nil {
					out = append(out, spec.Name.Name)
				}
			case *ast.ValueSpec:
				if spec.Names[0].IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
					out = append(out, spec.Names[0].Name)
				}
			}
		}
	}
	return out
}

// exportedReceiver says whether a function is no method, or a method that callers outside can name.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	typ := d.Recv.List[0].Type
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}

// modules are the direct dependencies besides the AWS SDK's own and OpenTelemetry's, each of which is released as one. One more needs its line here and its argument
// in the commit.
func TestDirectModulesStayFew(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(root(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	var direct []string
	for _, line := range strings.Split(string(b), "\n") {
		f := strings.Fields(line)
		if len(f) < 2 || strings.Contains(line, "// indirect") || !strings.HasPrefix(f[1], "v") || strings.HasPrefix(f[0], "github.com/aws/") || strings.HasPrefix(f[0], "go.opentelemetry.io/") {
			continue
		}
		direct = append(direct, f[0])
	}
	const most = 24
	if len(direct) > most {
		t.Errorf("%d direct modules, the limit is %d: each one is somebody else's release to follow\n%s", len(direct), most, strings.Join(direct, "\n"))
	}
}
