package cloud

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/policy"
	"github.com/bursarhq/bursar/internal/sandbox/world"
)

// Account is one simulated AWS account.
type Account struct {
	ID, Name, Email string
	State           string    // ACTIVE, SUSPENDED, …
	JoinedAt        time.Time // when it came into its organization, or into being
	OrganizationID  string    // "" for a standalone account
	ParentID        string    // root or unit
	LoosensTrust    bool      // see [world.Account]
}

type account struct {
	Account
	users    map[string]*versioned[IAMUser]
	roles    map[string]*versioned[Role]
	policies map[string]*ManagedPolicy
}

// open says whether the account's identities can be used.
func (a *account) open() bool { return a.State == "ACTIVE" || a.State == "PENDING_CLOSURE" }

// Organization is what its accounts may know of an organization.
type Organization struct {
	ID, FeatureSet  string
	ManagementID    string
	ManagementEmail string
	RootID          string
}

// ARN returns the organization's ARN.
func (o Organization) ARN(partition string) string {
	return fmt.Sprintf("arn:%s:organizations::%s:organization/%s", partition, o.ManagementID, o.ID)
}

// Unit is an organizational unit.
type Unit struct {
	ID, Name, ParentID string
}

type organization struct {
	Organization
	units     map[string]Unit
	attached  map[string][]*policy.Document // SCPs by root, unit and account
	delegated []world.Delegate
	transfers []world.Transfer
}

// Account returns an account.
func (c *Cloud) Account(id string) (Account, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if a := c.accounts[id]; a != nil {
		return a.Account, true
	}
	return Account{}, false
}

// Accounts lists all accounts but bursar's own, by id.
func (c *Cloud) Accounts() []Account {
	return c.accountsWhere(func(a Account) bool { return a.ID != c.World.Bursar.Account })
}

// Members lists the accounts of an organization by id, its management account among them.
func (c *Cloud) Members(organizationID string) []Account {
	return c.accountsWhere(func(a Account) bool { return a.OrganizationID == organizationID && organizationID != "" })
}

func (c *Cloud) accountsWhere(keep func(Account) bool) []Account {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []Account
	for _, a := range c.accounts {
		if keep(a.Account) {
			out = append(out, a.Account)
		}
	}
	slices.SortFunc(out, func(a, b Account) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// OrganizationOf returns the organization of an account; false for a standalone one.
func (c *Cloud) OrganizationOf(accountID string) (Organization, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if o := c.orgOf(accountID); o != nil {
		return o.Organization, true
	}
	return Organization{}, false
}

func (c *Cloud) orgOf(accountID string) *organization {
	if a := c.accounts[accountID]; a != nil {
		return c.orgs[a.OrganizationID]
	}
	return nil
}

// Units lists the units directly under a root or unit, by name.
func (c *Cloud) Units(organizationID, parentID string) []Unit {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []Unit
	if o := c.orgs[organizationID]; o != nil {
		for _, u := range o.units {
			if u.ParentID == parentID {
				out = append(out, u)
			}
		}
	}
	slices.SortFunc(out, func(a, b Unit) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Unit returns a unit of an organization.
func (c *Cloud) Unit(organizationID, id string) (Unit, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if o := c.orgs[organizationID]; o != nil {
		u, ok := o.units[id]
		return u, ok
	}
	return Unit{}, false
}

// Below lists the accounts under a root or unit at any depth, by id. An account's own id gives that account.
func (c *Cloud) Below(organizationID, targetID string) []Account {
	return c.accountsWhere(func(a Account) bool {
		return a.OrganizationID == organizationID && organizationID != "" &&
			(a.ID == targetID || slices.Contains(c.path(c.orgs[organizationID], a), targetID))
	})
}

// path lists what is above an account, from its parent up to the root. The caller holds the lock.
func (c *Cloud) path(o *organization, a Account) []string {
	out := []string{a.ParentID}
	for id := a.ParentID; ; {
		u, ok := o.units[id]
		if !ok {
			return out
		}
		id = u.ParentID
		out = append(out, id)
	}
}

// Delegates lists the delegated administrators of an account's organization.
func (c *Cloud) Delegates(accountID string) []world.Delegate {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if o := c.orgOf(accountID); o != nil {
		return slices.Clone(o.delegated)
	}
	return nil
}

// Transfers lists the billing responsibility transfers of an account's organization.
func (c *Cloud) Transfers(accountID string) []world.Transfer {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if o := c.orgOf(accountID); o != nil {
		return slices.Clone(o.transfers)
	}
	return nil
}

// OnJoin calls f, in AddAccount's goroutine, for each account that comes into an organization or moves within
// one: what the auto-deployment of stack sets waits for.
func (c *Cloud) OnJoin(f func(Account)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.joined = append(c.joined, f)
}

// OnLeave calls f, in Leave's goroutine, for each account that has left an organization.
func (c *Cloud) OnLeave(f func(organizationID string, a Account)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left = append(c.left, f)
}

// Leave takes an account out of its organization: it pays for itself from then on.
func (c *Cloud) Leave(accountID string) {
	c.mu.Lock()
	a := c.accounts[accountID]
	if a == nil || a.OrganizationID == "" {
		c.mu.Unlock()
		return
	}
	from := a.OrganizationID
	a.OrganizationID, a.ParentID = "", ""
	out, hooks := a.Account, slices.Clone(c.left)
	c.mu.Unlock()
	for _, f := range hooks {
		f(from, out)
	}
}

// SetState changes the state of an account: ACTIVE, SUSPENDED, PENDING_CLOSURE, CLOSED. An account that is not there stays so.
func (c *Cloud) SetState(accountID, state string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.accounts[accountID]; a != nil {
		a.State = state
	}
}

// AddAccount opens a new account; parentID, a root or unit, places it into an organization, "" leaves it alone.
func (c *Cloud) AddAccount(w world.Account, parentID string) (Account, error) {
	org, err := c.roomFor(w.ID, parentID)
	if err != nil {
		return Account{}, err
	}
	w.State, w.Name = cmp.Or(w.State, "ACTIVE"), cmp.Or(w.Name, w.ID)
	w.Email = cmp.Or(w.Email, "aws+"+w.ID+"@example.com")
	if err := errors.Join(c.loadUsers(w), c.loadRoles(w)); err != nil {
		return Account{}, err
	}
	return c.join(w.ID, org, parentID), nil
}

// roomFor proves that the id is free and finds the organization that the parent is in.
func (c *Cloud) roomFor(id, parentID string) (organizationID string, err error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.accounts[id] != nil {
		return "", fmt.Errorf("account %s exists already", id)
	}
	if parentID == "" {
		return "", nil
	}
	for _, o := range c.orgs {
		if _, ok := o.units[parentID]; ok || o.RootID == parentID {
			return o.ID, nil
		}
	}
	return "", fmt.Errorf("there is no root or unit %s", parentID)
}

func (c *Cloud) join(id, organizationID, parentID string) Account {
	c.mu.Lock()
	a := c.accounts[id]
	a.OrganizationID, a.ParentID, a.JoinedAt = organizationID, parentID, c.Clock.Now().Truncate(time.Second)
	out, hooks := a.Account, slices.Clone(c.joined)
	c.mu.Unlock()
	if organizationID == "" {
		return out
	}
	for _, f := range hooks {
		f(out)
	}
	return out
}
