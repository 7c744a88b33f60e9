package cloud

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"time"

	"github.com/bursarhq/bursar"
)

// Credentials are temporary: what AssumeRole hands out. They expire on the real clock, because SDK clients
// compare Expiration with theirs.
type Credentials struct {
	AccessKeyID  string
	Secret       bursar.Secret
	SessionToken bursar.Secret
	Expiration   time.Time
}

type session struct {
	Credentials
	principal Principal
}

func newSecret() string { return rand.Text() + rand.Text()[:14] } // 40 characters, as AWS's are

// NewSession issues temporary credentials for a principal.
func (c *Cloud) NewSession(p Principal, d time.Duration) Credentials {
	s := &session{principal: p, Credentials: Credentials{
		AccessKeyID:  NewID("ASIA")[:20],
		Secret:       bursar.NewSecret(newSecret()),
		SessionToken: bursar.NewSecret("IQoJ" + rand.Text() + rand.Text() + rand.Text()),
		Expiration:   time.Now().Add(d).UTC().Truncate(time.Second),
	}}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sessions[s.AccessKeyID] = s
	if len(c.sessions) >= c.sweepAt {
		c.sweep(time.Now())
	}
	return s.Credentials
}

// sweep throws sessions away that expired an hour ago: until then they are ExpiredToken, afterwards unknown.
func (c *Cloud) sweep(now time.Time) {
	for id, s := range c.sessions {
		if now.Sub(s.Expiration) > time.Hour {
			delete(c.sessions, id)
		}
	}
	c.sweepAt = max(10_000, 2*len(c.sessions))
}

// Credential finds what an access key id and a session token stand for: the secret to verify a signature with,
// and who signs. It fails with InvalidClientTokenId or ExpiredToken.
func (c *Cloud) Credential(accessKeyID, token string) (bursar.Secret, Principal, *Error) {
	c.mu.RLock()
	k, s := c.keys[accessKeyID], c.sessions[accessKeyID]
	c.mu.RUnlock()
	unknown := Errorf(http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid.")
	switch {
	case k != nil && k.Active && token == "":
		p, e := c.principalOf(k.AccessKey)
		if e != nil {
			return bursar.Secret{}, Principal{}, unknown
		}
		return k.Secret, p, nil
	case s != nil && subtle.ConstantTimeCompare([]byte(s.SessionToken.Reveal()), []byte(token)) == 1:
		if time.Now().After(s.Expiration) {
			return bursar.Secret{}, Principal{}, Errorf(http.StatusForbidden, "ExpiredToken", "The security token included in the request is expired")
		}
		return s.Secret, s.principal, nil
	}
	return bursar.Secret{}, Principal{}, unknown
}

func (c *Cloud) principalOf(k AccessKey) (Principal, *Error) {
	if k.User == "" {
		arn := "arn:" + c.Partition() + ":iam::" + k.AccountID + ":root"
		return Principal{Kind: RootUser, AccountID: k.AccountID, ARN: arn, IAMARN: arn, UniqueID: k.AccountID}, nil
	}
	return c.UserPrincipal(k.AccountID, k.User)
}

// UserPrincipal is the caller that a user's key stands for.
func (c *Cloud) UserPrincipal(accountID, name string) (Principal, *Error) {
	u, e := c.User(accountID, name)
	if e != nil {
		return Principal{}, e
	}
	return Principal{Kind: User, AccountID: accountID, ARN: u.ARN(), IAMARN: u.ARN(), UniqueID: u.ID, Name: name}, nil
}

// Admin is the caller that the console pages act as: the account's user "admin", who may do everything that the
// organization lets the account do.
func (c *Cloud) Admin(accountID string) (Principal, *Error) {
	return c.UserPrincipal(accountID, "admin")
}

// AdminKey returns an access key of the account's admin, making one the first time.
func (c *Cloud) AdminKey(accountID string) (AccessKey, *Error) {
	if keys := c.AccessKeys(accountID, "admin"); len(keys) > 0 {
		return keys[0], nil
	}
	return c.CreateAccessKey(accountID, "admin")
}

// BursarKey returns the access key of the identity that bursar runs as.
func (c *Cloud) BursarKey() AccessKey {
	return c.AccessKeys(c.World.Bursar.Account, c.World.Bursar.User.Name)[0]
}

// AccountOfKey tells which account an access key id, of a user or a session, belongs to.
func (c *Cloud) AccountOfKey(id string) (string, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if k := c.keys[id]; k != nil {
		return k.AccountID, true
	}
	if s := c.sessions[id]; s != nil {
		return s.principal.AccountID, true
	}
	return "", false
}
