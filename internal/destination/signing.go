package destination

import (
	"crypto/rand"
	"encoding/base64"
	"strings"

	"github.com/bursarhq/bursar"
)

// signingPrefix is how signing secrets begin (Standard Webhooks, Signature scheme).
const signingPrefix = "whsec_"

// NewSigningSecret makes a signing secret of 256 random bits.
func NewSigningSecret() bursar.Secret {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails
	return bursar.NewSecret(signingPrefix + base64.StdEncoding.EncodeToString(key))
}

// SigningKey reads a signing secret: 24 to 64 bytes in Base64 after whsec_.
func SigningKey(s bursar.Secret) ([]byte, error) {
	text, ours := strings.CutPrefix(s.Reveal(), signingPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	if !ours || err != nil || len(key) < 24 || len(key) > 64 {
		return nil, bursar.InvalidField("secret", "it is no signing secret").WithReason("secret_malformed").WithHint("leave it out, and bursar makes one; or give whsec_ and 24 to 64 bytes in Base64")
	}
	return key, nil
}
