package api

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/danielgtaylor/huma/v2"
)

const csvType = "text/csv"

// columns are those of accounts as CSV (RFC 4180), with the field that each fills.
var columns = []struct {
	name string
	put  func(*NewAccountRow, string)
}{
	{"account_id", func(r *NewAccountRow, v string) { r.AccountID = v }},
	{"name", func(r *NewAccountRow, v string) { r.Name = v }},
	{"method", func(r *NewAccountRow, v string) { r.Method = bursar.Method(v) }},
	{"role_arn", func(r *NewAccountRow, v string) { r.RoleARN = v }},
	{"partition", func(r *NewAccountRow, v string) { r.Partition = bursar.Partition(v) }},
}

func columnNames() (out []string) {
	for _, c := range columns {
		out = append(out, c.name)
	}
	return out
}

func columnWords() string { return strings.Join(columnNames(), ", ") }

// fromCSV hands a body of CSV on as the JSON that says the same.
func (a *API) fromCSV(ctx huma.Context, next func(huma.Context)) {
	kind, _, _ := mime.ParseMediaType(ctx.Header("Content-Type"))
	if kind != csvType {
		next(ctx)
		return
	}
	_ = ctx.SetReadDeadline(time.Now().Add(bodyTimeout)) // not every connection has deadlines
	text, err := io.ReadAll(io.LimitReader(ctx.BodyReader(), maxBulkBody+1))
	switch {
	case err != nil:
		_ = huma.WriteErr(a.huma, ctx, http.StatusRequestTimeout, "")
		return
	case len(text) > maxBulkBody:
		_ = huma.WriteErr(a.huma, ctx, http.StatusRequestEntityTooLarge, "")
		return
	}
	rows, err := readRows(text)
	var body []byte
	if err == nil {
		body, err = json.Marshal(NewAccounts{rows})
	}
	if err != nil {
		_ = huma.WriteErr(a.huma, ctx, http.StatusBadRequest, "", err)
		return
	}
	next(&rewritten{ctx, bytes.NewReader(body), "application/json"})
}

// readRows reads accounts from CSV whose first line names the columns. A line that does not fit them spoils the whole: what comes after it
// could be read as something that nobody meant.
func readRows(text []byte) ([]NewAccountRow, error) {
	in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))) // spreadsheets write a byte order mark
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, bursar.Errorf(bursar.Malformed, "the body is missing").WithReason("body_missing").WithHint("send a line with the names of the columns, and a line for each account")
	}
	if err != nil {
		return nil, spoiled(err)
	}
	fields, err := fieldsOf(header)
	if err != nil {
		return nil, err
	}
	rows := []NewAccountRow{}
	for {
		values, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, spoiled(err)
		}
		var row NewAccountRow
		for i, put := range fields {
			put(&row, strings.TrimSpace(values[i]))
		}
		rows = append(rows, row)
	}
}

// fieldsOf tells which field each column fills.
func fieldsOf(header []string) (fields []func(*NewAccountRow, string), err error) {
	seen := map[string]bool{}
	for _, name := range header {
		name = strings.ToLower(strings.TrimSpace(name))
		i := slices.Index(columnNames(), name)
		switch {
		case name == "external_id":
			return nil, externalIDGiven(name)
		case i < 0:
			return nil, (&bursar.Error{Code: bursar.Malformed, Message: "the first line names a column that there is not"}).WithReason("unknown_field").WithHint("the columns are %s", columnWords())
		case seen[name]:
			return nil, (&bursar.Error{Code: bursar.Malformed, Field: name, Message: "the first line names it twice"}).WithReason("repeated_field").WithHint("name each column once")
		}
		seen[name] = true
		fields = append(fields, columns[i].put)
	}
	for _, name := range []string{"account_id", "name"} {
		if !seen[name] {
			return nil, (&bursar.Error{Code: bursar.Malformed, Field: name, Message: "there is no such column"}).WithReason("missing").WithHint("the first line names the columns, and account_id and name must be among them")
		}
	}
	return fields, nil
}

func externalIDGiven(field string) *bursar.Error {
	return (&bursar.Error{Code: bursar.Malformed, Field: field, Message: "an external id is never accepted from a caller"}).
		WithReason("external_id_generated").WithHint("leave it out: bursar generates one, and answers with it")
}

// spoiled says where the text stops being CSV, without repeating any of it.
func spoiled(err error) error {
	e := bursar.Errorf(bursar.Malformed, "the body is not CSV")
	var at *csv.ParseError
	if errors.As(err, &at) {
		e = bursar.Errorf(bursar.Malformed, "line %d: %v", at.Line, at.Err)
	}
	return e.WithReason("csv_malformed").WithHint("every line has as many values as the first; a value with a comma or a quote stands in quotes, each quote in it doubled")
}

// humaContext is embedded by this name, as a field Context would hide the method.
type humaContext = huma.Context

// rewritten is a request whose body was read before, and perhaps made anew.
type rewritten struct {
	humaContext
	body io.Reader
	kind string // of the body
}

// BodyReader returns the body.
func (r *rewritten) BodyReader() io.Reader { return r.body }

// Header returns a header; that of the body's type is that of the body as it is now.
func (r *rewritten) Header(name string) string {
	if strings.EqualFold(name, "Content-Type") {
		return r.kind
	}
	return r.humaContext.Header(name)
}

// Unwrap returns the request as it came.
func (r *rewritten) Unwrap() huma.Context { return r.humaContext }
