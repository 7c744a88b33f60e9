package query_test

import (
	"os"
	"testing"

	"github.com/bursarhq/bursar/internal/billing/query"
	"github.com/google/go-cmp/cmp"
)

// The page about costs says what the code does.
func TestDocument(t *testing.T) {
	const path = "../../../docs/costs.md"
	got, err := query.Document()
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if string(kept) == got {
		return
	}
	if os.Getenv("UPDATE_GOLDEN") == "" {
		t.Fatalf("docs/costs.md is not current: run make golden\n%s", cmp.Diff(string(kept), got))
	}
	if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
		t.Fatal(err)
	}
}
