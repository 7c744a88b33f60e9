package cloudcraft

import (
	"net/http"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
)

// account is a registered account as this API shows it. Every account of the workspace is shown, however it was registered.
type account struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	RoleARN    string   `json:"roleArn"`
	ExternalID string   `json:"externalId"` // "" for keys that may not manage accounts
	Read       []string `json:"readAccess"`
	Write      []string `json:"writeAccess"`
	CreatedAt  stamp    `json:"createdAt"`
	UpdatedAt  stamp    `json:"updatedAt"`
	CreatorID  string   `json:"CreatorId"`
	Source     string   `json:"source"`
}

// stamp is a time with its milliseconds, in UTC.
type stamp time.Time

// MarshalText writes it as clients expect it.
func (s stamp) MarshalText() ([]byte, error) {
	return time.Time(s).UTC().AppendFormat(nil, "2006-01-02T15:04:05.000Z"), nil
}

func show(p auth.Principal, a bursar.Account, s store.Sharing) account {
	out := account{
		ID: idOf("account", a.ID), Name: a.Name, RoleARN: a.RoleARN, Read: s.Read, Write: s.Write,
		CreatedAt: stamp(a.CreatedAt), UpdatedAt: stamp(a.UpdatedAt), CreatorID: creator(a.WorkspaceID, s.Owner), Source: "aws",
	}
	if p.May(auth.ManageAccounts) {
		out.ExternalID = a.ExternalID
	}
	return out
}

// creator is the id of who made an account. Of one that was registered elsewhere only the workspace is known here.
func creator(workspaceID, owner string) string {
	if owner == "" {
		return idOf("workspace", workspaceID)
	}
	return idOf("user", owner)
}

// shown reads an account once more, as it is now.
func shown(tx *store.Tx, p auth.Principal, id string) (account, error) {
	a, err := tx.Account(p.WorkspaceID, id)
	if err != nil {
		return account{}, err
	}
	s, err := tx.Sharing(p.WorkspaceID, id)
	return show(p, a, s), err
}

// find returns the account of the workspace that has an id of this API. There are no others: what belongs to another workspace does not exist.
func (c *call) find(tx *store.Tx) (bursar.Account, error) {
	want := c.values["account"]
	if !idPattern.MatchString(want) {
		return bursar.Account{}, problem(bursar.Invalid, "invalid_property", "Invalid parameter format: accountId")
	}
	ids, err := tx.AccountIDs(c.who.WorkspaceID)
	if err != nil {
		return bursar.Account{}, err
	}
	for _, id := range ids {
		if idOf("account", id) == want {
			return tx.Account(c.who.WorkspaceID, id)
		}
	}
	return bursar.Account{}, problem(bursar.NotFound, "not_found", "AwsAccount not found")
}

// pageSize is how many accounts are read at once. The answer has all of them: this API has no pages.
const pageSize = 1000

func (f *Face) listAccounts(c *call) (answer, error) {
	list := []account{}
	err := f.Store.View(c.ctx, func(tx *store.Tx) error {
		kept, err := tx.Sharings(c.who.WorkspaceID)
		for page := (store.Page{Limit: pageSize}); err == nil; {
			var some []bursar.Account
			some, page.After, err = tx.Accounts(c.who.WorkspaceID, page)
			for _, a := range some {
				list = append(list, show(c.who, a, kept[a.ID]))
			}
			if page.After == "" {
				break
			}
		}
		return err
	})
	return answer{http.StatusOK, map[string]any{"accounts": list}}, err
}

// newAccount makes an account of what a client sent.
func (in accountBody) newAccount(workspaceID string) (bursar.Account, error) {
	if in.Name == nil || in.RoleARN == nil {
		return bursar.Account{}, problem(bursar.Invalid, "invalid_property", "Invalid property: name and roleArn are needed")
	}
	if err := bursar.CheckAccountName(*in.Name); err != nil {
		return bursar.Account{}, err
	}
	role, err := bursar.ParseRoleARN(*in.RoleARN)
	return bursar.Account{
		WorkspaceID: workspaceID, AccountID: role.AccountID, Name: *in.Name, Partition: role.Partition, Kind: bursar.KindUnknown,
		Method: bursar.MethodRole, RoleARN: role.String(),
	}, err
}

// addAccount registers an account by its role and has it checked like any other. Clients send it again when they have not heard the answer.
func (f *Face) addAccount(c *call) (answer, error) {
	in, err := c.body()
	if err != nil {
		return answer{}, err
	}
	fresh, err := in.newAccount(c.who.WorkspaceID)
	if err != nil {
		return answer{}, err
	}
	var out account
	err = f.Store.InTx(c.ctx, func(tx *store.Tx) (err error) {
		if fresh.ExternalID, err = tx.IssueOwnerExternalID(c.who.WorkspaceID, c.who.KeyOwner, newID()); err != nil {
			return err
		}
		added, err := tx.AddAccount(fresh)
		if err != nil {
			added, err = again(tx, c.who, fresh, err)
		} else {
			err = f.begin(tx, c.who, added, in)
		}
		if err != nil {
			return err
		}
		out, err = shown(tx, c.who, added.ID)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	f.Runs.Wake()
	return answer{http.StatusCreated, out}, nil
}

// begin keeps what this API wants kept with a new account, and queues its check.
func (f *Face) begin(tx *store.Tx, p auth.Principal, a bursar.Account, in accountBody) error {
	if err := in.share(tx, p, store.Sharing{Account: a.ID, Owner: p.KeyOwner, KeyID: p.KeyID}); err != nil {
		return err
	}
	return f.Check(tx, a)
}

// share keeps the access lists. They are given back, and grant nothing: who may do what follows from roles in the workspace.
func (in accountBody) share(tx *store.Tx, p auth.Principal, before store.Sharing) (err error) {
	s := before
	if s.Read, err = shares("readAccess", in.Read, before.Read); err != nil {
		return err
	}
	if s.Write, err = shares("writeAccess", in.Write, before.Write); err != nil {
		return err
	}
	return tx.SetSharing(p.WorkspaceID, s)
}

// retryWithin is how long after an account was added the same request is taken for that one once more.
const retryWithin = 10 * time.Minute

// again returns the account that the same key has added with the same request a moment ago; what was wrong when there is none.
func again(tx *store.Tx, p auth.Principal, fresh bursar.Account, wrong error) (bursar.Account, error) {
	if bursar.CodeOf(wrong) != bursar.Conflict {
		return fresh, wrong
	}
	there, err := tx.Account(p.WorkspaceID, fresh.AccountID)
	if err != nil {
		return fresh, wrong
	}
	s, err := tx.Sharing(p.WorkspaceID, there.ID)
	if err != nil || s.KeyID != p.KeyID || there.Name != fresh.Name || there.RoleARN != fresh.RoleARN || tx.Now.Sub(there.CreatedAt) > retryWithin {
		return fresh, wrong
	}
	return there, nil
}
