package store_test

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

// TestSharedExternalIDs: accounts of one owner of keys have one external id, another workspace cannot have it, and an account that gets an access of
// its own leaves it to the others.
func TestSharedExternalIDs(t *testing.T) {
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	account := func(ws, id, external string) bursar.Account {
		return bursar.Account{
			WorkspaceID: ws, AccountID: id, Name: id, Partition: bursar.PartitionAWS, Kind: bursar.KindUnknown, Method: bursar.MethodRole,
			ExternalID: external, RoleARN: "arn:aws:iam::" + id + ":role/cloudcraft",
		}
	}
	err = s.InTx(t.Context(), func(tx *store.Tx) error {
		one, err1 := tx.AddWorkspace("one")
		two, err2 := tx.AddWorkspace("two")
		shared, err3 := tx.IssueOwnerExternalID(one.ID, "key:a", "11111111-2222-4333-8444-555555555555")
		again, err4 := tx.IssueOwnerExternalID(one.ID, "key:a", "another")
		if shared != again {
			t.Errorf("%s, then %s", shared, again)
		}
		a, err5 := tx.AddAccount(account(one.ID, "111111111111", shared))
		b, err6 := tx.AddAccount(account(one.ID, "222222222222", shared))
		if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
			return err
		}
		if _, err := tx.AddAccount(account(two.ID, "111111111111", shared)); bursar.CodeOf(err) != bursar.Conflict {
			t.Errorf("another workspace took it: %v", err)
		}
		if _, err := tx.IssueOwnerExternalID(two.ID, "key:a", shared); bursar.CodeOf(err) != bursar.Conflict {
			t.Errorf("another workspace was given it: %v", err)
		}
		a.RoleARN += "2"
		if err := tx.SetAccess(a); err != nil { // another role, the same external id
			return err
		}
		b.ExternalID = "bur-own"
		if err := tx.SetAccess(b); err != nil {
			return err
		}
		got, _, err := tx.Accounts(one.ID, store.Page{Limit: 10})
		if len(got) != 2 || got[0].ExternalID != shared || got[0].RoleARN != a.RoleARN || got[1].ExternalID != "bur-own" {
			t.Errorf("%+v", got)
		}
		return errors.Join(err, tx.RemoveAccount(one.ID, a.ID, false))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestSharing: lists are kept with nil and empty told apart, in their own workspace, and go with their account.
func TestSharing(t *testing.T) {
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.InTx(t.Context(), func(tx *store.Tx) error {
		ws, err := tx.AddWorkspace("one")
		if err != nil {
			return err
		}
		a, err := tx.AddAccount(bursar.Account{
			WorkspaceID: ws.ID, AccountID: "111111111111", Name: "A", Partition: bursar.PartitionAWS, Kind: bursar.KindUnknown, Method: bursar.MethodRole,
			ExternalID: bursar.NewExternalID(), RoleARN: "arn:aws:iam::111111111111:role/x",
		})
		if err != nil {
			return err
		}
		if got, err := tx.Sharing(ws.ID, a.ID); err != nil || got.Owner != "" || got.Read != nil {
			t.Errorf("%+v %v", got, err)
		}
		if err := tx.SetSharing("ws_other", store.Sharing{Account: a.ID}); bursar.CodeOf(err) != bursar.NotFound {
			t.Errorf("another workspace changed it: %v", err)
		}
		if err := tx.SetSharing(ws.ID, store.Sharing{Account: a.ID, Owner: "key:a", KeyID: "a", Write: []string{}}); err != nil {
			return err
		}
		all, err := tx.Sharings(ws.ID)
		if got := all[a.ID]; err != nil || got.Read != nil || got.Write == nil || got.Owner != "key:a" {
			t.Errorf("%+v %v", got, err)
		}
		ids, err := tx.AccountIDs(ws.ID)
		if err != nil || !slices.Equal(ids, []string{a.ID}) {
			t.Errorf("%v %v", ids, err)
		}
		if err := tx.RemoveAccount(ws.ID, a.ID, false); err != nil {
			return err
		}
		all, err = tx.Sharings(ws.ID)
		if len(all) != 0 {
			t.Errorf("%+v", all)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
