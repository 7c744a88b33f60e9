package cloudcraft

import (
	"net/http"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

// changeAccount changes a name, a role and access lists: those that were sent. Whatever else the client sends back stays as it is.
func (f *Face) changeAccount(c *call) (answer, error) {
	in, err := c.body()
	if err != nil {
		return answer{}, err
	}
	var out account
	err = f.Store.InTx(c.ctx, func(tx *store.Tx) error {
		a, err := c.find(tx)
		if err != nil {
			return err
		}
		if err := in.rename(tx, a); err != nil {
			return err
		}
		if err := f.moveTo(tx, a, in.RoleARN); err != nil {
			return err
		}
		if in.Read != nil || in.Write != nil {
			before, err := tx.Sharing(c.who.WorkspaceID, a.ID)
			if err != nil {
				return err
			}
			if err := in.share(tx, c.who, before); err != nil {
				return err
			}
		}
		out, err = shown(tx, c.who, a.ID)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	f.Runs.Wake()
	return answer{http.StatusOK, out}, nil
}

func (in accountBody) rename(tx *store.Tx, a bursar.Account) error {
	if in.Name == nil || *in.Name == a.Name {
		return nil
	}
	if err := bursar.CheckAccountName(*in.Name); err != nil {
		return err
	}
	_, err := tx.RenameAccount(a.WorkspaceID, a.ID, *in.Name)
	return err
}

// moveTo has an account reached through another role of its own, and checked again.
func (f *Face) moveTo(tx *store.Tx, a bursar.Account, arn *string) error {
	if arn == nil || *arn == a.RoleARN {
		return nil
	}
	role, err := bursar.ParseRoleARN(*arn)
	switch {
	case err != nil:
		return err
	case role.AccountID != a.AccountID || role.Partition != a.Partition:
		return bursar.InvalidField("role_arn", "the role is in account %s, and this is account %s", role.AccountID, a.AccountID).WithReason("invalid_property").
			WithHint("Add account %s by itself, and delete this one if it is not needed", role.AccountID)
	case a.Method != bursar.MethodRole:
		return bursar.InvalidField("role_arn", "the account's role was made by bursar's own template and cannot be exchanged").WithReason("invalid_property").
			WithHint("Leave roleArn as it is, or delete the account and add it by its role")
	}
	before := a.RoleARN
	a.RoleARN = role.String()
	if err := tx.SetAccess(a); err != nil {
		return err
	}
	if _, err := tx.AddEvent(a.WorkspaceID, bursar.Event{AccountID: a.ID, About: bursar.AboutAccess, From: before, To: a.RoleARN}); err != nil {
		return err
	}
	return f.Check(tx, a)
}

// removeAccount deregisters an account. Its bill is kept, and goes on when the account is added again.
func (f *Face) removeAccount(c *call) (answer, error) {
	if err := f.stopRuns(c); err != nil {
		return answer{}, err
	}
	var gone bursar.Account
	err := f.Store.InTx(c.ctx, func(tx *store.Tx) (err error) {
		if gone, err = c.find(tx); err != nil {
			return err
		}
		return tx.RemoveAccount(gone.WorkspaceID, gone.ID, false)
	})
	if err != nil {
		return answer{}, err
	}
	if f.Forget != nil {
		f.Forget(c.ctx, gone)
	}
	return answer{status: http.StatusNoContent}, nil
}

// stopRuns cancels what runs for an account: nothing more is done with an access that is about to be forgotten.
func (f *Face) stopRuns(c *call) error {
	var live []bursar.Run
	err := f.Store.View(c.ctx, func(tx *store.Tx) error {
		a, err := c.find(tx)
		if err != nil {
			return err
		}
		live, err = tx.LiveRuns(a.WorkspaceID, a.ID)
		return err
	})
	if err != nil {
		return err
	}
	for _, r := range live {
		if _, err := f.Runs.Cancel(c.ctx, c.who.WorkspaceID, r.ID); err != nil && bursar.CodeOf(err) != bursar.NotFound {
			return err
		}
	}
	return nil
}

// snapshot says that there are none, once it is clear that the caller may know the account.
func (f *Face) snapshot(c *call) (answer, error) {
	err := f.Store.View(c.ctx, func(tx *store.Tx) error { _, err := c.find(tx); return err })
	if err != nil {
		return answer{}, err
	}
	return answer{}, problem(bursar.NotFound, "not_found", "This server draws no snapshots of accounts")
}
