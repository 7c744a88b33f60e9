// Package bills offers what the lake holds to destinations: the line items, and their daily sums.
package bills

import (
	"context"

	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/billing/schema"
	"github.com/bursarhq/bursar/internal/destination"
)

// Lake tells what counts. [lake.Lake] does.
type Lake interface {
	Counting(ctx context.Context, workspaceID string) ([]lake.Counting, func(), error)
}

// The datasets of the lake.
const (
	LineItems  = "line_items"  // every line item that counts, with the columns that the lake has
	CostsDaily = "costs_daily" // their sums by day, and what questions group by often
)

// Dataset is one dataset of the lake.
type Dataset struct {
	lake  Lake
	name  string
	files func(lake.Counting) []lake.Files
	owner owner
}

// owner names the columns that say whose costs a row is.
type owner struct{ payer, account string }

// Datasets are those of a lake.
func Datasets(l Lake) []destination.Dataset {
	return []destination.Dataset{
		Dataset{l, LineItems, func(c lake.Counting) []lake.Files { return c.Items }, owner{schema.Lake("bill_payer_account_id"), schema.Lake("line_item_usage_account_id")}},
		Dataset{l, CostsDaily, func(c lake.Counting) []lake.Files { return c.Rollup }, owner{"payer", "account"}},
	}
}

// Name is the dataset's name.
func (d Dataset) Name() string { return d.name }

// Parts tells what counts now: a part for each export and billing period.
func (d Dataset) Parts(ctx context.Context, workspaceID string) (parts []*destination.Part, release func(), err error) {
	counts, release, err := d.lake.Counting(ctx, workspaceID)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range counts {
		p, err := d.part(c)
		if err != nil {
			release()
			return nil, nil, err
		}
		parts = append(parts, p)
	}
	return parts, release, nil
}

func (d Dataset) part(c lake.Counting) (*destination.Part, error) {
	key := destination.Key{Dataset: d.name, Source: c.Delivery.ExportID, Period: c.Delivery.Period.String()}
	columns, err := columnsOf(d.files(c))
	p := &destination.Part{Key: key, Version: c.Version, Columns: columns}
	if c.Whole {
		p.Totals = c.Delivery.Totals
	}
	p.Read = func(ctx context.Context, yield func(destination.Batch) error) error {
		return read(ctx, d.files(c), columns, d.owner, yield)
	}
	return p, err
}
