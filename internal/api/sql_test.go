package api_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/bursarhq/bursar/client"
)

func TestSQL(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	got, err := c.SQL(t.Context(), "SELECT 'é'", 1)
	if err != nil || !got.More || len(got.Rows) != 1 || fmt.Sprint(got.Rows[0]) != "[ws_ SELECT 'é' 1.5 9007199254740993 2026-02-03T04:05:06Z]" || got.Columns[1].Type != "decimal" {
		t.Errorf("got %+v, %v", got, err)
	}
	var e *client.Error
	if _, err := c.SQL(t.Context(), "bad", 0); !errors.As(err, &e) || e.Status != 422 || e.Field != "sql" {
		t.Errorf("got %v", err)
	}
	var out bytes.Buffer
	if err := c.ExportSQL(t.Context(), "SELECT 1", "csv", &out); err != nil || out.String() != "said,d,n,at\nws_ SELECT 1,1.5,9007199254740993,2026-02-03T04:05:06Z\n" {
		t.Errorf("%v %s", err, out.String())
	}
	for _, format := range []string{"jsonl", "parquet"} {
		if err := c.ExportSQL(t.Context(), "SELECT 1", format, &out); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
	if err := c.ExportSQL(t.Context(), "bad", "csv", &out); !errors.As(err, &e) || e.Reason != "sql_error" {
		t.Errorf("got %v", err)
	}
	if resp, body := b.raw("POST", "/api/v1/sql", `{"sql":"SELECT 1","limit":100001}`); resp.StatusCode != 422 && resp.StatusCode != 400 {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

// A download that breaks off ends the connection: its caller must not take the half for the whole.
func TestABrokenDownloadIsSeen(t *testing.T) {
	b := start(t)
	b.huge = true
	var out bytes.Buffer
	if err := b.client(b.owner).ExportCosts(t.Context(), client.Question{}, "parquet", &out); err == nil {
		t.Errorf("%d bytes were taken for the whole", out.Len())
	}
	if !strings.Contains(b.log.String(), "a download broke off") {
		t.Errorf("the log says nothing of it: %s", b.log)
	}
}
