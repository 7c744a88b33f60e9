package app

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/deposit"
	"github.com/bursarhq/bursar/internal/billing/ingest"
	"github.com/bursarhq/bursar/internal/cli"
	"github.com/bursarhq/bursar/internal/store"
)

// ImportBill deposits bills, and imports them where no server works on the data folder.
func (l Local) ImportBill(ctx context.Context, o cli.ImportBillOptions, progress func(bursar.Progress)) (*cli.ImportedBill, error) {
	c, err := LoadConfig(o.ConfigFile, o.Environ)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(c.DataDir, "state.db")); err != nil {
		return nil, noData(c.DataDir, err)
	}
	found, err := l.plan(ctx, o, progress)
	if err != nil {
		return nil, err
	}
	defer found.close()
	out := &cli.ImportedBill{Notes: found.out.Notes, Skipped: found.out.Skipped}
	for _, b := range found.bills {
		if !slices.Contains(out.Names, b.Name) {
			out.Names = append(out.Names, b.Name)
		}
	}
	release, err := lockFolder(c.DataDir)
	if bursar.CodeOf(err) == bursar.Conflict {
		out.Serving = true
		if out.Account, err = o.Find(ctx, o.Account); err != nil {
			return nil, err
		}
		return out, found.deposit(ctx, c.DataDir, out.Account, progress)
	}
	if err != nil {
		return nil, err
	}
	release()
	return out, found.importHere(ctx, c, o.Account, out, progress)
}

func noData(dir string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return bursar.Errorf(bursar.Unavailable, "the data folder cannot be read: %w", err).WithHint("run this as the user that the server runs as")
	}
	return bursar.Errorf(bursar.Invalid, "there is no bursar in the data folder %s", dir).WithReason("no_data").
		WithHint("run this on the server's machine, with the server's settings: --config, or BURSAR_DATA_DIR")
}

// plannedBills are the bills that were found under the paths, read once.
type plannedBills struct {
	*inspector
	work  string
	bills []deposit.Bill
	bytes int64
}

func (p *plannedBills) close() {
	p.inspector.close()
	_ = os.RemoveAll(p.work)
}

// plan reads what lies under the paths: what is no bill is refused before anything is changed.
func (l Local) plan(ctx context.Context, o cli.ImportBillOptions, progress func(bursar.Progress)) (_ *plannedBills, err error) {
	p := &plannedBills{}
	if p.work, err = os.MkdirTemp("", "bursar-import-"); err != nil {
		return nil, err
	}
	p.inspector = newInspector(p.work, func(now ingest.Progress) { progress(cli.ReadingBills(now)) })
	if err := p.look(ctx, o.Paths); err != nil {
		p.close()
		return nil, err
	}
	for i, f := range p.files {
		if r := p.reports[i]; r != nil {
			if err := p.add(f, r, o.Name); err != nil {
				p.close()
				return nil, err
			}
		}
	}
	return p, nil
}

// add puts a file to its bill: that of its manifest, whose month is the only one that it is imported for; else one that all files of no
// manifest and of one format make together.
func (p *plannedBills) add(f inspected, r *ingest.FileReport, name string) error {
	var periods []bursar.Period
	for _, g := range r.ByPeriod {
		var period bursar.Period
		if period.UnmarshalText([]byte(g.Key)) == nil && !period.IsZero() && (f.loose || f.period.IsZero() || period == f.period) {
			periods = append(periods, period)
		}
	}
	if len(periods) == 0 && !f.period.IsZero() {
		periods = []bursar.Period{f.period}
	}
	if len(periods) == 0 {
		return bursar.Errorf(bursar.Invalid, "%s does not tell which month it is of", f.Name).WithReason("no_period").
			WithHint("lay it out as AWS does, with its manifest, and name the folder")
	}
	name = deposit.Name(cmp.Or(name, f.report, "local-"+string(r.Format)))
	if slices.ContainsFunc(p.bills, func(b deposit.Bill) bool { return b.Name == name && b.Format != r.Format }) {
		return bursar.Errorf(bursar.Invalid, "%s is of another format than other bills of the name %s", f.Name, name).WithReason("two_formats").WithHint("import one format at a time")
	}
	i := slices.IndexFunc(p.bills, func(b deposit.Bill) bool {
		return b.Name == name && (f.loose || slices.Equal(b.Files[0].Periods, periods))
	})
	if i < 0 {
		i = len(p.bills)
		p.bills = append(p.bills, deposit.Bill{Name: name, Format: r.Format, FileFormat: r.FileFormat})
	}
	p.bills[i].Files = append(p.bills[i].Files, deposit.File{File: f.File, Periods: periods})
	p.bytes += max(0, f.Size)
	return nil
}

// deposit copies the bills into the data folder.
func (p *plannedBills) deposit(ctx context.Context, dataDir, account string, progress func(bursar.Progress)) error {
	var done int64
	copied := func(n int64) {
		done += n
		progress(bursar.Progress{Step: "copying into the data folder", Done: done, Total: p.bytes, Unit: "bytes"})
	}
	for _, b := range p.bills {
		if err := deposit.In(dataDir).Put(ctx, account, b, copied); err != nil {
			return err
		}
	}
	return nil
}

// importHere does what a server would do, in this process.
func (p *plannedBills) importHere(ctx context.Context, c Config, account string, out *cli.ImportedBill, progress func(bursar.Progress)) (err error) {
	a := &App{config: c, log: slog.New(slog.DiscardHandler)}
	defer func() { err = errors.Join(err, a.Close()) }()
	if err := a.openData(ctx); err != nil {
		return err
	}
	acct, err := a.accountOf(ctx, account)
	if err != nil {
		return err
	}
	out.Account = acct.ID
	if err := p.deposit(ctx, c.DataDir, acct.ID, progress); err != nil {
		return err
	}
	imports := a.imports(nil) // no other export is looked at
	exports, err := imports.Follow(ctx, acct)
	if err != nil {
		return err
	}
	for _, e := range exports {
		if !deposit.Is(e) || !slices.Contains(out.Names, e.Name) {
			continue
		}
		_, err := imports.One(ctx, progress, acct, e)
		if err == nil {
			err = a.published(ctx, e, out)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// accountOf finds an account by its record's id or its 12 digits, in any workspace.
func (a *App) accountOf(ctx context.Context, account string) (found bursar.Account, err error) {
	err = a.store.View(ctx, func(tx *store.Tx) error {
		workspaces, err := tx.Workspaces()
		if err != nil {
			return err
		}
		for _, w := range workspaces {
			acct, err := tx.Account(w.ID, account)
			switch {
			case bursar.CodeOf(err) == bursar.NotFound:
			case err != nil:
				return err
			case found.ID != "":
				return bursar.Errorf(bursar.Conflict, "several workspaces have the account %s", account).WithHint("name its record: acc_…, as \"bursar account show\" prints it")
			default:
				found = acct
			}
		}
		if found.ID == "" {
			return bursar.Errorf(bursar.NotFound, "the account %s is not registered", account).WithReason("account_not_found").
				WithHint("bursar account add %s NAME", account)
		}
		return nil
	})
	return found, err
}

// published adds what now counts of an export.
func (a *App) published(ctx context.Context, e bursar.Export, out *cli.ImportedBill) error {
	return a.store.View(ctx, func(tx *store.Tx) error {
		all, err := tx.EveryDelivery()
		for _, d := range all {
			if d.ExportID == e.ID && d.State == bursar.DeliveryPublished {
				out.Deliveries = append(out.Deliveries, d.Delivery)
			}
		}
		cli.SortDeliveries(out.Deliveries)
		return err
	})
}
