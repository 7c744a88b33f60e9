// Package local wraps data keys with the keys of a file, the keyring. It is the default: nothing else must be there.
//
// The keyring is JSON with one or more keys, one of which wraps; the others open what was wrapped before. It belongs outside of the
// database and of its backups' reach, with access for its owner only.
package local

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/seal"
)

// Kind is what the ids of local keys begin with.
const Kind = "local"

// Key is what may be told of a key.
type Key struct {
	ID        string // "local:…"
	CreatedAt time.Time
	Primary   bool // wraps
}

// Keyring is an open keyring file. It is safe for concurrent use within one process; one process at a time may change it.
type Keyring struct {
	path   string
	random io.Reader

	mu   sync.Mutex
	ring ring
}

const what = "bursar keyring: with it and the state database, stored credentials can be read. Keep a copy of it apart from the database."

type ring struct {
	What    string  `json:"what"`
	Version int     `json:"version"` // of the form: 1
	Primary string  `json:"primary"` // id of the key that wraps
	Keys    []entry `json:"keys"`
}

type entry struct {
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"created_at"`
	Key       string    `json:"key"` // 32 bytes, base64
}

// Open reads a keyring. One that is not there is fs.ErrNotExist; one that others than its owner may read, or that is no keyring, is an
// Invalid error that says what to do.
func Open(path string) (*Keyring, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, bursar.Errorf(bursar.Invalid, "the keyring %s can be read by others than its owner (mode %04o)", path, info.Mode().Perm()).WithReason("keyring_exposed").
			WithHint("chmod 600 %s, and think about who may have read it: \"bursar keys rotate\" replaces the keys, not the credentials", path)
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	k := &Keyring{path: path, random: rand.Reader}
	if err := json.Unmarshal(body, &k.ring); err != nil || k.ring.check() != nil { // neither error is shown: it could quote a key
		return nil, bursar.Errorf(bursar.Invalid, "%s is no whole keyring", path).WithReason("keyring_malformed").WithHint("bring it back from a copy or an encrypted backup")
	}
	return k, nil
}

// Create makes a keyring with one fresh key, in a file that must not be there yet: mode 0600, and on disk when Create returns.
func Create(path string, now time.Time) (*Keyring, error) {
	k := &Keyring{path: path, random: rand.Reader, ring: ring{What: what, Version: 1}}
	fresh, err := k.fresh(now)
	if err != nil {
		return nil, err
	}
	k.ring.Keys, k.ring.Primary = []entry{fresh}, fresh.ID
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	if err := write(f, k.ring); err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	return k, syncFolder(path)
}

func (r ring) check() error {
	if r.Version != 1 || !slices.ContainsFunc(r.Keys, func(e entry) bool { return e.ID == r.Primary }) {
		return seal.Unreadable()
	}
	for _, e := range r.Keys {
		if raw, err := base64.StdEncoding.DecodeString(e.Key); err != nil || len(raw) != seal.KeySize || e.ID == "" {
			return seal.Unreadable()
		}
	}
	return nil
}

func (k *Keyring) fresh(now time.Time) (entry, error) {
	raw := make([]byte, seal.KeySize)
	defer clear(raw)
	if _, err := io.ReadFull(k.random, raw); err != nil {
		return entry{}, err
	}
	return entry{strings.ToLower(rand.Text()[:12]), now.UTC(), base64.StdEncoding.EncodeToString(raw)}, nil
}

func write(f *os.File, r ring) error {
	body, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		_, err = f.Write(append(body, '\n'))
	}
	return errors.Join(err, f.Sync(), f.Close())
}

// replace writes the file anew: whole, or not at all.
func (k *Keyring) replace(r ring) error {
	part := k.path + ".new"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return bursar.Errorf(bursar.Conflict, "the keyring cannot be changed: %w", err).WithReason("keyring_read_only").WithHint("let bursar write the folder of %s, or change the keyring where it is made", k.path)
	}
	if err := errors.Join(write(f, r), os.Rename(part, k.path)); err != nil {
		return err
	}
	k.ring = r
	return syncFolder(k.path)
}

func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Rotate adds a fresh key that wraps from now on, unless the one in use was made at since or later: then nothing is left to do.
func (k *Keyring) Rotate(since, now time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e, ok := k.find(k.ring.Primary); ok && !e.CreatedAt.Before(since) {
		return nil
	}
	fresh, err := k.fresh(now)
	if err != nil {
		return err
	}
	r := k.ring
	r.Keys, r.Primary = append(slices.Clone(r.Keys), fresh), fresh.ID
	return k.replace(r)
}

// Forget deletes a key that wraps no more. What is sealed with it cannot be opened any more, in backups neither.
func (k *Keyring) Forget(keyID string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	id := strings.TrimPrefix(keyID, Kind+":")
	if _, ok := k.find(id); !ok {
		return bursar.Errorf(bursar.NotFound, "there is no key %s in the keyring", keyID)
	}
	if id == k.ring.Primary {
		return bursar.Errorf(bursar.Conflict, "the key %s is the one in use", keyID).WithReason("sealing_key_in_use").WithHint("rotate first: \"bursar keys rotate\"")
	}
	r := k.ring
	r.Keys = slices.DeleteFunc(slices.Clone(r.Keys), func(e entry) bool { return e.ID == id })
	return k.replace(r)
}

// Keys lists the keys, the oldest first.
func (k *Keyring) Keys() []Key {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := make([]Key, 0, len(k.ring.Keys))
	for _, e := range k.ring.Keys {
		out = append(out, Key{Kind + ":" + e.ID, e.CreatedAt, e.ID == k.ring.Primary})
	}
	return out
}

// Kind returns "local".
func (k *Keyring) Kind() string { return Kind }

// KeyID names the key that wraps.
func (k *Keyring) KeyID() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return Kind + ":" + k.ring.Primary
}

// Has says whether a key is in the keyring.
func (k *Keyring) Has(keyID string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, ok := k.find(strings.TrimPrefix(keyID, Kind+":"))
	return ok
}

func (k *Keyring) find(id string) (entry, bool) {
	i := slices.IndexFunc(k.ring.Keys, func(e entry) bool { return e.ID == id })
	if i < 0 {
		return entry{}, false
	}
	return k.ring.Keys[i], true
}

// Wrap encrypts a data key with AES-256-GCM: a nonce of 12 random bytes, then the text and its tag.
func (k *Keyring) Wrap(_ context.Context, dataKey []byte, bound seal.Scope) ([]byte, string, error) {
	keyID := k.KeyID()
	aead, err := k.cipher(keyID)
	if err != nil {
		return nil, "", err
	}
	nonce := make([]byte, aead.NonceSize())
	if _, err := io.ReadFull(k.random, nonce); err != nil {
		return nil, "", err
	}
	return aead.Seal(nonce, nonce, dataKey, additional(keyID, bound)), keyID, nil
}

// Unwrap decrypts a data key.
func (k *Keyring) Unwrap(_ context.Context, keyID string, wrapped []byte, bound seal.Scope) ([]byte, error) {
	aead, err := k.cipher(keyID)
	if err != nil {
		return nil, err
	}
	if len(wrapped) < aead.NonceSize() {
		return nil, seal.Unreadable()
	}
	nonce, text := wrapped[:aead.NonceSize()], wrapped[aead.NonceSize():]
	dataKey, err := aead.Open(nil, nonce, text, additional(keyID, bound))
	if err != nil {
		return nil, seal.Unreadable()
	}
	return dataKey, nil
}

func additional(keyID string, bound seal.Scope) []byte { return bound.Bound("bursar/wrap/1/" + keyID) }

func (k *Keyring) cipher(keyID string) (cipher.AEAD, error) {
	k.mu.Lock()
	e, ok := k.find(strings.TrimPrefix(keyID, Kind+":"))
	k.mu.Unlock()
	if !ok {
		return nil, seal.MissingKey(keyID)
	}
	raw, err := base64.StdEncoding.DecodeString(e.Key)
	if err != nil {
		return nil, fmt.Errorf("the key %s is damaged", keyID)
	}
	defer clear(raw)
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
