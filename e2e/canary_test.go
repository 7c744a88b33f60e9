package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"filippo.io/age"
	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/tracing/tracingtest"
	"github.com/bursarhq/bursar/web"
	"github.com/klauspost/compress/zstd"
)

// hunt looks for secrets in whatever bursar writes, keeps or says.
type hunt struct {
	secrets  map[string]string // by what they are
	searched map[string]int    // bytes, by place
}

// in returns which secrets a place holds: as they are, or as base64, hexadecimal or an address would have them. allowed belong there.
func (h *hunt) in(place string, text []byte, allowed ...string) (found []string) {
	h.searched[place] += len(text)
	for what, secret := range h.secrets {
		if slices.Contains(allowed, what) {
			continue
		}
		for form, s := range map[string]string{
			"as it is": secret, "in base64": base64.RawStdEncoding.EncodeToString([]byte(secret)), "in hexadecimal": hex.EncodeToString([]byte(secret)), "escaped": url.QueryEscape(secret),
		} {
			if bytes.Contains(text, []byte(s)) {
				found = append(found, fmt.Sprintf("%s holds %s %s", place, what, form))
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// files looks into every file of a folder, the write-ahead log of the database among them.
func (h *hunt) files(place, dir string, allowed ...string) (found []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		found = append(found, h.in(place+": "+rel, text, allowed...)...)
		return err
	})
	return found, err
}

// walker leads secrets through a running bursar.
type walker struct {
	*installation
	hunt
	answers bytes.Buffer // what was answered to those who may see no secret
	cookie  string
}

// send sends a request as the owner's key, the person who has signed in, or nobody, and keeps the answer unless it hands a secret out.
func (w *walker) send(as, method, path, body string, handsOut bool) map[string]any {
	w.Helper()
	r := must(http.NewRequestWithContext(w.Context(), method, w.url+path, strings.NewReader(body)))(w.installation)
	r.Header.Set("X-Bursar-Csrf", "1")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("X-Forwarded-Proto", "https") // as the proxy in front says; nobody signs in without
	if as == "session" {
		r.Header.Set("Cookie", w.cookie)
	} else if as != "" {
		r.Header.Set("Authorization", "Bearer "+as)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	resp := must((&http.Client{Timeout: patience / 6}).Do(r))(w.installation) // none of these takes long
	defer resp.Body.Close()
	text := must(io.ReadAll(resp.Body))(w.installation)
	if c := resp.Header.Get("Set-Cookie"); c != "" && handsOut {
		w.cookie, _, _ = strings.Cut(c, ";")
	}
	if !handsOut {
		fmt.Fprintf(&w.answers, "%s %s %v\n%s\n", method, strings.SplitN(path, "?", 2)[0], resp.Header, text)
	}
	if handsOut && resp.StatusCode >= 400 {
		w.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, text)
	}
	if resp.StatusCode >= 500 && resp.StatusCode != http.StatusServiceUnavailable {
		w.Errorf("%s %s: %d %s", method, path, resp.StatusCode, text)
	}
	var out map[string]any
	_ = json.Unmarshal(text, &out) // what is no object is searched as it is
	return out
}

// TestNoSecretIsToldOrKept leads every kind of secret through the program, and looks for it in the log, the metrics, the traces, every answer, every
// file of the data folder, an encrypted backup and the console's files. The hunt is proven to find what is planted.
func TestNoSecretIsToldOrKept(t *testing.T) {
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
	collector := tracingtest.Start(t)
	metrics := freeAddress(t)
	w := &walker{hunt: hunt{secrets: map[string]string{"the OIDC client secret": "canary-of-the-oidc-client"}, searched: map[string]int{}}}
	w.installation = install(t, "BURSAR_LOG_LEVEL=debug", "BURSAR_LOG_FORMAT=json", "BURSAR_METRICS_ADDR="+metrics, "BURSAR_TRUSTED_PROXIES=127.0.0.0/8", "OTEL_BSP_SCHEDULE_DELAY=10", "OTEL_EXPORTER_OTLP_ENDPOINT="+collector.URL,
		"OTEL_EXPORTER_OTLP_HEADERS=api-key=canary-of-the-collector", "BURSAR_OIDC_ISSUER="+collector.URL, "BURSAR_OIDC_CLIENT_ID=bursar", "BURSAR_OIDC_CLIENT_SECRET=canary-of-the-oidc-client")
	w.secrets["the collector's key"] = "canary-of-the-collector"
	w.walk()
	for _, s := range w.secrets {
		if len(s) < 16 {
			t.Fatalf("a secret is too short to be looked for: %v", w.secrets)
		}
	}
	told := must(http.Get("http://" + metrics + "/metrics"))(w.installation)
	defer told.Body.Close()
	found := w.in("the metrics", must(io.ReadAll(told.Body))(w.installation))
	data := w.setting("BURSAR_DATA_DIR")
	running := must(w.files("the data folder while it runs", data, "an external id"))(w.installation)
	backup, restored := w.backup()
	if err := w.end(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	found = slices.Concat(found, running, w.in("the log", []byte(w.log.String())), w.in("the traces", []byte(collector.Text())), w.in("an answer", w.answers.Bytes()),
		must(w.files("the data folder", data, "an external id"))(w.installation), w.in("the encrypted backup", backup), w.in("the backup", restored, "an external id"))
	found = append(found, w.bundle()...)
	for _, f := range found {
		t.Error(f)
	}
	for _, place := range []string{"the metrics", "the log", "the traces", "an answer", "the data folder: state.db", "the data folder while it runs: state.db-wal", "the backup"} {
		if w.searched[place] < 1000 {
			t.Errorf("%s had %d bytes", place, w.searched[place])
		}
	}
	w.plant(data)
}

// walk registers, checks, signs in, makes mistakes with secrets in hand, and reads everything that can be read.
func (w *walker) walk() {
	w.Helper()
	w.secrets["the owner's key"], w.secrets["the set-up link"], w.secrets["an AWS secret"] = w.owner, w.link, w.aws.Cloud().BursarKey().Secret.Reveal()
	w.secrets["a password"] = "canary of the owner's own"
	w.send("", "POST", "/api/v1/invitation/accept", `{"token":"`+w.link+`","email":"ann@example.com","name":"Ann","password":"canary of the owner's own"}`, true)
	_, w.secrets["a session"], _ = strings.Cut(w.cookie, "=")
	w.send("", "POST", "/api/v1/session", `{"email":"ann@example.com","password":"canary of the owner's own"}`, true)
	_, w.secrets["another session"], _ = strings.Cut(w.cookie, "=")
	c := w.client()
	w.secrets["a key"] = must(c.AddKey(w.Context(), client.NewKey{Name: "canary", Role: "viewer"}))(w.installation).Key
	account := must(c.AddAccount(w.Context(), client.NewAccount{AccountID: payer, Name: "Example Corp"}))(w.installation)
	w.secrets["an external id"] = account.ExternalID
	if err := createStack(w.Context(), c, w.aws, payer, "access"); err != nil {
		w.Fatal(err)
	}
	run := must(c.CheckAccount(w.Context(), payer))(w.installation)
	must(c.WatchRun(w.Context(), run.ID, func(client.RunEvent) {}))(w.installation)
	w.mistakes()
	for _, path := range w.readable(account.ID, run.ID) {
		w.send(w.secrets["a key"], "GET", path, "", false) // a viewer sees no external ids
	}
	for _, path := range []string{"/api/v1/audit?limit=200", "/api/v1/audit/export", "/api/v1/keys", "/api/v1/users", "/api/v1/invitations", "/api/v1/me/sessions"} {
		w.send("session", "GET", path, "", false)
	}
	for _, path := range []string{"/user/me", "/team", "/azure/account", "/", "/accounts", "/healthz", "/readyz"} {
		w.send(w.secrets["a key"], "GET", path, "", false)
	}
}

// mistakes put secrets where they do not belong.
func (w *walker) mistakes() {
	w.Helper()
	for what, secret := range w.secrets {
		quoted := must(json.Marshal(secret))(w.installation)
		for _, r := range [][2]string{
			{"POST /api/v1/session", fmt.Sprintf(`{"email":"ann@example.com","password":%s`, quoted)},
			{"POST /api/v1/session", fmt.Sprintf(`{"email":"nobody@example.com","password":%s}`, quoted)},
			{"POST /api/v1/session", fmt.Sprintf(`{"email":7,"password":[%s]}`, quoted)},
			{"PUT /api/v1/me/password", fmt.Sprintf(`{"current":%s,"password":"short"}`, quoted)},
			{"POST /api/v1/invitation/look", fmt.Sprintf(`{"token":%s}`, quoted)},
			{"GET /api/v1/accounts?key=" + url.QueryEscape(secret), ""},
		} {
			method, path, _ := strings.Cut(r[0], " ")
			w.send("session", method, path, r[1], false)
		}
		if what != "an external id" && !strings.ContainsAny(secret, "\r\n") {
			w.send(secret, "GET", "/api/v1/accounts", "", what == "the owner's key") // its owner sees external ids
		}
	}
}

// readable are the routes that change nothing, with ids that exist.
func (w *walker) readable(account, run string) (out []string) {
	w.Helper()
	document := w.send(w.owner, "GET", "/api/v1/openapi.json", "", false)
	for path, methods := range document["paths"].(map[string]any) {
		get := fmt.Sprint(methods.(map[string]any)["get"])
		endless := strings.Contains(get, "text/event-stream") && !strings.Contains(path, "{run}") // a run that has ended ends its stream
		if get != "<nil>" && !endless {
			out = append(out, strings.NewReplacer("{account}", account, "{run}", run).Replace(path))
		}
	}
	if len(out) < 25 {
		w.Errorf("only %v can be read", out)
	}
	return out
}

// backup backs the running server up, encrypted, and gives it as it is, and decrypted and decompressed as its owner reads it.
func (w *walker) backup() (encrypted, plain []byte) {
	w.Helper()
	identity := must(age.GenerateX25519Identity())(w.installation)
	file := filepath.Join(w.TempDir(), "backup")
	cmd := exec.CommandContext(w.Context(), must(exec.LookPath("bursar"))(w.installation), "backup", file, "--recipient", identity.Recipient().String())
	cmd.Env = append(slices.Clone(w.env), "PATH="+os.Getenv("PATH"))
	said := must(cmd.CombinedOutput())(w.installation)
	w.answers.Write(said)
	encrypted = must(os.ReadFile(file))(w.installation)
	r := must(age.Decrypt(bytes.NewReader(encrypted), identity))(w.installation)
	unpacked := must(zstd.NewReader(r))(w.installation)
	defer unpacked.Close()
	return encrypted, must(io.ReadAll(unpacked))(w.installation)
}

// bundle looks into the console's files, for the secrets, and for what looks like anybody's.
func (w *walker) bundle() (found []string) {
	w.Helper()
	files, built := web.Built()
	if !built {
		if os.Getenv("CI") != "" {
			w.Error("the console is not built: make web")
		}
		w.Log("the console is not built, its files are not searched: make web")
		return nil
	}
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		found = append(found, w.in("the console: "+path, text)...)
		if s := string(text); bursar.Redact(s) != s || strings.Contains(s, "AGE-SECRET-KEY") || strings.Contains(s, "PRIVATE KEY-----") {
			found = append(found, "the console: "+path+" holds what looks like a secret")
		}
		return err
	})
	if err != nil {
		w.Error(err)
	}
	return found
}

// plant puts each secret where it must not be, and wants it found there.
func (w *walker) plant(data string) {
	w.Helper()
	for what, secret := range w.secrets {
		for form, text := range map[string]string{
			"as it is": "before " + secret + " after", "in base64": base64.StdEncoding.EncodeToString([]byte(secret)), "in hexadecimal": hex.EncodeToString([]byte(secret)), "escaped": "?q=" + url.QueryEscape(secret),
		} {
			if got := w.in("a place", []byte(text)); !slices.Contains(got, fmt.Sprintf("a place holds %s %s", what, form)) {
				w.Errorf("%s %s was planted, and found is %v", what, form, got)
			}
		}
	}
	planted := filepath.Join(data, "lake", "planted")
	if err := os.WriteFile(planted, []byte("\x00\x01"+w.secrets["a password"]+"\x00"), 0o600); err != nil {
		w.Fatal(err)
	}
	got := must(w.files("the data folder", data, "an external id"))(w.installation)
	if want := "the data folder: lake/planted holds a password as it is"; !slices.Contains(got, want) {
		w.Errorf("%q was not found: %v", want, got)
	}
}

func (in *installation) setting(name string) string {
	in.Helper()
	for _, kv := range in.env {
		if v, found := strings.CutPrefix(kv, name+"="); found {
			return v
		}
	}
	in.Fatalf("%s is not set", name)
	return ""
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
