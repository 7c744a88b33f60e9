package bursar

import "time"

// DestinationKind is what a destination is.
type DestinationKind string

// The kinds of destinations.
const (
	DestinationFile       DestinationKind = "file"       // a folder of the server
	DestinationS3         DestinationKind = "s3"         // a bucket
	DestinationPostgres   DestinationKind = "postgres"   // a schema of a PostgreSQL database
	DestinationClickHouse DestinationKind = "clickhouse" // a ClickHouse database
	DestinationWebhook    DestinationKind = "webhook"    // an address that takes signed messages
)

// DestinationKinds are all of them.
var DestinationKinds = []DestinationKind{DestinationFile, DestinationS3, DestinationPostgres, DestinationClickHouse, DestinationWebhook}

// Trigger says when a destination is delivered to.
type Trigger string

// The triggers.
const (
	TriggerPublication Trigger = "publication" // soon after something that counts has changed
	TriggerHourly      Trigger = "hourly"
	TriggerDaily       Trigger = "daily"
	TriggerManual      Trigger = "manual" // only when somebody says so
)

// Triggers are all of them.
var Triggers = []Trigger{TriggerPublication, TriggerHourly, TriggerDaily, TriggerManual}

// Destination is where data is delivered: files, a bucket, a database, a webhook.
type Destination struct {
	ID          string          `json:"id"` // "dst_…"
	WorkspaceID string          `json:"-"`
	Name        string          `json:"name"` // unique in the workspace
	Kind        DestinationKind `json:"kind"`
	Datasets    []string        `json:"datasets"` // what is delivered: "line_items"
	Trigger     Trigger         `json:"trigger"`
	Full        bool            `json:"full"`   // each run delivers every period again, changed or not
	Paused      bool            `json:"paused"` // nothing is delivered by itself
	Target      TargetSettings  `json:"target"`
	HasSecret   bool            `json:"has_secret"` // a password or signing secret is kept for it, sealed
	CreatedAt   time.Time       `json:"created_at"`
	UpdatedAt   time.Time       `json:"updated_at"`
	Version     int64           `json:"version"` // grows with every change

	SecretVersion int `json:"-"` // 0: it has no secret

	CheckedAt time.Time `json:"checked_at,omitzero"` // when it was checked last; a change of its target undoes that
	Checks    []Probe   `json:"checks"`              // what that found

	// Seen is a fingerprint of what counted at the last attempt to deliver, and AttemptedAt when that was.
	Seen        string    `json:"-"`
	AttemptedAt time.Time `json:"attempted_at,omitzero"`
}

// Usable says whether the newest check found nothing that would keep data from being delivered.
func (d Destination) Usable() bool {
	for _, p := range d.Checks {
		if p.Status == StatusFailed {
			return false
		}
	}
	return !d.CheckedAt.IsZero()
}

// TargetSettings say where a destination is, and in which form data comes there. Each kind has some of them; those of other kinds are
// empty.
type TargetSettings struct {
	Path   string `json:"path,omitempty"`   // file: below the server's folder for delivered files; "" is that folder itself
	Format string `json:"format,omitempty"` // file, s3: csv, jsonl or parquet

	PlainCSV bool `json:"plain_csv,omitempty"` // file, s3: text that a spreadsheet would take for a formula is left as it is

	Bucket       string `json:"bucket,omitempty"`        // s3
	Prefix       string `json:"prefix,omitempty"`        // s3: of every key, without a slash at its end
	Region       string `json:"region,omitempty"`        // s3: the bucket's
	BucketOwner  string `json:"bucket_owner,omitempty"`  // s3: the 12 digits of the account that the bucket must belong to
	AccountID    string `json:"account_id,omitempty"`    // s3: the registered account (acc_…) whose role is used
	CredentialID string `json:"credential_id,omitempty"` // s3: the credential (crd_…) that is used instead

	Host          string `json:"host,omitempty"`           // postgres
	Port          int    `json:"port,omitempty"`           // postgres
	Database      string `json:"database,omitempty"`       // postgres, clickhouse
	Schema        string `json:"schema,omitempty"`         // postgres
	User          string `json:"user,omitempty"`           // postgres, clickhouse
	TLS           string `json:"tls,omitempty"`            // postgres: verify, require or disable
	CACertificate string `json:"ca_certificate,omitempty"` // postgres, clickhouse: PEM of who signed the server's certificate

	URL string `json:"url,omitempty"` // clickhouse, webhook
}

// Probe is what a check of a destination saw of one thing.
type Probe struct {
	Check   string        `json:"check"`  // what was looked at: "connect"
	Status  FindingStatus `json:"status"` // ok, warning or failed
	Code    string        `json:"code"`   // stable, lower_snake_case
	Message string        `json:"message"`
	Remedy  string        `json:"remedy,omitempty"`

	Passing bool `json:"-"` // it may pass by itself
}

// Handover is one delivery of a part to a destination, or its withdrawal, as bursar remembers it.
type Handover struct {
	ID            string             `json:"id"` // "hov_…"
	WorkspaceID   string             `json:"-"`
	DestinationID string             `json:"destination_id"`
	RunID         string             `json:"run_id"`
	Dataset       string             `json:"dataset"`
	Source        string             `json:"source"` // the id of what the rows come from: exp_…
	Period        string             `json:"period"`
	Version       string             `json:"version"`
	Withdrawn     bool               `json:"withdrawn"` // the part was removed, for it does not count any more
	Rows          int64              `json:"rows"`
	Bytes         int64              `json:"bytes,omitempty"` // of files
	Totals        map[string]Decimal `json:"totals,omitempty"`
	At            time.Time          `json:"at"`
}
