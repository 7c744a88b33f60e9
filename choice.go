package bursar

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// Choice is what was chosen for the set-up of an account, beyond the defaults. It is kept with the account, so that a
// registration goes on where it was left. The zero value takes every default.
type Choice struct {
	Capabilities         []Capability `json:"capabilities,omitempty"`           // of organization, billing_export, cost_explorer, inventory; nil = the first two
	TargetOrganizationID string       `json:"target_organization_id,omitempty"` // "r-…" or "ou-…": the access stack makes the members' StackSet; "" = later
	PermissionsBoundary  string       `json:"permissions_boundary,omitempty"`   // ARN of a managed policy; "" = none
	Export               ExportChoice `json:"export,omitzero"`
}

// ExportChoice says which export an account's bill comes from: one that is there already, or a new one. The zero value
// is a new CUR 2.0 export, as Parquet that overwrites, into a new bucket in the region of billing.
type ExportChoice struct {
	Existing     string     `json:"existing,omitempty"`      // ARN of an export that the account has already; the other fields are then empty
	Format       Format     `json:"format,omitempty"`        // cur2 when empty; legacy where the partition has no Data Exports
	FileFormat   FileFormat `json:"file_format,omitempty"`   // parquet when empty
	Versioning   Versioning `json:"versioning,omitempty"`    // OVERWRITE_REPORT when empty
	Name         string     `json:"name,omitempty"`          // "bursar-<format>" when empty
	Prefix       string     `json:"prefix,omitempty"`        // "bursar" when empty
	Bucket       string     `json:"bucket,omitempty"`        // "bursar-cur-<account id>-<region>" when empty
	BucketRegion string     `json:"bucket_region,omitempty"` // the region of billing when empty; a new bucket in another one takes a stack of its own
	UseExisting  bool       `json:"use_existing,omitempty"`  // Bucket exists already, and lets AWS deliver
}

// Chosen says whether the choice is of an export that is there already.
func (e ExportChoice) Chosen() bool { return e.Existing != "" }

// ExportRegion is the region in which the exports of a partition are made, wherever their buckets lie.
func ExportRegion(p Partition) string {
	switch p {
	case PartitionChina:
		return "cn-northwest-1"
	case PartitionGovCloud:
		return "us-gov-west-1"
	}
	return "us-east-1"
}

// DefaultFormat is the format of a new export: CUR 2.0, and legacy in China, whose CloudFormation knows no Data Exports.
func DefaultFormat(p Partition) Format {
	if p == PartitionChina {
		return FormatLegacy
	}
	return FormatCUR2
}

// Complete fills in the defaults of a new export for an account.
func (e ExportChoice) Complete(a Account) ExportChoice {
	or := func(s *string, def string) {
		if *s == "" {
			*s = def
		}
	}
	if e.Format == "" {
		e.Format = DefaultFormat(a.Partition)
	}
	or(&e.Name, "bursar-"+strings.ReplaceAll(string(e.Format), ".", "-"))
	or(&e.Prefix, "bursar")
	or(&e.BucketRegion, ExportRegion(a.Partition))
	or(&e.Bucket, "bursar-cur-"+a.AccountID+"-"+e.BucketRegion)
	if e.FileFormat == "" {
		e.FileFormat = FileParquet
	}
	if e.Versioning == "" {
		e.Versioning = Overwrite
	}
	return e
}

// Switched are the capabilities that a choice may name.
var Switched = []Capability{CapOrganization, CapBillingExport, CapCostExplorer, CapInventory}

// NewFormats are the formats that a new export may have.
var NewFormats = []Format{FormatCUR2, FormatLegacy, FormatFOCUS12}

var (
	targetPattern     = regexp.MustCompile(`^(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32})$`)
	boundaryPattern   = regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov):iam::([0-9]{12}|aws):policy/[\w+=,.@/-]{1,512}$`)
	bucketPattern     = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	prefixPattern     = regexp.MustCompile(`^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$`)
	exportNamePattern = regexp.MustCompile(`^[0-9A-Za-z_-]{1,128}$`)
)

// Check says what is wrong with a choice for an account: a value that a template would refuse, or two that exclude each other. Whether a
// region exists is not its concern.
func (c Choice) Check(a Account) error {
	for _, x := range c.Capabilities {
		if !slices.Contains(Switched, x) {
			return InvalidField("capabilities", "%q is no capability that can be switched", clip(string(x), 40)).
				WithReason("unknown_capability").WithHint("name some of organization, billing_export, cost_explorer and inventory")
		}
	}
	switch {
	case c.TargetOrganizationID != "" && !targetPattern.MatchString(c.TargetOrganizationID):
		return InvalidField("target_organization_id", "%q is neither a root nor an organizational unit", clip(c.TargetOrganizationID, 60)).
			WithReason("target_malformed").WithHint("it looks like r-abcd or ou-abcd-12345678: AWS Organizations shows it beside the root's or unit's name")
	case c.PermissionsBoundary != "" && !boundaryPattern.MatchString(c.PermissionsBoundary):
		return InvalidField("permissions_boundary", "%q is not the ARN of a managed policy", clip(c.PermissionsBoundary, 80)).
			WithReason("boundary_malformed").WithHint("it looks like arn:aws:iam::%s:policy/boundary", a.AccountID)
	}
	return c.Export.check(a)
}

func (e ExportChoice) check(a Account) error {
	if e.Chosen() {
		if (e != ExportChoice{Existing: e.Existing}) {
			return InvalidField("export", "an existing export and the settings of a new one exclude each other").
				WithReason("export_choice_mixed").WithHint("give existing alone, or leave it out")
		}
		return nil
	}
	for _, p := range []struct {
		field, value, hint string
		pattern            *regexp.Regexp
	}{
		{"export.bucket", e.Bucket, "3 to 63 lower-case letters, digits, dots and dashes", bucketPattern},
		{"export.prefix", e.Prefix, "letters, digits, dots, dashes and underscores, in parts that a slash separates", prefixPattern},
		{"export.name", e.Name, "1 to 128 letters, digits, dashes and underscores", exportNamePattern},
	} {
		if p.value != "" && !p.pattern.MatchString(p.value) {
			return InvalidField(p.field, "%q cannot be used", clip(p.value, 60)).WithReason("export_choice_malformed").WithHint("use %s", p.hint)
		}
	}
	return e.checkWords(a)
}

func (e ExportChoice) checkWords(a Account) error {
	switch {
	case e.Format != "" && !slices.Contains(NewFormats, e.Format):
		return InvalidField("export.format", "no new export can have the format %q", clip(string(e.Format), 40)).WithReason("unknown_format").WithHint("use cur2, legacy or focus-1.2")
	case e.Format != "" && e.Format != FormatLegacy && DefaultFormat(a.Partition) == FormatLegacy:
		return InvalidField("export.format", "CloudFormation in partition %s makes no export of the format %s", a.Partition, e.Format).WithReason("format_unavailable").WithHint("use legacy")
	case e.FileFormat != "" && e.FileFormat != FileCSV && e.FileFormat != FileParquet:
		return InvalidField("export.file_format", "there is no file format %q", clip(string(e.FileFormat), 40)).WithReason("unknown_file_format").WithHint("use parquet or csv")
	case e.Versioning != "" && e.Versioning != CreateNew && e.Versioning != Overwrite:
		return InvalidField("export.versioning", "there is no versioning %q", clip(string(e.Versioning), 40)).WithReason("unknown_versioning").WithHint("use %s or %s", Overwrite, CreateNew)
	case e.UseExisting && e.Bucket == "":
		return InvalidField("export.bucket", "an existing bucket is to be used, and none is named").WithReason("bucket_missing").WithHint("name it")
	}
	return nil
}

// Definition is a billing export as an account has it in AWS, with the properties that a verdict is made of.
type Definition struct {
	Export        Export    `json:"export"` // ID empty unless it is followed; RoleARN is the role that our stack makes
	Table         string    `json:"table,omitempty"`
	Granularity   string    `json:"granularity,omitempty"` // HOURLY, DAILY, MONTHLY; "" where the table has none
	ResourceIDs   bool      `json:"resource_ids"`
	SplitCosts    bool      `json:"split_costs"`
	RefreshClosed bool      `json:"refresh_closed"`        // closed months are corrected: always with data exports
	Compression   string    `json:"compression,omitempty"` // in AWS's words: GZIP, ZIP, Parquet
	Status        string    `json:"status,omitempty"`      // AWS's own: HEALTHY or UNHEALTHY; SUCCESS or ERROR_… of the last delivery of a legacy report
	Reason        string    `json:"reason,omitempty"`      // AWS's own
	CreatedAt     time.Time `json:"created_at,omitzero"`
	LastDelivery  time.Time `json:"last_delivery,omitzero"`
}
