package ingest

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bursarhq/bursar"
)

// csvOf writes a legacy bill with the columns that it must have, and others.
func csvOf(more string, rows ...string) string {
	head := "bill/BillingPeriodStartDate,lineItem/UsageAccountId,lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UnblendedCost,lineItem/CurrencyCode,lineItem/ProductCode"
	return head + more + "\n" + strings.Join(rows, "\n") + "\n"
}

// row is a line item of June 2026.
func row(cost, more string) string {
	return "2026-06-01T00:00:00Z,011122223333,Usage,2026-06-03T04:05:06Z," + cost + ",USD,AmazonEC2" + more
}

func gz(t testing.TB, texts ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, text := range texts { // each is a member of its own
		w := gzip.NewWriter(&out)
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func zipped(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, text := range files {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func runOn(t testing.TB, files ...[]byte) (*Result, error) {
	t.Helper()
	var in []File
	for i, data := range files {
		in = append(in, inMemory(fmt.Sprintf("bill-%d", i+1), data))
	}
	return Run(t.Context(), Request{Files: in, Dir: t.TempDir()})
}

func mustRun(t testing.TB, files ...[]byte) *Result {
	t.Helper()
	res, err := runOn(t, files...)
	if err != nil {
		t.Fatal(err)
	}
	checkParts(t, res)
	return res
}

// value asks the parts for one value.
func value(t testing.TB, res *Result, what string) string {
	t.Helper()
	return duckText(t, "SELECT "+what+" FROM "+relation(res))
}

func TestCellsSurvive(t *testing.T) {
	res := mustRun(t, []byte("\ufeff"+strings.ReplaceAll(csvOf(",product/ProductName,resourceTags/user:Größe,lineItem/LineItemDescription",
		row("-7.0E-10", `,Red Hat® Enterprise Linux®,schön,"a, ""b""`+"\n"+`c"`),
		row("", ",,NULL,"), row(`"1e3"`, `,\N,"",`+"plain"), row("0.0000000000000000001", ",,,"), row("-0", ",,,"),
	), "\n", "\r\n")))
	for what, want := range map[string]string{
		"sum(BilledCost)":                 "999.9999999993000000001",
		"count(*)":                        "5",
		"count(BilledCost)":               "4",
		"min(SubAccountId)":               "011122223333",
		"min(ChargePeriodStart)":          "2026-06-03 04:05:06",
		"min(ChargeDescription)":          "a, \"b\"\r\nc",
		"count(ChargeDescription)":        "2",
		"min(product ->> 'product_name')": "Red Hat® Enterprise Linux®",
		"min(resource_tags ->> 'user:Größe') || '/' || count(resource_tags)": "schön/1",
	} {
		if got := value(t, res, "CAST("+what+" AS VARCHAR)"); strings.TrimRight(got, "0") != strings.TrimRight(want, "0") {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	if res.EmptyCosts != 1 {
		t.Errorf("%d empty costs", res.EmptyCosts)
	}
}

func TestTimesSurvive(t *testing.T) {
	for in, want := range map[string]string{
		"2018-08-01T00:00:00Z": "2018-08-01 00:00:00", "2018-06-01 00:00:00": "2018-06-01 00:00:00", "2022-07-01 00:00:00.000": "2022-07-01 00:00:00",
		"2026-04-01T00:00:00.000Z": "2026-04-01 00:00:00", "2026-04-01T02:00:00+02:00": "2026-04-01 00:00:00", "2026-04-01": "2026-04-01 00:00:00", "2026-04-01T00:00:00.123456789Z": "2026-04-01 00:00:00.123456",
	} {
		res := mustRun(t, []byte(csvOf("", strings.ReplaceAll(strings.ReplaceAll(row("1", ""), "2026-06-03T04:05:06Z", in), "2026-06-01T00:00:00Z", in))))
		if got := value(t, res, "CAST(ChargePeriodStart AS VARCHAR)"); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
		if p := res.Parts[0].Period.String(); p != want[:7] {
			t.Errorf("%s: filed under %s", in, p)
		}
	}
}

func TestSeveralMonthsInOneFile(t *testing.T) {
	may := strings.Replace(row("2", ""), "2026-06-01", "2026-05-01", 1)
	data := []byte(csvOf("", row("1", ""), may, row("4", ""), may, may))
	res := mustRun(t, data)
	if d := cmp.Diff(map[string]string{"2026-05": "6", "2026-06": "5"}, costs(res.ByPeriod)); d != "" || len(res.Parts) != 2 {
		t.Error(d, res.Parts)
	}
	one, err := Run(t.Context(), Request{Files: []File{inMemory("x", data)}, Dir: t.TempDir(), Period: bursar.NewPeriod(2026, 6)})
	if err != nil || one.Rows != 2 || len(one.Other) != 1 || one.Other[0].Key != "2026-05" || one.Other[0].Cost.String() != "6" || !hasWarning(one, "other_period") {
		t.Errorf("%+v, %v", one, err)
	}
}

func hasWarning(r *Result, code string) bool {
	return slices.ContainsFunc(r.Warnings, func(w Warning) bool { return w.Code == code })
}

func TestCurrenciesAreNotAddedUp(t *testing.T) {
	res := mustRun(t, []byte(csvOf("", row("1", ""), strings.ReplaceAll(row("2", ""), "USD", "EUR"), strings.ReplaceAll(row("4", ""), "USD", ""))))
	got := map[string]string{}
	for c, v := range res.Totals {
		got[c] = v.String()
	}
	if d := cmp.Diff(map[string]string{"USD": "1", "EUR": "2", "": "4"}, got); d != "" {
		t.Error(d)
	}
}

// A header alone is an empty month, in a file and in a file packed.
func TestOnlyAHeader(t *testing.T) {
	head := strings.TrimSpace(csvOf(""))
	for name, data := range map[string][]byte{"plain": []byte(head), "with a line end": []byte(head + "\n"), "gz": gz(t, head), "zip": zipped(t, map[string]string{"a.csv": head})} {
		if res := mustRun(t, data); res.Rows != 0 || res.Format != bursar.FormatLegacy || len(res.Columns) != 7 {
			t.Errorf("%s: %+v", name, res)
		}
	}
}

func TestPackings(t *testing.T) {
	a, b := csvOf("", row("1", "")), row("2", "")+"\n"
	for name, data := range map[string][]byte{
		"members":       gz(t, a, b),
		"folders":       zipped(t, map[string]string{"dir/": "", "dir/any name": a + b, "__MACOSX/._x": "rubbish"}),
		"two in a zip":  zipped(t, map[string]string{"1.csv": a, "2.csv": csvOf("", row("2", ""))}),
		"no newline":    []byte(a + strings.TrimSpace(b)),
		"blank lines":   []byte("\n" + a + "\n\n" + b + "\n\n"),
		"quoted header": []byte(strings.Replace(a, "lineItem/UnblendedCost", `"lineItem/UnblendedCost"`, 1) + b),
	} {
		if res := mustRun(t, data); res.Rows != 2 || res.Totals["USD"].String() != "3" {
			t.Errorf("%s: %d rows, %v", name, res.Rows, res.Totals)
		}
	}
}

// Columns come and go from file to file: what one lacks is NULL, what it has more is kept.
func TestColumnsDrift(t *testing.T) {
	res := mustRun(t,
		[]byte(csvOf(",lineItem/ResourceId,unheard/Of", row("1", ",i-1,x"))),
		[]byte(csvOf(",savingsPlan/SavingsPlanEffectiveCost", row("2", ",0.5"))),
		[]byte("lineItem/UnblendedCost,lineItem/UsageStartDate,lineItem/LineItemType,lineItem/UsageAccountId,lineItem/CurrencyCode\n4,2026-06-01T00:00:00Z,Tax,1,USD\n"))
	if res.Rows != 3 || res.Totals["USD"].String() != "7" {
		t.Errorf("%d rows, %v", res.Rows, res.Totals)
	}
	for what, want := range map[string]string{"count(ResourceId)": "1", "min(unheard_of)": "x", "sum(savings_plan_savings_plan_effective_cost)": "0.5", "count(line_item_product_code)": "2"} {
		if got := strings.TrimRight(value(t, res, "CAST("+what+" AS VARCHAR)"), "0"); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
}

func TestDuplicateColumns(t *testing.T) {
	res := mustRun(t, []byte(csvOf(",product/vcpu,product/vcpu,lineItem/Operation,lineItem/Operation,line_item_operation", row("1", ",2,3,a,b,c"))))
	if !hasWarning(res, "duplicate_column") {
		t.Errorf("nothing is said: %v", res.Warnings)
	}
	if got := value(t, res, "product || line_item_operation || line_item_operation_2 || line_item_operation_3"); got != `{"vcpu":"2","vcpu_2":"3"}abc` {
		t.Errorf("kept %s", got)
	}
	if _, err := runOn(t, []byte(csvOf(",line_item_unblended_cost", row("1", ",2")))); reasonOf(err) != "duplicate_column" {
		t.Errorf("two costs: %v", err)
	}
}

func TestDamagedRowsAreRefused(t *testing.T) {
	good := row("1", "")
	for name, c := range map[string]struct {
		data         []byte
		want, reason string
	}{
		"a cell too few":      {[]byte(csvOf("", good, good+"\n"+strings.TrimSuffix(good, ",AmazonEC2"), good)), "line 4", "damaged"},
		"a cell too many":     {[]byte(csvOf("", good, good+",x")), "line 3", "damaged"},
		"no number":           {[]byte(csvOf("", good, row("12x", ""))), `line 3, column lineItem/UnblendedCost: "12x"`, "bad_value"},
		"infinity":            {[]byte(csvOf("", row("Infinity", ""))), "line 2", "bad_value"},
		"39 digits":           {[]byte(csvOf("", row(strings.Repeat("9", 39), ""))), "38 digits", "bad_value"},
		"no time":             {[]byte(csvOf("", strings.ReplaceAll(good, "2026-06-03T04:05:06Z", "June"))), "column lineItem/UsageStartDate", "bad_value"},
		"no period":           {[]byte(csvOf("", strings.ReplaceAll(good, "2026-06-01T00:00:00Z", "June"))), "column bill/BillingPeriodStartDate", "bad_value"},
		"an open quote":       {[]byte(csvOf("", good, `"`+good)), "never closed", "damaged"},
		"a quote in a cell":   {[]byte(csvOf("", good, strings.ReplaceAll(good, "Usage", `Us"age`))), "line 3", "damaged"},
		"truncated gz":        {gz(t, csvOf("", good))[:80], "ends too early", "truncated"},
		"gz with rubbish":     {append(gz(t, csvOf("", good)), "more rubbish"...), "damaged", "damaged"},
		"gz with a wrong sum": {spoiled(gz(t, csvOf("", good)), -6), "damaged", "damaged"},
		"truncated zip":       {zipped(t, map[string]string{"a": csvOf("", good)})[:90], "damaged", "damaged"},
		"an empty zip":        {zipped(t, nil), "holds no file", "not_a_bill"},
	} {
		_, err := runOn(t, c.data)
		if bursar.CodeOf(err) != bursar.Invalid || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "bill-1") || reasonOf(err) != c.reason {
			t.Errorf("%s: %v (%s)", name, err, reasonOf(err))
		}
	}
}

// spoiled changes one byte, counted from the end when at is negative.
func spoiled(data []byte, at int) []byte {
	data[(at+len(data))%len(data)] ^= 0x55
	return data
}

// What holds other values than the vocabulary expects, and no total rests on, becomes text.
func TestAColumnOfOtherValuesBecomesText(t *testing.T) {
	res := mustRun(t, []byte(csvOf(",lineItem/UnblendedRate", row("1", ",0.10"), row("1", ",tiered"))))
	if !hasWarning(res, "not_a_number") || value(t, res, "string_agg(line_item_unblended_rate, ' ')") != "0.10 tiered" {
		t.Errorf("%v", res.Warnings)
	}
}

func TestNotUTF8(t *testing.T) {
	res := mustRun(t, []byte(csvOf(",lineItem/Operation", row("1", ",a\xffb"))))
	if !hasWarning(res, "invalid_utf8") || value(t, res, "line_item_operation") != "a\ufffdb" {
		t.Errorf("%v", res.Warnings)
	}
}
