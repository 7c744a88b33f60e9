package ingest

import (
	"os"
	"testing"

	"github.com/bursarhq/bursar"
)

// Whatever a file holds, an import ends with parts that hold every row that it counted, or with an error about the file
// that leaves nothing behind.
func FuzzRun(f *testing.F) {
	text := csvOf(",resourceTags/user:a,lineItem/LineItemDescription", row("1.50", ",x,\"a,\nb\""), row("-7E-10", ",,"), row("", ",y,NULL"))
	f.Add([]byte(text))
	f.Add(gz(f, text, row("2", ",,")+"\n"))
	f.Add(zipped(f, map[string]string{"d/": "", "a.csv": text, "b.csv": text}))
	f.Add([]byte("BilledCost,BillingCurrency,ChargeCategory,ChargePeriodStart,SubAccountId,Tags\n1e3,USD,Usage,2026-06-01 00:00:00,1,{}\n"))
	for _, more := range []string{"MAP {'a': 'b'} AS resource_tags", "{'edp': 0.5} AS discount", "'{}' AS product, NULL::VARCHAR AS line_item_operation"} {
		data, err := os.ReadFile(duckParquet(f, more))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		res, err := Run(t.Context(), Request{Files: []File{inMemory("x", data)}, Dir: dir, Workers: 1})
		if err != nil {
			if bursar.CodeOf(err) != bursar.Invalid {
				t.Fatalf("not an error about the file: %v", err)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Fatalf("it leaves %v behind", left)
			}
			return
		}
		var rows, grouped int64
		for _, p := range res.Parts {
			rows += p.Rows
		}
		for _, g := range res.ByLineItemType {
			grouped += g.Rows
		}
		if rows != res.Rows || grouped != res.Rows {
			t.Fatalf("%d rows in the parts, %d by type, %d counted", rows, grouped, res.Rows)
		}
	})
}
