package cli

import (
	"context"
	"io"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/ingest"
)

// Local is what commands do in this process, without a server. The app implements it.
type Local interface {
	// Serve runs the server until ctx ends. It prints to out what a person needs to begin.
	Serve(ctx context.Context, o ServeOptions, out, log io.Writer) error
	// Demo runs bursar and a simulated AWS until ctx ends, or, with Once, does the main job and ends: with an
	// error when any step or any total is wrong.
	Demo(ctx context.Context, o DemoOptions, out, log io.Writer) error
	// Inspect reads bills: files, folders laid out like the bucket, or s3:// addresses with the ambient
	// identity. Something that is no bill is an error with the code invalid that says what it looks like.
	Inspect(ctx context.Context, paths []string, progress func(ingest.Progress)) (*Inspection, error)
	// ImportBill deposits bills in the data folder for a registered account, and imports them where no server works on that
	// folder. Where one does, it only deposits them: the server is still to be asked.
	ImportBill(ctx context.Context, o ImportBillOptions, progress func(bursar.Progress)) (*ImportedBill, error)
	// Doctor looks at an installation on this machine. It changes nothing. An error means that its settings are wrong.
	Doctor(ctx context.Context, o ServeOptions) ([]Diagnosis, error)
	// Backup writes one consistent state of the data folder to a new file, while a server may be working on it.
	Backup(ctx context.Context, o BackupOptions) (*Backup, error)
	// Restore unpacks a backup into the data folder, which must be absent or empty: as a whole, or not at all.
	Restore(ctx context.Context, o RestoreOptions) (*Backup, error)
	// PublishTemplates copies what customers deploy to a bucket, with bursar's own identity. What is there already stays.
	PublishTemplates(ctx context.Context, o PublishOptions) (*Publication, error)
}

// ImportBillOptions are the flags of bursar bill import.
type ImportBillOptions struct {
	ServeOptions
	Paths   []string
	Account string // its record's id or its 12 digits
	Name    string // of the bill; "" is the report's own, or "local"
	// Find asks the server that works on the data folder for the id of the account's record.
	Find func(ctx context.Context, account string) (id string, err error)
}

// ImportedBill is what bill import did.
type ImportedBill struct {
	Serving    bool              // a server works on the data folder: it is still to be asked to import
	Account    string            // the record's id
	Names      []string          // of the bills
	Deliveries []bursar.Delivery // that now count
	Notes      []string
	Skipped    []error
}

// Inspection is what was found in bills.
type Inspection struct {
	Report  ingest.Report
	Skipped []error  // what lies in a folder beside its bills, and is none
	Notes   []string // what else a person should know: versions that do not count, rows of other months
}

// Add takes another report in.
func (i *Inspection) Add(r *ingest.Report) {
	i.Report.Files = append(i.Report.Files, r.Files...)
	i.Report.Total.Rows += r.Total.Rows
	for currency, amount := range r.Total.Totals {
		if i.Report.Total.Totals == nil {
			i.Report.Total.Totals = map[string]bursar.Decimal{}
		}
		i.Report.Total.Totals[currency] = i.Report.Total.Totals[currency].Add(amount)
	}
}

// ServeOptions are the flags of bursar serve.
type ServeOptions struct {
	ConfigFile string
	Environ    []string
}

// DemoOptions are the flags of bursar demo.
type DemoOptions struct {
	DataDir string // "" is a temporary folder that is removed at the end
	Addr    string // "" is a free port on loopback
	Once    bool
	JSON    bool
	Bill    string // a folder of real bill files that the simulated AWS serves as an existing export; "" for none
}
