package store

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bursarhq/bursar"
)

// AccountFilter narrows a list of accounts. Everything in it must hold. Of a list of words one must match; a word that begins with "!" must
// not. What is empty matches every account.
type AccountFilter struct {
	Text         []string // each found in the name or in the account id, in any case of letters
	Name         []string // found in the name
	AccountID    []string // found in the account id
	Kind         []string
	Method       []string
	Partition    []string
	State        []string            // the summary of the status
	Data         []string            // the state of data arrival; "none" is none
	Capability   map[string][]string // states, by capability
	Finding      []string            // codes of newest findings
	Payer        []string            // the payer's account id
	Organization []string
	Top          bool // only those that no registered payer stands above
}

// accountOrders are what accounts can be sorted by, with the column of each.
var accountOrders = map[string]string{
	"name": "a.name", "account_id": "a.account_id", "kind": "a.kind", "method": "a.method", "partition": "a.partition", "payer_id": "a.payer_id",
	"created_at": "a.created_at", "state": "coalesce(s.severity, 0)", "data": "coalesce(s.data_arrival, '')", "checked_at": "coalesce(s.checked_at, 0)",
}

// AccountOrders lists what accounts can be sorted by.
func AccountOrders() (names []string) {
	for name := range accountOrders {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// conditions collects what a query's WHERE says, with its arguments.
type conditions struct {
	text []string
	args []any
}

// mark names the next argument.
func (c *conditions) mark(v any) string {
	c.args = append(c.args, v)
	return "$" + strconv.Itoa(len(c.args))
}

func (c *conditions) add(text string) { c.text = append(c.text, text) }

// words adds a condition for a list of words; test says what one of them means.
func (c *conditions) words(list []string, test func(mark string) string) {
	var any []string
	for _, w := range list {
		if not, yes := strings.CutPrefix(w, "!"); yes {
			c.add("NOT (" + test(c.mark(not)) + ")")
			continue
		}
		any = append(any, test(c.mark(w)))
	}
	if len(any) > 0 {
		c.add("(" + strings.Join(any, " OR ") + ")")
	}
}

func (c *conditions) equal(column string, list []string) {
	c.words(list, func(mark string) string { return column + " = " + mark })
}

// has finds a piece of text in a column, in any case of letters.
func has(column string) func(string) string {
	return func(mark string) string { return `lower(` + column + `) LIKE '%' || ` + mark + ` || '%' ESCAPE '\'` }
}

// pieces makes words into what LIKE takes literally, in lower case.
func pieces(words []string) (out []string) {
	for _, w := range words {
		out = append(out, strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(w)))
	}
	return out
}

const standingFrom = ` FROM accounts a LEFT JOIN standings s ON s.account = a.id`

func (f AccountFilter) conditions(workspaceID string) *conditions {
	c := &conditions{}
	c.add("a.workspace_id = " + c.mark(workspaceID) + " AND a.removed_at = 0")
	for _, t := range pieces(f.Text) {
		mark := c.mark(t)
		c.add("(" + has("a.name")(mark) + " OR " + has("a.account_id")(mark) + ")")
	}
	c.words(pieces(f.Name), has("a.name"))
	c.words(pieces(f.AccountID), has("a.account_id"))
	for column, list := range map[string][]string{
		"a.kind": f.Kind, "a.method": f.Method, "a.partition": f.Partition, "a.payer_id": f.Payer, "a.organization_id": f.Organization,
		"coalesce(s.summary, 'pending')": f.State, "coalesce(nullif(s.data_arrival, ''), 'none')": f.Data,
	} {
		c.equal(column, list)
	}
	for _, capability := range standingColumns {
		c.equal("coalesce(s."+string(capability)+", 'not_set_up')", f.Capability[string(capability)])
	}
	c.words(f.Finding, func(mark string) string {
		return "EXISTS (SELECT 1 FROM findings f WHERE f.workspace_id = a.workspace_id AND f.code = " + mark + " AND f.account = a.id AND f.newest = 1)"
	})
	if f.Top {
		c.add(`NOT EXISTS (SELECT 1 FROM accounts p WHERE p.workspace_id = a.workspace_id AND p.partition = a.partition AND p.account_id = a.payer_id AND p.removed_at = 0 AND p.id <> a.id)`)
	}
	return c
}

// FindAccounts lists the accounts that a filter matches, by one of [AccountOrders] and then by name; "-" before the order turns it round.
// The cursor belongs to its order: with another one it is Invalid.
func (tx *Tx) FindAccounts(workspaceID string, f AccountFilter, order string, p Page) (accounts []bursar.Account, next string, err error) {
	type found struct {
		account bursar.Account
		key     string
	}
	name, down := strings.CutPrefix(order, "-")
	column, known := accountOrders[name]
	if !known {
		return nil, "", bursar.InvalidField("sort", "accounts cannot be sorted by %q", name).WithReason("unknown_sort").WithHint("use one of %s, with - before it to turn it round", strings.Join(AccountOrders(), ", "))
	}
	c := f.conditions(workspaceID)
	if err := c.after(column, order, p.After, down); err != nil {
		return nil, "", err
	}
	direction := map[bool]string{true: " DESC"}[down]
	rows, err := many(tx, func(r scanner) (v found, err error) {
		v.account, err = scanAccount(with(r, &v.key))
		return v, err
	}, // what is sorted is narrow: whole accounts are read for the page alone
		`SELECT `+qualified(accountColumns)+`, k.at FROM (SELECT a.id, a.name, `+column+` AS at`+standingFrom+` WHERE `+strings.Join(c.text, " AND ")+
			` ORDER BY `+column+direction+`, a.name`+direction+` LIMIT `+c.mark(p.Limit+1)+`) k JOIN accounts a ON a.id = k.id ORDER BY k.at`+direction+`, k.name`+direction, c.args...)
	for i, v := range rows {
		if i == p.Limit {
			last := rows[i-1]
			return accounts, strings.Join([]string{order, last.key, last.account.Name}, "\x1f"), err
		}
		accounts = append(accounts, v.account)
	}
	return accounts, "", err
}

// after reads a cursor: the order that it belongs to, the last row's value, and its name.
func (c *conditions) after(column, order, cursor string, down bool) error {
	if cursor == "" {
		return nil
	}
	parts := strings.SplitN(cursor, "\x1f", 3)
	if len(parts) != 3 || parts[0] != order {
		return bursar.InvalidField("cursor", "the cursor is not one of this list").WithReason("cursor_malformed").
			WithHint("send the next_cursor of the page before, as it is, with the same sort and filter")
	}
	var value any = parts[1]
	if n, err := strconv.ParseInt(parts[1], 10, 64); err == nil && (strings.HasSuffix(column, ", 0)") || strings.HasSuffix(column, "_at")) {
		value = n
	}
	sign := map[bool]string{true: "<", false: ">"}[down]
	c.add(fmt.Sprintf("(%s, a.name) %s (%s, %s)", column, sign, c.mark(value), c.mark(parts[2])))
	return nil
}

// CountAccounts counts the accounts that a filter matches.
func (tx *Tx) CountAccounts(workspaceID string, f AccountFilter) (n int64, err error) {
	c := f.conditions(workspaceID)
	err = tx.row(`SELECT count(*)`+standingFrom+` WHERE `+strings.Join(c.text, " AND "), c.args...).Scan(&n)
	return n, err
}

// CountLinked counts the registered accounts below each of the given payers, by the payer's id ("acc_…").
func (tx *Tx) CountLinked(workspaceID string, payers []string) (map[string]int64, error) {
	type count struct {
		payer string
		n     int64
	}
	out := map[string]int64{}
	if len(payers) == 0 {
		return out, nil
	}
	c := &conditions{}
	ws, marks := c.mark(workspaceID), make([]string, len(payers))
	for i, p := range payers {
		marks[i] = c.mark(p)
	}
	list, err := many(tx, func(r scanner) (v count, err error) { return v, r.Scan(&v.payer, &v.n) },
		`SELECT p.id, count(*) FROM accounts p JOIN accounts a ON a.workspace_id = p.workspace_id AND a.partition = p.partition AND a.payer_id = p.account_id
		WHERE p.workspace_id = `+ws+` AND p.id IN (`+strings.Join(marks, ", ")+`) AND a.removed_at = 0 AND a.id <> p.id GROUP BY p.id`, c.args...)
	for _, v := range list {
		out[v.payer] = v.n
	}
	return out, err
}

// qualified puts the table before each column of a list.
func qualified(columns string) string { return "a." + strings.ReplaceAll(columns, ", ", ", a.") }

// beside is a row with more columns than its scan knows.
type beside struct {
	row  scanner
	more []any
}

func with(r scanner, more ...any) scanner { return beside{r, more} }

// Scan reads what is asked for, and what is beside it.
func (b beside) Scan(dest ...any) error { return b.row.Scan(append(dest, b.more...)...) }
