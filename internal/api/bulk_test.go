package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
	"github.com/google/go-cmp/cmp"
)

// outcomes are what became of each row: "added", or "refused account_id account_id_taken".
func outcomes(t *testing.T, rows []client.AddedRow) (out []string) {
	t.Helper()
	for i, r := range rows {
		said := r.Outcome
		if p := r.Problem; p != nil {
			said += " " + p.Field + " " + p.Reason
			if p.Detail == "" || p.Hint == "" {
				t.Errorf("row %d lacks words: %+v", r.Row, p)
			}
		}
		if r.Row != i+1 || (r.Problem == nil) != (r.ID != "" && r.RoleARN != "" && r.ExternalID != "") {
			t.Errorf("row %d: %+v", i+1, r)
		}
		out = append(out, said)
	}
	return out
}

func TestManyAccountsAreAnsweredRowByRow(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	b.add(c, "000000000001", "there")
	rows := []client.NewAccount{
		{AccountID: "000000000001", Name: "there"},
		{AccountID: "000000000002", Name: "new"},
		{AccountID: "2", Name: "short"},
		{AccountID: "000000000003"},
		{AccountID: "000000000004", Name: "new"},
		{AccountID: "000000000001", Name: "other name"},
		{AccountID: "000000000005", Name: "role", Method: "role", RoleARN: "arn:aws:iam::000000000006:role/x"},
		{AccountID: "000000000005", Name: "role", Method: "role", RoleARN: "arn:aws:iam::000000000005:role/x"},
		{AccountID: "000000000007", Name: "seven", Method: "magic"},
		{AccountID: "000000000002", Name: "new"},
	}
	want := []string{
		"unchanged", "added", "refused account_id account_id_malformed", "refused name name_empty", "refused name account_name_taken",
		"refused account_id account_id_taken", "refused role_arn role_arn_wrong_account", "added", "refused method unknown_method", "unchanged",
	}
	got, err := c.AddAccounts(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, outcomes(t, got.Rows)); diff != "" {
		t.Error(diff)
	}
	if got.Added != 2 || got.Unchanged != 2 || got.Refused != 6 {
		t.Errorf("%d added, %d unchanged, %d refused", got.Added, got.Unchanged, got.Refused)
	}
	again, err := c.AddAccounts(t.Context(), rows)
	if err != nil || again.Added != 0 || again.Unchanged != 4 || again.Rows[1].ExternalID != got.Rows[1].ExternalID {
		t.Errorf("sent again: %+v, %v", again, err)
	}
	if list, err := c.Accounts(t.Context()); err != nil || len(list) != 3 {
		t.Errorf("%d accounts, %v", len(list), err)
	}
	var lines []bursar.AuditEntry
	b.view(func(tx *store.Tx) (err error) {
		lines, err = tx.AuditEntries(b.ws, store.AuditFilter{Action: "addAccounts"}, 0, 10)
		return err
	})
	if len(lines) != 2 || lines[1].Target != got.Rows[1].ID || lines[1].RequestID == "" || strings.Contains(string(lines[1].After), got.Rows[1].ExternalID) {
		t.Errorf("the audit log: %+v", lines)
	}
	if _, err := b.as(b.ws, auth.Viewer).AddAccounts(t.Context(), rows); bursar.CodeOf(err) != bursar.Forbidden {
		t.Errorf("a viewer: %v", err)
	}
}

func TestManyAccountsAsCSV(t *testing.T) {
	b := start(t)
	c := b.client(b.owner)
	text := "\ufeffName, account_id,role_arn,method\r\n\"Süd, \"\"A\"\"\",012345678901,,\r\nB,000000000002,arn:aws:iam::000000000002:role/x,role\r\n"
	got, err := c.AddAccountsCSV(t.Context(), strings.NewReader(text))
	if err != nil || got.Added != 2 || got.Rows[0].AccountID != "012345678901" || got.Rows[0].Name != `Süd, "A"` || got.Rows[1].RoleARN != "arn:aws:iam::000000000002:role/x" {
		t.Fatalf("%+v, %v", got, err)
	}
	if again, err := c.AddAccountsCSV(t.Context(), strings.NewReader(text)); err != nil || again.Unchanged != 2 {
		t.Errorf("sent again: %+v, %v", again, err)
	}
	for name, tc := range map[string]struct {
		text, reason, field string
		status              int
	}{
		"nothing":         {"", "body_missing", "", 400},
		"a header alone":  {"account_id,name\n", "missing", "accounts", 422},
		"no name":         {"account_id\n000000000003\n", "missing", "name", 400},
		"unknown column":  {"account_id,name,colour\n", "unknown_field", "", 400},
		"twice":           {"account_id,name,name\n", "repeated_field", "name", 400},
		"external id":     {"account_id,name,external_id\n", "external_id_generated", "external_id", 400},
		"too few values":  {"account_id,name\n000000000003,x\n000000000004\n", "csv_malformed", "", 400},
		"an open quote":   {"account_id,name\n000000000003,\"x\n", "csv_malformed", "", 400},
		"binary":          {"\x1f\x8b\x08\x00", "unknown_field", "", 400},
		"far too much":    {"account_id,name\n" + strings.Repeat("000000000003,x\n", 300_000), "body_too_large", "", 413},
		"more than 5,000": {"account_id,name\n" + strings.Repeat("000000000003,x\n", 5001), "too_many", "accounts", 422},
	} {
		resp, body := b.raw("POST", "/api/v1/accounts:bulk", tc.text, "Content-Type", "text/csv; charset=utf-8")
		if p := problem(t, resp, body); resp.StatusCode != tc.status || p.Reason != tc.reason || p.Field != tc.field || p.Hint == "" {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body)
		}
	}
	if list, err := c.Accounts(t.Context()); err != nil || len(list) != 2 {
		t.Errorf("%d accounts, %v", len(list), err)
	}
}

func TestJSONOfManyAccountsIsReadStrictly(t *testing.T) {
	b := start(t)
	for body, want := range map[string]string{
		`{"accounts":[{"account_id":12345678901,"name":"x"}]}`:                    "400 wrong_type accounts[0].account_id",
		`{"accounts":[{"account_id":"000000000001","name":"x","colour":"red"}]}`:  "400 unknown_field accounts[0].colour",
		`{"accounts":[{"account_id":"000000000001","name":"x","external_id":1}]}`: "400 external_id_generated accounts[0].external_id",
		`{"accounts":[]}`: "422 missing accounts",
		`{}`:              "422 missing accounts",
	} {
		resp, text := b.raw("POST", "/api/v1/accounts:bulk", body, "Content-Type", "application/json")
		if p := problem(t, resp, text); fmt.Sprint(resp.StatusCode, " ", p.Reason, " ", p.Field) != want {
			t.Errorf("%s: %d %s", body, resp.StatusCode, text)
		}
	}
}

// The promise is 5 s for 5,000 accounts. The test leaves room for a busy machine, and logs what it took.
func TestFiveThousandAccountsAtOnce(t *testing.T) {
	b := start(t)
	var rows []client.NewAccount
	for i := range 5000 {
		rows = append(rows, client.NewAccount{AccountID: fmt.Sprintf("%012d", i+1), Name: fmt.Sprintf("account %d", i+1)})
	}
	c := b.client(b.owner)
	for _, want := range []client.AddedAccounts{{Added: 5000}, {Unchanged: 5000}} {
		begun := time.Now()
		got, err := c.AddAccounts(t.Context(), rows)
		took := time.Since(begun)
		if err != nil || got.Added != want.Added || got.Unchanged != want.Unchanged || len(got.Rows) != 5000 {
			t.Fatalf("%v", err)
		}
		t.Logf("%d added, %d unchanged in %s", got.Added, got.Unchanged, took)
		if took > time.Minute {
			t.Errorf("it took %s", took)
		}
	}
}

func TestTheClientKnowsBulk(t *testing.T) {
	b := start(t)
	_, body := b.raw("POST", "/api/v1/accounts:bulk", `{"accounts":[{"account_id":"000000000001","name":"x"},{"account_id":"1","name":"y"}]}`, "Content-Type", "application/json")
	dec := json.NewDecoder(strings.NewReader(body))
	dec.DisallowUnknownFields()
	var into struct {
		Schema string `json:"$schema"`
		client.AddedAccounts
	}
	if err := dec.Decode(&into); err != nil || len(into.Rows) != 2 {
		t.Errorf("%v\n%s", err, body)
	}
}
