package store

import (
	"strings"

	"github.com/bursarhq/bursar"
)

const memberColumns = `m.account_id, m.name, m.organization_state, m.state, m.code, m.message, m.remedy, m.joined_at, m.first_seen_at, m.checked_at, m.since`

// memberFrom joins each member with its registration, if there is one.
const memberFrom = ` FROM members m JOIN accounts p ON p.id = m.payer
	LEFT JOIN accounts a ON a.workspace_id = m.workspace_id AND a.partition = p.partition AND a.account_id = m.account_id AND a.removed_at = 0`

func scanMember(r scanner) (bursar.Member, error) {
	var m bursar.Member
	var joined, first, checked, since int64
	err := r.Scan(&m.AccountID, &m.Name, &m.OrganizationState, &m.State, &m.Code, &m.Message, &m.Remedy, &joined, &first, &checked, &since, &m.RegisteredAs)
	m.JoinedAt, m.FirstSeenAt, m.CheckedAt, m.Since = fromStamp(joined), fromStamp(first), fromStamp(checked), fromStamp(since)
	return m, err
}

// PutMember records how an account of a payer's organization was seen. RegisteredAs is not kept: it follows from the accounts.
func (tx *Tx) PutMember(workspaceID, payer string, m bursar.Member) error {
	tx.touch(workspaceID, TopicMembers)
	return tx.exec(`INSERT INTO members (workspace_id, payer, account_id, name, organization_state, state, code, message, remedy, joined_at, first_seen_at, checked_at, since)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (payer, account_id) DO UPDATE SET name = excluded.name, organization_state = excluded.organization_state, state = excluded.state, code = excluded.code,
		message = excluded.message, remedy = excluded.remedy, joined_at = excluded.joined_at, checked_at = excluded.checked_at, since = excluded.since`,
		workspaceID, payer, m.AccountID, m.Name, m.OrganizationState, m.State, m.Code, m.Message, m.Remedy, stamp(m.JoinedAt), stamp(m.FirstSeenAt), stamp(m.CheckedAt), stamp(m.Since))
}

// Members lists the accounts of a payer's organization by their ids; an empty state means every state.
func (tx *Tx) Members(workspaceID, payer string, state bursar.MemberState, p Page) (members []bursar.Member, next string, err error) {
	members, err = many(tx, scanMember, `SELECT `+memberColumns+`, coalesce(a.id, '')`+memberFrom+`
		WHERE m.workspace_id = $1 AND m.payer = $2 AND ($3 = '' OR m.state = $3) AND m.account_id > $4 ORDER BY m.account_id LIMIT $5`,
		workspaceID, payer, state, p.After, p.Limit+1)
	if err == nil && len(members) > p.Limit {
		members = members[:p.Limit]
		next = members[p.Limit-1].AccountID
	}
	return members, next, err
}

// AllMembers returns every account of a payer's organization, by account id.
func (tx *Tx) AllMembers(workspaceID, payer string) (map[string]bursar.Member, error) {
	list, err := many(tx, scanMember, `SELECT `+memberColumns+`, coalesce(a.id, '')`+memberFrom+` WHERE m.workspace_id = $1 AND m.payer = $2`, workspaceID, payer)
	out := make(map[string]bursar.Member, len(list))
	for _, m := range list {
		out[m.AccountID] = m
	}
	return out, err
}

// CountMembers counts a payer's members by state.
func (tx *Tx) CountMembers(workspaceID, payer string) (map[bursar.MemberState]int, error) {
	type count struct {
		state bursar.MemberState
		n     int
	}
	list, err := many(tx, func(r scanner) (c count, err error) { return c, r.Scan(&c.state, &c.n) },
		`SELECT state, count(*) FROM members WHERE workspace_id = $1 AND payer = $2 GROUP BY state`, workspaceID, payer)
	out := map[bursar.MemberState]int{}
	for _, c := range list {
		out[c.state] = c.n
	}
	return out, err
}

// SetMember records at the payers of an account how a look at it ended. An account that is in no payer's list is no error.
func (tx *Tx) SetMember(a bursar.Account, state bursar.MemberState, f bursar.Finding) error {
	tx.touch(a.WorkspaceID, TopicMembers)
	return tx.exec(`UPDATE members SET since = CASE WHEN state = $1 THEN since ELSE $2 END, state = $1, code = $3, message = $4, remedy = $5, checked_at = $2
		WHERE workspace_id = $6 AND account_id = $7 AND organization_state = 'ACTIVE'
		AND payer IN (SELECT id FROM accounts WHERE workspace_id = $6 AND partition = $8 AND account_id = $9)`,
		state, stamp(tx.Now), f.Code, f.Message, f.Remedy, a.WorkspaceID, a.AccountID, a.Partition, a.PayerID)
}

// NameIsFree says whether no account of the workspace has a name.
func (tx *Tx) NameIsFree(workspaceID, name string) (bool, error) {
	n := 0
	err := tx.row(`SELECT count(*) FROM accounts WHERE workspace_id = $1 AND name = $2`, workspaceID, name).Scan(&n)
	return n == 0, err
}

// SetAccess changes by which role, and with which external id, an account is reached: those of a. It keeps its id, name and history.
func (tx *Tx) SetAccess(a bursar.Account) error {
	before, err := tx.Account(a.WorkspaceID, a.ID)
	if err != nil {
		return err
	}
	keep := tx.useExternalID
	if a.ExternalID == before.ExternalID {
		keep = tx.keptExternalID
	}
	own, shared, err := keep(a)
	if err != nil {
		return err
	}
	err = tx.change("account", `UPDATE accounts SET role_arn = $1, external_id = $2, updated_at = $3, version = version + 1, shared_external_id = $6 WHERE workspace_id = $4 AND id = $5`,
		a.RoleARN, own, stamp(tx.Now), a.WorkspaceID, a.ID, shared)
	if err != nil {
		return err
	}
	after := before
	after.RoleARN, after.ExternalID = a.RoleARN, a.ExternalID
	return tx.Audit(Change{WorkspaceID: a.WorkspaceID, Action: "setAccess", Target: a.ID, Before: before, After: after})
}

// IssuedExternalID returns the external id with which a role of an account that is not registered may be tried. It is made at the first
// time, and the same from then on; no two workspaces ever share one.
func (tx *Tx) IssuedExternalID(workspaceID string, partition bursar.Partition, accountID string) (id string, err error) {
	find := func(r scanner) (s string, err error) { return s, r.Scan(&s) }
	id, err = one(tx, "external id", find, `SELECT external_id FROM issued_external_ids WHERE workspace_id = $1 AND partition = $2 AND account_id = $3`, workspaceID, partition, accountID)
	if bursar.CodeOf(err) != bursar.NotFound {
		return id, err
	}
	id = bursar.NewExternalID()
	if err := tx.spend(bursar.Account{ExternalID: id}); err != nil {
		return "", err
	}
	err = tx.exec(`INSERT INTO issued_external_ids (workspace_id, partition, account_id, external_id, issued_at) VALUES ($1, $2, $3, $4, $5)`,
		workspaceID, partition, accountID, id, stamp(tx.Now))
	if err != nil {
		return "", err
	}
	return id, tx.Audit(Change{WorkspaceID: workspaceID, Action: "issueExternalID", Target: accountID})
}

// TakeIssuedExternalID gives the external id with which a role of the account was tried, for the account's registration, and forgets
// it. It returns "" when none was issued.
func (tx *Tx) TakeIssuedExternalID(workspaceID string, partition bursar.Partition, accountID string) (string, error) {
	id, err := one(tx, "external id", func(r scanner) (s string, err error) { return s, r.Scan(&s) },
		`DELETE FROM issued_external_ids WHERE workspace_id = $1 AND partition = $2 AND account_id = $3 RETURNING external_id`, workspaceID, partition, accountID)
	if bursar.CodeOf(err) == bursar.NotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return id, tx.exec(`DELETE FROM spent_external_ids WHERE external_id = $1`, id) // the registration, in this transaction, spends it again
}

// Unregistered is an account of a payer's organization that is not registered.
type Unregistered struct {
	bursar.Member
	Payer bursar.Account
}

// Unregistered lists the accounts of every payer's organization that are not registered and could be: they are open there, or in its bill.
// Text narrows them to those whose name or account id holds it. They are sorted by account id.
func (tx *Tx) Unregistered(workspaceID, text string, p Page) (list []Unregistered, next string, err error) {
	c := &conditions{}
	c.add(`m.workspace_id = ` + c.mark(workspaceID) + ` AND a.id IS NULL AND p.removed_at = 0 AND m.state NOT IN ('left', 'closed', 'suspended', 'pending')`)
	for _, piece := range pieces(strings.Fields(text)) {
		mark := c.mark(piece)
		c.add("(" + has("m.name")(mark) + " OR " + has("m.account_id")(mark) + ")")
	}
	if p.After != "" {
		account, payer, _ := strings.Cut(p.After, "~")
		c.add(`(m.account_id, m.payer) > (` + c.mark(account) + `, ` + c.mark(payer) + `)`)
	}
	list, err = many(tx, func(r scanner) (u Unregistered, err error) {
		u.Member, err = scanMember(with(r, &u.Payer.ID, &u.Payer.AccountID, &u.Payer.Name, &u.Payer.Partition))
		return u, err
	}, `SELECT `+memberColumns+`, '', p.id, p.account_id, p.name, p.partition`+memberFrom+` WHERE `+strings.Join(c.text, " AND ")+`
		ORDER BY m.account_id, m.payer LIMIT `+c.mark(p.Limit+1), c.args...)
	if err == nil && len(list) > p.Limit {
		list = list[:p.Limit]
		next = list[p.Limit-1].AccountID + "~" + list[p.Limit-1].Payer.ID
	}
	return list, next, err
}
