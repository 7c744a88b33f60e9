package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/api"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
)

// payer registers an account and makes it known as a payer.
func (b *bench) payer(id string) *client.Account {
	b.Helper()
	a := b.add(b.client(b.owner), id, "payer "+id)
	b.change(func(tx *store.Tx) error { return tx.SetOrganization(b.ws, a.ID, bursar.KindPayer, id, "o-abcdefghij") })
	return a
}

func (b *bench) change(f func(tx *store.Tx) error) {
	b.Helper()
	if err := b.store.InTx(b.Context(), f); err != nil {
		b.Fatal(err)
	}
}

// Look is a look that finds the role good when its ARN says so.
func (b *bench) Look(_ context.Context, a bursar.Account) (api.Look, error) {
	l := api.Look{Kind: bursar.KindUnknown, Findings: []bursar.Finding{{ID: "fnd_1", Check: "assume_role", Capability: bursar.CapAccess, Status: bursar.StatusFailed, Code: "not_deployed_or_changed"}}}
	switch {
	case strings.Contains(a.RoleARN, "breaks"):
		panic("it breaks")
	case strings.Contains(a.RoleARN, "fails"):
		return l, errors.New("it fails")
	case strings.Contains(a.RoleARN, "good"):
		l.Trusted, l.Kind, l.PayerID, l.Findings[0].Status, l.Findings[0].Code = true, bursar.KindStandalone, a.AccountID, bursar.StatusOK, "ok"
	}
	return l, nil
}

func (b *bench) TrustPolicy(_ context.Context, a bursar.Account) (string, error) {
	return "trusts " + a.ExternalID, nil
}

func TestMembersPageByPage(t *testing.T) {
	b := start(t)
	a, c := b.payer("012345678901"), b.client(b.owner)
	b.change(func(tx *store.Tx) error {
		for _, m := range []bursar.Member{
			{AccountID: "222233334444", Name: "One", OrganizationState: "ACTIVE", State: bursar.MemberAssumable},
			{AccountID: "333344445555", Name: "Two", OrganizationState: "ACTIVE", State: bursar.MemberNotDeployed, Code: "not_targeted", Message: "m", Remedy: "r"},
			{AccountID: "444455556666", Name: "Three", OrganizationState: "SUSPENDED", State: bursar.MemberSuspended},
		} {
			m.FirstSeenAt, m.Since = tx.Now, tx.Now
			if err := tx.PutMember(b.ws, a.ID, m); err != nil {
				return err
			}
		}
		return nil
	})
	linked := b.add(c, "222233334444", "Linked")
	b.change(func(tx *store.Tx) error {
		return tx.SetOrganization(b.ws, linked.ID, bursar.KindLinked, "012345678901", "o-abcdefghij")
	})
	resp, body := b.raw("GET", "/api/v1/accounts/012345678901/members?limit=2", "")
	var page struct {
		Items  []bursar.Member
		Next   string `json:"next_cursor"`
		Counts map[string]int
	}
	if err := json.Unmarshal([]byte(body), &page); err != nil || resp.StatusCode != 200 || len(page.Items) != 2 || page.Next == "" || page.Counts["assumable"] != 1 || page.Counts["suspended"] != 1 {
		t.Errorf("%d %s %v", resp.StatusCode, body, err)
	}
	members, err := c.Members(t.Context(), a.ID, "")
	if err != nil || len(members) != 3 || members[0].RegisteredAs != linked.ID || members[1].Remedy != "r" {
		t.Errorf("%+v %v", members, err)
	}
	if members, err = c.Members(t.Context(), a.ID, bursar.MemberSuspended); err != nil || len(members) != 1 {
		t.Errorf("%+v %v", members, err)
	}
	if resp, body = b.raw("GET", "/api/v1/accounts/012345678901/members?state=odd", ""); resp.StatusCode != 400 || !strings.Contains(body, "not_deployed") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	got, err := c.Account(t.Context(), linked.ID)
	if err != nil || got.Payer == nil || got.Payer.ID != a.ID || got.Payer.Name != "payer 012345678901" {
		t.Errorf("a linked account shows its payer: %+v %v", got, err)
	}
	if _, err := b.as(b.workspace("foreign"), auth.Owner).Members(t.Context(), a.ID, ""); bursar.CodeOf(err) != bursar.NotFound {
		t.Errorf("another workspace: %v", err)
	}
}

func TestMembersAreCheckedOfPayersOnly(t *testing.T) {
	b := start(t)
	for range cap(b.gate) {
		b.gate <- struct{}{}
	}
	a, c := b.payer("012345678901"), b.client(b.owner)
	for kind, start := range map[string]func() (*bursar.Run, error){
		api.KindMembers:       func() (*bursar.Run, error) { return c.CheckMembers(t.Context(), a.ID, false) },
		api.KindMembersFailed: func() (*bursar.Run, error) { return c.CheckMembers(t.Context(), a.AccountID, true) },
		api.KindSync:          func() (*bursar.Run, error) { return c.SyncMembers(t.Context(), a.ID) },
	} {
		if run, err := start(); err != nil || run.Kind != kind || run.AccountID != a.ID {
			t.Errorf("%s: %+v %v", kind, run, err)
		}
	}
	other := b.add(c, "222233334444", "new")
	_, err := c.CheckMembers(t.Context(), other.ID, false)
	if e := problemIn(err); e == nil || e.Code != "conflict" || e.Reason != "not_a_payer" || !strings.Contains(e.Hint, "check the account first") {
		t.Errorf("%v", err)
	}
	b.change(func(tx *store.Tx) error {
		return tx.SetOrganization(b.ws, other.ID, bursar.KindLinked, "012345678901", "o-abcdefghij")
	})
	_, err = c.Members(t.Context(), other.ID, "")
	if e := problemIn(err); e == nil || !strings.Contains(e.Hint, "012345678901") {
		t.Errorf("the hint does not name the payer: %v", err)
	}
}

func problemIn(err error) *client.Error {
	e, _ := err.(*client.Error)
	return e
}

func TestEvents(t *testing.T) {
	b := start(t)
	a, c := b.payer("012345678901"), b.client(b.owner)
	other := b.add(c, "222233334444", "other")
	for _, e := range []bursar.Event{
		{AccountID: a.ID, About: bursar.AboutSummary, To: "connected"}, {AccountID: other.ID, About: bursar.AboutSummary, To: "broken"}, {AccountID: a.ID, About: bursar.AboutSummary, To: "broken", Code: "x"},
	} {
		b.change(func(tx *store.Tx) error { _, err := tx.AddEvent(b.ws, e); return err })
	}
	all, err := c.Events(t.Context(), "")
	if err != nil || len(all) != 3 || all[0].To != "broken" || all[0].From != "connected" || all[0].Since.IsZero() {
		t.Errorf("%+v %v", all, err)
	}
	if mine, err := c.Events(t.Context(), "012345678901"); err != nil || len(mine) != 2 {
		t.Errorf("%+v %v", mine, err)
	}
	foreign := b.as(b.workspace("foreign"), auth.Owner)
	if none, err := foreign.Events(t.Context(), ""); err != nil || len(none) != 0 {
		t.Errorf("%+v %v", none, err)
	}
}

// TestValidateKeepsNothingAndChoosesTheExternalID: it is bursar's, the same each time, another in each workspace, and the registration's own
// where there is one.
func TestValidateKeepsNothingAndChoosesTheExternalID(t *testing.T) {
	b := start(t)
	c, foreign := b.client(b.owner), b.as(b.workspace("foreign"), auth.Owner)
	const good, bad = "arn:aws:iam::111122223333:role/bursar/good", "arn:aws:iam::111122223333:role/bursar/bad"
	first, err := c.Validate(t.Context(), client.NewValidation{AccountID: "111122223333"})
	if err != nil || first.ExternalID == "" || first.TrustPolicy != "trusts "+first.ExternalID || first.Trusted || len(first.Findings) != 0 || first.Registered {
		t.Fatalf("%+v %v", first, err)
	}
	second, err := c.Validate(t.Context(), client.NewValidation{RoleARN: good})
	if err != nil || second.ExternalID != first.ExternalID || !second.Trusted || second.Kind != bursar.KindStandalone || second.Status.Summary != bursar.SummaryConnected {
		t.Errorf("%+v %v", second, err)
	}
	theirs, err := foreign.Validate(t.Context(), client.NewValidation{RoleARN: good})
	if err != nil || theirs.ExternalID == first.ExternalID {
		t.Errorf("%+v %v", theirs, err)
	}
	if failed, err := c.Validate(t.Context(), client.NewValidation{RoleARN: bad}); err != nil || failed.Trusted || failed.Status.Summary != bursar.SummaryBroken {
		t.Errorf("%+v %v", failed, err)
	}
	if list, err := c.Accounts(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("an account was kept: %+v %v", list, err)
	}
	a, err := c.AddAccount(t.Context(), client.NewAccount{AccountID: "111122223333", Name: "registered", Method: "role", RoleARN: good})
	if err != nil || a.ExternalID != first.ExternalID {
		t.Fatalf("a role that was looked at must change its trust policy to be registered: %+v %v", a, err)
	}
	if known, err := c.Validate(t.Context(), client.NewValidation{RoleARN: good}); err != nil || !known.Registered || known.ExternalID != a.ExternalID {
		t.Errorf("%+v %v", known, err)
	}
	if got, err := c.Account(t.Context(), a.ID); err != nil || len(got.Findings) != 0 {
		t.Errorf("findings were kept: %+v %v", got, err)
	}
	for body, want := range map[string]string{
		`{"role_arn":"` + good + `","external_id":"mine"}`:        "external_id",
		`{"role_arn":"nonsense"}`:                                 "role_arn_malformed",
		`{"role_arn":"` + good + `","account_id":"444455556666"}`: "role_arn_wrong_account",
		`{"role_arn":"` + good + `","partition":"aws-cn"}`:        "partition_mismatch",
		`{}`: "account_id_malformed",
		`{"account_id":"111122223333","partition":"aws-moon"}`:  "unknown_partition",
		`{"role_arn":"arn:aws:iam::1:role/aws-service-role/x"}`: "role_arn_malformed",
	} {
		if resp, answer := b.raw("POST", "/api/v1/validate", body, "Content-Type", "application/json"); resp.StatusCode/100 != 4 || !strings.Contains(answer, want) {
			t.Errorf("%s: %d %s", body, resp.StatusCode, answer)
		}
	}
}
