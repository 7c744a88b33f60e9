// Package clickhouse delivers to a ClickHouse database, over HTTP and in the Native format.
//
// Each dataset is a MergeTree table with a partition for each part. Rows come into a table beside it, whose partition then replaces the old
// one in one step (ALTER TABLE … REPLACE PARTITION); the part's line in bursar_deliveries follows. A delivery that is cut off between the
// two is made again, and replaces the partition with itself.
package clickhouse

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/destination"
	"github.com/bursarhq/bursar/internal/egress"
)

// Defaults fills what may be left out.
func Defaults(s bursar.TargetSettings) bursar.TargetSettings {
	if s.Database == "" {
		s.Database = "bursar"
	}
	if s.User == "" {
		s.User = "default"
	}
	return s
}

// Validate says what is wrong with settings that have their defaults.
func Validate(s bursar.TargetSettings) error {
	u, err := url.Parse(s.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return bursar.InvalidField("target.url", "%q is not the address of ClickHouse's HTTP interface", s.URL).WithReason("url_invalid").WithHint("write it like https://clickhouse.example.com:8443, without user and password")
	case strings.ContainsAny(s.User, "\r\n\x00"):
		return bursar.InvalidField("target.user", "%q cannot be a user", s.User).WithReason("user_invalid")
	case strings.Contains(s.Database, "\x00") || s.Database == "system":
		return bursar.InvalidField("target.database", "%q cannot be the database", s.Database).WithReason("database_invalid")
	}
	_, err = egress.Roots("target.ca_certificate", s.CACertificate)
	return err
}

// Target is a database.
type Target struct {
	destination.Origin
	settings bursar.TargetSettings
	password bursar.Secret
	http     *http.Client
}

var _ destination.Target = (*Target)(nil)

// Open makes a target. It connects when it is first used.
func Open(s bursar.TargetSettings, password bursar.Secret, o destination.Origin, g egress.Guard) (*Target, error) {
	s = Defaults(s)
	if err := Validate(s); err != nil {
		return nil, err
	}
	roots, err := egress.Roots("target.ca_certificate", s.CACertificate)
	return &Target{Origin: o, settings: s, password: password, http: g.Client(roots)}, err
}

// Close closes idle connections.
func (t *Target) Close() error {
	t.http.CloseIdleConnections()
	return nil
}

// do sends a statement, with a body behind it, and returns what it answers.
func (t *Target) do(ctx context.Context, what, statement string, body io.Reader) (string, error) {
	u, err := url.Parse(t.settings.URL)
	if err != nil {
		return "", err
	}
	u.RawQuery = url.Values{"query": {statement}, "date_time_input_format": {"basic"}, "wait_end_of_query": {"1"}, "alter_sync": {"1"}, "mutations_sync": {"1"}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), body)
	if err != nil {
		return "", err
	}
	req.Header.Set("X-ClickHouse-User", t.settings.User)
	if !t.password.IsZero() {
		req.Header.Set("X-ClickHouse-Key", t.password.Reveal())
	}
	resp, err := t.http.Do(req)
	if err != nil {
		return "", t.unreachable(ctx, err)
	}
	defer resp.Body.Close()
	const longest = 64 << 20 // of all manifests together
	b, err := io.ReadAll(io.LimitReader(resp.Body, longest))
	if err != nil {
		return "", t.unreachable(ctx, err)
	}
	if resp.StatusCode != http.StatusOK || resp.Header.Get("X-ClickHouse-Exception-Code") != "" {
		return "", t.refused(what, resp, strings.TrimSpace(string(b)))
	}
	return string(b), nil
}

// exec sends a statement that answers nothing.
func (t *Target) exec(ctx context.Context, what, statement string) error {
	_, err := t.do(ctx, what, statement, nil)
	return err
}

// rows sends a statement and reads the JSON object in each line of its answer.
func rows[R any](ctx context.Context, t *Target, what, statement string) (out []R, err error) {
	text, err := t.do(ctx, what, statement+" FORMAT JSONEachRow SETTINGS output_format_json_quote_64bit_integers = 0", nil)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(strings.NewReader(text))
	for d.More() {
		var r R
		if err := d.Decode(&r); err != nil {
			return nil, destination.Refused("not_clickhouse", "%s answers with something that is no table", t.settings.URL).WithHint("use the address of ClickHouse's HTTP interface")
		}
		out = append(out, r)
	}
	return out, nil
}

// unreachable says why there was no answer.
func (t *Target) unreachable(ctx context.Context, err error) error {
	var ours *bursar.Error
	var certificate *tls.CertificateVerificationError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &ours):
		return ours
	case errors.As(err, &certificate):
		return destination.Refused("certificate_refused", "the certificate of %s does not prove who it is: %w", t.settings.URL, err).WithHint("give the certificate of who signed it as ca_certificate")
	}
	return destination.Away("unreachable", "ClickHouse at %s does not answer: %w", t.settings.URL, err).WithHint("look whether it runs, and lets this machine through its firewall")
}

// Codes of ClickHouse's exceptions (ErrorCodes.cpp).
var (
	logins  = map[string]bool{"192": true, "193": true, "194": true, "516": true}
	passing = map[string]bool{"159": true, "202": true, "209": true, "210": true, "236": true, "241": true, "242": true, "243": true, "252": true, "319": true, "394": true, "999": true}
)

// refused says what the server refused, and whether it may pass.
func (t *Target) refused(what string, resp *http.Response, said string) error {
	code := resp.Header.Get("X-ClickHouse-Exception-Code")
	if len(said) > 500 {
		said = said[:500] + "…"
	}
	message := fmt.Sprintf("ClickHouse refuses to %s: %s", what, said)
	switch {
	case logins[code]:
		return destination.Refused("login_refused", "%s", message).WithHint("look at the user %s and its password", t.settings.User)
	case code == "497":
		return destination.Refused("not_permitted", "%s", message).WithHint("GRANT CREATE DATABASE, CREATE TABLE, DROP TABLE, ALTER TABLE, INSERT, SELECT ON %s.* TO %s", ident(t.settings.Database), ident(t.settings.User))
	case passing[code], code == "" && resp.StatusCode >= http.StatusInternalServerError, resp.StatusCode == http.StatusTooManyRequests:
		return destination.Away("server_trouble", "%s", message).WithHint("it is tried again; the server's log says more")
	case code == "":
		return destination.Refused("not_clickhouse", "%s answers with HTTP status %d", t.settings.URL, resp.StatusCode).WithHint("use the address of ClickHouse's HTTP interface: redirects are not followed")
	}
	return destination.Refused("refused", "%s", message).WithHint("the server's log says more")
}

var (
	idents   = strings.NewReplacer("\\", "\\\\", "`", "\\`")
	literals = strings.NewReplacer("\\", "\\\\", "'", "\\'")
)

func ident(name string) string { return "`" + idents.Replace(name) + "`" }

func literal(text string) string { return "'" + literals.Replace(text) + "'" }

// table is the full name of a table.
func (t *Target) table(name string) string { return ident(t.settings.Database) + "." + ident(name) }

const deliveries = "bursar_deliveries"

// Held reads bursar_deliveries.
func (t *Target) Held(ctx context.Context) (out []destination.Manifest, err error) {
	there, err := t.has(ctx, deliveries)
	if err != nil || !there {
		return nil, err
	}
	type line struct{ Manifest string }
	lines, err := rows[line](ctx, t, "read "+deliveries, "SELECT manifest AS Manifest FROM "+t.table(deliveries)+" FINAL WHERE NOT withdrawn AND destination = "+literal(t.Destination))
	for _, l := range lines {
		var m destination.Manifest
		if err := json.Unmarshal([]byte(l.Manifest), &m); err != nil {
			return nil, fmt.Errorf("a line of %s: %w", deliveries, err)
		}
		out = append(out, m)
	}
	return out, err
}

// has says whether a table is there.
func (t *Target) has(ctx context.Context, table string) (bool, error) {
	type found struct{ Name string }
	list, err := rows[found](ctx, t, "look for its tables", "SELECT name AS Name FROM system.tables WHERE database = "+literal(t.settings.Database)+" AND name = "+literal(table))
	return len(list) > 0, err
}
