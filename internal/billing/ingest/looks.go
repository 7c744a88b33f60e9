package ingest

import (
	"bytes"
	"strings"

	"github.com/bursarhq/bursar"
)

// wantBill is the hint of everything that is not a bill at all.
const wantBill = "give bursar a Cost and Usage Report (legacy or CUR 2.0) or a FOCUS 1.0 or 1.2 export, as AWS delivered it"

// notBill makes the error for something that looks like something else.
func notBill(looks string, hint string) error {
	if hint == "" {
		hint = wantBill
	}
	return bursar.Errorf(bursar.Invalid, "not a bill: it looks like %s", looks).WithReason("not_a_bill").WithHint("%s", hint)
}

const unpackFirst = "unpack it and give what is in it; bursar itself unpacks gz and zip"

// magics are the first bytes of files that people have beside their bills.
var magics = []struct{ magic, looks, hint string }{
	{"%PDF", "a PDF document, perhaps an invoice", "an invoice has no line items; order a CUR 2.0 export from AWS Data Exports"},
	{"\xff\xfe", "UTF-16 text, as spreadsheets save it", "give the file as AWS delivered it, not as a spreadsheet saved it"},
	{"\xfe\xff", "UTF-16 text, as spreadsheets save it", "give the file as AWS delivered it, not as a spreadsheet saved it"},
	{"\xd0\xcf\x11\xe0", "a spreadsheet of an old Excel", "give the file as AWS delivered it"},
	{"\x89PNG", "a picture", ""},
	{"\xff\xd8\xff", "a picture", ""},
	{"GIF8", "a picture", ""},
	{"\x28\xb5\x2f\xfd", "a file that zstd has packed", unpackFirst},
	{"BZh", "a file that bzip2 has packed", unpackFirst},
	{"\xfd7zXZ", "a file that xz has packed", unpackFirst},
	{"7z\xbc\xaf", "a 7z archive", unpackFirst},
	{"\x1f\x8b", "a file that gzip has packed twice", "unpack it once"},
	{"PK\x03\x04", "a zip archive inside another", "unpack it once"},
	{"PAR1", "a Parquet file inside an archive", "unpack it and give the Parquet file itself"},
	{"\x7fELF", "a program", ""},
	{"Obj\x01", "an Avro file", "bursar reads csv and Parquet, as AWS delivers bills"},
	{"ORC", "an ORC file", "bursar reads csv and Parquet, as AWS delivers bills"},
	{"ARROW1", "an Arrow file", "bursar reads csv and Parquet, as AWS delivers bills"},
	{"SQLite format 3", "an SQLite database", ""},
	{`{\rtf`, "a text document (RTF)", ""},
}

// jsons are what a JSON text is by the names in its first bytes.
var jsons = []struct{ name, looks, hint string }{
	{`"reportKeys"`, "the manifest of a Cost and Usage Report", "give the data files that it names, or the folder that holds both"},
	{`"dataFiles"`, "the manifest of a data export", "give the data files that it names, or the folder that holds both"},
	{`"assemblyId"`, "the manifest of a Cost and Usage Report", "give the data files that it names, or the folder that holds both"},
	{`"executionId"`, "the manifest of a data export", "give the data files that it names, or the folder that holds both"},
	{`"ResultsByTime"`, "an answer of the Cost Explorer API", "Cost Explorer has no line items; order a CUR 2.0 export from AWS Data Exports"},
	{`"TimePeriod"`, "an answer of the Cost Explorer API", "Cost Explorer has no line items; order a CUR 2.0 export from AWS Data Exports"},
	{`"offerCode"`, "an AWS price list", "it says what things cost, not what was used"},
	{`"AWSTemplateFormatVersion"`, "a CloudFormation template", ""},
	{`"eventVersion"`, "a CloudTrail log", ""},
	{`"entries"`, "a manifest for Redshift", "give the data files that it names"},
}

// refuseText recognises by its first bytes a text that is no csv.
func refuseText(head []byte) error {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return notBill(m.looks, m.hint)
		}
	}
	s := string(head)
	trimmed := strings.TrimLeft(s, "\ufeff \t\r\n")
	line, _, _ := strings.Cut(trimmed, "\n")
	switch {
	case strings.Contains(line, "\x01"):
		return notBill(`an Athena or Hive text dump of a bill (fields parted by Ctrl-A, \N for missing)`, "give the report's own files from its bucket; a dump loses types and the difference between text and numbers")
	case len(s) > 262 && s[257:262] == "ustar":
		return notBill("a tar archive", "unpack it and give the bill's own files, or the folder that holds them")
	case strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "["):
		return refuseJSON(trimmed)
	case strings.HasPrefix(trimmed, "<"):
		return refuseMarkup(trimmed)
	case strings.HasPrefix(trimmed, "AWSTemplateFormatVersion:"):
		return notBill("a CloudFormation template", "")
	case strings.Contains(line, "\x00"):
		return notBill("a binary file", "")
	case !strings.Contains(line, ",") && strings.Contains(line, "\t"):
		return notBill("text parted by tabs", "give the file as AWS delivered it: parted by commas")
	case !strings.Contains(line, ",") && strings.Contains(line, ";"):
		return notBill("text parted by semicolons, as spreadsheets save it", "give the file as AWS delivered it: parted by commas")
	}
	return nil
}

func refuseJSON(s string) error {
	for _, j := range jsons {
		if strings.Contains(s, j.name) {
			return notBill(j.looks, j.hint)
		}
	}
	return notBill("JSON, perhaps a manifest or an answer of the Cost Explorer API", "give the data files that the manifest names")
}

func refuseMarkup(s string) error {
	lower := strings.ToLower(s[:min(len(s), 512)])
	switch {
	case strings.Contains(lower, "<html") || strings.HasPrefix(lower, "<!doctype html"):
		return notBill("a web page (HTML), perhaps a sign-in page in the file's place", "download the file again, signed in")
	case strings.Contains(lower, "<error>") && strings.Contains(lower, "<code>"):
		return notBill("an error message of S3 (XML)", "download the file again; the message in it says what was wrong")
	}
	return notBill("XML", "")
}
