package query

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/billing/schema"
)

// Relation is something that a statement can read FROM.
type Relation struct {
	Name string
	SQL  string // the SELECT behind it
}

// Field is a column of a view, as its documentation shows it.
type Field struct {
	Name, Type, Doc string
}

// View is a view that people's SQL reads.
type View struct {
	Name, Doc string
	Fields    []Field
	More      string // what its columns are beyond the fields
}

// Views are all of them. Names of questions are columns too: what a question calls service or amortized, SQL does.
func Views() []View {
	dims, metrics := dimensionFields(ofItems), metricFields(ofItems)
	return []View{
		{
			Name: "line_items", Doc: "Every line item of the deliveries that count.",
			Fields: slices.Concat([]Field{{"billing_period", sqlText, "YYYY-MM."}, {"day", sqlDate, "The day that it counts to, within its billing period."}}, dims, metrics),
			More:   "And every column that AWS delivered, under its name in the lake, exactly as it is. A column of CUR 2.0 or FOCUS that no delivery has is NULL.",
		},
		{
			Name: "costs_daily", Doc: "Sums by day of the line items, many times smaller than they are: the rollups.",
			Fields: slices.Concat([]Field{{"day", sqlDate, "The day."}, {"currency", sqlText, "ISO 4217."}, {"unit", sqlText, "What usage is counted in."}},
				dimensionFields(ofRollup), metricFields(ofRollup), []Field{{"line_items", sqlWhole, "How many line items are summed."}}),
		},
		{Name: "deliveries", Doc: "The import history: the newest 10,000.", Fields: fieldsOf(deliveryColumns)},
		{Name: "files", Doc: "The Parquet files of the deliveries that count.", Fields: fieldsOf(fileColumns)},
		{Name: "exports", Doc: "The billing exports that are followed.", Fields: fieldsOf(exportColumns)},
		{Name: "accounts", Doc: "The registered accounts.", Fields: fieldsOf(accountColumns)},
	}
}

// The types of views' columns, as SQL names them.
const (
	sqlText   = "VARCHAR"
	sqlDate   = "DATE"
	sqlTime   = "TIMESTAMP"
	sqlWhole  = "BIGINT"
	sqlBool   = "BOOLEAN"
	sqlAmount = "DECIMAL(38, s)"
)

func dimensionFields(least level) (out []Field) {
	for _, d := range Dimensions {
		if d.level >= least {
			out = append(out, Field{d.Name, sqlText, d.Doc})
		}
	}
	return out
}

func metricFields(level) (out []Field) {
	for _, m := range Metrics {
		out = append(out, Field{m.Name, sqlAmount, m.Doc})
	}
	return out
}

// Records are what bursar remembers of a workspace, for SQL.
type Records struct {
	Accounts   []bursar.Account
	Exports    []bursar.Export
	Deliveries []bursar.Delivery // the newest first
}

// relations are the views over one snapshot.
func relations(snap *lake.Snapshot, r Records) []Relation {
	return []Relation{
		{"line_items", itemsView(snap.LineItems)},
		{"costs_daily", dailyView(snap.Rollups)},
		{"deliveries", values(deliveryColumns, r.Deliveries)},
		{"files", values(fileColumns, lakeFiles(snap))},
		{"exports", values(exportColumns, r.Exports)},
		{"accounts", values(accountColumns, r.Accounts)},
	}
}

// itemsView unites files of different schemas under one: a column that some lack is NULL there, and a decimal has the digits of them all.
func itemsView(files []lake.Files) string {
	types := decimalTypes(files)
	parts := []string{emptyItems(types, files)}
	for _, f := range files {
		parts = append(parts, itemsOf(f, types, files))
	}
	return strings.Join(parts, " UNION ALL BY NAME ")
}

// decimalTypes gives each decimal column one type: the files' own where they agree, and otherwise one with the most digits after the point.
func decimalTypes(files []lake.Files) map[string]string {
	found := map[string]lake.Digits{}
	for _, f := range files {
		for name, d := range f.Decimals {
			have, ok := found[name]
			if ok && have != d {
				d = lake.Digits{Precision: 38, Scale: max(have.Scale, d.Scale)}
			}
			found[name] = d
		}
	}
	types := map[string]string{}
	for name, d := range found {
		types[name] = fmt.Sprintf("DECIMAL(%d,%d)", d.Precision, d.Scale)
	}
	return types
}

// emptyItems has no row, and every column of the vocabulary: a statement over a month that lacks one still runs.
func emptyItems(types map[string]string, files []lake.Files) string {
	cols := []string{"NULL::VARCHAR AS billing_period", "NULL::DATE AS day"}
	for _, d := range Dimensions {
		cols = append(cols, "NULL::VARCHAR AS "+d.Name)
	}
	for _, m := range Metrics {
		cols = append(cols, fmt.Sprintf("NULL::DECIMAL(38,%d) AS %s", m.scale(files), m.Name))
	}
	texts, taken := textColumns(files), reserved()
	for _, c := range schema.Columns() {
		if taken[strings.ToLower(c.Lake)] { // CUR 2.0 has tags and FOCUS has Tags: to SQL they are one
			continue
		}
		taken[strings.ToLower(c.Lake)] = true
		t, ok := types[c.Lake]
		switch {
		case ok && !texts[c.Lake]:
		case c.Type == schema.Decimal && !texts[c.Lake]:
			t = "DECIMAL(18,10)"
		case c.Type == schema.Timestamp && !texts[c.Lake]:
			t = "TIMESTAMP"
		default:
			t = sqlText
		}
		cols = append(cols, "NULL::"+t+" AS "+quote(c.Lake))
	}
	return "SELECT " + strings.Join(cols, ", ") + " WHERE false"
}

// reserved are the names of the view's own columns, which no column of a bill can take.
func reserved() map[string]bool {
	out := map[string]bool{}
	for _, f := range Views()[0].Fields {
		out[f.Name] = true
	}
	return out
}

// textColumns are the columns that some files have as text although the vocabulary has them as numbers, because a value was none. Times
// are left to the engine, which makes text of both.
func textColumns(files []lake.Files) map[string]bool {
	out := map[string]bool{}
	for _, f := range files {
		for _, name := range f.Columns {
			if _, decimal := f.Decimals[name]; !decimal && schema.Lookup(schema.Normal(name)).Type == schema.Decimal {
				out[name] = true
			}
		}
	}
	return out
}

func itemsOf(f lake.Files, types map[string]string, files []lake.Files) string {
	has, texts := hasColumn(f), textColumns(files)
	cols := []string{text(f.Period.String()) + " AS billing_period", dayOf(f) + " AS day"}
	for _, d := range Dimensions {
		cols = append(cols, d.SQL(has)+" AS "+d.Name)
	}
	for _, m := range Metrics {
		cols = append(cols, fmt.Sprintf("(%s)::DECIMAL(38,%d) AS %s", m.SQL(has), m.scale(files), m.Name))
	}
	taken := reserved()
	for _, name := range f.Columns {
		switch t, decimal := types[name]; {
		case taken[strings.ToLower(name)]:
		case texts[name]:
			cols = append(cols, quote(name)+"::VARCHAR AS "+quote(name))
		case decimal:
			cols = append(cols, quote(name)+"::"+t+" AS "+quote(name))
		default:
			cols = append(cols, quote(name))
		}
	}
	return "SELECT " + strings.Join(cols, ", ") + " FROM " + countedItems(f)
}

func dailyView(files []lake.Files) string {
	scale := rolledScale
	for _, f := range files {
		for _, m := range Metrics {
			scale = max(scale, f.Decimals[m.Name].Scale)
		}
	}
	fields := Views()[1].Fields
	head := make([]string, len(fields))
	body := make([]string, len(fields))
	for i, f := range fields {
		t := strings.Replace(f.Type, sqlAmount, fmt.Sprintf("DECIMAL(38,%d)", scale), 1)
		head[i] = "NULL::" + t + " AS " + f.Name
		body[i] = f.Name + "::" + t + " AS " + f.Name
	}
	parts := []string{"SELECT " + strings.Join(head, ", ") + " WHERE false"}
	for _, f := range files {
		parts = append(parts, "SELECT "+strings.Join(body, ", ")+" FROM "+countedSums(f))
	}
	return strings.Join(parts, " UNION ALL ")
}

// recordColumn is a column of a view over what bursar remembers.
type recordColumn[T any] struct {
	Field
	of func(T) string // as an SQL literal
}

func fieldsOf[T any](columns []recordColumn[T]) (out []Field) {
	for _, c := range columns {
		out = append(out, c.Field)
	}
	return out
}

var deliveryColumns = []recordColumn[bursar.Delivery]{
	{Field{"delivery_id", sqlText, "dlv_…"}, func(d bursar.Delivery) string { return text(d.ID) }},
	{Field{"export_id", sqlText, "exp_…"}, func(d bursar.Delivery) string { return text(d.ExportID) }},
	{Field{"billing_period", sqlText, "YYYY-MM."}, func(d bursar.Delivery) string { return text(d.Period.String()) }},
	{Field{"version", sqlText, "AWS's name for it."}, func(d bursar.Delivery) string { return text(d.Version) }},
	{Field{"state", sqlText, "published counts; see the API."}, func(d bursar.Delivery) string { return text(string(d.State)) }},
	{Field{"reason", sqlText, "Why it was rejected."}, func(d bursar.Delivery) string { return text(d.Reason) }},
	{Field{"delivered_at", sqlTime, "When AWS wrote it, UTC."}, func(d bursar.Delivery) string { return moment(d.DeliveredAt) }},
	{Field{"imported_at", sqlTime, "When bursar imported it, UTC."}, func(d bursar.Delivery) string { return moment(d.ImportedAt) }},
	{Field{"files", sqlWhole, "How many files it has."}, func(d bursar.Delivery) string { return fmt.Sprint(d.Files) }},
	{Field{"source_bytes", sqlWhole, "Their size, as delivered."}, func(d bursar.Delivery) string { return fmt.Sprint(d.SourceBytes) }},
	{Field{"line_items", sqlWhole, "Its line items."}, func(d bursar.Delivery) string { return fmt.Sprint(d.Rows) }},
}

// lakeFile is a file of the lake, by its place in it: <workspace>/<export>/<period>/<delivery>/<name>.
type lakeFile struct {
	kind  string
	place []string
	whole bool
}

func lakeFiles(snap *lake.Snapshot) (out []lakeFile) {
	for kind, all := range map[string][]lake.Files{"line_items": snap.LineItems, "costs_daily": snap.Rollups} {
		for _, f := range all {
			for _, p := range f.Paths {
				place := strings.Split(filepath.ToSlash(p), "/")
				out = append(out, lakeFile{kind, place[max(0, len(place)-placeParts):], len(f.Without) == 0})
			}
		}
	}
	slices.SortFunc(out, func(a, b lakeFile) int { return slices.Compare(a.place, b.place) })
	return out
}

const placeParts = 5

// part is a part of the place, counted from its end.
func (f lakeFile) part(fromEnd int) string {
	if i := len(f.place) - fromEnd; i >= 0 {
		return f.place[i]
	}
	return ""
}

var fileColumns = []recordColumn[lakeFile]{
	{Field{"view", sqlText, "Which view it is a part of: line_items or costs_daily."}, func(f lakeFile) string { return text(f.kind) }},
	{Field{"billing_period", sqlText, "YYYY-MM."}, func(f lakeFile) string { return text(f.part(3)) }},
	{Field{"export_id", sqlText, "exp_…"}, func(f lakeFile) string { return text(f.part(4)) }},
	{Field{"delivery_id", sqlText, "dlv_…"}, func(f lakeFile) string { return text(f.part(2)) }},
	{Field{"path", sqlText, "Inside of the lake's folder."}, func(f lakeFile) string { return text(strings.Join(f.place, "/")) }},
	{Field{"whole", sqlBool, "Whether every row of it counts; false where another export brings some of the same costs."}, func(f lakeFile) string { return fmt.Sprint(f.whole) }},
}

var exportColumns = []recordColumn[bursar.Export]{
	{Field{"export_id", sqlText, "exp_…"}, func(e bursar.Export) string { return text(e.ID) }},
	{Field{"account", sqlText, "bursar's id of the account that has it: acc_…"}, func(e bursar.Export) string { return text(e.AccountID) }},
	{Field{"name", sqlText, "AWS's name of it."}, func(e bursar.Export) string { return text(e.Name) }},
	{Field{"format", sqlText, "legacy, cur2, focus-1.0 or focus-1.2."}, func(e bursar.Export) string { return text(string(e.Format)) }},
	{Field{"bucket", sqlText, "Where it is delivered to."}, func(e bursar.Export) string { return text(e.Bucket) }},
	{Field{"prefix", sqlText, "Of its keys."}, func(e bursar.Export) string { return text(e.Prefix) }},
}

var accountColumns = []recordColumn[bursar.Account]{
	{Field{"id", sqlText, "acc_…"}, func(a bursar.Account) string { return text(a.ID) }},
	{Field{"account", sqlText, "12 digits: join it with the account of line_items."}, func(a bursar.Account) string { return text(a.AccountID) }},
	{Field{"name", sqlText, "Its name in bursar."}, func(a bursar.Account) string { return text(a.Name) }},
	{Field{"kind", sqlText, "payer, linked, standalone or unknown."}, func(a bursar.Account) string { return text(string(a.Kind)) }},
	{Field{"payer_id", sqlText, "Who pays for it: 12 digits."}, func(a bursar.Account) string { return text(a.PayerID) }},
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "NULL"
	}
	return "TIMESTAMP '" + t.UTC().Format("2006-01-02 15:04:05.000000") + "'"
}

// values is a view whose rows stand in it.
func values[T any](columns []recordColumn[T], rows []T) string {
	names := make([]string, len(columns))
	nulls := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
		nulls[i] = "NULL::" + c.Type
	}
	lines := []string{"(" + strings.Join(nulls, ", ") + ")"} // types the columns, and is cut off
	for _, r := range rows {
		cells := make([]string, len(columns))
		for i, c := range columns {
			cells[i] = c.of(r)
		}
		lines = append(lines, "("+strings.Join(cells, ", ")+")")
	}
	return "SELECT * FROM (VALUES " + strings.Join(lines, ", ") + ") v(" + strings.Join(names, ", ") + ") OFFSET 1"
}
