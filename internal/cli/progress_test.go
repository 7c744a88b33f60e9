package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
)

func TestProgressLine(t *testing.T) {
	for want, p := range map[string]bursar.Progress{
		"assume_role: waiting for IAM to propagate (8 s)":                   {Step: "assume_role: waiting for IAM to propagate (8 s)"},
		"██████████░░░░░░░░░░  50%  organization  5 of 10 checks":           {Step: "organization", Done: 5, Total: 10, Unit: "checks"},
		"████████████████████ 100%  importing 2026-11 of cur2  295480 rows": {Step: "importing 2026-11 of cur2", Done: 9, Total: 7, Unit: "bytes", Rows: 295480},
		"░░░░░░░░░░░░░░░░░░░░   0%  a�b":                                    {Step: "a\x1bb", Total: 7, Unit: "bytes"},
	} {
		if got := progressLine(p); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

func TestProgressStaysOnOneLine(t *testing.T) {
	var out bytes.Buffer
	p := &progress{w: &out, width: func() int { return 30 }}
	p.show(bursar.Progress{Step: strings.Repeat("ä", 100)})
	if got := out.String(); got != eraseLine+strings.Repeat("ä", 28)+"…" {
		t.Errorf("got %q", got)
	}
	out.Reset()
	p.clear()
	p.clear()
	if out.String() != eraseLine {
		t.Errorf("cleared by %q", out.String())
	}
	out.Reset()
	quiet := newProgress(&out, false) // no terminal
	quiet.show(bursar.Progress{Step: "x"})
	quiet.clear()
	if out.Len() > 0 {
		t.Errorf("where nobody looks it shows %q", out.String())
	}
}

func TestYAMLSaysWhatJSONSays(t *testing.T) {
	var out bytes.Buffer
	value := []map[string]any{{"account_id": "012345678901", "amount": "0.10", "empty": "", "list": []string{}, "no": "no", "null": nil, "text": "a: b\nc", "true": true, "when": "2026-01-01"}}
	if err := printYAML(&out, value); err != nil {
		t.Fatal(err)
	}
	want := `- account_id: "012345678901"
  amount: "0.10"
  empty: ""
  list: []
  "no": "no"
  "null": null
  text: |-
    a: b
    c
  "true": true
  when: "2026-01-01"
`
	if out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
}
