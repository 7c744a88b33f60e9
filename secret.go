package bursar

import (
	"fmt"
	"io"
	"log/slog"
	"regexp"
)

const redacted = "[redacted]"

// Secret is a text that cannot be printed, logged or marshalled: every way of turning it into text but
// [Secret.Reveal] gives "[redacted]". The zero value is the empty secret.
type Secret struct{ value string }

// NewSecret wraps a text.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal returns the text. Call it only where the secret is used: a signer, a hash, a seal.
func (s Secret) Reveal() string { return s.value }

// IsZero says whether there is no secret.
func (s Secret) IsZero() bool { return s.value == "" }

// String returns "[redacted]".
func (s Secret) String() string { return redacted }

// Format writes "[redacted]" whatever the verb: %d and %x of a plain struct would show its fields.
func (s Secret) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, redacted) }

// LogValue returns "[redacted]", for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]", for JSON, YAML and XML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText takes a secret in, from a configuration file or a request.
func (s *Secret) UnmarshalText(text []byte) error {
	s.value = string(text)
	return nil
}

// ours are what API keys, sessions, invitations and external ids look like, wherever they stand.
var ours = regexp.MustCompile(`\b(bur|bus|bui)_[0-9A-Za-z_]{40,}|\bbur-[0-9a-z]{26}\b`)

// Redact returns a text that came from outside with everything in it replaced that looks like a secret of bursar's: people paste keys
// into addresses and names.
func Redact(text string) string { return ours.ReplaceAllString(text, redacted) }
