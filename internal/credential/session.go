package credential

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/store"
)

// Usable returns a credential that may be used now. One whose session token has ended is a Conflict with the reason credential_expired:
// whoever would use it waits for a new token. One that is root's is never used, nor is a role that was found insecure.
func (s *Service) Usable(tx *store.Tx, workspaceID, id string) (bursar.Credential, error) {
	c, err := tx.Credential(workspaceID, id)
	if err != nil {
		return c, err
	}
	if c.Expired(s.now()) {
		return c, bursar.Errorf(bursar.Conflict, "the session token of the credential \"%s\" ended at %s", c.Name, c.ExpiresAt.Format(time.RFC3339)).WithReason("credential_expired").
			WithHint("rotate it with a new token (\"bursar credential rotate\"); what uses it goes on by itself then. A role, or the key of a user, does not end")
	}
	if c.Report != nil && slices.ContainsFunc(c.Report.Findings, func(f bursar.Finding) bool { return f.Code == codeRoot }) {
		return c, rootKey(c.Report.AccountID)
	}
	if c.Kind == bursar.CredentialRole {
		return c, secure(tx, c)
	}
	return c, nil
}

// secure refuses the role of an account that can be assumed without the right external id.
func secure(tx *store.Tx, c bursar.Credential) error {
	newest, err := tx.NewestFindings(c.WorkspaceID, c.Account)
	if err == nil && slices.ContainsFunc(newest, func(f bursar.Finding) bool { return f.Code == bursar.CodeInsecureTrust }) {
		return bursar.Errorf(bursar.Conflict, "the role of account %s can be assumed without the right external id", c.AccountID).WithReason(bursar.CodeInsecureTrust).
			WithHint("mend its trust policy first: the account's findings say how")
	}
	return err
}

// Session opens a session with a credential. Each time that a key is opened stands in the audit log with its purpose ("source src_…"). An
// error of AWS has a reason of the list that checks have.
func (s *Service) Session(ctx context.Context, workspaceID, id, purpose string) (*awsapi.Session, error) {
	var c bursar.Credential
	var a bursar.Account
	var row store.Secret
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if c, err = s.Usable(tx, workspaceID, id); err != nil {
			return err
		}
		if c.Kind == bursar.CredentialRole {
			a, err = tx.Account(workspaceID, c.Account)
			return err
		}
		row, err = tx.Secret(workspaceID, c.ID, keyField, c.SecretVersion)
		return err
	})
	if err != nil {
		return nil, err
	}
	if c.Kind == bursar.CredentialRole {
		session, err := s.AWS.Session(ctx, awsapi.AssumeRequest{
			WorkspaceID: workspaceID, AccountID: a.AccountID, Capability: bursar.CapAccess, RecordID: a.ID, RoleARN: a.RoleARN, ExternalID: a.ExternalID, Region: c.Region,
		})
		if err != nil {
			return nil, s.explain(c, err)
		}
		return session, nil
	}
	key, err := s.open(ctx, c, row, purpose)
	if err != nil {
		return nil, err
	}
	return s.AWS.WithKey(key, c.Partition, c.Region)
}

// open opens a key, with a line in the audit log before anybody has it.
func (s *Service) open(ctx context.Context, c bursar.Credential, row store.Secret, purpose string) (k awsapi.AccessKey, err error) {
	change := store.Change{WorkspaceID: c.WorkspaceID, Action: "openCredential", Target: c.ID, After: map[string]string{"purpose": purpose}}
	body, err := OpenRow(ctx, s.Sealer, row)
	if err != nil {
		change.Outcome, change.Reason = bursar.OutcomeFailed, reasonOf(err)
	}
	if kept := s.Audit.Add(ctx, change); err != nil || kept != nil {
		return k, first(err, kept)
	}
	var v stored
	if err := json.Unmarshal([]byte(body.Reveal()), &v); err != nil {
		return k, bursar.Errorf(bursar.Internal, "what was sealed for the credential %s is no access key", c.ID)
	}
	return awsapi.AccessKey{ID: v.ID, Secret: bursar.NewSecret(v.Secret), Token: bursar.NewSecret(v.Token)}, nil
}

// identity asks AWS whose a key is: GetCallerIdentity is free and needs no permission. Root's key, and one in another account than the
// credential's, are refused.
func (s *Service) identity(ctx context.Context, c bursar.Credential, k awsapi.AccessKey) (awsapi.Identity, error) {
	session, err := s.AWS.WithKey(k, c.Partition, c.Region)
	if err != nil {
		return awsapi.Identity{}, err
	}
	id, err := session.Identity(ctx)
	switch {
	case err != nil:
		return id, s.explain(c, err)
	case id.IsRoot():
		return id, rootKey(id.AccountID)
	case c.AccountID != "" && c.AccountID != id.AccountID:
		return id, wrongAccount(c.AccountID, id.AccountID)
	}
	return id, nil
}

const codeRoot = "root_key"

func rootKey(account string) error {
	return bursar.InvalidField("access_key_id", "this is the key of the root user of account %s", account).WithReason(codeRoot).
		WithHint("delete it in AWS (My security credentials): it may do everything and cannot be confined. Use the role of a registered account, or the key of a user that may do no more than it needs")
}

// troubles are what AWS says of a key, by its code.
var troubles = []struct{ codes, reason, message, hint string }{
	{"InvalidClientTokenId UnrecognizedClientException UnrecognizedClient InvalidAccessKeyId InvalidToken", "key_unknown", "AWS does not know the access key", "look whether it was copied whole, and in IAM whether it was deleted or switched off; a key of AWS China or GovCloud needs a region of there"},
	{"SignatureDoesNotMatch InvalidSignatureException", "secret_wrong", "the secret access key does not belong to the access key id", "copy both from the same key; AWS shows the secret once, so make another key if it is lost"},
	{"ExpiredToken ExpiredTokenException RequestExpired ExpiredTokenId TokenRefreshRequired", "key_expired", "the session token has ended", "get a new one, and paste all three values of it"},
}

// explain turns an error of AWS into one for people. AWS's own words may name identities of the account: they are kept for the log.
func (s *Service) explain(c bursar.Credential, err error) error {
	e := explained(c, awsapi.Classify(err))
	e.Err = err
	return e
}

func explained(c bursar.Credential, cause awsapi.Cause) *bursar.Error {
	for _, t := range troubles {
		if cause.Class != awsapi.ClockSkew && cause.Code != "" && slices.Contains(strings.Fields(t.codes), cause.Code) && c.Kind == bursar.CredentialAccessKey {
			return bursar.InvalidField("access_key_id", "%s", t.message).WithReason(t.reason).WithHint("%s", t.hint)
		}
	}
	switch cause.Class {
	case awsapi.ClockSkew:
		return bursar.Errorf(bursar.Unavailable, "the clock of the machine that runs bursar is off").WithReason("clock_skew").WithHint("set it, best by NTP, and try again")
	case awsapi.Throttled, awsapi.Unreachable:
		return bursar.Errorf(bursar.Unavailable, "AWS did not answer").WithReason(string(cause.Class)).WithHint("try again; look at the network between bursar and AWS")
	}
	if c.Kind == bursar.CredentialRole {
		return bursar.Errorf(bursar.Conflict, "the role of account %s cannot be assumed", c.AccountID).WithReason(string(cause.Class)).WithHint("check the account: its findings say what is wrong and what to do")
	}
	return bursar.Errorf(bursar.Conflict, "AWS refuses the credential \"%s\"", c.Name).WithReason(string(cause.Class)).WithHint("check the credential (\"bursar credential check\"): it says what is wrong")
}
