// Package postgres delivers to a schema of a PostgreSQL database, version 13 or newer.
//
// Each dataset is a table, partitioned by bursar_period and, below that, by bursar_source: a part is one partition. Its rows come in with
// COPY in its binary form, into a table of their own that takes the place of the old one, in one transaction with the part's line in
// bursar_deliveries. Nothing is deleted row by row, and readers see the old rows until that transaction has ended.
package postgres

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/destination"
	"github.com/bursarhq/bursar/internal/egress"
)

// How the connection is protected.
const (
	Verify  = "verify"  // encrypted, and the server proves its name: the default
	Require = "require" // encrypted; whoever answers is believed
	Disable = "disable" // in the clear
)

// Defaults fills what may be left out.
func Defaults(s bursar.TargetSettings) bursar.TargetSettings {
	if s.Port == 0 {
		s.Port = 5432
	}
	if s.Schema == "" {
		s.Schema = "bursar"
	}
	if s.TLS == "" {
		s.TLS = Verify
	}
	return s
}

// Validate says what is wrong with settings that have their defaults.
func Validate(s bursar.TargetSettings) error {
	invalid := func(field, format string, args ...any) error {
		return bursar.InvalidField("target."+field, format, args...).WithReason(field + "_invalid")
	}
	switch {
	case s.Host == "" || strings.ContainsAny(s.Host, "/\\ @\x00"):
		return bursar.InvalidField("target.host", "%q is not the name or the address of a server", s.Host).WithReason("host_invalid").WithHint("write it without a scheme and without a port: db.example.com")
	case s.Port < 1 || s.Port > 65535:
		return invalid("port", "%d is not a port", s.Port)
	case s.Database == "" || strings.Contains(s.Database, "\x00"):
		return invalid("database", "the name of the database is missing")
	case s.User == "" || strings.Contains(s.User, "\x00"):
		return invalid("user", "the name of the user is missing")
	case len(s.Schema) > 63 || strings.HasPrefix(s.Schema, "pg_") || strings.Contains(s.Schema, "\x00"):
		return invalid("schema", "%q cannot be a schema", s.Schema)
	case s.TLS != Verify && s.TLS != Require && s.TLS != Disable:
		return bursar.InvalidField("target.tls", "%q is none of verify, require, disable", s.TLS).WithReason("tls_invalid").WithHint("verify is the safe one")
	}
	_, err := egress.Roots("target.ca_certificate", s.CACertificate)
	return err
}

// Target is a schema.
type Target struct {
	destination.Origin
	settings bursar.TargetSettings
	password bursar.Secret
	guard    egress.Guard
	conn     *pgconn.PgConn // nil until it is needed
}

var _ destination.Target = (*Target)(nil)

// Open makes a target. It connects when it is first used.
func Open(s bursar.TargetSettings, password bursar.Secret, o destination.Origin, g egress.Guard) (*Target, error) {
	s = Defaults(s)
	return &Target{Origin: o, settings: s, password: password, guard: g}, Validate(s)
}

// Close ends the connection.
func (t *Target) Close() error {
	if t.conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := t.conn.Close(ctx)
	t.conn = nil
	return err
}

func (t *Target) connect(ctx context.Context) error {
	if t.conn != nil && !t.conn.IsClosed() {
		return nil
	}
	// What is parsed names everything that could come from this process's environment, so that nothing does.
	cfg, err := pgconn.ParseConfig("host=localhost port=5432 user=bursar dbname=bursar password=none sslmode=disable sslrootcert='' passfile='' servicefile=''")
	if err != nil {
		return fmt.Errorf("preparing a connection: %w", err)
	}
	s := t.settings
	cfg.Host, cfg.Port, cfg.User, cfg.Database, cfg.Password = s.Host, uint16(s.Port), s.User, s.Database, t.password.Reveal()
	cfg.Fallbacks, cfg.ConnectTimeout = nil, 15*time.Second
	cfg.RuntimeParams = map[string]string{
		"application_name": "bursar", "search_path": "pg_catalog", "standard_conforming_strings": "on", "client_encoding": "UTF8", "timezone": "UTC", "lock_timeout": "5min", "statement_timeout": "0",
	}
	cfg.DialFunc = t.guard.DialContext
	cfg.LookupFunc = net.DefaultResolver.LookupHost
	if cfg.TLSConfig, err = tlsConfig(s); err != nil {
		return err
	}
	t.conn, err = pgconn.ConnectConfig(ctx, cfg)
	return t.explain("connect", err)
}

func tlsConfig(s bursar.TargetSettings) (*tls.Config, error) {
	if s.TLS == Disable {
		return nil, nil
	}
	roots, err := egress.Roots("target.ca_certificate", s.CACertificate)
	return &tls.Config{RootCAs: roots, ServerName: s.Host, MinVersion: tls.VersionTLS12, InsecureSkipVerify: s.TLS == Require}, err
}

// exec runs statements that give no rows.
func (t *Target) exec(ctx context.Context, what, sql string) error {
	_, err := t.conn.Exec(ctx, sql).ReadAll()
	return t.explain(what, err)
}

// rows runs a query and gives its rows as text.
func (t *Target) rows(ctx context.Context, what, sql string, args ...string) (out [][]string, err error) {
	values := make([][]byte, len(args))
	for i, a := range args {
		values[i] = []byte(a)
	}
	res := t.conn.ExecParams(ctx, sql, values, nil, nil, nil).Read()
	for _, r := range res.Rows {
		row := make([]string, len(r))
		for i, c := range r {
			row[i] = string(c)
		}
		out = append(out, row)
	}
	return out, t.explain(what, res.Err)
}

// explain says what the server refused, and whether it may pass.
func (t *Target) explain(what string, err error) error {
	if err == nil {
		return nil
	}
	var ours *bursar.Error
	if errors.As(err, &ours) {
		return ours
	}
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return t.unreachable(err)
	}
	switch message := fmt.Sprintf("PostgreSQL refuses to %s: %s (SQLSTATE %s)", what, e.Message, e.Code); {
	case strings.HasPrefix(e.Code, "28"):
		return destination.Refused("login_refused", "%s", message).WithHint("look at the user %s, its password, and pg_hba.conf", t.settings.User)
	case e.Code == "3D000":
		return destination.Refused("no_such_database", "%s", message).WithHint("create the database %s, or name another", t.settings.Database)
	case e.Code == "42501":
		return destination.Refused("not_permitted", "%s", message).WithHint("%s", t.grants())
	case e.Code == "55P03":
		return destination.Away("locked", "%s", message).WithHint("somebody reads the table in a long transaction; it is tried again")
	case strings.HasPrefix(e.Code, "08"), strings.HasPrefix(e.Code, "40"), strings.HasPrefix(e.Code, "53"), strings.HasPrefix(e.Code, "57"), strings.HasPrefix(e.Code, "58"):
		return destination.Away("server_trouble", "%s", message).WithHint("it is tried again; the server's log says more")
	default:
		return destination.Refused("refused", "%s", message).WithHint("the server's log says more")
	}
}

func (t *Target) unreachable(err error) error {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var verify *tls.CertificateVerificationError
	at := net.JoinHostPort(t.settings.Host, strconv.Itoa(t.settings.Port))
	switch {
	case errors.As(err, &unknown), errors.As(err, &host), errors.As(err, &verify):
		return destination.Refused("certificate_refused", "the certificate of %s does not prove who it is: %w", at, err).
			WithHint("give the certificate of who signed it as ca_certificate; tls require would believe anybody")
	case strings.Contains(err.Error(), "refused TLS"):
		return destination.Refused("no_tls", "%s does not speak TLS", at).WithHint("turn ssl on in postgresql.conf, or set tls to disable if the network is yours")
	}
	return destination.Away("unreachable", "PostgreSQL at %s does not answer: %w", at, err).WithHint("look whether it runs, listens on that address, and lets this machine through its firewall")
}

func (t *Target) grants() string {
	return fmt.Sprintf("as the owner of the database: CREATE SCHEMA IF NOT EXISTS %s AUTHORIZATION %s", ident(t.settings.Schema), ident(t.settings.User))
}

// ident and literal quote.
func ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// table is the full name of a table of the schema.
func (t *Target) table(name string) string { return ident(t.settings.Schema) + "." + ident(name) }

const deliveries = "bursar_deliveries"

// Held reads bursar_deliveries.
func (t *Target) Held(ctx context.Context) (out []destination.Manifest, err error) {
	if err := t.connect(ctx); err != nil {
		return nil, err
	}
	found, err := t.rows(ctx, "look for its tables", "SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = $2", t.settings.Schema, deliveries)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	rows, err := t.rows(ctx, "read "+deliveries, "SELECT manifest::text FROM "+t.table(deliveries)+" WHERE destination = $1", t.Destination)
	for _, r := range rows {
		var m destination.Manifest
		if err := json.Unmarshal([]byte(r[0]), &m); err != nil {
			return nil, fmt.Errorf("a line of %s: %w", deliveries, err)
		}
		out = append(out, m)
	}
	return out, err
}
