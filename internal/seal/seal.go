// Package seal keeps secrets on disk so that the disk alone tells nothing: envelope encryption with AES-256-GCM.
//
// Each version of a secret has a data key of its own, 32 random bytes. The data key is wrapped by a [Wrapper], whose own key never lies
// beside what it protects: a keyring file (package local), AWS KMS (awskms) or Vault's Transit engine (transit). A [Sealed] is bound to
// its [Scope]: one that is copied to another workspace, owner, field or version does not open.
//
// What is sealed by one wrapper is opened by the same, wherever new secrets are sealed: a [Sealer] can hold several, and
// [Sealer.Rewrap] moves a secret to the one in use without its text being touched.
package seal

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/bursarhq/bursar"
)

// Scope says where a secret belongs. All of it is authenticated, none of it is kept in the [Sealed].
type Scope struct {
	Workspace string // "ws_…"
	Owner     string // id of what the secret belongs to: "crd_…", "dst_…"
	Field     string // which of its secrets: "access_key", "password"
	Version   int    // 1 for the first; every rotation counts on
}

// Wrapper encrypts data keys with a key of its own. Implementations are safe for concurrent use, and pass package sealtest.
type Wrapper interface {
	// Kind is what the ids of its keys begin with, before a colon: "local", "awskms", "transit".
	Kind() string
	// KeyID names the key that Wrap uses now: "local:k3q…".
	KeyID() string
	// Wrap encrypts a data key of 32 bytes, bound to a scope. The id names the key that did it.
	Wrap(ctx context.Context, dataKey []byte, bound Scope) (wrapped []byte, keyID string, err error)
	// Unwrap decrypts what Wrap gave for the same scope. A key that is not there is the reason sealing_key_missing; anything that is
	// wrong with wrapped or the scope is [Unreadable]; a service that does not answer is Unavailable.
	Unwrap(ctx context.Context, keyID string, wrapped []byte, bound Scope) ([]byte, error)
}

// Sealer seals and opens secrets. It is safe for concurrent use.
type Sealer struct {
	primary Wrapper
	byKind  map[string]Wrapper
	random  io.Reader
}

// New makes a sealer that seals with the primary wrapper, and opens what it or one of the others has sealed.
func New(primary Wrapper, others ...Wrapper) *Sealer {
	s := &Sealer{primary: primary, byKind: map[string]Wrapper{}, random: rand.Reader}
	for _, w := range append(others, primary) {
		s.byKind[w.Kind()] = w
	}
	return s
}

// KeyID names the key that new secrets are sealed with.
func (s *Sealer) KeyID() string { return s.primary.KeyID() }

// Seal encrypts a secret for its place. A secret that is empty, or a scope that lacks a part, is an Internal error: our mistake.
func (s *Sealer) Seal(ctx context.Context, at Scope, secret bursar.Secret) (Sealed, error) {
	if err := at.check(); err != nil {
		return nil, err
	}
	if secret.IsZero() {
		return nil, bursar.Errorf(bursar.Internal, "an empty secret was about to be sealed")
	}
	dataKey, nonce := make([]byte, KeySize), make([]byte, nonceSize)
	defer clear(dataKey)
	if _, err := io.ReadFull(s.random, dataKey); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(s.random, nonce); err != nil {
		return nil, err
	}
	wrapped, keyID, err := s.primary.Wrap(ctx, dataKey, at)
	if err != nil {
		return nil, err
	}
	aead, err := gcm(dataKey)
	if err != nil {
		return nil, err
	}
	text := []byte(secret.Reveal())
	defer clear(text)
	return encode(envelope{keyID, wrapped, nonce, aead.Seal(nil, nonce, text, at.additional())})
}

// Open decrypts a secret. What was sealed for another place, or was changed, is [Unreadable]; a key that is not there has the reason
// sealing_key_missing.
func (s *Sealer) Open(ctx context.Context, at Scope, sealed Sealed) (bursar.Secret, error) {
	e, dataKey, err := s.unwrap(ctx, at, sealed)
	if err != nil {
		return bursar.Secret{}, err
	}
	defer clear(dataKey)
	aead, err := gcm(dataKey)
	if err != nil {
		return bursar.Secret{}, err
	}
	text, err := aead.Open(nil, e.nonce, e.text, at.additional())
	if err != nil {
		return bursar.Secret{}, Unreadable()
	}
	defer clear(text)
	return bursar.NewSecret(string(text)), nil
}

// Rewrap wraps the data key of a secret with the key in use. The secret itself is not decrypted, and the old Sealed still opens.
func (s *Sealer) Rewrap(ctx context.Context, at Scope, sealed Sealed) (Sealed, error) {
	e, dataKey, err := s.unwrap(ctx, at, sealed)
	if err != nil {
		return nil, err
	}
	defer clear(dataKey)
	if e.wrapped, e.keyID, err = s.primary.Wrap(ctx, dataKey, at); err != nil {
		return nil, err
	}
	return encode(e)
}

func (s *Sealer) unwrap(ctx context.Context, at Scope, sealed Sealed) (envelope, []byte, error) {
	e, err := decode(sealed)
	if err != nil {
		return e, nil, err
	}
	kind, _, _ := strings.Cut(e.keyID, ":")
	w := s.byKind[kind]
	if w == nil {
		return e, nil, MissingKey(e.keyID)
	}
	dataKey, err := w.Unwrap(ctx, e.keyID, e.wrapped, at)
	if err == nil && len(dataKey) != KeySize {
		err = Unreadable()
	}
	return e, dataKey, err
}

// KeySize is the size of data keys and of local keys, in bytes.
const KeySize = 32

const nonceSize = 12

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func (at Scope) check() error {
	if at.Workspace == "" || at.Owner == "" || at.Field == "" || at.Version < 1 {
		return bursar.Errorf(bursar.Internal, "a secret was about to be sealed for no place")
	}
	return nil
}

// additional is the data that is authenticated with a secret's text.
func (at Scope) additional() []byte { return at.Bound("bursar/secret/1") }

// Bound writes a scope without ambiguity, for a purpose: the length of each part, as 32 bits, before it; then the version, as 64.
func (at Scope) Bound(purpose string) []byte {
	var b []byte
	for _, part := range []string{purpose, at.Workspace, at.Owner, at.Field} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part)))
		b = append(b, part...)
	}
	return binary.BigEndian.AppendUint64(b, uint64(at.Version))
}

// Context writes a scope as names and values, for key services that take those. They hold ids and nothing secret: AWS writes them into
// CloudTrail.
func (at Scope) Context() map[string]string {
	return map[string]string{"bursar:workspace": at.Workspace, "bursar:owner": at.Owner, "bursar:field": at.Field, "bursar:version": strconv.Itoa(at.Version)}
}

// Unreadable is the one error of whatever does not open, so that nobody learns why.
func Unreadable() error {
	return bursar.Errorf(bursar.Conflict, "the stored secret cannot be opened: it was sealed with another key, for another place, or was changed").WithReason("secret_unreadable").
		WithHint("bring back the keys that belong to this data, or store the secret anew (\"bursar credential rotate\")")
}

// MissingKey is the error of a secret whose key is not there.
func MissingKey(keyID string) error {
	e := bursar.Errorf(bursar.Conflict, "the key %s, which stored secrets are sealed with, is not there", keyID).WithReason("sealing_key_missing")
	switch kind, _, _ := strings.Cut(keyID, ":"); kind {
	case "local":
		return e.WithHint("put the keyring file that belongs to this data back in its place (setting keyring): it is in encrypted backups, and in no others")
	case "awskms":
		return e.WithHint("set kms_key to this key, and let bursar's own identity use it (kms:Encrypt, kms:Decrypt, kms:DescribeKey)")
	case "transit":
		return e.WithHint("set transit_addr, transit_mount and transit_key to where it is")
	}
	return e.WithHint("use the bursar that sealed them")
}

// IsMissingKey says whether an error is that of [MissingKey].
func IsMissingKey(err error) bool { return hasReason(err, "sealing_key_missing") }

// IsUnreadable says whether an error is that of [Unreadable].
func IsUnreadable(err error) bool { return hasReason(err, "secret_unreadable") }

func hasReason(err error, reason string) bool {
	var e *bursar.Error
	return errors.As(err, &e) && e.Reason == reason
}
