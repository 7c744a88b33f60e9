package costexplorer_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/bursarhq/bursar/internal/source/costexplorer"
)

// TestTheDocumentListsTheStreams keeps docs/cost-explorer.md true.
func TestTheDocumentListsTheStreams(t *testing.T) {
	const path, begin, end = "../../../docs/cost-explorer.md", "<!-- generated: make golden -->\n", "<!-- end -->\n"
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(body), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the page has no place for the streams")
	}
	var table strings.Builder
	table.WriteString("| stream | needs | what |\n|---|---|---|\n")
	for _, o := range costexplorer.Operations() {
		about := o.About
		if what, _, _ := strings.Cut(o.Setting, ":"); what != "" {
			about += " Switch on " + what + " in AWS first."
		}
		fmt.Fprintf(&table, "| `%s` | `%s` | %s |\n", o.Name, o.IAM(), about)
	}
	want := before + begin + table.String() + end + after
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(body) != want {
		t.Error("docs/cost-explorer.md does not match the streams: run make golden")
	}
}
