package postgres

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/bursarhq/bursar/internal/destination"
)

// Deliver fills a table beside the old partition, and puts it into its place.
func (t *Target) Deliver(ctx context.Context, p *destination.Part) (m destination.Manifest, err error) {
	if err := t.connect(ctx); err != nil {
		return m, err
	}
	m = t.Manifest(p)
	if err := t.periodTable(ctx, p.Key); err != nil {
		return m, err
	}
	have, err := t.columns(ctx, p.Dataset)
	if err != nil {
		return m, err
	}
	return m, t.inTx(ctx, func() error {
		fresh := shorten(p.Dataset, 40) + "_" + strings.ToLower(rand.Text()[:16])
		if err := t.exec(ctx, "create a table", fmt.Sprintf("CREATE TABLE %s (LIKE %s, CHECK (%s = %s), CHECK (%s = %s))",
			t.table(fresh), t.table(p.Dataset), sourceColumn, literal(p.Source), periodColumn, literal(p.Period))); err != nil {
			return err
		}
		if m.Rows, err = t.copy(ctx, fresh, have, p); err != nil {
			return err
		}
		if err := t.takeAway(ctx, p.Key); err != nil {
			return err
		}
		if err := t.exec(ctx, "attach a partition", fmt.Sprintf("ALTER TABLE %s ATTACH PARTITION %s FOR VALUES IN (%s)",
			t.table(periodName(p.Key)), t.table(fresh), literal(p.Source))); err != nil {
			return err
		}
		return t.remember(ctx, m)
	})
}

// shorten keeps names within what PostgreSQL takes.
func shorten(s string, most int) string { return s[:min(len(s), most)] }

// periodName is the table of a dataset's period; its partitions are sources.
func periodName(k destination.Key) string {
	return shorten(k.Dataset, 40) + "_" + strings.ReplaceAll(shorten(k.Period, 20), "-", "_")
}

// periodTable makes the table of a period, in a transaction of its own, for it locks the whole dataset.
func (t *Target) periodTable(ctx context.Context, k destination.Key) error {
	found, err := t.rows(ctx, "look for a partition", "SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = $2", t.settings.Schema, periodName(k))
	if err != nil || len(found) > 0 {
		return err
	}
	return t.exec(ctx, "create a partition", fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s PARTITION OF %s FOR VALUES IN (%s) PARTITION BY LIST (%s)",
		t.table(periodName(k)), t.table(k.Dataset), literal(k.Period), sourceColumn))
}

// copy streams the rows of a part.
func (t *Target) copy(ctx context.Context, table string, have map[string]string, p *destination.Part) (rows int64, err error) {
	names := []string{ident(sourceColumn), ident(periodColumn)}
	for _, c := range p.Columns {
		names = append(names, ident(ColumnName(c.Name)))
	}
	statement := fmt.Sprintf("COPY %s (%s) FROM STDIN (FORMAT binary, FREEZE)", t.table(table), strings.Join(names, ", "))
	in, out := io.Pipe()
	failed := make(chan error, 1)
	go func() {
		var err error
		rows, err = write(ctx, out, have, p)
		out.CloseWithError(err)
		failed <- err
	}()
	_, err = t.conn.CopyFrom(ctx, in, statement)
	in.CloseWithError(errors.New("the server takes no more"))
	if reading := <-failed; reading != nil && err != nil && !errors.Is(reading, io.ErrClosedPipe) && reading.Error() != "the server takes no more" {
		return rows, reading
	}
	return rows, t.explain("take rows", err)
}

// takeAway drops the partition that holds a part, if there is one.
func (t *Target) takeAway(ctx context.Context, k destination.Key) error {
	old, err := t.rows(ctx, "look for a partition", `SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		JOIN pg_class o ON o.oid = i.inhparent JOIN pg_namespace n ON n.oid = o.relnamespace
		WHERE n.nspname = $1 AND o.relname = $2 AND pg_get_expr(c.relpartbound, c.oid) = 'FOR VALUES IN (' || quote_literal($3::text) || ')'`, t.settings.Schema, periodName(k), k.Source)
	if err != nil {
		return err
	}
	for _, r := range old {
		statement := fmt.Sprintf("ALTER TABLE %s DETACH PARTITION %s; DROP TABLE %s", t.table(periodName(k)), t.table(r[0]), t.table(r[0]))
		if err := t.exec(ctx, "replace a partition", statement); err != nil {
			return err
		}
	}
	return nil
}

func (t *Target) remember(ctx context.Context, m destination.Manifest) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = t.rows(ctx, "write "+deliveries, "INSERT INTO "+t.table(deliveries)+` (destination, dataset, source, period, version, rows, delivered_at, manifest)
		VALUES ($1, $2, $3, $4, $5, $6::bigint, $7::timestamptz, $8::jsonb) ON CONFLICT (destination, dataset, source, period)
		DO UPDATE SET version = excluded.version, rows = excluded.rows, delivered_at = excluded.delivered_at, manifest = excluded.manifest`,
		m.Destination, m.Dataset, m.Source, m.Period, m.Version, fmt.Sprint(m.Rows), m.DeliveredAt.Format("2006-01-02T15:04:05.999999Z"), string(body))
	return err
}

// Withdraw drops the partition of a part, with its line in bursar_deliveries.
func (t *Target) Withdraw(ctx context.Context, k destination.Key) error {
	if err := t.connect(ctx); err != nil {
		return err
	}
	return t.inTx(ctx, func() error {
		if err := t.takeAway(ctx, k); err != nil {
			return err
		}
		_, err := t.rows(ctx, "write "+deliveries, "DELETE FROM "+t.table(deliveries)+" WHERE destination = $1 AND dataset = $2 AND source = $3 AND period = $4",
			t.Destination, k.Dataset, k.Source, k.Period)
		return err
	})
}
