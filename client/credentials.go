package client

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/bursarhq/bursar"
)

// Credential is a credential with its derived status and what uses it. Nothing of it is secret.
type Credential struct {
	bursar.Credential
	Status bursar.CredentialStatus `json:"status"`
	Users  []bursar.CredentialUser `json:"users"`
}

// NewKeyMaterial is an access key on its way to the server: its parts, or a text that has them. Unlike a [bursar.Secret] it can be
// marshalled; do not print it.
type NewKeyMaterial struct {
	AccessKeyID     string    `json:"access_key_id,omitempty"`
	SecretAccessKey string    `json:"secret_access_key,omitempty"`
	SessionToken    string    `json:"session_token,omitempty"`
	ExpiresAt       time.Time `json:"expires_at,omitzero"` // when the session token ends
	Paste           string    `json:"paste,omitempty"`     // shell lines, a credentials file, the JSON of an AWS command, the CSV of the IAM console
	Profile         string    `json:"profile,omitempty"`   // which profile of a pasted credentials file
	Untried         bool      `json:"untried,omitempty"`   // do not ask AWS whose the key is
}

// NewCredential stores a credential.
type NewCredential struct {
	NewKeyMaterial
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Region      string `json:"region,omitempty"`
	AccountID   string `json:"account_id,omitempty"` // 12 digits: where it must be
	Account     string `json:"account,omitempty"`    // instead of a key: a registered account, whose role it then is
}

// CredentialChange is what may change of a credential; nil leaves it as it is.
type CredentialChange struct {
	Name        *string `json:"name,omitempty"`
	Description *string `json:"description,omitempty"`
	Region      *string `json:"region,omitempty"`
	AccountID   *string `json:"account_id,omitempty"`
}

// AddCredential stores a credential. A key that AWS does not know, that is root's, or is in another account is an [*Error].
func (c *Client) AddCredential(ctx context.Context, n NewCredential) (*Credential, error) {
	var out Credential
	return &out, c.post(ctx, "/api/v1/credentials", n, &out)
}

// Credentials lists the credentials by name.
func (c *Client) Credentials(ctx context.Context) ([]Credential, error) {
	return all[Credential](ctx, c, "/api/v1/credentials", url.Values{"limit": {"200"}})
}

// Credential returns a credential by its id or its name.
func (c *Client) Credential(ctx context.Context, idOrName string) (*Credential, error) {
	var out Credential
	return &out, c.get(ctx, credentialPath(idOrName), nil, &out)
}

// ChangeCredential changes what is not secret of a credential.
func (c *Client) ChangeCredential(ctx context.Context, idOrName string, n CredentialChange) (*Credential, error) {
	var out Credential
	return &out, c.do(ctx, http.MethodPatch, credentialPath(idOrName), nil, n, &out)
}

// RotateCredential replaces the key of a credential. Until the new one works the old one counts.
func (c *Client) RotateCredential(ctx context.Context, idOrName string, k NewKeyMaterial) (*Credential, error) {
	var out Credential
	return &out, c.post(ctx, credentialPath(idOrName)+"/rotate", k, &out)
}

// CheckCredential checks a credential. maxUSD is what trying its actions may cost, in US dollars; "" tries nothing that costs something.
func (c *Client) CheckCredential(ctx context.Context, idOrName, maxUSD string) (*Credential, error) {
	var out Credential
	return &out, c.post(ctx, credentialPath(idOrName)+"/check", map[string]string{"max_usd": maxUSD}, &out)
}

// DeleteCredential deletes a credential. One in use is an [*Error] with the reason credential_in_use, which names the users.
func (c *Client) DeleteCredential(ctx context.Context, idOrName string) error {
	return c.do(ctx, http.MethodDelete, credentialPath(idOrName), nil, nil, nil)
}

// CredentialPolicy returns the least policy for a user whose key is to be a credential, as JSON.
func (c *Client) CredentialPolicy(ctx context.Context) (string, error) {
	var out struct{ Policy string }
	err := c.get(ctx, "/api/v1/credential-policy", nil, &out)
	return out.Policy, err
}

func credentialPath(idOrName string) string {
	return "/api/v1/credentials/" + url.PathEscape(idOrName)
}
