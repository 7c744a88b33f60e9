package api

import (
	"context"
	"net/http"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/credential"
	"github.com/bursarhq/bursar/internal/credential/paste"
	"github.com/bursarhq/bursar/internal/permission"
	"github.com/bursarhq/bursar/internal/store"
	"github.com/danielgtaylor/huma/v2"
)

// Credentials keeps credentials: see [credential.Service].
type Credentials interface {
	Add(ctx context.Context, n credential.New) (bursar.Credential, error)
	Change(ctx context.Context, workspaceID, id string, n credential.Change) (bursar.Credential, error)
	Rotate(ctx context.Context, workspaceID, id string, k paste.Key, untried bool) (bursar.Credential, error)
	Delete(ctx context.Context, workspaceID, id string) error
	Check(ctx context.Context, workspaceID, id string, most bursar.Decimal) (bursar.Credential, error)
	UsersOf(tx *store.Tx, workspaceID, id string) ([]bursar.CredentialUser, error)
}

// Credential is a credential as the API shows it: nothing that is secret, and of the access key id the last four characters.
type Credential struct {
	bursar.Credential
	Status bursar.CredentialStatus `json:"status"`
	Users  []bursar.CredentialUser `json:"users"`
}

// showCredential leaves identities out for those who may not manage credentials: AWS names users and roles in its words.
func (a *API) showCredential(tx *store.Tx, p auth.Principal, c bursar.Credential) (out Credential, err error) {
	out = Credential{Credential: c, Status: c.Status(a.Now())}
	if out.Users, err = a.Credentials.UsersOf(tx, p.WorkspaceID, c.ID); err != nil || c.Report == nil || p.May(auth.ManageCredentials) {
		return out, err
	}
	r := *c.Report
	r.ARN, r.MissingPolicy, r.Findings, r.Permissions = "", "", nil, nil
	for _, f := range c.Report.Findings {
		f.Message, f.Remedy = permission.Plain(f.Message), permission.Plain(f.Remedy)
		r.Findings = append(r.Findings, f)
	}
	for _, x := range c.Report.Permissions {
		x.Reason, x.Remedy = permission.Plain(x.Reason), permission.Plain(x.Remedy)
		r.Permissions = append(r.Permissions, x)
	}
	out.Report = &r
	return out, nil
}

// CredentialPath names a credential.
type CredentialPath struct {
	Credential string `path:"credential" doc:"The credential's id (crd_…) or its name."`
}

type credentialOutput struct{ Body Credential }

func (a *API) listCredentials(ctx context.Context, p auth.Principal, in *struct{ Paging }) (*listOutput[Credential], error) {
	return paged(ctx, a, in.Paging, func(tx *store.Tx, page store.Page) (items []Credential, next string, err error) {
		list, next, err := tx.Credentials(p.WorkspaceID, page)
		for _, c := range list {
			shown, err := a.showCredential(tx, p, c)
			if err != nil {
				return nil, "", err
			}
			items = append(items, shown)
		}
		return items, next, err
	})
}

func (a *API) getCredential(ctx context.Context, p auth.Principal, in *CredentialPath) (*credentialOutput, error) {
	var out credentialOutput
	err := a.Store.View(ctx, func(tx *store.Tx) error {
		c, err := tx.Credential(p.WorkspaceID, in.Credential)
		if err != nil {
			return err
		}
		out.Body, err = a.showCredential(tx, p, c)
		return err
	})
	return &out, err
}

// credentialAfter shows a credential after it was changed.
func (a *API) credentialAfter(ctx context.Context, p auth.Principal, c bursar.Credential, err error) (*credentialOutput, error) {
	if err != nil {
		return nil, err
	}
	var out credentialOutput
	err = a.Store.View(ctx, func(tx *store.Tx) (err error) { out.Body, err = a.showCredential(tx, p, c); return err })
	return &out, err
}

// NewSecretKey is an access key: its parts, or a text that has them.
type NewSecretKey struct {
	AccessKeyID     string        `json:"access_key_id,omitempty" doc:"AKIA… of a user, ASIA… of a session. It does not come back whole: the last four characters are shown."`
	SecretAccessKey bursar.Secret `json:"secret_access_key,omitempty" doc:"Its secret: 40 characters. It never comes back."`
	SessionToken    bursar.Secret `json:"session_token,omitempty" doc:"With ASIA… alone: the session token. It never comes back."`
	ExpiresAt       time.Time     `json:"expires_at,omitempty" doc:"When the session token ends; absent: 36 hours from now, which is the longest."`
	Paste           bursar.Secret `json:"paste,omitempty" doc:"Instead of the parts: shell lines, a section of a credentials file, the JSON of an AWS command, or the CSV of the IAM console."`
	Profile         string        `json:"profile,omitempty" doc:"Which profile of a pasted credentials file."`
	Untried         bool          `json:"untried,omitempty" doc:"Do not ask AWS whose the key is before it is stored. That is free."`
}

// key reads the parts, or the text that has them.
func (n NewSecretKey) key() (paste.Key, error) {
	if n.Paste.IsZero() {
		return paste.Key{ID: n.AccessKeyID, Secret: n.SecretAccessKey, Token: n.SessionToken, ExpiresAt: n.ExpiresAt.UTC()}, nil
	}
	if n.AccessKeyID != "" || !n.SecretAccessKey.IsZero() || !n.SessionToken.IsZero() {
		return paste.Key{}, bursar.InvalidField("paste", "the key is given twice: in parts, and as a text").WithReason("key_twice").WithHint("give one of the two")
	}
	k, err := paste.Read(n.Paste.Reveal(), n.Profile)
	if !n.ExpiresAt.IsZero() {
		k.ExpiresAt = n.ExpiresAt.UTC()
	}
	return k, err
}

// NewCredential is what a caller says to store a credential.
type NewCredential struct {
	NewSecretKey
	Name        string `json:"name" doc:"Its name, unique in the workspace. Everybody in the workspace may see it."`
	Description string `json:"description,omitempty" doc:"What it is for."`
	Region      string `json:"region,omitempty" doc:"Where STS is asked; it says which AWS cloud the key is of. Absent: us-east-1. Cost Explorer is always asked in its own region."`
	AccountID   string `json:"account_id,omitempty" doc:"The account that it must be in: 12 digits. Absent: whichever it is in."`
	Account     string `json:"account,omitempty" doc:"Instead of a key: a registered account (acc_… or 12 digits), whose role it then is. Preferred: nothing secret is stored, and nothing ends."`
}

func (a *API) addCredential(ctx context.Context, p auth.Principal, in *struct{ Body NewCredential }) (*credentialOutput, error) {
	n := in.Body
	k, err := n.key()
	if err != nil {
		return nil, err
	}
	c, err := a.Credentials.Add(ctx, credential.New{
		WorkspaceID: p.WorkspaceID, Name: n.Name, Description: n.Description, Region: n.Region, AccountID: n.AccountID, Account: n.Account, Key: k, Untried: n.Untried,
	})
	return a.credentialAfter(ctx, p, c, err)
}

// NewCredentialChange is what may change of a credential beside its key.
type NewCredentialChange struct {
	Name        *string `json:"name,omitempty" doc:"Its new name."`
	Description *string `json:"description,omitempty" doc:"What it is for."`
	Region      *string `json:"region,omitempty" doc:"Where STS is asked: a region of the same AWS cloud."`
	AccountID   *string `json:"account_id,omitempty" doc:"The account that it must be in: 12 digits; empty for whichever it is in."`
}

func (a *API) changeCredential(ctx context.Context, p auth.Principal, in *struct {
	CredentialPath
	Body NewCredentialChange
},
) (*credentialOutput, error) {
	c, err := a.Credentials.Change(ctx, p.WorkspaceID, in.Credential, credential.Change{Name: in.Body.Name, Description: in.Body.Description, Region: in.Body.Region, AccountID: in.Body.AccountID})
	return a.credentialAfter(ctx, p, c, err)
}

func (a *API) rotateCredential(ctx context.Context, p auth.Principal, in *struct {
	CredentialPath
	Body NewSecretKey
},
) (*credentialOutput, error) {
	k, err := in.Body.key()
	if err != nil {
		return nil, err
	}
	c, err := a.Credentials.Rotate(ctx, p.WorkspaceID, in.Credential, k, in.Body.Untried)
	return a.credentialAfter(ctx, p, c, err)
}

func (a *API) deleteCredential(ctx context.Context, p auth.Principal, in *CredentialPath) (*doneOutput, error) {
	return &doneOutput{Body: Done{in.Credential}}, a.Credentials.Delete(ctx, p.WorkspaceID, in.Credential)
}

// NewCredentialCheck says what a check may cost.
type NewCredentialCheck struct {
	MaxUSD string `json:"max_usd,omitempty" doc:"What trying may cost at the most, in US dollars. Absent or 0: nothing is tried that costs something. The report of a free check says what trying the rest costs."`
}

// tryingTime is how long a check that tries each action may take: they are asked one by one.
const tryingTime = 2 * time.Minute

// patiently gives a route more time.
func patiently(o *huma.Operation) { o.BodyReadTimeout = tryingTime }

func (a *API) checkCredential(ctx context.Context, p auth.Principal, in *struct {
	CredentialPath
	Body NewCredentialCheck
},
) (*credentialOutput, error) {
	most := bursar.Decimal{}
	if in.Body.MaxUSD != "" {
		var err error
		if most, err = bursar.ParseDecimal(in.Body.MaxUSD); err != nil || most.Sign() < 0 {
			return nil, bursar.InvalidField("max_usd", "it is no amount").WithReason("amount_malformed").WithHint("write it like \"0.19\"")
		}
	}
	c, err := a.Credentials.Check(ctx, p.WorkspaceID, in.Credential, most)
	return a.credentialAfter(ctx, p, c, err)
}

// CredentialPolicy is the least policy for a credential.
type CredentialPolicy struct {
	Policy string `json:"policy" doc:"An IAM policy, JSON: what bursar's Cost Explorer streams do, and no more."`
}

type credentialPolicyOutput struct{ Body CredentialPolicy }

func (a *API) credentialPolicy(context.Context, auth.Principal, *struct{}) (*credentialPolicyOutput, error) {
	return &credentialPolicyOutput{CredentialPolicy{permission.CostExplorerPolicy("arn:aws:iam::*:user/${aws:username}")}}, nil
}

// credentialRoutes are about credentials.
func (a *API) credentialRoutes() {
	tag := "Credentials"
	handle(a, "GET /api/v1/credentials", auth.ReadCredentials, a.listCredentials, about{"listCredentials", tag, http.StatusOK, "List the credentials, by name, with their status and what uses them. Nothing secret is shown."})
	handle(a, "POST /api/v1/credentials", auth.ManageCredentials, a.addCredential, about{"addCredential", tag, http.StatusCreated, "Store a credential: the role of a registered account, which is preferred, or an access key. A key is looked at, and AWS is asked whose it is, which is free; root's is refused. What is secret is sealed and never comes back."})
	handle(a, "GET /api/v1/credentials/{credential}", auth.ReadCredentials, a.getCredential, about{"getCredential", tag, http.StatusOK, "Show a credential, with what the last check saw."})
	handle(a, "PATCH /api/v1/credentials/{credential}", auth.ManageCredentials, a.changeCredential, about{"changeCredential", tag, http.StatusOK, "Rename a credential, or describe and place it anew. What is left out stays as it is."})
	handle(a, "DELETE /api/v1/credentials/{credential}", auth.ManageCredentials, a.deleteCredential, about{"deleteCredential", tag, http.StatusOK, "Delete a credential with what is secret of it. One that is in use is refused, with the list of its users."})
	handle(a, "POST /api/v1/credentials/{credential}/rotate", auth.ManageCredentials, a.rotateCredential, about{"rotateCredential", tag, http.StatusOK, "Replace the access key of a credential. The new one is tried first, and until it works the old one counts; what uses the credential goes on."})
	handle(a, "POST /api/v1/credentials/{credential}/check", auth.ManageCredentials, a.checkCredential, about{"checkCredential", tag, http.StatusOK, "Check a credential: whose it is, where, and what it may do, action by action. That is free; max_usd lets each action be tried, for that much at the most."}, patiently)
	handle(a, "GET /api/v1/sealing-keys", auth.ManageSealing, a.listSealingKeys, about{"listSealingKeys", tag, http.StatusOK, "List the keys that stored secrets are sealed with, and how many need each. In the installation's first workspace only."})
	handle(a, "POST /api/v1/sealing-keys:rotate", auth.ManageSealing, a.rotateSealingKeys, about{"rotateSealingKeys", tag, http.StatusAccepted, "Start a run that wraps every stored secret with a fresh key, while everything goes on. In the installation's first workspace only."})
	handle(a, "GET /api/v1/credential-policy", auth.ReadCredentials, a.credentialPolicy, about{"credentialPolicy", tag, http.StatusOK, "Write the least policy for the user whose key is to be a credential."})
}
