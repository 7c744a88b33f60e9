package store

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/bursarhq/bursar"
)

const accountColumns = `id, workspace_id, account_id, name, partition, kind, method, external_id, role_arn, payer_id, organization_id, created_at, updated_at, version, choice, shared_external_id`

func scanAccount(r scanner) (bursar.Account, error) {
	var a bursar.Account
	var created, updated int64
	var choice, shared string
	err := r.Scan(&a.ID, &a.WorkspaceID, &a.AccountID, &a.Name, &a.Partition, &a.Kind, &a.Method, &a.ExternalID, &a.RoleARN,
		&a.PayerID, &a.OrganizationID, &created, &updated, &a.Version, &choice, &shared)
	if err != nil {
		return a, err
	}
	a.CreatedAt, a.UpdatedAt, a.ExternalID = fromStamp(created), fromStamp(updated), cmp.Or(shared, a.ExternalID)
	return a, json.Unmarshal([]byte(choice), &a.Choice)
}

// AddAccount saves a new account and returns it with its id, times and version. An account id or a name that the
// workspace has already is a Conflict with the reason account_id_taken or account_name_taken. An external id that was ever
// used in the installation is a Conflict too, unless it is that of an owner of keys in this workspace. An account that was deregistered while its bill was kept is taken up again: it has
// the id that it had, and its exports.
func (tx *Tx) AddAccount(a bursar.Account) (bursar.Account, error) {
	a.ID, a.CreatedAt, a.UpdatedAt, a.Version = bursar.NewID("acc"), tx.Now, tx.Now, 1
	if err := tx.Free(a); err != nil {
		return a, err
	}
	choice, err := json.Marshal(a.Choice)
	if err != nil {
		return a, err
	}
	own, shared, err := tx.useExternalID(a)
	if err != nil {
		return a, err
	}
	before, err := one(tx, "account", scanAccount, `SELECT `+accountColumns+` FROM accounts WHERE workspace_id = $1 AND partition = $2 AND account_id = $3 AND removed_at > 0`,
		a.WorkspaceID, a.Partition, a.AccountID)
	if err == nil {
		return tx.takeUp(before, a, string(choice))
	}
	if bursar.CodeOf(err) != bursar.NotFound {
		return a, err
	}
	err = tx.exec(`INSERT INTO accounts (`+accountColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		a.ID, a.WorkspaceID, a.AccountID, a.Name, a.Partition, a.Kind, a.Method, own, a.RoleARN, a.PayerID, a.OrganizationID,
		stamp(a.CreatedAt), stamp(a.UpdatedAt), a.Version, string(choice), shared)
	if err != nil {
		return a, err
	}
	return a, tx.Audit(Change{WorkspaceID: a.WorkspaceID, Action: "addAccount", Target: a.ID, After: a})
}

// takeUp registers a deregistered account anew, under the id that it had.
func (tx *Tx) takeUp(before, a bursar.Account, choice string) (bursar.Account, error) {
	a.ID, a.Version = before.ID, before.Version+1
	own, shared, err := tx.keptExternalID(a)
	if err != nil {
		return a, err
	}
	err = tx.change("account", `UPDATE accounts SET name = $1, kind = $2, method = $3, external_id = $4, role_arn = $5, payer_id = $6, organization_id = $7,
		created_at = $8, updated_at = $8, version = $9, choice = $10, removed_at = 0, shared_external_id = $12 WHERE id = $11`,
		a.Name, a.Kind, a.Method, own, a.RoleARN, a.PayerID, a.OrganizationID, stamp(tx.Now), a.Version, choice, a.ID, shared)
	if err != nil {
		return a, err
	}
	return a, tx.Audit(Change{WorkspaceID: a.WorkspaceID, Action: "addAccount", Target: a.ID, After: a})
}

// spend marks an external id as used. One that is derived from a payer's may come back: it belongs to the same grant, of the same
// workspace, whose base id never does.
func (tx *Tx) spend(a bursar.Account) error {
	query := `INSERT INTO spent_external_ids (external_id) VALUES ($1)`
	if a.ByStackSet() {
		query += ` ON CONFLICT (external_id) DO NOTHING`
	}
	err := tx.exec(query, a.ExternalID)
	if violates(err, "external_id") {
		return bursar.Errorf(bursar.Conflict, "the external id was used before").WithReason("external_id_spent").WithHint("generate another")
	}
	return err
}

// Free says, in the workspace's own words, which of an account's id and name is taken: a Conflict, as [Tx.AddAccount] answers. Writers
// take turns, so that nobody can take either between this look and the insert.
func (tx *Tx) Free(a bursar.Account) error {
	taken, err := many(tx, scanAccount, `SELECT `+accountColumns+` FROM accounts
		WHERE workspace_id = $1 AND (partition = $2 AND account_id = $3 OR name = $4) AND removed_at = 0 AND id <> $5`, a.WorkspaceID, a.Partition, a.AccountID, a.Name, a.ID)
	if err != nil {
		return err
	}
	for _, t := range taken {
		if t.AccountID == a.AccountID && t.Partition == a.Partition {
			return (&bursar.Error{Code: bursar.Conflict, Reason: "account_id_taken", Field: "account_id", Message: "account " + a.AccountID + " is registered already, as \"" + t.Name + "\""}).
				WithHint("use that registration, or deregister it first")
		}
	}
	for _, t := range taken {
		return (&bursar.Error{Code: bursar.Conflict, Reason: "account_name_taken", Field: "name", Message: "the name \"" + a.Name + "\" belongs to account " + t.AccountID}).
			WithHint("choose another name")
	}
	return nil
}

// Account returns an account by its id ("acc_…") or by its 12 digits.
func (tx *Tx) Account(workspaceID, id string) (bursar.Account, error) {
	if !strings.HasPrefix(id, "acc_") {
		return one(tx, "account", scanAccount, `SELECT `+accountColumns+` FROM accounts WHERE workspace_id = $1 AND account_id = $2 AND removed_at = 0 ORDER BY partition LIMIT 1`, workspaceID, id)
	}
	return one(tx, "account", scanAccount, `SELECT `+accountColumns+` FROM accounts WHERE workspace_id = $1 AND id = $2 AND removed_at = 0`, workspaceID, id)
}

// AccountIn returns an account by its partition and its 12 digits.
func (tx *Tx) AccountIn(workspaceID string, partition bursar.Partition, accountID string) (bursar.Account, error) {
	return one(tx, "account", scanAccount, `SELECT `+accountColumns+` FROM accounts WHERE workspace_id = $1 AND partition = $2 AND account_id = $3 AND removed_at = 0`,
		workspaceID, partition, accountID)
}

// Accounts lists accounts by name. An account that is renamed between two pages may be seen twice or not at all.
func (tx *Tx) Accounts(workspaceID string, p Page) (accounts []bursar.Account, next string, err error) {
	accounts, err = many(tx, scanAccount, `SELECT `+accountColumns+` FROM accounts
		WHERE workspace_id = $1 AND name > $2 AND removed_at = 0 ORDER BY name LIMIT $3`, workspaceID, p.After, p.Limit+1)
	if err == nil && len(accounts) > p.Limit {
		accounts = accounts[:p.Limit]
		next = accounts[p.Limit-1].Name
	}
	return accounts, next, err
}

// SetOrganization records what the organization check learned of an account.
func (tx *Tx) SetOrganization(workspaceID, id string, kind bursar.Kind, payerID, organizationID string) error {
	before, err := tx.Account(workspaceID, id)
	if err != nil {
		return err
	}
	err = tx.change("account", `UPDATE accounts SET kind = $1, payer_id = $2, organization_id = $3, updated_at = $4, version = version + 1
		WHERE workspace_id = $5 AND id = $6 AND removed_at = 0`, kind, payerID, organizationID, stamp(tx.Now), workspaceID, id)
	after := before
	after.Kind, after.PayerID, after.OrganizationID = kind, payerID, organizationID
	if err != nil || before.Kind == kind && before.PayerID == payerID && before.OrganizationID == organizationID {
		return err
	}
	return tx.Audit(Change{WorkspaceID: workspaceID, Action: "learnOrganization", Target: id, Before: before, After: after})
}
