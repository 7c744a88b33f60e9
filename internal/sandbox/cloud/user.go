package cloud

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/bursarhq/bursar"
)

// AccessKey is an access key of a user. Secret is known to whoever created it.
type AccessKey struct {
	ID        string
	Secret    bursar.Secret
	AccountID string
	User      string
	Active    bool
	CreatedAt time.Time
}

type key struct{ AccessKey }

// CreateUser makes a user. AccountID, Name and Path must be given.
func (c *Cloud) CreateUser(u IAMUser) (*IAMUser, *Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, e := c.account(u.AccountID)
	if e != nil {
		return nil, e
	}
	if a.users[u.Name] != nil {
		return nil, Errorf(http.StatusConflict, "EntityAlreadyExists", "User with name %s already exists.", u.Name)
	}
	u.Partition, u.ID, u.CreatedAt = c.Partition(), NewID("AIDA"), c.Clock.Now().Truncate(time.Second)
	if e := c.checkIdentity(&u.Identity); e != nil {
		return nil, e
	}
	v := &versioned[IAMUser]{}
	v.set(&u, c.now, c.delay)
	a.users[u.Name] = v
	return &u, nil
}

// ChangeUser applies change to a copy of the user, as [Cloud.ChangeRole] does to a role's.
func (c *Cloud) ChangeUser(accountID, name string, change func(*IAMUser) *Error) (*IAMUser, *Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, e := c.userEntry(accountID, name)
	if e != nil {
		return nil, e
	}
	u := *v.present
	u.Tags = maps.Clone(u.Tags)
	if e := change(&u); e != nil {
		return nil, e
	}
	if e := c.checkIdentity(&u.Identity); e != nil {
		return nil, e
	}
	v.set(&u, c.now, c.delay)
	return &u, nil
}

func (c *Cloud) userEntry(accountID, name string) (*versioned[IAMUser], *Error) {
	if a := c.accounts[accountID]; a != nil && a.users[name] != nil {
		return a.users[name], nil
	}
	return nil, Errorf(http.StatusNotFound, "NoSuchEntity", "The user with name %s cannot be found.", name)
}

// User returns a user's newest state.
func (c *Cloud) User(accountID, name string) (*IAMUser, *Error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	v, e := c.userEntry(accountID, name)
	if e != nil {
		return nil, e
	}
	return v.present, nil
}

// Users lists an account's users by name.
func (c *Cloud) Users(accountID string) []*IAMUser {
	c.mu.RLock()
	defer c.mu.RUnlock()
	a := c.accounts[accountID]
	if a == nil {
		return nil
	}
	out := make([]*IAMUser, 0, len(a.users))
	for _, name := range slices.Sorted(maps.Keys(a.users)) {
		out = append(out, a.users[name].present)
	}
	return out
}

// DeleteUser removes a user; one that still has keys or policies is a DeleteConflict.
func (c *Cloud) DeleteUser(accountID, name string) *Error {
	keys := c.AccessKeys(accountID, name)
	c.mu.Lock()
	defer c.mu.Unlock()
	v, e := c.userEntry(accountID, name)
	switch {
	case e != nil:
		return e
	case len(keys) > 0:
		return Errorf(http.StatusConflict, "DeleteConflict", "Cannot delete entity, must delete access keys first.")
	case len(v.present.Inline)+len(v.present.Attached) > 0:
		return Errorf(http.StatusConflict, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	}
	delete(c.accounts[accountID].users, name)
	return nil
}

// CreateAccessKey makes a key for a user: at most two.
func (c *Cloud) CreateAccessKey(accountID, user string) (AccessKey, *Error) {
	if len(c.AccessKeys(accountID, user)) >= 2 {
		return AccessKey{}, Errorf(http.StatusConflict, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, e := c.userEntry(accountID, user); e != nil {
		return AccessKey{}, e
	}
	return c.putKey(accountID, user, "", ""), nil
}

// RootKey makes a key for the root user of an account, which nobody should have.
func (c *Cloud) RootKey(accountID string) (AccessKey, *Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, e := c.account(accountID); e != nil {
		return AccessKey{}, e
	}
	return c.putKey(accountID, "", "", ""), nil
}

func (c *Cloud) putKey(accountID, user, id, secret string) AccessKey {
	if id == "" {
		id = NewID("AKIA")[:20]
	}
	if secret == "" {
		secret = newSecret()
	}
	k := &key{AccessKey{ID: id, Secret: bursar.NewSecret(secret), AccountID: accountID, User: user, Active: true, CreatedAt: c.Clock.Now().Truncate(time.Second)}}
	c.keys[id] = k
	return k.AccessKey
}

// AccessKeys lists the keys of a user, oldest first.
func (c *Cloud) AccessKeys(accountID, user string) []AccessKey {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []AccessKey
	for _, k := range c.keys {
		if k.AccountID == accountID && k.User == user {
			out = append(out, k.AccessKey)
		}
	}
	slices.SortFunc(out, func(a, b AccessKey) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return out
}

// SetAccessKeyActive switches a key on or off.
func (c *Cloud) SetAccessKeyActive(accountID, user, id string, active bool) *Error {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, e := c.ownKey(accountID, user, id)
	if e != nil {
		return e
	}
	changed := *k
	changed.Active = active
	c.keys[id] = &changed
	return nil
}

// DeleteAccessKey removes a key.
func (c *Cloud) DeleteAccessKey(accountID, user, id string) *Error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, e := c.ownKey(accountID, user, id); e != nil {
		return e
	}
	delete(c.keys, id)
	return nil
}

func (c *Cloud) ownKey(accountID, user, id string) (*key, *Error) {
	if k := c.keys[id]; k != nil && k.AccountID == accountID && k.User == user {
		return k, nil
	}
	return nil, Errorf(http.StatusNotFound, "NoSuchEntity", "The Access Key with id %s cannot be found.", id)
}
