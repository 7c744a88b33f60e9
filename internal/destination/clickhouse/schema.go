package clickhouse

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/destination"
)

// Check asks for the version, and makes and drops a table.
func (t *Target) Check(ctx context.Context) (out []bursar.Probe) {
	for _, s := range []struct {
		name string
		do   func(context.Context) error
	}{{"connect", t.version}, {"create", t.try}} {
		p := destination.ProbeOf(s.name, s.do(ctx))
		out = append(out, p)
		if p.Status == bursar.StatusFailed {
			return out
		}
	}
	if strings.HasPrefix(t.settings.URL, "http://") {
		out = append(out, bursar.Probe{Check: "tls", Status: bursar.StatusWarning, Code: "tls_disable", Message: "the connection is not encrypted", Remedy: "use ClickHouse's HTTPS port, 8443 as a rule"})
	}
	return out
}

// oldest is the first year of releases that knows all that is used here.
const oldest = 22

func (t *Target) version(ctx context.Context) error {
	type answer struct{ Version string }
	list, err := rows[answer](ctx, t, "tell its version", "SELECT version() AS Version")
	if err != nil {
		return err
	}
	var year int
	if len(list) != 1 {
		return destination.Refused("not_clickhouse", "%s does not tell its version", t.settings.URL).WithHint("use the address of ClickHouse's HTTP interface")
	}
	if _, err := fmt.Sscanf(list[0].Version, "%d.", &year); err != nil || year < oldest {
		return destination.Refused("version_old", "this ClickHouse has version %s", list[0].Version).WithHint("use version %d or newer", oldest)
	}
	return nil
}

// try makes what a delivery makes, and takes it away.
func (t *Target) try(ctx context.Context) error {
	type found struct{ Name string }
	list, err := rows[found](ctx, t, "look for the database", "SELECT name AS Name FROM system.databases WHERE name = "+literal(t.settings.Database))
	if err != nil {
		return err
	}
	if len(list) == 0 {
		if err := t.exec(ctx, "create the database", "CREATE DATABASE "+ident(t.settings.Database)); err != nil {
			return err
		}
		return t.exec(ctx, "drop the database", "DROP DATABASE "+ident(t.settings.Database)+" SYNC")
	}
	name := "bursar_check_" + strings.ToLower(rand.Text()[:12])
	if err := t.exec(ctx, "create a table", "CREATE TABLE "+t.table(name)+" (a String) ENGINE = MergeTree ORDER BY tuple()"); err != nil {
		return err
	}
	return t.exec(ctx, "drop a table", "DROP TABLE "+t.table(name)+" SYNC")
}

// The types of decimals: the first holds what AWS delivers, the second everything that bursar reads.
const (
	narrow = "Nullable(Decimal(38, 18))"
	wide   = "Nullable(Decimal(76, 38))"
	text   = "Nullable(String)"
)

// typeOf is the ClickHouse type of a column.
func typeOf(c destination.Column) string {
	switch c.Type {
	case destination.Decimal:
		if c.Scale <= 18 && c.Precision-c.Scale <= 20 {
			return narrow
		}
		return wide
	case destination.Integer:
		return "Nullable(Int64)"
	case destination.Timestamp:
		return "Nullable(DateTime64(6, 'UTC'))"
	case destination.Date:
		return "Nullable(Date32)"
	}
	return text
}

// The columns that every table has.
const (
	sourceColumn = "bursar_source"
	periodColumn = "bursar_period"
)

// Prepare makes the dataset's table, adds columns, and makes those wider that have to hold more. What a delivery that was cut off has left
// is dropped.
func (t *Target) Prepare(ctx context.Context, dataset string, columns []destination.Column) error {
	for _, statement := range []string{
		"CREATE DATABASE IF NOT EXISTS " + ident(t.settings.Database),
		"CREATE TABLE IF NOT EXISTS " + t.table(deliveries) + ` (destination String, dataset String, source String, period String, version String, rows UInt64, withdrawn Bool,
			delivered_at DateTime64(6, 'UTC'), manifest String, written_at DateTime64(9, 'UTC') DEFAULT now64(9))
			ENGINE = ReplacingMergeTree(written_at) ORDER BY (destination, dataset, source, period)`,
		fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (%s LowCardinality(String), %s LowCardinality(String)) ENGINE = MergeTree PARTITION BY (%s, %s) ORDER BY tuple()",
			t.table(dataset), sourceColumn, periodColumn, sourceColumn, periodColumn),
	} {
		if err := t.exec(ctx, "create its tables", statement); err != nil {
			return err
		}
	}
	if err := t.sweep(ctx); err != nil {
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
}

// alterations are what has to be done to columns. A column of another type than is wanted becomes text, which holds both.
func alterations(have map[string]string, columns []destination.Column) (out []string) {
	for _, c := range columns {
		switch is, want := have[c.Name], typeOf(c); {
		case is == "":
			out = append(out, "ADD COLUMN "+ident(c.Name)+" "+want)
		case is == want || is == text || is == wide && want == narrow:
		case is == narrow && want == wide:
			out = append(out, "MODIFY COLUMN "+ident(c.Name)+" "+wide)
		default:
			out = append(out, "MODIFY COLUMN "+ident(c.Name)+" "+text)
		}
	}
	return out
}

// columns are those of a table, with their types.
func (t *Target) columns(ctx context.Context, table string) (map[string]string, error) {
	type column struct{ Name, Type string }
	list, err := rows[column](ctx, t, "look at the columns of "+table,
		"SELECT name AS Name, type AS Type FROM system.columns WHERE database = "+literal(t.settings.Database)+" AND table = "+literal(table))
	out := map[string]string{}
	for _, c := range list {
		out[c.Name] = c.Type
	}
	return out, err
}

// staging is how the tables begin that are filled beside the real ones. No two runs of a destination go on at once.
func (t *Target) staging() string { return "bursar_staging_" + t.Destination + "_" }

// sweep drops the tables that a delivery has left behind.
func (t *Target) sweep(ctx context.Context) error {
	type found struct{ Name string }
	list, err := rows[found](ctx, t, "look for its tables", "SELECT name AS Name FROM system.tables WHERE database = "+literal(t.settings.Database)+" AND startsWith(name, "+literal(t.staging())+")")
	for _, f := range list {
		if err := t.exec(ctx, "drop a table", "DROP TABLE IF EXISTS "+t.table(f.Name)+" SYNC"); err != nil {
			return err
		}
	}
	return err
}
