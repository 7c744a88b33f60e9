package main

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/destination"
	"github.com/bursarhq/bursar/internal/destination/bills"
	"github.com/bursarhq/bursar/internal/destination/clickhouse"
	"github.com/bursarhq/bursar/internal/destination/file"
	"github.com/bursarhq/bursar/internal/destination/postgres"
	"github.com/bursarhq/bursar/internal/egress"
	"github.com/bursarhq/bursar/internal/realserver"
	"github.com/bursarhq/bursar/internal/store"
)

const (
	deliveredShare = 0.8 // of the peer's rows per second
	bursarTable    = "line_items"
)

var loopback = egress.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}

// deliver is a task: it delivers the line items of a home to a destination, all of them again. Its arguments are the home, where the processor
// profile goes ("" for none), the kind, and what [target] wants for it.
func deliver(ctx context.Context, args []string) (map[string]float64, error) {
	if args[1] != "" {
		stop, err := startProfile(args[1])
		if err != nil {
			return nil, err
		}
		defer stop()
	}
	h, err := openHome(ctx, args[0])
	if err != nil {
		return nil, err
	}
	defer h.close()
	t, err := target(args[2], args[3:])
	if err != nil {
		return nil, err
	}
	defer t.Close()
	var ws string
	if err := h.store.View(ctx, func(tx *store.Tx) error { all, err := tx.Workspaces(); ws = all[0].ID; return err }); err != nil {
		return nil, err
	}
	var rows int64
	err = destination.Run(ctx, t, destination.Plan{
		WorkspaceID: ws, Datasets: bills.Datasets(h.lake)[:1], Full: true,
		Delivery: func(m destination.Manifest, _ bool) error { rows = m.Rows; return nil },
	})
	return map[string]float64{"rows": float64(rows)}, err
}

// target opens what is delivered to: a folder; a PostgreSQL's port, user, password and database; a ClickHouse's address.
func target(kind string, at []string) (destination.Target, error) {
	o := destination.Origin{Destination: "dst_bench", Now: time.Now}
	switch kind {
	case "file":
		return file.Open(at[0], bursar.TargetSettings{Format: destination.CSV, PlainCSV: true}, o, os.TempDir())
	case "postgres":
		port, err := strconv.Atoi(at[0])
		if err != nil {
			return nil, err
		}
		return postgres.Open(bursar.TargetSettings{Host: "127.0.0.1", Port: port, User: at[1], Database: at[3], TLS: postgres.Disable}, bursar.NewSecret(at[2]), o, loopback)
	}
	return clickhouse.Open(bursar.TargetSettings{URL: at[0]}, bursar.Secret{}, o, loopback)
}

// copyPostgres is a task: it copies a CSV file into a table of the same columns, as psql's \copy does. Its arguments are the file, and the
// server as [target] wants it.
func copyPostgres(ctx context.Context, args []string) (map[string]float64, error) {
	in, columns, err := openCSV(args[0])
	if err != nil {
		return nil, err
	}
	defer in.Close()
	c, err := pgconn.Connect(ctx, fmt.Sprintf("host=127.0.0.1 port=%s user=%s password='%s' dbname=%s sslmode=disable", args[1], args[2], args[3], args[4]))
	if err != nil {
		return nil, err
	}
	defer c.Close(ctx)
	for i, name := range columns {
		columns[i] = postgres.ColumnName(name)
	}
	list := `"` + strings.Join(columns, `", "`) + `"`
	begin := `SET timezone = 'UTC'; DROP TABLE IF EXISTS bursar.peer; BEGIN; CREATE TABLE bursar.peer AS SELECT ` + list + ` FROM bursar.` + bursarTable + ` LIMIT 0`
	if _, err := c.Exec(ctx, begin).ReadAll(); err != nil {
		return nil, err
	}
	tag, err := c.CopyFrom(ctx, in, "COPY bursar.peer ("+list+") FROM STDIN (FORMAT csv, HEADER, FREEZE)")
	if err != nil {
		return nil, err
	}
	_, err = c.Exec(ctx, "COMMIT").ReadAll()
	return map[string]float64{"rows": float64(tag.RowsAffected())}, err
}

// copyClickHouse is a task: it inserts a CSV file into a table of the same columns, as clickhouse-client does.
func copyClickHouse(ctx context.Context, args []string) (map[string]float64, error) {
	in, _, err := openCSV(args[0])
	if err != nil {
		return nil, err
	}
	defer in.Close()
	for _, s := range []string{
		"DROP TABLE IF EXISTS bursar.peer SYNC",
		"CREATE TABLE bursar.peer ENGINE = MergeTree ORDER BY tuple() AS SELECT * EXCEPT (bursar_source, bursar_period) FROM bursar." + bursarTable + " LIMIT 0",
	} {
		if _, err := clickhouseSays(ctx, args[1], s, nil); err != nil {
			return nil, err
		}
	}
	if _, err := clickhouseSays(ctx, args[1], "INSERT INTO bursar.peer SETTINGS date_time_input_format = 'best_effort' FORMAT CSVWithNames", in); err != nil {
		return nil, err
	}
	n, err := clickhouseSays(ctx, args[1], "SELECT count() FROM bursar.peer", nil)
	if err != nil {
		return nil, err
	}
	rows, err := strconv.ParseFloat(n, 64)
	return map[string]float64{"rows": rows}, err
}

func clickhouseSays(ctx context.Context, address, statement string, body io.Reader) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/?query="+url.QueryEscape(statement), body)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", statement, b)
	}
	return strings.TrimSpace(string(b)), err
}

// openCSV opens a file, and reads what its header says.
func openCSV(name string) (*os.File, []string, error) {
	in, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	header, err := csv.NewReader(in).Read()
	if err == nil {
		_, err = in.Seek(0, io.SeekStart)
	}
	return in, header, err
}

// lineItems imports the month into a home, and writes its line items as a plain CSV file too.
func (b *bench) lineItems(ctx context.Context) (home, plain string, err error) {
	d, err := b.bills(ctx, b.month())
	if err != nil {
		return "", "", err
	}
	home, plain = b.folder("delivering"), filepath.Join(b.scratch, "line_items.csv")
	if _, err := os.Stat(plain); err == nil {
		return home, plain, nil
	}
	if _, err = measure(ctx, "bursar-import", home, "", d.Dir); err != nil {
		return "", "", err
	}
	out := b.folder("delivered")
	if _, err = measure(ctx, "deliver", home, "", "file", out); err != nil {
		return "", "", err
	}
	packed, err := filepath.Glob(filepath.Join(out, bursarTable, "*", "*", "*", "*.csv.gz"))
	if err != nil || len(packed) != 1 {
		return "", "", fmt.Errorf("%d files were delivered: %w", len(packed), err)
	}
	return home, plain, unpack(packed[0], plain)
}

func unpack(packed, plain string) error {
	in, err := os.Open(packed)
	if err != nil {
		return err
	}
	defer in.Close()
	z, err := gzip.NewReader(in)
	if err != nil {
		return err
	}
	out, err := os.Create(plain)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, z)
	return errors.Join(err, out.Close())
}

func (b *bench) deliverPostgres(ctx context.Context) error {
	server, err := realserver.StartPostgres(ctx)
	if errors.Is(err, realserver.ErrAbsent) {
		b.table.add("delivered to PostgreSQL", "not measured: %v", err)
		return nil
	}
	if err != nil {
		return err
	}
	defer server.Stop()
	at := []string{strconv.Itoa(server.Port), server.User, server.Password, server.Database}
	sums := func() (ours, theirs string, err error) {
		c, err := pgconn.Connect(ctx, fmt.Sprintf("host=127.0.0.1 port=%d user=%s password='%s' dbname=%s sslmode=disable", server.Port, server.User, server.Password, server.Database))
		if err != nil {
			return "", "", err
		}
		defer c.Close(ctx)
		res := c.ExecParams(ctx, `SELECT (SELECT count(*) || ' ' || sum("BilledCost") FROM bursar.line_items), (SELECT count(*) || ' ' || sum("BilledCost") FROM bursar.peer)`, nil, nil, nil, nil).Read()
		if res.Err != nil {
			return "", "", res.Err
		}
		return string(res.Rows[0][0]), string(res.Rows[0][1]), nil
	}
	return b.deliverTo(ctx, "PostgreSQL", "COPY", "postgres", "copy-postgres", at, sums)
}

func (b *bench) deliverClickHouse(ctx context.Context) error {
	server, err := realserver.StartClickHouse(ctx)
	if errors.Is(err, realserver.ErrAbsent) {
		b.table.add("delivered to ClickHouse", "not measured: %v", err)
		return nil
	}
	if err != nil {
		return err
	}
	defer server.Stop()
	sums := func() (ours, theirs string, err error) {
		ours, err = clickhouseSays(ctx, server.URL, `SELECT count(), sum(BilledCost) FROM bursar.line_items`, nil)
		if err == nil {
			theirs, err = clickhouseSays(ctx, server.URL, `SELECT count(), sum(BilledCost) FROM bursar.peer`, nil)
		}
		return ours, theirs, err
	}
	return b.deliverTo(ctx, "ClickHouse", "INSERT … FORMAT CSV", "clickhouse", "copy-clickhouse", []string{server.URL}, sums)
}

// deliverTo measures a delivery in turns with the server's own way to take the same rows as CSV.
func (b *bench) deliverTo(ctx context.Context, name, peer, kind, task string, at []string, sums func() (ours, theirs string, err error)) error {
	home, plain, err := b.lineItems(ctx)
	if err != nil {
		return err
	}
	c, err := inTurns(ctx, b.turns,
		func() (cost, error) {
			return measure(ctx, "deliver", append([]string{home, b.profile, kind}, at...)...)
		},
		func() (cost, error) { return measure(ctx, task, append([]string{plain}, at...)...) })
	if err != nil {
		return err
	}
	ours, theirs, err := sums()
	if err != nil {
		return err
	}
	if ours != theirs || c[0].Out["rows"] != float64(b.rows) {
		return fmt.Errorf("%s holds %s, its peer %s, of %d line items", name, ours, theirs, b.rows)
	}
	info, err := os.Stat(plain)
	if err != nil {
		return err
	}
	b.table.add(fmt.Sprintf("%d line items delivered to %s", b.rows, name), "as CSV they have %s", mb(info.Size()))
	ratio := c[0].rate() / c[1].rate()
	b.table.judge("  delivery", fmt.Sprintf("%.1f times the rows/s of %s", deliveredShare, peer), ratio >= deliveredShare, "%.0f rows/s: %.2f times %s's %.0f", c[0].rate(), ratio, peer, c[1].rate())
	b.memory(c[0])
	return nil
}
