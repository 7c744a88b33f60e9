package cloud

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/policy"
)

// The quotas that templates and people run into; characters do not count white space in AWS, here they do not
// either. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const (
	MaxTrustPolicy   = 2048
	MaxInlinePolicy  = 10240 // all inline policies of a role together
	MaxManagedPolicy = 6144
	MaxAttached      = 10
)

// now tells the time that propagation is measured on.
func (c *Cloud) now(simulated bool) time.Time {
	if simulated {
		return c.Clock.Now()
	}
	return time.Now()
}

// ParsePolicy parses a document for IAM: a MalformedPolicyDocument says what is wrong with it.
func ParsePolicy(text string, kind policy.Kind) (*policy.Document, *Error) {
	d, err := policy.Parse(text, kind)
	if err != nil {
		return nil, Errorf(http.StatusBadRequest, "MalformedPolicyDocument", "%v", err)
	}
	return d, nil
}

// PolicySize counts a policy's characters as the quotas do: without white space.
func PolicySize(text string) int {
	n := 0
	for _, r := range text {
		if !strings.ContainsRune(" \t\r\n", r) {
			n++
		}
	}
	return n
}

func (c *Cloud) account(id string) (*account, *Error) {
	a := c.accounts[id]
	if a == nil {
		return nil, Errorf(http.StatusBadRequest, "AccountNotFound", "there is no account %s in the sandbox", id)
	}
	return a, nil
}

// CreateRole makes a role. AccountID, Name, Path and trust (the policy's text) must be given; the rest of the
// identity is made up. It fails with EntityAlreadyExists, MalformedPolicyDocument or LimitExceeded. Once the
// propagation time has passed the role can be assumed.
func (c *Cloud) CreateRole(r Role, trust string) (*Role, *Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, e := c.account(r.AccountID)
	if e != nil {
		return nil, e
	}
	if old := a.roles[r.Name]; old != nil {
		return nil, Errorf(http.StatusConflict, "EntityAlreadyExists", "Role with name %s already exists.", r.Name)
	}
	if r.Trust, e = c.trust(a, trust); e != nil {
		return nil, e
	}
	r.Partition, r.ID, r.CreatedAt = c.Partition(), NewID("AROA"), c.Clock.Now().Truncate(time.Second)
	if r.MaxSession == 0 {
		r.MaxSession = 3600
	}
	if e := c.checkIdentity(&r.Identity); e != nil {
		return nil, e
	}
	v := &versioned[Role]{}
	v.set(&r, c.now, c.delay)
	a.roles[r.Name] = v
	return &r, nil
}

// trust parses a trust policy, loosens it where the account's owners would, and pins its principals.
func (c *Cloud) trust(a *account, text string) (*policy.Document, *Error) {
	if PolicySize(text) > MaxTrustPolicy {
		return nil, Errorf(http.StatusConflict, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: %d", MaxTrustPolicy)
	}
	if a.LoosensTrust {
		text = dropExternalID(text)
	}
	d, e := ParsePolicy(text, policy.Trust)
	if e != nil {
		return nil, e
	}
	if err := d.Pin(c.uniqueID); err != nil {
		return nil, Errorf(http.StatusBadRequest, "MalformedPolicyDocument", "%v", err)
	}
	return d, nil
}

func (c *Cloud) checkIdentity(i *Identity) *Error {
	size := 0
	for _, p := range i.Inline {
		size += PolicySize(p.Doc.Text())
	}
	if size > MaxInlinePolicy {
		return Errorf(http.StatusConflict, "LimitExceeded", "Maximum policy size of %d bytes exceeded for role %s", MaxInlinePolicy, i.Name)
	}
	if len(i.Attached) > MaxAttached {
		return Errorf(http.StatusConflict, "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: %d", MaxAttached)
	}
	for _, arn := range append(slices.Clone(i.Attached), i.Boundary) {
		if arn != "" && c.managed(i.AccountID, arn) == nil {
			return Errorf(http.StatusNotFound, "NoSuchEntity", "Policy %s does not exist or is not attachable.", arn)
		}
	}
	return nil
}

// ChangeRole applies change to a copy of the role and, unless change fails, makes it the present one; the change
// is in force once the propagation time has passed. It fails with NoSuchEntity, and as CreateRole does.
func (c *Cloud) ChangeRole(accountID, name string, change func(*Role) *Error) (*Role, *Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, e := c.roleEntry(accountID, name)
	if e != nil {
		return nil, e
	}
	r := *v.present
	r.Tags = maps.Clone(r.Tags)
	if e := change(&r); e != nil {
		return nil, e
	}
	if e := c.checkIdentity(&r.Identity); e != nil {
		return nil, e
	}
	v.set(&r, c.now, c.delay)
	return &r, nil
}

// SetTrust replaces a role's trust policy.
func (c *Cloud) SetTrust(accountID, name, text string) (*Role, *Error) {
	c.mu.RLock()
	a, e := c.account(accountID)
	var d *policy.Document
	if e == nil {
		d, e = c.trust(a, text)
	}
	c.mu.RUnlock()
	if e != nil {
		return nil, e
	}
	return c.ChangeRole(accountID, name, func(r *Role) *Error {
		r.Trust = d
		return nil
	})
}

func (c *Cloud) roleEntry(accountID, name string) (*versioned[Role], *Error) {
	if a := c.accounts[accountID]; a != nil && a.roles[name] != nil {
		return a.roles[name], nil
	}
	return nil, Errorf(http.StatusNotFound, "NoSuchEntity", "The role with name %s cannot be found.", name)
}

// Role returns a role as IAM's API tells it: the newest state, in force or not.
func (c *Cloud) Role(accountID, name string) (*Role, *Error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	v, e := c.roleEntry(accountID, name)
	if e != nil {
		return nil, e
	}
	return v.present, nil
}

// RoleInForce returns the state of a role that has propagated, by its full ARN; nil when there is none, or when
// its account is suspended or closed.
func (c *Cloud) RoleInForce(arn string) *Role {
	account, rest, ok := splitARN(arn, "role")
	if !ok {
		return nil
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	v, e := c.roleEntry(account, rest[strings.LastIndexByte(rest, '/')+1:])
	if e != nil || !c.accounts[account].open() {
		return nil
	}
	if r := v.inForce(c.now); r != nil && r.ARN() == arn {
		return r
	}
	return nil
}

// Roles lists an account's roles by name.
func (c *Cloud) Roles(accountID string) []*Role {
	c.mu.RLock()
	defer c.mu.RUnlock()
	a := c.accounts[accountID]
	if a == nil {
		return nil
	}
	out := make([]*Role, 0, len(a.roles))
	for _, name := range slices.Sorted(maps.Keys(a.roles)) {
		out = append(out, a.roles[name].present)
	}
	return out
}

// DeleteRole removes a role, at once. With force it takes the role's policies along; without it, one that has
// any is a DeleteConflict.
func (c *Cloud) DeleteRole(accountID, name string, force bool) *Error {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, e := c.roleEntry(accountID, name)
	if e != nil {
		return e
	}
	if !force && len(v.present.Attached) > 0 {
		return Errorf(http.StatusConflict, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	}
	if !force && len(v.present.Inline) > 0 {
		return Errorf(http.StatusConflict, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	}
	delete(c.accounts[accountID].roles, name)
	return nil
}

// uniqueID finds the user or role that an ARN names, for pinning.
func (c *Cloud) uniqueID(arn string) (string, bool) {
	if account, rest, ok := splitARN(arn, "role"); ok {
		v, e := c.roleEntry(account, rest[strings.LastIndexByte(rest, '/')+1:])
		if e == nil && v.present.ARN() == arn {
			return v.present.ID, true
		}
	}
	if account, rest, ok := splitARN(arn, "user"); ok {
		v, e := c.userEntry(account, rest[strings.LastIndexByte(rest, '/')+1:])
		if e == nil && v.present.ARN() == arn {
			return v.present.ID, true
		}
	}
	return "", false
}

// splitARN takes "arn:aws:iam::<account>:<kind>/<rest>" apart.
func splitARN(arn, kind string) (account, rest string, ok bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "iam" || parts[3] != "" {
		return "", "", false
	}
	rest, ok = strings.CutPrefix(parts[5], kind+"/")
	return parts[4], rest, ok
}
