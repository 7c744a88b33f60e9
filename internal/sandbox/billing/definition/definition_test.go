package definition_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/bursarhq/bursar/internal/sandbox/billing/definition"
)

func export(query string, settings map[string]string) definition.Export {
	var d definition.Export
	d.Name, d.RefreshCadence.Frequency, d.DataQuery.QueryStatement = "x", "SYNCHRONOUS", query
	if settings != nil {
		d.DataQuery.TableConfigurations = map[string]map[string]string{"COST_AND_USAGE_REPORT": settings}
	}
	to := &d.DestinationConfigurations.S3Destination
	to.S3Bucket, to.S3Region = "bills", "us-east-1"
	o := &to.S3OutputConfigurations
	o.OutputType, o.Format, o.Compression, o.Overwrite = "CUSTOM", "TEXT_OR_CSV", "GZIP", "OVERWRITE_REPORT"
	return d
}

func TestQueries(t *testing.T) {
	all := map[string]string{"INCLUDE_RESOURCES": "TRUE", "INCLUDE_SPLIT_COST_ALLOCATION_DATA": "TRUE"}
	for query, want := range map[string]string{
		"SELECT tags FROM COST_AND_USAGE_REPORT":                                              "tags",
		"select\n line_item_unblended_cost ,\tTAGS\nfrom cost_and_usage_report ;":             "line_item_unblended_cost tags",
		"SELECT line_item_resource_id, split_line_item_split_cost FROM COST_AND_USAGE_REPORT": "line_item_resource_id split_line_item_split_cost",
		"SELECT tags FROM COST_AND_USAGE_REPORT WHERE line_item_unblended_cost > 0":           "",
		"SELECT tags AS t FROM COST_AND_USAGE_REPORT":                                         "",
		"SELECT tags, FROM COST_AND_USAGE_REPORT":                                             "",
		"SELECT tags, tags FROM COST_AND_USAGE_REPORT":                                        "",
		"SELECT BilledCost FROM COST_AND_USAGE_REPORT":                                        "",
		"SELECT tags FROM COST_AND_USAGE_REPORT; DROP TABLE x":                                "",
		"SELECT " + strings.Repeat("x", 36_000) + " FROM COST_AND_USAGE_REPORT":               "",
	} {
		d := export(query, all)
		def, e := d.Definition("111122223333", "arn")
		if got := strings.Join(def.Columns, " "); got != want || (e == nil) != (want != "") {
			t.Errorf("%.60q: %q %v", query, got, e)
		}
	}
}

func TestTables(t *testing.T) {
	for _, table := range definition.Tables() {
		settings, e := table.Complete(nil)
		if e != nil {
			t.Fatal(e)
		}
		columns := table.Columns(settings)
		if len(columns) < 5 || table.Description == "" {
			t.Errorf("%s: %v", table.Name, columns)
		}
		again := table.Columns(map[string]string{"INCLUDE_RESOURCES": "TRUE", "INCLUDE_SPLIT_COST_ALLOCATION_DATA": "TRUE"})
		if !slices.Equal(columns, table.Columns(settings)) || len(again) < len(columns) {
			t.Errorf("%s: asking for more columns has changed the table", table.Name)
		}
		for _, c := range columns {
			if table.ColumnType(c) == "" {
				t.Errorf("%s.%s has no type", table.Name, c)
			}
		}
	}
}

// FuzzQuery: whatever the statement is, it is refused in AWS's words or read as columns that the table has.
func FuzzQuery(f *testing.F) {
	f.Add("SELECT tags, product FROM COST_AND_USAGE_REPORT")
	f.Add("SELECT * FROM FOCUS_1_2_AWS")
	f.Add("select a from b from c")
	f.Fuzz(func(t *testing.T, query string) {
		d := export(query, nil)
		def, e := d.Definition("111122223333", "arn")
		if e != nil {
			if e.Code != "ValidationException" || e.Message == "" {
				t.Errorf("%v", e)
			}
			return
		}
		table := definition.TableNamed(strings.ToUpper(d.TableName()))
		settings, _ := table.Complete(nil)
		for _, c := range def.Columns {
			if !slices.Contains(table.Columns(settings), c) {
				t.Errorf("%q selects %s", query, c)
			}
		}
	})
}
