package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/destination"
	"github.com/bursarhq/bursar/internal/destination/destinationtest"
	"github.com/bursarhq/bursar/internal/destination/webhook"
	"github.com/bursarhq/bursar/internal/egress"
)

var loopback = egress.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}

// receiver is a program that takes messages as docs/destinations.md says: it verifies, passes over what it has had, and lets the rows of a
// delivery count when that is committed.
type receiver struct {
	*httptest.Server
	t   *testing.T
	key []byte

	mu     sync.Mutex
	had    map[string]bool
	staged map[string]map[int][]json.RawMessage // by delivery and chunk
	parts  map[string][]json.RawMessage         // by source and period
	fail   []int                                // statuses of the next answers
	tries  int
}

func receive(t *testing.T, secret bursar.Secret) *receiver {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret.Reveal(), "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{t: t, key: key, had: map[string]bool{}, staged: map[string]map[int][]json.RawMessage{}, parts: map[string][]json.RawMessage{}}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tries++
	body, err := io.ReadAll(req.Body)
	if err != nil {
		r.t.Error(err)
	}
	id, at := req.Header.Get("webhook-id"), req.Header.Get("webhook-timestamp")
	mac := hmac.New(sha256.New, r.key)
	mac.Write([]byte(id + "." + at + "." + string(body)))
	if req.Header.Get("webhook-signature") != "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)) || id == "" {
		r.t.Errorf("the message %s does not verify", id)
	}
	if len(r.fail) > 0 {
		status := r.fail[0]
		r.fail = r.fail[1:]
		w.Header().Set("Retry-After", "7")
		w.Header().Set("Location", "http://169.254.169.254/")
		w.WriteHeader(status)
		return
	}
	if !r.had[id] {
		r.had[id] = true
		r.take(body)
	}
}

func (r *receiver) take(body []byte) {
	var m struct {
		Type string `json:"type"`
		Data struct {
			Source, Period, Delivery string
			Chunk, Chunks            int
			Rows                     []json.RawMessage
			Manifest                 destination.Manifest
		}
	}
	if err := json.Unmarshal(body, &m); err != nil {
		r.t.Errorf("%v: %.300s", err, body)
	}
	d := m.Data
	switch m.Type {
	case "part.rows":
		if r.staged[d.Delivery] == nil {
			r.staged[d.Delivery] = map[int][]json.RawMessage{}
		}
		r.staged[d.Delivery][d.Chunk] = d.Rows
	case "part.committed":
		var all []json.RawMessage
		for i := range d.Chunks {
			all = append(all, r.staged[d.Delivery][i+1]...)
		}
		if int64(len(all)) != d.Manifest.Rows {
			r.t.Errorf("committed %d rows, had %d", d.Manifest.Rows, len(all))
		}
		r.parts[d.Source+"/"+d.Period] = all
	case "part.withdrawn":
		delete(r.parts, d.Source+"/"+d.Period)
	case "ping":
	default:
		r.t.Errorf("a message of type %q", m.Type)
	}
}

func (r *receiver) rows(t *testing.T) map[string][]destinationtest.Row {
	out := map[string][]destinationtest.Row{}
	for part, list := range r.parts {
		for _, raw := range list {
			out[part] = append(out[part], destinationtest.JSONRow(t, raw))
		}
	}
	return out
}

func open(t *testing.T, r *receiver, secret bursar.Secret, o destination.Origin, pause func(context.Context, time.Duration) error) *webhook.Target {
	t.Helper()
	target, err := webhook.Open(bursar.TargetSettings{URL: r.URL + "/hook"}, secret, o, loopback, pause)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func TestKeepsTheContract(t *testing.T) {
	secret := destination.NewSigningSecret()
	destinationtest.Suite(t, func(t *testing.T) destinationtest.Subject {
		r := receive(t, secret)
		return destinationtest.Subject{
			Digits: 38,
			Open:   func(t *testing.T, o destination.Origin) destination.Target { return open(t, r, secret, o, nil) },
			Read:   func(t *testing.T, _ string) map[string][]destinationtest.Row { return r.rows(t) },
		}
	})
}

func TestManyRowsComeInChunksOnce(t *testing.T) {
	secret := destination.NewSigningSecret()
	r := receive(t, secret)
	r.fail = []int{503}
	var waited []time.Duration
	target := open(t, r, secret, destinationtest.Origin("dst_a"), func(_ context.Context, d time.Duration) error { waited = append(waited, d); return nil })
	columns := []destination.Column{{Name: "n", Type: destination.Integer}}
	cells := make([][]string, 2500)
	for i := range cells {
		cells[i] = []string{"7"}
	}
	k := destination.Key{Dataset: "d", Source: "s", Period: "2026-02"}
	for range 2 { // again, as after a crash
		m, err := target.Deliver(t.Context(), destinationtest.Rows(k, "v", columns, cells, nil))
		if err != nil || m.Rows != 2500 {
			t.Fatal(m.Rows, err)
		}
	}
	if n := len(r.parts["s/2026-02"]); n != 2500 || len(r.had) != 4 || r.tries != 9 {
		t.Errorf("%d rows in %d messages, %d tries", n, len(r.had), r.tries)
	}
	if len(waited) != 1 || waited[0] != 7*time.Second {
		t.Errorf("waited %v, was asked for 7 s", waited)
	}
}

// TestSaysWhatIsWrong has answers that end a run, and those that may pass.
func TestSaysWhatIsWrong(t *testing.T) {
	secret := destination.NewSigningSecret()
	for status, want := range map[int]string{302: "redirected", 410: "gone", 401: "message_refused", 404: "message_refused"} {
		r := receive(t, secret)
		r.fail = []int{status}
		found := open(t, r, secret, destinationtest.Origin("dst_a"), nil).Check(t.Context())
		if found[0].Code != want || found[0].Remedy == "" || found[0].Passing || r.tries != 1 {
			t.Errorf("%d: %+v", status, found)
		}
	}
	r := receive(t, secret)
	r.fail = []int{500, 502, 429, 503}
	pauses := 0
	found := open(t, r, secret, destinationtest.Origin("dst_a"), func(context.Context, time.Duration) error { pauses++; return nil }).Check(t.Context())
	if found[0].Code != "receiver_trouble" || !found[0].Passing || pauses != 3 || r.tries != 4 {
		t.Errorf("%+v after %d pauses", found, pauses)
	}
	target, err := webhook.Open(bursar.TargetSettings{URL: r.URL}, secret, destinationtest.Origin("dst_a"), egress.Guard{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if found := target.Check(t.Context()); found[0].Code != "address_not_allowed" {
		t.Errorf("%+v", found)
	}
	for _, bad := range []string{"", "example.com", "ftp://example.com", "https://a:b@example.com"} {
		if err := webhook.Validate(bursar.TargetSettings{URL: bad}); bursar.CodeOf(err) != bursar.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestSignature is the example of the Standard Webhooks specification's libraries.
func TestSignature(t *testing.T) {
	key, err := destination.SigningKey(bursar.NewSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
	if err != nil {
		t.Fatal(err)
	}
	got := webhook.Sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	if got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("got %s", got)
	}
}
