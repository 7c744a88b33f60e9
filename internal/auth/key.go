package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash/crc32"
	"log/slog"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

// An API key is "bur_", 8 characters of id, 43 of secret (256 random bits in base 62), and a CRC-32 of all before it in 6
// characters: a form that secret scanners find, and that a typing mistake breaks before any lookup.
var keyPattern = regexp.MustCompile(`^bur_([0-9A-Za-z]{8})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$`)

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

func encode62(n *big.Int, width int) string {
	out := make([]byte, width)
	n, d, base := new(big.Int).Set(n), new(big.Int), big.NewInt(62)
	for i := width - 1; i >= 0; i-- {
		n.DivMod(n, base, d)
		out[i] = base62[d.Int64()]
	}
	return string(out)
}

func random62(bits uint, width int) string {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), bits))
	if err != nil {
		panic(err) // crypto/rand never fails on the systems that we run on
	}
	return encode62(n, width)
}

func checksum(s string) string {
	return encode62(new(big.Int).SetUint64(uint64(crc32.ChecksumIEEE([]byte(s)))), 6)
}

func hash(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// NewKey makes a key. The secret is returned once and never kept; 256 random bits need no slow hash. The name is free of control
// characters and has 100 characters at most; an expiry lies ahead, and is zero for a key that does not expire.
func NewKey(tx *store.Tx, workspaceID, name string, role Role, expires time.Time) (bursar.Secret, store.Key, error) {
	if err := checkKey(name, role, expires, tx.Now); err != nil {
		return bursar.Secret{}, store.Key{}, err
	}
	id := random62(47, 8)
	body := "bur_" + id + "_" + random62(256, 43)
	return keep(tx, body+checksum(body), store.Key{ID: id, WorkspaceID: workspaceID, Name: name, Role: string(role), ExpiresAt: expires})
}

// cloudcraftKey is what clients of the Cloudcraft API take for a key: base64 of 32 bytes, 44 characters. It has no checksum and no
// prefix that scanners could find.
var cloudcraftKey = regexp.MustCompile(`^[A-Za-z0-9+/]{43}=$`)

// NewCloudcraftKey makes a key like [NewKey], in the form that clients of the Cloudcraft API want.
func NewCloudcraftKey(tx *store.Tx, workspaceID, name string, role Role, expires time.Time) (bursar.Secret, store.Key, error) {
	if err := checkKey(name, role, expires, tx.Now); err != nil {
		return bursar.Secret{}, store.Key{}, err
	}
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	key := base64.StdEncoding.EncodeToString(random)
	return keep(tx, key, store.Key{ID: random62(47, 8), WorkspaceID: workspaceID, Name: name, Role: string(role), ExpiresAt: expires})
}

func keep(tx *store.Tx, key string, k store.Key) (bursar.Secret, store.Key, error) {
	k.Hash, k.CreatedAt, k.CreatedBy = hash(key), tx.Now, tx.Actor().Name
	return bursar.NewSecret(key), k, tx.AddKey(k)
}

func checkKey(name string, role Role, expires, now time.Time) error {
	if err := bursar.CheckAccountName(name); err != nil { // names of keys follow the same rules
		return err
	}
	if !slices.Contains(Roles, role) {
		return bursar.InvalidField("role", "there is no role %q", role).WithReason("unknown_role").WithHint("use one of %s", join(Roles, ", "))
	}
	if !expires.IsZero() && !expires.After(now) {
		return bursar.InvalidField("expires_at", "the expiry has passed already").WithReason("expiry_past").WithHint("give a time ahead, or leave it out for a key that does not expire")
	}
	return nil
}

// Keys authenticates requests by API key.
type Keys struct {
	Store *store.Store
}

// Authenticate tells who a key belongs to. Every refusal is the same Unauthorized error: which part of a key was wrong
// is nobody's business. With the error of a key that is revoked or expired comes whose it was, for the audit log alone.
func (k Keys) Authenticate(ctx context.Context, key bursar.Secret) (Principal, error) {
	refused := bursar.Errorf(bursar.Unauthorized, "the API key is missing, wrong, expired or revoked").
		WithReason("key_refused").WithHint("send it as \"Authorization: Bearer bur_…\"")
	find := lookUp(key.Reveal())
	if find == nil {
		return Principal{}, refused
	}
	var kept store.Key
	var now time.Time
	err := k.Store.View(ctx, func(tx *store.Tx) (err error) { kept, err = find(tx); now = tx.Now; return err })
	if err != nil && bursar.CodeOf(err) != bursar.NotFound {
		return Principal{}, err
	}
	p := Principal{WorkspaceID: kept.WorkspaceID, Role: Role(kept.Role), KeyID: kept.ID, KeyOwner: kept.Owner, Name: kept.Name}
	same := subtle.ConstantTimeCompare([]byte(hash(key.Reveal())), []byte(kept.Hash)) == 1
	if !same || !kept.RevokedAt.IsZero() || !kept.ExpiresAt.IsZero() && !now.Before(kept.ExpiresAt) {
		if same {
			return p, refused // whose it was is for the audit log
		}
		return Principal{}, refused
	}
	if err := k.touch(ctx, kept, now); err != nil { // a full disk must not lock anybody out
		slog.WarnContext(ctx, "the use of a key cannot be recorded", slog.String("key", kept.ID), slog.Any("error", err))
	}
	return p, nil
}

// lookUp says how a key is found, by its form; nil for what is no key.
func lookUp(key string) func(*store.Tx) (store.Key, error) {
	if cloudcraftKey.MatchString(key) {
		return func(tx *store.Tx) (store.Key, error) { return tx.KeyByHash(hash(key)) }
	}
	m := keyPattern.FindStringSubmatch(key)
	if m == nil || checksum(strings.TrimSuffix(key, m[3])) != m[3] {
		return nil
	}
	return func(tx *store.Tx) (store.Key, error) { return tx.KeyByID(m[1]) }
}

// touch records the use of a key, at most once a minute: a read must not cost a write each time.
func (k Keys) touch(ctx context.Context, kept store.Key, now time.Time) error {
	if now.Sub(kept.LastUsedAt) < time.Minute {
		return nil
	}
	return k.Store.InTx(ctx, func(tx *store.Tx) error { return tx.TouchKey(kept.ID) })
}
