package bursar_test

import (
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
)

func TestRedact(t *testing.T) {
	id := bursar.NewExternalID()
	key := "bur_ABCDEFGH_" + strings.Repeat("k", 49)
	for text, want := range map[string]string{
		"/api/v1/keys/" + key:                        "/api/v1/keys/[redacted]",
		"a bus_" + strings.Repeat("s", 49) + " b":    "a [redacted] b",
		"x " + bursar.MemberExternalID(id, "1") + "": "x [redacted].1",
		"bursar-abc":                     "bursar-abc",
		"run_" + strings.Repeat("a", 26): "run_" + strings.Repeat("a", 26),
		"":                               "",
	} {
		if got := bursar.Redact(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
