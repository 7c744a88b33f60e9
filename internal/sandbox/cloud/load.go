package cloud

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/policy"
	"github.com/bursarhq/bursar/internal/sandbox/world"
)

const fullAccess = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

// load builds the state that a world describes. Accounts come first and roles after all users, because trust
// policies name principals that must exist.
func (c *Cloud) load(w *world.World) error {
	own := world.Account{ID: w.Bursar.Account, Name: w.Bursar.Name, Email: "bursar@example.com", State: "ACTIVE", Users: []world.User{w.Bursar.User}}
	all := append([]world.Account{own}, w.Accounts...)
	for _, a := range all {
		if err := c.loadUsers(a); err != nil {
			return err
		}
	}
	for _, a := range all {
		if err := c.loadRoles(a); err != nil {
			return err
		}
	}
	if len(c.AccessKeys(own.ID, w.Bursar.User.Name)) == 0 {
		c.putKey(own.ID, w.Bursar.User.Name, "", "")
	}
	for _, o := range w.Organizations {
		if err := c.loadOrganization(o); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cloud) loadUsers(w world.Account) error {
	c.mu.Lock()
	c.accounts[w.ID] = &account{
		Account: Account{ID: w.ID, Name: w.Name, Email: w.Email, State: w.State, LoosensTrust: w.LoosensTrust, JoinedAt: c.Clock.Now().AddDate(-1, 0, 0).Truncate(time.Second)},
		users:   map[string]*versioned[IAMUser]{}, roles: map[string]*versioned[Role]{}, policies: map[string]*ManagedPolicy{},
	}
	c.mu.Unlock()
	admin := world.User{Name: "admin", Attached: []string{"arn:" + c.Partition() + ":iam::aws:policy/AdministratorAccess"}}
	for _, u := range append([]world.User{admin}, w.Users...) {
		id, err := identity(w.ID, u.Path, u.Name, u.Policies)
		if err != nil {
			return err
		}
		id.Attached, id.Boundary = u.Attached, u.Boundary
		if _, e := c.CreateUser(IAMUser{id}); e != nil {
			return fmt.Errorf("account %s: user %s: %w", w.ID, u.Name, e)
		}
		if u.AccessKey != "" {
			c.mu.Lock()
			c.putKey(w.ID, u.Name, u.AccessKey, u.SecretKey)
			c.mu.Unlock()
		}
	}
	return nil
}

func (c *Cloud) loadRoles(w world.Account) error {
	for _, r := range w.Roles {
		id, err := identity(w.ID, r.Path, r.Name, r.Policies)
		if err != nil {
			return err
		}
		id.Attached, id.Boundary = r.Attached, r.Boundary
		if _, e := c.CreateRole(Role{Identity: id, MaxSession: r.MaxSession}, string(r.Trust)); e != nil {
			return fmt.Errorf("account %s: role %s: %w", w.ID, r.Name, e)
		}
	}
	return nil
}

func identity(account, path, name string, policies map[string]world.Policy) (Identity, error) {
	id := Identity{AccountID: account, Path: cmp.Or(path, "/"), Name: name}
	for _, n := range slices.Sorted(maps.Keys(policies)) {
		d, err := policy.Parse(string(policies[n]), policy.Identity)
		if err != nil {
			return id, fmt.Errorf("account %s: %s: policy %s: %w", account, name, n, err)
		}
		id.SetInline(n, d)
	}
	return id, nil
}

func (c *Cloud) loadOrganization(w world.Organization) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := &organization{
		Organization: Organization{ID: w.ID, FeatureSet: w.FeatureSet, ManagementID: w.Management, ManagementEmail: c.accounts[w.Management].Email, RootID: w.Root},
		units:        map[string]Unit{}, attached: map[string][]*policy.Document{}, delegated: w.Delegated, transfers: w.Transfers,
	}
	c.orgs[o.ID] = o
	c.place(o, w.Root, append([]string{w.Management}, w.Members...))
	c.loadUnits(o, w.Root, w.Units)
	return o.attach(w.SCPs)
}

func (c *Cloud) loadUnits(o *organization, parent string, units []world.Unit) {
	for _, u := range units {
		o.units[u.ID] = Unit{ID: u.ID, Name: u.Name, ParentID: parent}
		c.place(o, u.ID, u.Members)
		c.loadUnits(o, u.ID, u.Units)
	}
}

func (c *Cloud) place(o *organization, parent string, accounts []string) {
	for _, id := range accounts {
		a := c.accounts[id]
		a.OrganizationID, a.ParentID = o.ID, parent
	}
}

// attach hangs the service control policies up. FullAWSAccess hangs wherever nothing says "only".
func (o *organization) attach(scps []world.SCP) error {
	only := map[string]bool{}
	for _, s := range scps {
		d, err := policy.Parse(string(s.Policy), policy.Identity)
		if err != nil {
			return fmt.Errorf("organization %s: SCP %s: %w", o.ID, s.Name, err)
		}
		for _, t := range s.Targets {
			id := o.target(t)
			o.attached[id] = append(o.attached[id], d)
			only[id] = only[id] || s.Only
		}
	}
	full, err := policy.Parse(fullAccess, policy.Identity)
	if err != nil {
		return err
	}
	for id := range o.attached {
		if !only[id] {
			o.attached[id] = append(o.attached[id], full)
		}
	}
	return nil
}

// target resolves a unit's name.
func (o *organization) target(name string) string {
	for _, u := range o.units {
		if u.Name == name {
			return u.ID
		}
	}
	return name
}

// dropExternalID removes every condition on sts:ExternalId from a trust policy, as a careless automation would.
// A text that is no policy comes back as it is.
func dropExternalID(text string) string {
	var doc map[string]any
	if json.Unmarshal([]byte(text), &doc) != nil {
		return text
	}
	list, many := doc["Statement"].([]any)
	if !many {
		list = []any{doc["Statement"]}
	}
	for _, s := range list {
		if st, ok := s.(map[string]any); ok {
			dropKey(st)
		}
	}
	out, err := json.Marshal(doc)
	if err != nil {
		return text
	}
	return string(out)
}

func dropKey(statement map[string]any) {
	conditions, _ := statement["Condition"].(map[string]any)
	for op, v := range conditions {
		keys, _ := v.(map[string]any)
		for key := range keys {
			if strings.EqualFold(key, "sts:ExternalId") {
				delete(keys, key)
			}
		}
		if len(keys) == 0 {
			delete(conditions, op)
		}
	}
	if len(conditions) == 0 {
		delete(statement, "Condition")
	}
}
