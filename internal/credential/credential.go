// Package credential keeps named ways into AWS, and opens sessions with them for sources and destinations.
//
// A credential is the role of a registered account, which is preferred because nothing secret is stored, or an access key, sealed. What is
// secret of it goes in and never comes out: it is opened in [Service.Session] alone, each time with a line in the audit log.
package credential

import (
	"context"
	"encoding/json"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/credential/paste"
	"github.com/bursarhq/bursar/internal/seal"
	"github.com/bursarhq/bursar/internal/store"
)

// longestToken is how long a session token of AWS lives at the most: GetSessionToken and GetFederationToken give 36 hours.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html
const longestToken = 36 * time.Hour

// keyField is the name of an access key among the secrets of a credential.
const keyField = "access_key"

// Users lists what uses a credential. Each room that can use one hands in its own.
type Users func(tx *store.Tx, workspaceID, credentialID string) ([]bursar.CredentialUser, error)

// Service keeps credentials. All fields but Users, Pay and Now must be set.
type Service struct {
	Store  *store.Store
	Sealer *seal.Sealer
	AWS    *awsapi.Client
	Audit  *store.AuditQueue
	Users  []Users
	// Pay makes what sends the paid requests of one check; accountID is where the credential is, most what they may cost. nil sends them without
	// keeping account of them.
	Pay func(c bursar.Credential, accountID string, s *awsapi.Session, most bursar.Decimal) Payer
	Now func() time.Time // nil is the clock
}

func (s *Service) now() time.Time {
	if s.Now == nil {
		return time.Now().UTC()
	}
	return s.Now().UTC()
}

// New is a credential to be. Either Account or Key is set.
type New struct {
	WorkspaceID string
	Name        string
	Description string
	Region      string // "" = the one that was pasted, or that of billing in the partition
	AccountID   string // 12 digits: where it must be; "" = wherever it is
	Account     string // the registered account ("acc_…" or 12 digits) whose role it is
	Key         paste.Key
	Untried     bool // do not ask AWS whether the key works
}

// stored is how an access key is sealed.
type stored struct {
	ID     string `json:"access_key_id"`
	Secret string `json:"secret_access_key"`
	Token  string `json:"session_token,omitempty"`
}

// Add stores a credential. A key is looked at, and AWS is asked whose it is, which is free: one that AWS does not know, that is root's, or
// that is in another account than it must be, is refused. When AWS does not answer it is stored untried.
func (s *Service) Add(ctx context.Context, n New) (bursar.Credential, error) {
	c := bursar.Credential{ID: bursar.NewID("crd"), WorkspaceID: n.WorkspaceID, Name: n.Name, Description: n.Description, AccountID: n.AccountID}
	if err := first(bursar.CheckCredentialName(n.Name), bursar.CheckCredentialDescription(n.Description), optionalAccount(n.AccountID)); err != nil {
		return c, err
	}
	if n.Account != "" {
		return s.addRole(ctx, n, c)
	}
	if n.Region == "" {
		n.Region = n.Key.Region
	}
	c.Kind, c.SecretVersion = bursar.CredentialAccessKey, 1
	if err := place(&c, n.Region); err != nil {
		return c, err
	}
	if err := s.takeKey(ctx, &c, n.Key, n.Untried); err != nil {
		return c, err
	}
	row, err := s.seal(ctx, c, n.Key)
	if err != nil {
		return c, err
	}
	err = s.Store.InTx(ctx, func(tx *store.Tx) error {
		if c, err = tx.AddCredential(c); err != nil {
			return err
		}
		return tx.AddSecret(row)
	})
	return c, err
}

// addRole makes the role of a registered account a credential. There is nothing to seal.
func (s *Service) addRole(ctx context.Context, n New, c bursar.Credential) (bursar.Credential, error) {
	if n.Key.ID != "" || !n.Key.Secret.IsZero() || !n.Key.Token.IsZero() {
		return c, bursar.InvalidField("account", "a credential is the role of an account or an access key, and not both").WithReason("kind_ambiguous").WithHint("leave the access key out: the role is the safer of the two")
	}
	err := s.Store.InTx(ctx, func(tx *store.Tx) error {
		a, err := tx.Account(n.WorkspaceID, n.Account)
		if err != nil {
			return err
		}
		if a.RoleARN == "" {
			return bursar.InvalidField("account", "account %s is not reached by a role", a.AccountID).WithReason("no_role").WithHint("use the credential that reaches it")
		}
		if c.AccountID != "" && c.AccountID != a.AccountID {
			return wrongAccount(c.AccountID, a.AccountID)
		}
		c.Kind, c.Account, c.AccountID, c.Partition, c.Region = bursar.CredentialRole, a.ID, a.AccountID, a.Partition, n.Region
		if err := within(&c); err != nil {
			return err
		}
		c, err = tx.AddCredential(c)
		return err
	})
	return c, err
}

// takeKey looks at a key and asks AWS whose it is. What is learned stands in the credential afterwards.
func (s *Service) takeKey(ctx context.Context, c *bursar.Credential, k paste.Key, untried bool) error {
	if err := bursar.CheckAccessKey(k.ID, k.Secret, k.Token); err != nil {
		return err
	}
	c.KeyHint, c.Temporary, c.ExpiresAt = k.ID[len(k.ID)-4:], !k.Token.IsZero(), k.ExpiresAt
	if err := s.expiry(c); err != nil {
		return err
	}
	if untried {
		return nil
	}
	id, err := s.identity(ctx, *c, awsapi.AccessKey{ID: k.ID, Secret: k.Secret, Token: k.Token})
	if bursar.CodeOf(err) == bursar.Unavailable {
		return nil
	}
	if err == nil {
		c.AccountID = id.AccountID
	}
	return err
}

// expiry refuses an end that cannot be, and takes the longest life where nobody said when a session token ends.
func (s *Service) expiry(c *bursar.Credential) error {
	now := s.now()
	switch {
	case !c.Temporary && !c.ExpiresAt.IsZero():
		return bursar.InvalidField("expires_at", "the key of a user (AKIA…) does not end by itself").WithReason("expiry_unexpected").WithHint("leave it out")
	case !c.Temporary:
		return nil
	case c.ExpiresAt.IsZero():
		c.ExpiresAt = now.Add(longestToken).Truncate(time.Second)
	case !c.ExpiresAt.After(now):
		return bursar.InvalidField("expires_at", "the session token ended at %s", c.ExpiresAt.UTC().Format(time.RFC3339)).WithReason("key_expired").WithHint("get a new one, and paste all three values of it")
	case c.ExpiresAt.After(now.Add(longestToken)):
		return bursar.InvalidField("expires_at", "no session token lives until %s", c.ExpiresAt.UTC().Format(time.RFC3339)).WithReason("expiry_too_late").WithHint("they live 36 hours at the most; leave it out when you do not know")
	}
	return nil
}

// Change is what may change of a credential; nil leaves it as it is.
type Change struct{ Name, Description, Region, AccountID *string }

// Change renames a credential, or describes and places it anew. What uses it does not notice.
func (s *Service) Change(ctx context.Context, workspaceID, id string, n Change) (c bursar.Credential, err error) {
	err = s.Store.InTx(ctx, func(tx *store.Tx) error {
		if c, err = tx.Credential(workspaceID, id); err != nil {
			return err
		}
		for _, f := range []struct{ to, from *string }{{&c.Name, n.Name}, {&c.Description, n.Description}, {&c.Region, n.Region}, {&c.AccountID, n.AccountID}} {
			if f.from != nil {
				*f.to = *f.from
			}
		}
		if c.Kind == bursar.CredentialRole && n.AccountID != nil {
			return bursar.InvalidField("account_id", "the account of a role is the registered one").WithReason("account_fixed").WithHint("leave it out")
		}
		if err := first(bursar.CheckCredentialName(c.Name), bursar.CheckCredentialDescription(c.Description), optionalAccount(c.AccountID), within(&c)); err != nil {
			return err
		}
		c, err = tx.ChangeCredential(c)
		return err
	})
	return c, err
}

// Rotate replaces the access key of a credential. The new one is looked at and tried first; until it is known to work, the old one counts.
// What uses the credential goes on with the new one.
func (s *Service) Rotate(ctx context.Context, workspaceID, id string, k paste.Key, untried bool) (c bursar.Credential, err error) {
	if err = s.Store.View(ctx, func(tx *store.Tx) error { c, err = tx.Credential(workspaceID, id); return err }); err != nil {
		return c, err
	}
	if c.Kind != bursar.CredentialAccessKey {
		return c, bursar.Errorf(bursar.Conflict, "the credential \"%s\" is a role: it has no key to rotate", c.Name).WithReason("not_an_access_key").WithHint("AWS gives bursar new keys for the role by itself")
	}
	c.SecretVersion++
	if err := s.takeKey(ctx, &c, k, untried); err != nil {
		return c, err
	}
	row, err := s.seal(ctx, c, k)
	if err != nil {
		return c, err
	}
	err = s.Store.InTx(ctx, func(tx *store.Tx) error {
		if c, err = tx.RotateCredential(c); err != nil {
			return err
		}
		return tx.AddSecret(row)
	})
	return c, err
}

// Delete deletes a credential that nothing uses.
func (s *Service) Delete(ctx context.Context, workspaceID, id string) error {
	return s.Store.InTx(ctx, func(tx *store.Tx) error {
		c, err := tx.Credential(workspaceID, id)
		if err != nil {
			return err
		}
		users, err := s.UsersOf(tx, workspaceID, c.ID)
		if err != nil {
			return err
		}
		return tx.DeleteCredential(workspaceID, c.ID, users)
	})
}

// UsersOf lists what uses a credential.
func (s *Service) UsersOf(tx *store.Tx, workspaceID, id string) ([]bursar.CredentialUser, error) {
	out := []bursar.CredentialUser{}
	for _, users := range s.Users {
		u, err := users(tx, workspaceID, id)
		if err != nil {
			return nil, err
		}
		out = append(out, u...)
	}
	return out, nil
}

func (s *Service) seal(ctx context.Context, c bursar.Credential, k paste.Key) (store.Secret, error) {
	body, err := json.Marshal(stored{k.ID, k.Secret.Reveal(), k.Token.Reveal()})
	if err != nil {
		return store.Secret{}, err
	}
	return SealRow(ctx, s.Sealer, seal.Scope{Workspace: c.WorkspaceID, Owner: c.ID, Field: keyField, Version: c.SecretVersion}, bursar.NewSecret(string(body)))
}

// SealRow seals a secret for its place and makes the row that [store.Tx.AddSecret] keeps. It asks key services: do it before a transaction.
func SealRow(ctx context.Context, sealer *seal.Sealer, at seal.Scope, secret bursar.Secret) (store.Secret, error) {
	sealed, err := sealer.Seal(ctx, at, secret)
	if err != nil {
		return store.Secret{}, err
	}
	keyID, err := sealed.KeyID()
	return store.Secret{WorkspaceID: at.Workspace, Owner: at.Owner, Field: at.Field, Version: at.Version, Sealed: sealed, KeyID: keyID}, err
}

// OpenRow opens what SealRow sealed.
func OpenRow(ctx context.Context, sealer *seal.Sealer, row store.Secret) (bursar.Secret, error) {
	return sealer.Open(ctx, seal.Scope{Workspace: row.WorkspaceID, Owner: row.Owner, Field: row.Field, Version: row.Version}, row.Sealed)
}
