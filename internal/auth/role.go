package auth

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
)

// Role is what a key or a person is in a workspace.
type Role string

// The roles.
const (
	Owner         Role = "owner"
	Administrator Role = "administrator"
	Member        Role = "member"
	Viewer        Role = "viewer"
	Auditor       Role = "auditor"
)

// Roles are all of them, the mightiest first.
var Roles = []Role{Owner, Administrator, Member, Viewer, Auditor}

// Action is something that can be allowed.
type Action string

// The actions. A route names the one that it needs.
const (
	Self               Action = "self"                 // what concerns the caller alone: see who one is, sign out, change one's password
	ReadAccounts       Action = "accounts:read"        // accounts, their status and findings
	ManageAccounts     Action = "accounts:manage"      // register, rename, deregister; see external ids
	CheckAccounts      Action = "accounts:check"       // check and confirm, import now
	ReadBills          Action = "bills:read"           // exports, deliveries, costs, sources
	ManageBills        Action = "bills:manage"         // re-import, roll back; sources and what they may spend
	ReadDestinations   Action = "destinations:read"    // destinations, and what was delivered to them
	ManageDestinations Action = "destinations:manage"  // add, change, remove
	Deliver            Action = "destinations:deliver" // check, deliver now
	ReadRuns           Action = "runs:read"            // what is done in the background, and how far it is
	ReadCredentials    Action = "credentials:read"     // credentials and their status; nothing secret
	ManageCredentials  Action = "credentials:manage"   // store, rotate, check, delete credentials
	ManageSealing      Action = "sealing:manage"       // the keys that secrets are sealed with
	ManageKeys         Action = "keys:manage"          // make, list and revoke API keys
	ReadUsers          Action = "users:read"           // who is in the workspace, and as what
	ManageUsers        Action = "users:manage"         // invite, change roles, remove
	ManageWorkspace    Action = "workspace:manage"     // rename the workspace
	CreateWorkspaces   Action = "workspaces:create"
	ReadAudit          Action = "audit:read" // the audit log
)

// grants is one line of the table: an action, what it covers, and who has it.
type grants struct {
	action Action
	what   string
	roles  []Role
}

// table is the whole of who may do what. What is not here is denied. docs/roles.md is made from it.
var table = []grants{
	{Self, "See who one is, sign out, change one's own name and password, end one's own sessions.", Roles},
	{ReadAccounts, "See accounts, their status and findings.", Roles},
	{ManageAccounts, "Register, rename and deregister accounts; see external ids.", []Role{Owner, Administrator}},
	{CheckAccounts, "Check and confirm an account, import now, cancel a run.", []Role{Owner, Administrator, Member}},
	{ReadBills, "See exports, deliveries, costs and sources.", []Role{Owner, Administrator, Member, Viewer}},
	{ManageBills, "Import again, roll back; make sources, run them, and say what they may spend.", []Role{Owner, Administrator}},
	{ReadDestinations, "See destinations, and what was delivered to them.", Roles},
	{ManageDestinations, "Add, change and remove destinations.", []Role{Owner, Administrator}},
	{Deliver, "Check a destination, deliver to it now.", []Role{Owner, Administrator, Member}},
	{ReadRuns, "See what is done in the background.", Roles},
	{ReadCredentials, "See credentials with their status, and what uses them. Nothing secret is shown.", []Role{Owner, Administrator, Member, Auditor}},
	{ManageCredentials, "Store, rotate, check and delete credentials. No role can read what is secret of them.", []Role{Owner, Administrator}},
	{ManageSealing, "See and rotate the keys that stored secrets are sealed with. In the installation's first workspace only.", []Role{Owner}},
	{ManageKeys, "Make, list and revoke API keys.", []Role{Owner, Administrator}},
	{ReadUsers, "See who is in the workspace, and as what.", []Role{Owner, Administrator, Auditor}},
	{ManageUsers, "Invite people, change their roles, remove them.", []Role{Owner, Administrator}},
	{ManageWorkspace, "Rename the workspace.", []Role{Owner, Administrator}},
	{CreateWorkspaces, "Make another workspace. In the installation's first workspace only.", []Role{Owner}},
	{ReadAudit, "Read, export and verify the audit log.", []Role{Owner, Auditor}},
}

// Principal is who is asking, in which workspace.
type Principal struct {
	WorkspaceID string
	Role        Role
	Name        string // a key's name, or a person's e-mail address
	KeyID       string // set for a key
	KeyOwner    string // set for a key: whom it works for, see [store.Key]
	UserID      string // set for a person
	SessionID   string // set for a person
}

// May says whether the principal may do something.
func (p Principal) May(a Action) bool { return p.Role.may(a) }

// Actions lists what the principal may do.
func (p Principal) Actions() (out []Action) {
	for _, g := range table {
		if slices.Contains(g.roles, p.Role) {
			out = append(out, g.action)
		}
	}
	return out
}

func (r Role) may(a Action) bool {
	for _, g := range table {
		if g.action == a {
			return slices.Contains(g.roles, r)
		}
	}
	return false
}

// MayGrant says whether the principal may give a role to a key or a person, or take it away: only what the principal may do can be given.
// The error is Invalid for a role that does not exist, and Forbidden with the reason role_too_high.
func (p Principal) MayGrant(r Role) error {
	if !slices.Contains(Roles, r) {
		return bursar.InvalidField("role", "there is no role %q", r).WithReason("unknown_role").WithHint("use one of %s", join(Roles, ", "))
	}
	for _, g := range table {
		if slices.Contains(g.roles, r) && !p.May(g.action) {
			e := bursar.Errorf(bursar.Forbidden, "the role %s may not give or take the role %s, which has %s", p.Role, r, g.action)
			e.Field = "role"
			return e.WithReason("role_too_high").WithHint("ask an owner")
		}
	}
	return nil
}

// Actor names the principal in the audit log.
func (p Principal) Actor() bursar.Actor {
	switch {
	case p.KeyID != "":
		return bursar.Actor{Kind: bursar.ActorKey, ID: p.KeyID, Name: p.Name}
	case p.UserID != "":
		return bursar.Actor{Kind: bursar.ActorUser, ID: p.UserID, Name: p.Name}
	}
	return bursar.Actor{Kind: bursar.ActorAnonymous}
}

func join[T ~string](values []T, by string) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = string(v)
	}
	return strings.Join(words, by)
}

// Reference writes the table as Markdown, for docs/roles.md.
func Reference() string {
	var b strings.Builder
	b.WriteString("# Roles\n\nWho may do what in a workspace. A person or an API key has one role in it; what is not in the table is denied. A change takes effect with the next request.\n" +
		"Nobody can give, or take away, a role that may do something that they may not: an administrator makes no owners and no auditors.\n\n| permission | what it covers | " + join(Roles, " | ") + " |\n|---|---|" + strings.Repeat("---|", len(Roles)) + "\n")
	for _, g := range table {
		fmt.Fprintf(&b, "| `%s` | %s |", g.action, g.what)
		for _, r := range Roles {
			b.WriteString(map[bool]string{true: " yes |", false: " |"}[slices.Contains(g.roles, r)])
		}
		b.WriteString("\n")
	}
	return b.String()
}
