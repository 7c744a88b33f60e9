package world

import (
	"strings"
	"testing"
)

func TestShippedWorlds(t *testing.T) {
	for _, name := range Names() {
		w, err := Load(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if w.Bursar.User.Name != "bursar" || w.Bursar.User.Policies == nil {
			t.Errorf("%s: bursar's own identity is not complete: %+v", name, w.Bursar)
		}
	}
	if _, err := Load("nowhere"); err == nil || !strings.Contains(err.Error(), "demo") {
		t.Errorf("got %v", err)
	}
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{`accounts: [{id: 111122223333}]`, ""},
		{`accounts: [{id: "1"}]`, `account "1": the id must be 12 digits`},
		{`accounts: [{id: "111122223333"}, {id: "111122223333"}]`, "listed twice"},
		{`accounts: [{id: "111122223333", stat: ACTIVE}]`, "field stat not found"},
		{`accounts: [{id: "111122223333", state: OPEN}]`, `"OPEN" is not a state`},
		{`accounts: [{id: "111122223333", roles: [{name: r}]}]`, "role r has no trust policy"},
		{`accounts: [{id: "111122223333", users: [{name: admin}]}]`, "malformed or taken"},
		{`organizations: [{id: o-abcdefghij, management: "111122223333"}]`, `there is no account "111122223333"`},
		{`organizations: [{id: abc, management: "111122223333"}]`, `must be "o-"`},
		{"accounts: [{id: \"111122223333\"}]\norganizations: [{id: o-abcdefghij, management: \"111122223333\", members: [\"111122223333\"]}]", "placed twice"},
		{"accounts: [{id: \"111122223333\"}]\norganizations: [{id: o-abcdefghij, management: \"111122223333\", scps: [{name: x, targets: [Nowhere]}]}]", `no root, unit or account "Nowhere"`},
		{"accounts: [{id: \"111122223333\"}]\norganizations: [{id: o-abcdefghij, management: \"111122223333\", feature_set: SOME}]", "neither ALL nor"},
		{`bursar: {account: "12"}`, "bursar.account"},
		{"accounts: [", "world: yaml"},
	} {
		_, err := Parse([]byte(tt.text))
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s\n  got  %v\n  want %s", tt.text, err, tt.want)
		}
	}
}

func TestSections(t *testing.T) {
	w, err := Parse([]byte("spend:\n  total: 12\n"))
	if err != nil {
		t.Fatal(err)
	}
	var s struct{ Total int }
	if ok, err := w.Section("spend", &s); !ok || err != nil || s.Total != 12 {
		t.Errorf("%v %v %+v", ok, err, s)
	}
	if ok, err := w.Section("other", &s); ok || err != nil {
		t.Errorf("%v %v", ok, err)
	}
	var strict struct{ Sum int }
	if _, err := w.Section("spend", &strict); err == nil || !strings.Contains(err.Error(), "total") {
		t.Errorf("got %v", err)
	}
	if got := w.Unknown(); len(got) != 1 || w.Unknown("spend") != nil {
		t.Errorf("unknown: %v", got)
	}
}

func TestPoliciesInYAML(t *testing.T) {
	w, err := Parse([]byte(`accounts: [{id: "111122223333", roles: [{name: r, trust: {Version: "2012-10-17", Statement: []}}, {name: s, trust: '{"Version":"x"}'}]}]`))
	if err != nil {
		t.Fatal(err)
	}
	r := w.Accounts[0].Roles
	if r[0].Trust != `{"Statement":[],"Version":"2012-10-17"}` || r[1].Trust != `{"Version":"x"}` {
		t.Errorf("%q %q", r[0].Trust, r[1].Trust)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("accounts: [{id: \"111122223333\"}]\norganizations: [{id: o-abcdefghij, management: \"111122223333\", units: [{name: A}]}]")
	f.Add("accounts: [{id: \"111122223333\", roles: [{name: r, trust: {a: [1, {b: c}]}}]}]")
	f.Fuzz(func(_ *testing.T, text string) {
		_, _ = Parse([]byte(text)) // an error or a world, never a panic
	})
}
