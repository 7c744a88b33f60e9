package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/destination"
)

// oldest is the first version whose partitions can do what is wanted of them.
const oldest = 13

// Check connects, and does in a transaction that is rolled back what a delivery does.
func (t *Target) Check(ctx context.Context) (out []bursar.Probe) {
	steps := []struct {
		name string
		do   func() error
	}{
		{"connect", func() error { return t.connect(ctx) }},
		{"version", func() error { return t.version(ctx) }},
		{"create", func() error { return t.try(ctx) }},
	}
	for _, s := range steps {
		p := destination.ProbeOf(s.name, s.do())
		out = append(out, p)
		if p.Status == bursar.StatusFailed {
			return out
		}
	}
	if t.settings.TLS != Verify {
		out = append(out, bursar.Probe{
			Check: "tls", Status: bursar.StatusWarning, Code: "tls_" + t.settings.TLS,
			Message: map[string]string{Disable: "the connection is not encrypted", Require: "the connection is encrypted, but the server does not have to prove who it is"}[t.settings.TLS],
			Remedy:  "set tls to verify, with ca_certificate where a private authority has signed",
		})
	}
	return out
}

func (t *Target) version(ctx context.Context) error {
	rows, err := t.rows(ctx, "tell its version", "SHOW server_version_num")
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(rows[0][0])
	if err != nil || n/10000 < oldest {
		return destination.Refused("version_old", "this PostgreSQL has version %s", rows[0][0]).WithHint("use version %d or newer", oldest)
	}
	return nil
}

func (t *Target) try(ctx context.Context) error {
	if err := t.exec(ctx, "begin", "BEGIN"); err != nil {
		return err
	}
	err := t.ours(ctx)
	if err == nil {
		err = t.exec(ctx, "create a table", "CREATE TABLE "+t.table("bursar_check")+" (a text) PARTITION BY LIST (a)")
	}
	if back := t.exec(context.WithoutCancel(ctx), "roll back", "ROLLBACK"); err == nil {
		err = back
	}
	return err
}

// ours makes the schema and the table of manifests.
func (t *Target) ours(ctx context.Context) error {
	found, err := t.rows(ctx, "look for the schema", "SELECT 1 FROM pg_namespace WHERE nspname = $1", t.settings.Schema)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		if err := t.exec(ctx, "create the schema", "CREATE SCHEMA IF NOT EXISTS "+ident(t.settings.Schema)); err != nil {
			return err
		}
	}
	return t.exec(ctx, "create "+deliveries, "CREATE TABLE IF NOT EXISTS "+t.table(deliveries)+` (
		destination text, dataset text, source text, period text, version text NOT NULL, rows bigint NOT NULL, delivered_at timestamptz NOT NULL, manifest jsonb NOT NULL,
		PRIMARY KEY (destination, dataset, source, period))`)
}

// typeOf is the PostgreSQL type of a column.
func typeOf(c destination.Column) string {
	switch c.Type {
	case destination.Decimal:
		return "numeric"
	case destination.Integer:
		return "bigint"
	case destination.Timestamp:
		return "timestamp with time zone"
	case destination.Date:
		return "date"
	case destination.JSON:
		return "jsonb"
	}
	return "text"
}

// The columns that every table has.
const (
	sourceColumn = "bursar_source"
	periodColumn = "bursar_period"
)

// Prepare makes the dataset's table, adds columns, and makes those text whose values are not all of one type any more.
func (t *Target) Prepare(ctx context.Context, dataset string, columns []destination.Column) error {
	if err := t.connect(ctx); err != nil {
		return err
	}
	return t.inTx(ctx, func() error {
		if err := t.ours(ctx); err != nil {
			return err
		}
		err := t.exec(ctx, "create the table "+dataset, fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (%s text NOT NULL, %s text NOT NULL) PARTITION BY LIST (%s)", t.table(dataset), sourceColumn, periodColumn, periodColumn))
		if err != nil {
			return err
		}
		have, err := t.columns(ctx, dataset)
		if err != nil {
			return err
		}
		if changes := alterations(have, columns); len(changes) > 0 {
			return t.exec(ctx, "change the table "+dataset, "ALTER TABLE "+t.table(dataset)+" "+strings.Join(changes, ", "))
		}
		return nil
	})
}

// longestName is what PostgreSQL takes: beyond, it cuts names off without a word (NAMEDATALEN).
const longestName = 63

// ColumnName is how a column is called in a table: as it is, or, where that is too long, its beginning and a digest of the whole.
func ColumnName(name string) string {
	if len(name) <= longestName {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	head := name[:longestName-9]
	for !utf8.ValidString(head) {
		head = head[:len(head)-1]
	}
	return head + "_" + hex.EncodeToString(sum[:4])
}

// alterations are what has to be done to columns. A column of another type than is wanted becomes text, which holds both.
func alterations(have map[string]string, columns []destination.Column) (out []string) {
	for _, c := range columns {
		name := ColumnName(c.Name)
		switch is, want := have[name], typeOf(c); {
		case is == "":
			out = append(out, "ADD COLUMN "+ident(name)+" "+want)
		case is != want && is != "text":
			out = append(out, "ALTER COLUMN "+ident(name)+" TYPE text USING "+asText(name, is))
		}
	}
	return out
}

// asText turns the values of a column into the text that [destination.AppendText] would have made of them.
func asText(name, is string) string {
	switch is {
	case "numeric":
		return "trim_scale(" + ident(name) + ")::text"
	case "timestamp with time zone":
		return "regexp_replace(to_char(" + ident(name) + ` AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '\.?0+$', '') || 'Z'`
	}
	return ident(name) + "::text"
}

// columns are those of a table, with their types.
func (t *Target) columns(ctx context.Context, table string) (map[string]string, error) {
	rows, err := t.rows(ctx, "look at the columns of "+table, `SELECT a.attname, format_type(a.atttypid, NULL) FROM pg_attribute a
		JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped`, t.settings.Schema, table)
	out := map[string]string{}
	for _, r := range rows {
		out[r[0]] = r[1]
	}
	return out, err
}

// inTx runs f in a transaction.
func (t *Target) inTx(ctx context.Context, f func() error) error {
	if err := t.exec(ctx, "begin", "BEGIN"); err != nil {
		return err
	}
	if err := f(); err != nil {
		if !t.conn.IsClosed() {
			_ = t.exec(context.WithoutCancel(ctx), "roll back", "ROLLBACK") // the first error counts
		}
		return err
	}
	return t.exec(ctx, "commit", "COMMIT")
}
