package clickhouse

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

// Deliver fills a table beside the dataset's, and replaces the part's partition by that one's.
func (t *Target) Deliver(ctx context.Context, p *destination.Part) (m destination.Manifest, err error) {
	m = t.Manifest(p)
	fresh := t.table(t.staging() + strings.ToLower(rand.Text()[:16]))
	if err := t.exec(ctx, "create a table", "CREATE TABLE "+fresh+" AS "+t.table(p.Dataset)); err != nil {
		return m, err
	}
	defer func() {
		if dropped := t.exec(context.WithoutCancel(ctx), "drop a table", "DROP TABLE IF EXISTS "+fresh+" SYNC"); err == nil {
			err = dropped
		}
	}()
	have, err := t.columns(ctx, p.Dataset)
	if err != nil {
		return m, err
	}
	if m.Rows, err = t.insert(ctx, fresh, have, p); err != nil {
		return m, err
	}
	swap := "REPLACE PARTITION " + partition(p.Key) + " FROM " + fresh
	if m.Rows == 0 {
		swap = "DROP PARTITION " + partition(p.Key)
	}
	if err := t.exec(ctx, "replace a partition", "ALTER TABLE "+t.table(p.Dataset)+" "+swap); err != nil {
		return m, err
	}
	return m, t.remember(ctx, m, false)
}

func partition(k destination.Key) string {
	return "tuple(" + literal(k.Source) + ", " + literal(k.Period) + ")"
}

// insert streams the rows of a part.
func (t *Target) insert(ctx context.Context, table string, have map[string]string, p *destination.Part) (int64, error) {
	n, err := newNative(have, p)
	if err != nil {
		return 0, err
	}
	if len(p.Columns) == 0 {
		return 0, nil
	}
	names := []string{sourceColumn, periodColumn}
	for _, c := range p.Columns {
		names = append(names, ident(c.Name))
	}
	in, out := io.Pipe()
	failed := make(chan error, 1)
	go func() {
		err := n.write(ctx, out, p)
		out.CloseWithError(err)
		failed <- err
	}()
	_, err = t.do(ctx, "take rows", "INSERT INTO "+table+" ("+strings.Join(names, ", ")+") FORMAT Native", in)
	in.CloseWithError(errNoMore)
	if reading := <-failed; reading != nil && !errors.Is(reading, errNoMore) && !errors.Is(reading, io.ErrClosedPipe) {
		return 0, reading
	}
	return n.rows, err
}

var errNoMore = errors.New("the server takes no more")

// remember writes a part's line in bursar_deliveries; the newest counts.
func (t *Target) remember(ctx context.Context, m destination.Manifest, withdrawn bool) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	line, err := json.Marshal(map[string]any{
		"destination": m.Destination, "dataset": m.Dataset, "source": m.Source, "period": m.Period, "version": m.Version, "rows": m.Rows, "withdrawn": withdrawn,
		"delivered_at": m.DeliveredAt.Format("2006-01-02 15:04:05.000000"), "manifest": string(body),
	})
	if err != nil {
		return err
	}
	_, err = t.do(ctx, "write "+deliveries, "INSERT INTO "+t.table(deliveries)+" FORMAT JSONEachRow", strings.NewReader(string(line)))
	return err
}

// Withdraw drops the partition of a part.
func (t *Target) Withdraw(ctx context.Context, k destination.Key) error {
	there, err := t.has(ctx, k.Dataset)
	if err != nil {
		return err
	}
	if there {
		if err := t.exec(ctx, "drop a partition", fmt.Sprintf("ALTER TABLE %s DROP PARTITION %s", t.table(k.Dataset), partition(k))); err != nil {
			return err
		}
	}
	if there, err = t.has(ctx, deliveries); err != nil || !there {
		return err
	}
	return t.remember(ctx, destination.Manifest{Destination: t.Destination, Key: k, DeliveredAt: t.Now().UTC()}, true)
}
