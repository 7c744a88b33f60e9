package bursar

import (
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// CredentialKind says what a credential is made of.
type CredentialKind string

// The kinds of credential. A role is preferred: bursar then stores no secret of AWS's at all.
const (
	CredentialRole      CredentialKind = "role"       // the access role of a registered account
	CredentialAccessKey CredentialKind = "access_key" // an access key, sealed
)

// The longest texts of a credential, in characters.
const (
	MaxCredentialName        = 100
	MaxCredentialDescription = 1000
)

// Credential is a named way into AWS that sources and destinations use. It holds no secret: that is sealed, and never comes back.
type Credential struct {
	ID            string            `json:"id"` // "crd_…"
	WorkspaceID   string            `json:"-"`
	Name          string            `json:"name"`
	Description   string            `json:"description,omitempty"`
	Kind          CredentialKind    `json:"kind"`
	Partition     Partition         `json:"partition"`
	Region        string            `json:"region"`               // where STS and what has no region of its own are asked. Cost Explorer has one region in each partition
	Account       string            `json:"account,omitempty"`    // the Account's ID ("acc_…") whose role it is; "" for an access key
	AccountID     string            `json:"account_id,omitempty"` // 12 digits: the account that it must be in. "" until somebody says, or a check sees, which
	KeyHint       string            `json:"key_hint,omitempty"`   // the last four characters of the access key id
	Temporary     bool              `json:"temporary,omitempty"`  // it has a session token
	ExpiresAt     time.Time         `json:"expires_at,omitzero"`  // when the session token ends; zero for none, and where nobody said
	SecretVersion int               `json:"secret_version"`       // 1 for the first; 0 for a role
	SecretAt      time.Time         `json:"secret_at,omitzero"`   // when this version was stored: its age counts from here
	Report        *CredentialReport `json:"report,omitempty"`     // what the last check saw
	CreatedAt     time.Time         `json:"created_at"`
	UpdatedAt     time.Time         `json:"updated_at"`
	Version       int64             `json:"version"` // grows with every change
}

// CredentialStatus is how a credential stands.
type CredentialStatus string

// The statuses of a credential, derived and never stored.
const (
	CredentialUnchecked CredentialStatus = "unchecked" // nobody has asked AWS yet
	CredentialOK        CredentialStatus = "ok"
	CredentialAttention CredentialStatus = "attention" // works, with something to mend
	CredentialFailed    CredentialStatus = "failed"
	CredentialExpiring  CredentialStatus = "expiring" // its session token ends soon
	CredentialExpired   CredentialStatus = "expired"  // what uses it is paused
)

// CredentialWarning is how long before its end a session token is warned of: two hours, or a quarter of its life when that is less.
const CredentialWarning = 2 * time.Hour

// Status derives how a credential stands at a time.
func (c Credential) Status(now time.Time) CredentialStatus {
	switch {
	case c.Expired(now):
		return CredentialExpired
	case c.Report == nil:
		return c.unlessExpiring(CredentialUnchecked, now)
	}
	status := CredentialOK
	for _, f := range c.Report.Findings {
		switch f.Status {
		case StatusFailed:
			return CredentialFailed
		case StatusWarning, StatusUnknown:
			status = CredentialAttention
		}
	}
	return c.unlessExpiring(status, now)
}

func (c Credential) unlessExpiring(s CredentialStatus, now time.Time) CredentialStatus {
	if c.ExpiresAt.IsZero() {
		return s
	}
	if now.Before(c.ExpiresAt.Add(-min(CredentialWarning, c.ExpiresAt.Sub(c.SecretAt)/4))) {
		return s
	}
	return CredentialExpiring
}

// Expired says whether a credential's session token has ended. What uses it waits for a new one.
func (c Credential) Expired(now time.Time) bool {
	return !c.ExpiresAt.IsZero() && !now.Before(c.ExpiresAt)
}

// CredentialReport is what a check of a credential saw.
type CredentialReport struct {
	CheckedAt      time.Time    `json:"checked_at"`
	AccountID      string       `json:"account_id,omitempty"` // 12 digits: where AWS says it is
	ARN            string       `json:"arn,omitempty"`        // as GetCallerIdentity says it
	Kind           Kind         `json:"account_kind,omitempty"`
	PayerID        string       `json:"payer_id,omitempty"`
	Findings       []Finding    `json:"findings"`
	Permissions    []Permission `json:"permissions,omitempty"`
	MissingPolicy  string       `json:"missing_policy,omitempty"` // the least policy that grants what is missing, JSON; "" when nothing is
	PaidRequests   int          `json:"paid_requests,omitempty"`  // sent by this check
	PaidUSD        Decimal      `json:"paid_usd,omitzero"`        // what they cost, by AWS's price list
	Unprobed       int          `json:"unprobed,omitempty"`       // paid actions that were not tried
	UnprobedMaxUSD Decimal      `json:"unprobed_max_usd,omitzero"`
}

// PermissionState says whether an action may be done.
type PermissionState string

// The states of a permission.
const (
	PermissionAllowed    PermissionState = "allowed"
	PermissionDenied     PermissionState = "denied"
	PermissionNotEnabled PermissionState = "not_enabled" // allowed perhaps, but the service was never switched on, or is the payer's alone
	PermissionUnknown    PermissionState = "unknown"
)

// Permission is what is known of one action.
type Permission struct {
	Action   string          `json:"action"` // "ce:GetCostAndUsage"
	For      string          `json:"for"`    // what bursar does with it
	State    PermissionState `json:"state"`
	DeniedBy string          `json:"denied_by,omitempty"` // identity, organization, boundary, session, resource; "" where AWS does not say
	Proof    string          `json:"proof"`               // how it is known: simulated, tried, or none
	Reason   string          `json:"reason,omitempty"`    // AWS's own words
	Remedy   string          `json:"remedy,omitempty"`
	USD      Decimal         `json:"usd,omitzero"` // what one request of it costs
}

// CredentialUser is something that uses a credential.
type CredentialUser struct {
	Kind string `json:"kind"` // source, destination, account
	ID   string `json:"id"`
	Name string `json:"name"`
}

// maxToken is longer than any session token of AWS, in bytes.
const maxToken = 8192

var keyIDPattern = regexp.MustCompile(`^(AKIA|ASIA)[A-Z0-9]{16}$`)

// CheckAccessKey says what is wrong with the shape of an access key, without asking anybody; nil when nothing is. Keys of users begin with
// AKIA and have no session token, temporary ones with ASIA and have one.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
func CheckAccessKey(keyID string, secret, token Secret) error {
	switch prefix := keyID[:min(4, len(keyID))]; {
	case keyID == "":
		return InvalidField("access_key_id", "it is missing").WithReason("missing").WithHint("paste the access key id: it begins with AKIA, or with ASIA when it is temporary")
	case strings.HasPrefix(prefix, "A") && prefix != "AKIA" && prefix != "ASIA" && len(keyID) > 15 && awsID[prefix] != "":
		return InvalidField("access_key_id", "this is the id of %s and not of an access key", awsID[prefix]).WithReason("access_key_id_malformed").WithHint("an access key id begins with AKIA or ASIA")
	case !keyIDPattern.MatchString(keyID):
		return InvalidField("access_key_id", "this is not an access key id of AWS").WithReason("access_key_id_malformed").
			WithHint("it begins with AKIA or ASIA and has 20 capital letters and digits; look whether something is missing at the ends, or whether it is the secret")
	case secret.IsZero():
		return InvalidField("secret_access_key", "it is missing").WithReason("missing").WithHint("AWS shows it once, when the key is made; if it is lost, make another key")
	case !secretPattern.MatchString(secret.Reveal()):
		return InvalidField("secret_access_key", "this is not a secret access key of AWS: it has %d characters", utf8.RuneCountInString(secret.Reveal())).WithReason("secret_access_key_malformed").
			WithHint("it has 40 letters, digits, + and /; look whether something is missing at the ends, or whether spaces came along")
	case prefix == "ASIA" && token.IsZero():
		return InvalidField("session_token", "a temporary key (ASIA…) needs its session token").WithReason("session_token_missing").
			WithHint("paste all three values: key id, secret and session token. For lasting access use a role, or the key of a user (AKIA…)")
	case prefix == "AKIA" && !token.IsZero():
		return InvalidField("session_token", "the key of a user (AKIA…) has no session token").WithReason("session_token_unexpected").
			WithHint("leave the token out, or paste the temporary key (ASIA…) that belongs to it")
	case !token.IsZero() && (len(token.Reveal()) > maxToken || !tokenPattern.MatchString(token.Reveal())):
		return InvalidField("session_token", "this is not a session token of AWS").WithReason("session_token_malformed").WithHint("it is one line of base64; look whether it was cut off or broken into lines")
	}
	return nil
}

var (
	secretPattern = regexp.MustCompile(`^[A-Za-z0-9/+=]{40}$`)
	tokenPattern  = regexp.MustCompile(`^[A-Za-z0-9/+=_-]{16,}$`)
)

// awsID says what else begins like an access key id.
var awsID = map[string]string{
	"AIDA": "a user", "AROA": "a role", "AGPA": "a group", "AIPA": "an instance profile", "ANPA": "a policy", "ANVA": "a policy's version",
	"APKA": "a public key", "ASCA": "a certificate", "ABIA": "a service's bearer token", "ACCA": "a context credential",
}

// CheckCredentialName says what is wrong with a name; nil when it has 1 to [MaxCredentialName] printable characters and no space at either end.
func CheckCredentialName(name string) error {
	switch {
	case name == "":
		return InvalidField("name", "the name is empty").WithReason("name_empty").WithHint("give the credential a name that people will recognise")
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return InvalidField("name", "the name holds a control character").WithReason("name_malformed").WithHint("use printable characters")
	case strings.TrimSpace(name) != name:
		return InvalidField("name", "the name begins or ends with a space").WithReason("name_malformed").WithHint("remove it")
	case utf8.RuneCountInString(name) > MaxCredentialName:
		return InvalidField("name", "the name has %d characters", utf8.RuneCountInString(name)).WithReason("name_too_long").WithHint("use at most %d", MaxCredentialName)
	case keyIDPattern.MatchString(name) || secretPattern.MatchString(name):
		return InvalidField("name", "the name looks like an access key").WithReason("name_is_secret").WithHint("names can be seen by everybody in the workspace: choose another")
	}
	return nil
}

// CheckCredentialDescription says what is wrong with a description; nil when it has at most [MaxCredentialDescription] characters.
func CheckCredentialDescription(text string) error {
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > MaxCredentialDescription {
		return InvalidField("description", "the description is too long, or no text").WithReason("description_malformed").WithHint("use at most %d characters", MaxCredentialDescription)
	}
	return nil
}
