package world

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"regexp"
	"strconv"
)

// AssumeCustomerRoles is the policy of bursar's own identity: the roles that its templates make, in any account
// but its own.
const AssumeCustomerRoles = `{"Version":"2012-10-17","Statement":[
{"Sid":"AssumeCustomerRolesOnly","Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/bursar/*"},
{"Sid":"NeverOwnAccount","Effect":"Deny","Action":"sts:AssumeRole","Resource":"arn:aws:iam::${aws:PrincipalAccount}:role/*"}]}`

// complete fills in what the file may leave out.
func (w *World) complete() {
	w.Partition = cmp.Or(w.Partition, "aws")
	b := &w.Bursar
	b.Account, b.Name = cmp.Or(b.Account, "999900001111"), cmp.Or(b.Name, "bursar")
	b.User.Name = cmp.Or(b.User.Name, "bursar")
	if len(b.User.Policies) == 0 && len(b.User.Attached) == 0 {
		b.User.Policies = map[string]Policy{"assume-customer-roles": AssumeCustomerRoles}
	}
	for i := range w.Accounts {
		a := &w.Accounts[i]
		a.State, a.Name = cmp.Or(a.State, "ACTIVE"), cmp.Or(a.Name, a.ID)
		a.Email = cmp.Or(a.Email, "aws+"+a.ID+"@example.com")
	}
	for i := range w.Organizations {
		o := &w.Organizations[i]
		o.FeatureSet = cmp.Or(o.FeatureSet, "ALL")
		o.Root = cmp.Or(o.Root, "r-"+derive(o.ID, 4))
		completeUnits(o.Units, o.Root)
		for j := range o.Transfers {
			o.Transfers[j].Status = cmp.Or(o.Transfers[j].Status, "ACCEPTED")
		}
	}
}

func completeUnits(units []Unit, root string) {
	for i := range units {
		u := &units[i]
		u.ID = cmp.Or(u.ID, "ou-"+root[2:]+"-"+derive(root+u.Name, 8))
		completeUnits(u.Units, root)
	}
}

// derive makes an id out of a name: the same one each time.
func derive(name string, n int) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash never fails
	s := strconv.FormatUint(h.Sum64(), 36) + "00000000"
	return s[:n]
}

var (
	accountPattern = regexp.MustCompile(`^[0-9]{12}$`)
	orgPattern     = regexp.MustCompile(`^o-[a-z0-9]{10,32}$`)
	rootPattern    = regexp.MustCompile(`^r-[a-z0-9]{4,32}$`)
	unitPattern    = regexp.MustCompile(`^ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}$`)
	namePattern    = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)
)

// checker collects what is wrong.
type checker struct {
	problems []error
	accounts map[string]bool
	placed   map[string]string // account → organization
}

func (c *checker) add(format string, args ...any) {
	c.problems = append(c.problems, fmt.Errorf("world: "+format, args...))
}

func (w *World) check() error {
	c := &checker{accounts: map[string]bool{}, placed: map[string]string{}}
	for _, a := range w.Accounts {
		c.account(a)
	}
	if !accountPattern.MatchString(w.Bursar.Account) || c.accounts[w.Bursar.Account] {
		c.add("bursar.account %q must be 12 digits, and an account of its own", w.Bursar.Account)
	}
	orgs := map[string]bool{}
	for _, o := range w.Organizations {
		if orgs[o.ID] {
			c.add("organization %s is listed twice", o.ID)
		}
		orgs[o.ID] = true
		c.organization(o)
	}
	return errors.Join(c.problems...)
}

func (c *checker) account(a Account) {
	if !accountPattern.MatchString(a.ID) {
		c.add("account %q: the id must be 12 digits, in quotes", a.ID)
	}
	if c.accounts[a.ID] {
		c.add("account %s is listed twice", a.ID)
	}
	c.accounts[a.ID] = true
	switch a.State {
	case "PENDING_ACTIVATION", "ACTIVE", "SUSPENDED", "PENDING_CLOSURE", "CLOSED":
	default:
		c.add("account %s: %q is not a state", a.ID, a.State)
	}
	names := map[string]bool{"admin": true}
	for _, u := range a.Users {
		if !namePattern.MatchString(u.Name) || names[u.Name] {
			c.add("account %s: user %q: the name is malformed or taken", a.ID, u.Name)
		}
		names[u.Name] = true
	}
	roles := map[string]bool{}
	for _, r := range a.Roles {
		if !namePattern.MatchString(r.Name) || roles[r.Name] {
			c.add("account %s: role %q: the name is malformed or taken", a.ID, r.Name)
		}
		if r.Trust == "" {
			c.add("account %s: role %s has no trust policy", a.ID, r.Name)
		}
		roles[r.Name] = true
	}
}

func (c *checker) organization(o Organization) {
	if !orgPattern.MatchString(o.ID) {
		c.add(`organization %q: the id must be "o-" and 10 to 32 of a-z0-9`, o.ID)
	}
	if !rootPattern.MatchString(o.Root) {
		c.add(`organization %s: root %q must be "r-" and 4 to 32 of a-z0-9`, o.ID, o.Root)
	}
	if o.FeatureSet != "ALL" && o.FeatureSet != "CONSOLIDATED_BILLING" {
		c.add("organization %s: feature_set %q is neither ALL nor CONSOLIDATED_BILLING", o.ID, o.FeatureSet)
	}
	targets := map[string]bool{o.Root: true}
	c.place(o.ID, o.Management)
	c.members(o.ID, o.Members)
	c.units(o, o.Units, targets)
	for _, s := range o.SCPs {
		for _, t := range s.Targets {
			if !targets[t] && c.placed[t] != o.ID {
				c.add("organization %s: SCP %s: there is no root, unit or account %q", o.ID, s.Name, t)
			}
		}
	}
	for _, d := range o.Delegated {
		if c.placed[d.Account] != o.ID || d.Account == o.Management {
			c.add("organization %s: delegated administrator %q is not a member", o.ID, d.Account)
		}
	}
	for _, t := range o.Transfers {
		if t.Direction != "inbound" && t.Direction != "outbound" {
			c.add("organization %s: transfer direction %q is neither inbound nor outbound", o.ID, t.Direction)
		}
	}
}

func (c *checker) units(o Organization, units []Unit, targets map[string]bool) {
	for _, u := range units {
		if !unitPattern.MatchString(u.ID) || targets[u.ID] {
			c.add("organization %s: unit %q: id %q is malformed or taken", o.ID, u.Name, u.ID)
		}
		targets[u.ID], targets[u.Name] = true, true
		c.members(o.ID, u.Members)
		c.units(o, u.Units, targets)
	}
}

func (c *checker) members(org string, ids []string) {
	for _, id := range ids {
		c.place(org, id)
	}
}

func (c *checker) place(org, id string) {
	if !c.accounts[id] {
		c.add("organization %s: there is no account %q", org, id)
	}
	if before, twice := c.placed[id]; twice {
		c.add("account %s is placed twice, in %s and %s", id, before, org)
	}
	c.placed[id] = org
}
