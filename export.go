package bursar

import "time"

// Format is the family of a bill's line items.
type Format string

// The formats of a bill.
const (
	FormatLegacy  Format = "legacy"    // legacy Cost and Usage Report
	FormatCUR2    Format = "cur2"      // CUR 2.0 by Data Exports
	FormatFOCUS10 Format = "focus-1.0" // FOCUS 1.0 by Data Exports
	FormatFOCUS12 Format = "focus-1.2" // FOCUS 1.2 by Data Exports
)

// FileFormat is how the files of an export are written.
type FileFormat string

// The file formats.
const (
	FileCSV     FileFormat = "csv"
	FileParquet FileFormat = "parquet"
)

// Versioning says what AWS does with the former delivery of a period.
type Versioning string

// The versionings of an export, in AWS's words.
const (
	CreateNew Versioning = "CREATE_NEW_REPORT"
	Overwrite Versioning = "OVERWRITE_REPORT"
)

// Export is a billing export in S3 that an account has, and that bursar follows.
type Export struct {
	ID          string     `json:"id"` // "exp_…"
	WorkspaceID string     `json:"-"`
	AccountID   string     `json:"account_id"` // the Account's ID ("acc_…")
	Name        string     `json:"name"`       // AWS's report or export name
	ARN         string     `json:"arn,omitempty"`
	Format      Format     `json:"format"`
	FileFormat  FileFormat `json:"file_format"`
	Versioning  Versioning `json:"versioning"`
	Bucket      string     `json:"bucket"`
	BucketOwner string     `json:"bucket_owner"` // account id that every request pins
	Region      string     `json:"region"`       // the bucket's
	Prefix      string     `json:"prefix"`       // exactly as AWS has it; may be empty or end in "/"
	RoleARN     string     `json:"role_arn"`     // the role that reads the files
	CreatedAt   time.Time  `json:"created_at"`
	Followed    bool       `json:"followed"`              // its deliveries are asked for; false for one that was followed before
	PreferredAt time.Time  `json:"preferred_at,omitzero"` // when it was made primary: its costs count before those of other exports
	Overlaps    []Overlap  `json:"overlaps,omitempty"`    // with other exports, where asked for
}

// Folder is where the export's files lie in its bucket: its prefix, which AWS keeps as it is, and its name, without a slash at the end.
func (e Export) Folder() string {
	if e.Prefix == "" {
		return e.Name
	}
	return e.Prefix + "/" + e.Name
}

// Overlap says that two exports bring costs of the same accounts for the same time. They are never added: one of the two counts.
type Overlap struct {
	ExportID string   `json:"export_id"` // the other export
	Counts   bool     `json:"counts"`    // whether this export's costs count, rather than the other's
	Periods  []Period `json:"periods"`   // in which both bring them, ascending
	Accounts int      `json:"accounts"`  // how many accounts' costs both bring
}

// DeliveryState is where a delivery stands in the lake.
type DeliveryState string

// The states of a delivery. At most one delivery of each (export, period) is published.
const (
	DeliveryPublished  DeliveryState = "published"
	DeliverySuperseded DeliveryState = "superseded" // a newer one took its place
	DeliveryRejected   DeliveryState = "rejected"   // incomplete or unreadable: never published, Reason says why
)

// Delivery is one complete version of one billing period of one export.
type Delivery struct {
	ID          string             `json:"id"` // "dlv_…"
	WorkspaceID string             `json:"-"`
	ExportID    string             `json:"export_id"`
	Period      Period             `json:"period"`
	Version     string             `json:"version"` // assemblyId, executionId, or the manifest's ETag
	State       DeliveryState      `json:"state"`
	Reason      string             `json:"reason,omitempty"` // why it was rejected
	ManifestKey string             `json:"manifest_key"`
	DeliveredAt time.Time          `json:"delivered_at,omitzero"` // when AWS wrote the manifest
	ImportedAt  time.Time          `json:"imported_at,omitzero"`
	Files       int                `json:"files"`
	SourceBytes int64              `json:"source_bytes"`
	Rows        int64              `json:"rows"`
	Totals      map[string]Decimal `json:"totals"`                // unblended cost by currency
	CollectedAt time.Time          `json:"collected_at,omitzero"` // when its files were removed: it cannot count again
	Changed     *Restatement       `json:"changed,omitempty"`     // against the delivery that counted before; nil for the first of its period
}

// Restatement says what a delivery changed against the one that counted before it.
type Restatement struct {
	Against string             `json:"against"` // the ID of the one before
	Rows    int64              `json:"rows"`    // how many line items more, or fewer
	Totals  map[string]Decimal `json:"totals"`  // how much more unblended cost, or less, by currency
}

// Change is what one service cost on one day before and after a delivery.
type Change struct {
	Day      string  `json:"day"` // YYYY-MM-DD
	Service  string  `json:"service"`
	Currency string  `json:"currency"`
	Before   Decimal `json:"before"` // unblended
	After    Decimal `json:"after"`
}
