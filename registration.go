package bursar

import (
	"crypto/rand"
	"strings"
)

// RolePath is the IAM path of every role that bursar's templates create, so that bursar's own identity can be
// limited to arn:aws:iam::*:role/bursar/*.
const RolePath = "/bursar/"

// NewExternalID returns a fresh external id: "bur-" and 26 characters of base 32, 130 random bits.
// AWS asks the vendor to generate it, one for each customer account:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html.
func NewExternalID() string { return "bur-" + strings.ToLower(rand.Text()) }

// MemberExternalID derives the external id of one account that a StackSet of the base id's account reaches:
// the base id, a dot and the account id.
func MemberExternalID(base, accountID string) string { return base + "." + accountID }

// NewRoleName returns a fresh name for an access role: "bursar-" and 10 random characters, so that two
// installations, or two workspaces, never collide in one account.
func NewRoleName() string { return "bursar-" + strings.ToLower(rand.Text()[:10]) }

// ExportRoleName names the role that reads the billing exports of the account whose access role is given. IAM takes names of at
// most 64 characters.
func ExportRoleName(accessRole string) string {
	const suffix = "-export"
	return accessRole[:min(len(accessRole), 64-len(suffix))] + suffix
}
