package client

import (
	"context"
	"io"
	"net/http"
)

// SQLColumn is one column of a statement's answer.
type SQLColumn struct {
	Name string `json:"name"`
	Type string `json:"type"` // text, decimal, integer, float, bool, date, timestamp
}

// SQLAnswer is what a statement answers. Decimals are exact, as text; times are UTC, as text; nil is NULL.
type SQLAnswer struct {
	Columns []SQLColumn `json:"columns"`
	Rows    [][]any     `json:"rows"`
	More    bool        `json:"more"` // there are more rows than the limit
}

// SQL runs one SELECT over the views of the workspace's lake, and returns at most limit rows; 0 is the server's default.
func (c *Client) SQL(ctx context.Context, statement string, limit int) (*SQLAnswer, error) {
	var out SQLAnswer
	in := struct {
		SQL   string `json:"sql"`
		Limit int    `json:"limit,omitempty"`
	}{statement, limit}
	return &out, c.post(ctx, "/api/v1/sql", in, &out)
}

// ExportSQL writes what a statement answers to w, as "csv", "jsonl" or "parquet".
func (c *Client) ExportSQL(ctx context.Context, statement, format string, w io.Writer) error {
	in := struct {
		SQL    string `json:"sql"`
		Format string `json:"format"`
	}{statement, format}
	resp, err := c.send(ctx, request{method: http.MethodPost, path: "/api/v1/sql/export", in: in, accept: "*/*"})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(w, resp.Body)
	return err
}

// SQLViews is what a statement can read.
type SQLViews struct {
	Views   []SQLView `json:"views"`
	Seconds float64   `json:"seconds"` // that a statement may take
}

// SQLView is a view that statements read.
type SQLView struct {
	Name    string     `json:"name"`
	Doc     string     `json:"doc"`
	Columns []SQLField `json:"columns"`
	More    string     `json:"more,omitempty"` // what other columns it has
}

// SQLField is a column of a view.
type SQLField struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Doc  string `json:"doc"`
}

// SQLViews lists the views.
func (c *Client) SQLViews(ctx context.Context) (*SQLViews, error) {
	var out SQLViews
	return &out, c.get(ctx, "/api/v1/sql/views", nil, &out)
}
