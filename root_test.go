package bursar_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"pgregory.net/rapid"
)

func TestParseDecimal(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "-0": "0", "-0.00": "0", "1": "1", "1.50": "1.5", ".5": "0.5", "5.": "5", "+2": "2",
		"-7.0E-10": "-0.0000000007", "6.123E-7": "0.0000006123", "1e3": "1000", "1.25E+2": "125",
		"4064.4831315379": "4064.4831315379", "0.0000000000000000001": "0.0000000000000000001", "0E999999": "0",
	} {
		d, err := bursar.ParseDecimal(in)
		if err != nil {
			t.Errorf("ParseDecimal(%q): %v", in, err)
			continue
		}
		if got := d.String(); got != want {
			t.Errorf("ParseDecimal(%q) = %s, want %s", in, got, want)
		}
	}
	for _, in := range []string{"", "-", ".", "e5", "1e", "1e+", "--1", "+-1", "1.2.3", "1,5", "0x1", "NaN", "Inf", "1 ", "1E999999999", "1E500", "١"} {
		if d, err := bursar.ParseDecimal(in); err == nil {
			t.Errorf("ParseDecimal(%q) = %s, want an error", in, d)
		}
	}
}

func TestDecimalAgreesWithRationals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) (bursar.Decimal, *big.Rat) {
			coef, scale := rapid.Int64().Draw(t, name), rapid.IntRange(0, 25).Draw(t, name+" scale")
			den := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
			return bursar.DecimalFromInt64(coef, scale), new(big.Rat).SetFrac(big.NewInt(coef), den)
		}
		a, ra := draw("a")
		b, rb := draw("b")
		for _, op := range []struct {
			got  bursar.Decimal
			want *big.Rat
		}{{a.Add(b), new(big.Rat).Add(ra, rb)}, {a.Sub(b), new(big.Rat).Sub(ra, rb)}, {a.Neg(), new(big.Rat).Neg(ra)}} {
			back, ok := new(big.Rat).SetString(op.got.String())
			if !ok || back.Cmp(op.want) != 0 {
				t.Fatalf("got %s, want %s", op.got, op.want)
			}
		}
		if a.Cmp(b) != ra.Cmp(rb) {
			t.Fatalf("Cmp(%s, %s) = %d", a, b, a.Cmp(b))
		}
		again, err := bursar.ParseDecimal(a.String())
		if err != nil || !again.Equal(a) {
			t.Fatalf("%s does not read back: %s, %v", a, again, err)
		}
	})
}

func TestDecimalUnscaled(t *testing.T) {
	d, _ := bursar.ParseDecimal("1.230")
	if n, exact := d.Unscaled(2); n.Int64() != 123 || !exact {
		t.Errorf("1.23 at scale 2 = %v, %v", n, exact)
	}
	if _, exact := d.Unscaled(1); exact {
		t.Error("1.23 at scale 1 loses a digit and must say so")
	}
}

func TestMoneyIsTextInJSON(t *testing.T) {
	d, _ := bursar.ParseDecimal("0.10")
	b, err := json.Marshal(bursar.Money{Amount: d, Currency: "EUR"})
	if err != nil || string(b) != `{"amount":"0.1","currency":"EUR"}` {
		t.Errorf("got %s, %v", b, err)
	}
	var m bursar.Money
	if err := json.Unmarshal(b, &m); err != nil || !m.Amount.Equal(d) {
		t.Errorf("reads back as %+v, %v", m, err)
	}
}

func FuzzParseDecimal(f *testing.F) {
	for _, s := range []string{"1", "-7.0E-10", "1e", "9999999999999999999999999", "0E999999", ".", "1E-128"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := bursar.ParseDecimal(s)
		if err != nil {
			return
		}
		again, err := bursar.ParseDecimal(d.String())
		if err == nil && !again.Equal(d) {
			t.Fatalf("%q = %s, which reads back as %s", s, d, again)
		}
	})
}

func TestPeriod(t *testing.T) {
	p, err := bursar.ParsePeriod("2026-12")
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Add(1).String(); got != "2027-01" {
		t.Errorf("the month after 2026-12 is %s", got)
	}
	if !p.Contains(p.Start()) || p.Contains(p.End()) {
		t.Error("a period holds its start and not its end")
	}
	if !p.Contains(time.Date(2027, 1, 1, 1, 0, 0, 0, time.FixedZone("", 2*3600))) {
		t.Error("periods are UTC")
	}
	for _, s := range []string{"", "2026-13", "2026-1", "202612", "2026-12-01", "26-12"} {
		if _, err := bursar.ParsePeriod(s); err == nil {
			t.Errorf("ParsePeriod(%q) wants an error", s)
		}
	}
}

func TestCheckAccountID(t *testing.T) {
	if err := bursar.CheckAccountID("011122223333"); err != nil {
		t.Error(err)
	}
	for _, id := range []string{"", "1112222333", "0111-2222-3333", "01112222333a", "٠١١١٢٢٢٢٣٣٣٣", "0111222233334"} {
		err := bursar.CheckAccountID(id)
		var e *bursar.Error
		if !errors.As(err, &e) || e.Field != "account_id" || e.Hint == "" {
			t.Errorf("CheckAccountID(%q) = %v, want an error about account_id with a hint", id, err)
		}
	}
}

func TestCheckAccountName(t *testing.T) {
	for _, name := range []string{"a", "Zahlungskonto Süd", strings.Repeat("ü", bursar.MaxAccountName), "x&param_Y=1"} {
		if err := bursar.CheckAccountName(name); err != nil {
			t.Errorf("CheckAccountName(%q): %v", name, err)
		}
	}
	for _, name := range []string{"", " a", "a\n", "a\x00b", "\xff", strings.Repeat("x", bursar.MaxAccountName+1)} {
		if bursar.CheckAccountName(name) == nil {
			t.Errorf("CheckAccountName(%q) wants an error", name)
		}
	}
}

func TestParseRoleARN(t *testing.T) {
	for _, s := range []string{
		"arn:aws:iam::123456789012:role/bursar/bursar-abc", "arn:aws-cn:iam::123456789012:role/x", "arn:aws-us-gov:iam::123456789012:role/a/b/c",
	} {
		r, err := bursar.ParseRoleARN(s)
		if err != nil || r.String() != s {
			t.Errorf("ParseRoleARN(%q) = %v, %v", s, r, err)
		}
	}
	for _, s := range []string{
		"", "arn:aws:iam::123456789012:user/x", "arn:aws:iam:us-east-1:123456789012:role/x", "arn:aws:iam::12345678901:role/x",
		"arn:evil:iam::123456789012:role/x", "arn:aws:iam::123456789012:role/", "arn:aws:iam::123456789012:role//x",
		"arn:aws:iam::123456789012:role/aws-service-role/a.amazonaws.com/x", "arn:aws:iam::123456789012:role/x\n", " arn:aws:iam::123456789012:role/x",
	} {
		if _, err := bursar.ParseRoleARN(s); err == nil {
			t.Errorf("ParseRoleARN(%q) wants an error", s)
		}
	}
}

func FuzzParseRoleARN(f *testing.F) {
	f.Add("arn:aws:iam::123456789012:role/bursar/bursar-abc")
	f.Add("arn:aws:iam::123456789012:role/aws-service-role/x/y")
	f.Fuzz(func(t *testing.T, s string) {
		if r, err := bursar.ParseRoleARN(s); err == nil && r.String() != s {
			t.Fatalf("%q reads as %q", s, r)
		}
	})
}

func TestNewExternalID(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := bursar.NewExternalID()
		if len(id) != len("bur-")+26 || seen[id] {
			t.Fatalf("external id %q: want 26 fresh characters of base 32, 130 bits", id)
		}
		seen[id] = true
	}
}

func TestSecretNeverShows(t *testing.T) {
	const value = "hunter2-hunter2"
	s := struct{ Key bursar.Secret }{bursar.NewSecret(value)}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", s.Key, "all", s)
	js, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{
		fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q %x %d", s, s, s, s, s.Key, s.Key, s.Key), string(js), log.String(),
		fmt.Errorf("failed: %v", s.Key).Error(),
	} {
		if strings.Contains(out, value) || strings.Contains(out, fmt.Sprintf("%x", value)) {
			t.Errorf("the secret shows: %s", out)
		}
	}
	if s.Key.Reveal() != value {
		t.Error("Reveal must return the value")
	}
}

func TestSummarize(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	finding := func(check string, c bursar.Capability, st bursar.FindingStatus, code string) bursar.Finding {
		return bursar.Finding{Check: check, Capability: c, Status: st, Code: code, At: at}
	}
	ok := finding("assume_role", bursar.CapAccess, bursar.StatusOK, "ok")
	for name, tc := range map[string]struct {
		findings []bursar.Finding
		want     bursar.Summary
		arrival  bursar.DataArrival
	}{
		"nothing checked":   {nil, bursar.SummaryPending, ""},
		"access works":      {[]bursar.Finding{ok}, bursar.SummaryConnected, ""},
		"insecure wins":     {[]bursar.Finding{ok, finding("external_id_required", bursar.CapAccess, bursar.StatusFailed, bursar.CodeInsecureTrust)}, bursar.SummaryInsecure, ""},
		"a warning":         {[]bursar.Finding{ok, finding("template_version", bursar.CapAccess, bursar.StatusWarning, "outdated")}, bursar.SummaryAttention, ""},
		"late data":         {[]bursar.Finding{ok, finding("export_delivery", bursar.CapBillingExport, bursar.StatusWarning, "late")}, bursar.SummaryAttention, bursar.ArrivalLate},
		"awaiting is fine":  {[]bursar.Finding{ok, finding("export_delivery", bursar.CapBillingExport, bursar.StatusWaiting, "awaiting_first_delivery")}, bursar.SummaryConnected, bursar.ArrivalAwaiting},
		"skipped is silent": {[]bursar.Finding{ok, finding("trust_policy", bursar.CapAccess, bursar.StatusSkipped, "not_readable")}, bursar.SummaryConnected, ""},
		"not deployed":      {[]bursar.Finding{finding("assume_role", bursar.CapAccess, bursar.StatusFailed, "not_deployed_or_changed")}, bursar.SummaryBroken, ""},
	} {
		got := bursar.Summarize(tc.findings)
		if got.Summary != tc.want || got.DataArrival != tc.arrival {
			t.Errorf("%s: %s %q, want %s %q", name, got.Summary, got.DataArrival, tc.want, tc.arrival)
		}
	}
}

// TestAllowedIsNotSetUp: the export step must not be done because a role may look for exports.
func TestAllowedIsNotSetUp(t *testing.T) {
	got := bursar.Summarize([]bursar.Finding{
		{Check: "assume_role", Capability: bursar.CapAccess, Status: bursar.StatusOK, Code: "ok"},
		{Check: "permissions", Capability: bursar.CapBillingExport, Status: bursar.StatusOK, Code: "ok"},
		{Check: "export_definition", Capability: bursar.CapBillingExport, Status: bursar.StatusSkipped, Code: "not_set_up"},
		{Check: "inventory", Capability: bursar.CapInventory, Status: bursar.StatusSkipped, Code: "not_available"},
	})
	if got.Capabilities[bursar.CapBillingExport] != bursar.StateNotSetUp || got.Capabilities[bursar.CapInventory] != bursar.StateNotSetUp || got.Summary != bursar.SummaryConnected {
		t.Errorf("got %+v", got)
	}
}

func TestErrorSaysWhatAndWhatToDo(t *testing.T) {
	cause := errors.New("disk on fire")
	err := fmt.Errorf("saving: %w", bursar.Errorf(bursar.Unavailable, "the lake cannot be written: %w", cause).WithHint("free some space"))
	if bursar.CodeOf(err) != bursar.Unavailable || !errors.Is(err, cause) || !strings.Contains(err.Error(), "hint: free some space") {
		t.Errorf("got %v", err)
	}
	if bursar.CodeOf(cause) != bursar.Internal || bursar.CodeOf(nil) != "" {
		t.Error("unknown errors are internal, no error has no code")
	}
}
