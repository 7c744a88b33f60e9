// Package webhook delivers to an address, in signed messages.
//
// Messages follow Standard Webhooks (standardwebhooks.com): the headers webhook-id, webhook-timestamp and webhook-signature, the last one
// "v1," and the HMAC-SHA256 of id, timestamp and body. A part comes as messages of the type part.rows, and counts once part.committed has
// come, which says how many there were. A message that is sent again has the same id.
package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/destination"
	"github.com/bursarhq/bursar/internal/egress"
)

// What a message of rows holds at most.
const (
	mostRows  = 1000
	mostBytes = 1 << 20
)

// Validate says what is wrong with the settings of a webhook.
func Validate(s bursar.TargetSettings) error {
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Fragment != "" {
		return bursar.InvalidField("target.url", "%q is not an address that messages can be posted to", s.URL).WithReason("url_invalid").
			WithHint("write it like https://example.com/bursar, without user and password: messages are signed")
	}
	return nil
}

// Target is an address.
type Target struct {
	destination.Origin
	url    string
	key    []byte
	poster poster
}

var _ destination.Target = (*Target)(nil)

// Open makes a target. pause waits between two tries; nil is the clock.
func Open(s bursar.TargetSettings, secret bursar.Secret, o destination.Origin, g egress.Guard, pause func(context.Context, time.Duration) error) (*Target, error) {
	if err := Validate(s); err != nil {
		return nil, err
	}
	key, err := destination.SigningKey(secret)
	if pause == nil {
		pause = wait
	}
	client := g.Client(nil)
	client.Timeout = time.Minute
	return &Target{Origin: o, url: s.URL, key: key, poster: poster{http: client, pause: pause}}, err
}

// Close closes idle connections.
func (t *Target) Close() error {
	t.poster.http.CloseIdleConnections()
	return nil
}

// Held answers that nobody can ask: bursar remembers.
func (t *Target) Held(context.Context) ([]destination.Manifest, error) {
	return nil, destination.ErrForgets
}

// Prepare does nothing: each message says what its columns are.
func (t *Target) Prepare(context.Context, string, []destination.Column) error { return nil }

// Check sends a message that means nothing.
func (t *Target) Check(ctx context.Context) []bursar.Probe {
	now := t.Now().UTC()
	out := []bursar.Probe{destination.ProbeOf("post", t.send(ctx, t.id("ping", now.Format(time.RFC3339Nano)), "ping", map[string]string{"destination": t.Destination}))}
	if out[0].Status == bursar.StatusOK && strings.HasPrefix(t.url, "http://") {
		out = append(out, bursar.Probe{Check: "tls", Status: bursar.StatusWarning, Code: "tls_disable", Message: "messages are signed, but not encrypted", Remedy: "use an https address"})
	}
	return out
}

// id is the id of a message: the same whenever it is sent again.
func (t *Target) id(parts ...string) string {
	sum := sha256.Sum256([]byte(t.Destination + "\x00" + t.Run + "\x00" + strings.Join(parts, "\x00")))
	return "msg_" + hex.EncodeToString(sum[:16])
}

// header is what every message about a part says.
type header struct {
	Destination string `json:"destination"`
	destination.Key
	Version  string `json:"version"`
	Delivery string `json:"delivery"` // what belongs together: the rows of one delivery, and its commit
}

func (t *Target) header(k destination.Key, version string) header {
	return header{t.Destination, k, version, strings.Replace(t.id("delivery", k.Dataset, k.Source, k.Period, version), "msg_", "del_", 1)}
}

// rows is a message with rows. Columns are in the first one.
type rows struct {
	header
	Chunk   int                  `json:"chunk"` // 1 for the first
	Columns []destination.Column `json:"columns"`
	Rows    json.RawMessage      `json:"rows"`
}

// Deliver sends the rows, and then says that they are complete.
func (t *Target) Deliver(ctx context.Context, p *destination.Part) (m destination.Manifest, err error) {
	m = t.Manifest(p)
	c := chunker{target: t, ctx: ctx, header: t.header(p.Key, p.Version), part: p, encode: destination.JSONRows(p.Columns, ",")}
	if err := p.Read(ctx, c.batch); err != nil {
		return m, err
	}
	if err := c.flush(); err != nil {
		return m, err
	}
	m.Rows = c.total
	commit := struct {
		header
		Chunks   int                  `json:"chunks"`
		Manifest destination.Manifest `json:"manifest"`
	}{c.header, c.sent, m}
	return m, t.send(ctx, t.id("commit", c.header.Delivery), "part.committed", commit)
}

// chunker cuts a part into messages.
type chunker struct {
	target *Target
	ctx    context.Context
	header header
	part   *destination.Part
	encode *destination.Rowwise

	buf   []byte
	held  int // rows in buf
	sent  int // messages
	total int64
}

func (c *chunker) batch(b destination.Batch) error {
	for row := range b.Rows() {
		c.buf = c.encode.Append(c.buf, b, row, row+1)
		c.held++
		if c.held == mostRows || len(c.buf) >= mostBytes {
			if err := c.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *chunker) flush() error {
	if c.held == 0 {
		return nil
	}
	c.sent++
	c.total += int64(c.held)
	list := append(append([]byte{'['}, c.buf[:len(c.buf)-1]...), ']')
	c.buf, c.held = c.buf[:0], 0
	t := c.target
	return t.send(c.ctx, t.id("rows", c.header.Delivery, fmt.Sprint(c.sent)), "part.rows", rows{c.header, c.sent, c.part.Columns, list})
}

// Withdraw says that a part does not count any more.
func (t *Target) Withdraw(ctx context.Context, k destination.Key) error {
	h := t.header(k, "")
	return t.send(ctx, t.id("withdraw", h.Delivery), "part.withdrawn", h)
}

// send signs a message and posts it.
func (t *Target) send(ctx context.Context, id, kind string, data any) error {
	now := t.Now().UTC()
	body, err := json.Marshal(struct {
		Type      string    `json:"type"`
		Timestamp time.Time `json:"timestamp"`
		Data      any       `json:"data"`
	}{kind, now, data})
	if err != nil {
		return err
	}
	return t.poster.post(ctx, t.url, body, func() map[string]string {
		at := fmt.Sprint(t.Now().Unix()) // of this try: receivers refuse old ones
		return map[string]string{
			"webhook-id": id, "webhook-timestamp": at, "webhook-signature": Sign(t.key, id, at, body), "content-type": "application/json", "user-agent": "bursar",
		}
	})
}

// Sign makes the header webhook-signature (Standard Webhooks, Signature scheme).
func Sign(key []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.", id, timestamp)
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
