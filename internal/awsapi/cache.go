package awsapi

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/bursarhq/bursar"
)

const (
	expiryWindow = 5 * time.Minute  // credentials are renewed this long before they end
	backOff      = 30 * time.Second // a role that could not be assumed is not asked for again before
	cacheKeep    = 2 * time.Hour    // a session that nobody asked for is forgotten
)

// cacheKey tells sessions apart. Two workspaces, capabilities or session policies never share credentials, even where the
// role is the same; a changed role, external id or region is another session too.
type cacheKey struct {
	workspace, account string
	capability         bursar.Capability
	policy             [sha256.Size]byte
	role, externalID   string
	region             string
	duration           time.Duration
}

func (r AssumeRequest) key() cacheKey {
	return cacheKey{r.WorkspaceID, r.AccountID, r.Capability, sha256.Sum256([]byte(r.Policy)), r.RoleARN, r.ExternalID, r.Region, r.Duration}
}

// cached is one session of the cache, with the credentials that it renews.
type cached struct {
	session *Session
	creds   *aws.CredentialsCache
	used    time.Time

	mu     sync.Mutex
	failed error // the last refusal, and when
	at     time.Time
}

// Session returns a session for work: cached by workspace, account, capability and session policy, its credentials
// renewed before they end. It assumes the role when there are no credentials yet, so that an error comes from here; a role
// that was refused is not asked for again for 30 seconds. WorkspaceID, AccountID, Capability and ExternalID must be set.
func (c *Client) Session(ctx context.Context, r AssumeRequest) (*Session, error) {
	if r.WorkspaceID == "" || r.Capability == "" || r.ExternalID == "" || r.WithoutExternalID {
		return nil, bursar.Errorf(bursar.Internal, "a cached session needs a workspace, a capability and an external id")
	}
	if err := r.check(c.partition); err != nil {
		return nil, err
	}
	if r.Duration == 0 {
		r.Duration = WorkDuration
	}
	e := c.entry(r)
	if err := e.recent(c.now()); err != nil {
		return nil, err
	}
	if _, err := e.creds.Retrieve(ctx); err != nil {
		if ctx.Err() == nil {
			e.refuse(err, c.now())
		}
		return nil, err
	}
	return e.session, nil
}

// Forget drops the cached sessions of an account of a workspace: it was deregistered, or its trust was found insecure.
func (c *Client) Forget(workspaceID, accountID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, e := range c.cache {
		if k.workspace == workspaceID && k.account == accountID {
			e.creds.Invalidate()
			delete(c.cache, k)
		}
	}
}

func (c *Client) entry(r AssumeRequest) *cached {
	now, key := c.now(), r.key()
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, e := range c.cache {
		if now.Sub(e.used) > cacheKeep {
			delete(c.cache, k)
		}
	}
	e := c.cache[key]
	if e == nil {
		e = &cached{}
		e.creds = aws.NewCredentialsCache(assumer{c, r}, func(o *aws.CredentialsCacheOptions) {
			o.ExpiryWindow, o.ExpiryWindowJitterFrac = expiryWindow, 0.5
		})
		e.session = c.newSession(r, e.creds)
		c.cache[key] = e
	}
	e.used = now
	return e
}

func (e *cached) recent(now time.Time) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failed != nil && now.Sub(e.at) < backOff {
		return e.failed
	}
	return nil
}

// refuse remembers a refusal by AWS. What did not reach AWS may be tried again at once.
func (e *cached) refuse(err error, now time.Time) {
	if class := Classify(err).Class; class == Unreachable || class == Throttled || errors.Is(err, context.Canceled) {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failed, e.at = err, now
}

// assumer is the provider beneath a cached session.
type assumer struct {
	client  *Client
	request AssumeRequest
}

// Retrieve assumes the role.
func (a assumer) Retrieve(ctx context.Context) (aws.Credentials, error) {
	return a.client.assume(ctx, a.request)
}
