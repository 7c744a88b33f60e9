package api

import "github.com/bursarhq/bursar"

var choiceWords = map[string]wording{
	"Choice.capabilities":           {text: "What bursar may read. Absent: organization and billing_export."},
	"Choice.target_organization_id": {text: "The root (r-…) or unit (ou-…) whose linked accounts get a role with the access stack. Absent: later."},
	"Choice.permissions_boundary":   {text: "ARN of a managed policy that bounds the roles."},
	"Choice.export":                 {text: "The export that the bill comes from. Absent: a new one with every default, unless one is followed already."},

	"NewSetup.capabilities":           {text: "What bursar may read: some of organization, billing_export, cost_explorer, inventory."},
	"NewSetup.target_organization_id": {text: "The root (r-…) or unit (ou-…) whose linked accounts get a role with the access stack; empty for later."},
	"NewSetup.permissions_boundary":   {text: "ARN of a managed policy that bounds the roles; empty for none."},
	"NewSetup.export":                 {text: "The export that the bill comes from, as a whole: existing alone, or the settings of a new one."},

	"ExportChoice.existing":      {text: "ARN of an export that the account has already. The other fields are then left out."},
	"ExportChoice.format":        {text: "Of a new export; cur2 by default, legacy in China.", enum: words(bursar.NewFormats...)},
	"ExportChoice.file_format":   {text: "How its files are written; parquet by default.", enum: words(bursar.FileParquet, bursar.FileCSV)},
	"ExportChoice.versioning":    {text: "What AWS does with the former delivery of a period; OVERWRITE_REPORT by default.", enum: words(bursar.Overwrite, bursar.CreateNew)},
	"ExportChoice.name":          {text: "Its name; bursar- and its format by default."},
	"ExportChoice.prefix":        {text: "Its folder in the bucket; bursar by default."},
	"ExportChoice.bucket":        {text: "Its bucket; by default a name that holds the account's id and the region."},
	"ExportChoice.bucket_region": {text: "The bucket's region; by default that of billing. A new bucket in another one takes a stack of its own."},
	"ExportChoice.use_existing":  {text: "The bucket exists already, in this account, and lets AWS deliver."},

	"Definition.export":         {text: "The export; its id is empty unless bursar knows it."},
	"Definition.table":          {text: "The table of a data export: COST_AND_USAGE_REPORT, FOCUS_1_2_AWS."},
	"Definition.granularity":    {text: "HOURLY, DAILY or MONTHLY."},
	"Definition.resource_ids":   {text: "Whether lines name their resources."},
	"Definition.split_costs":    {text: "Whether shared container hosts are split by task and pod."},
	"Definition.refresh_closed": {text: "Whether closed months are corrected."},
	"Definition.compression":    {text: "In AWS's words: GZIP, ZIP, PARQUET."},
	"Definition.status":         {text: "AWS's own: HEALTHY, UNHEALTHY, SUCCESS, ERROR_…"},
	"Definition.reason":         {text: "AWS's own reason."},
	"Definition.created_at":     {text: "When it was made, where AWS tells."},
	"Definition.last_delivery":  {text: "When AWS delivered last."},
}
