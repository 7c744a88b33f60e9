// Package auth says who is asking and what they may do: API keys, and the table of roles.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"hash/crc32"
	"log/slog"
	"math/big"
	"regexp"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

// Role is what a key or a person is in a workspace.
type Role string

// The roles.
const (
	Owner         Role = "owner"
	Administrator Role = "administrator"
	Member        Role = "member"
	Viewer        Role = "viewer"
	Auditor       Role = "auditor"
)

// Action is something that can be allowed.
type Action string

// The actions. A route names the one that it needs.
const (
	ReadAccounts   Action = "accounts:read"
	ManageAccounts Action = "accounts:manage" // register, rename, deregister; see external ids
	CheckAccounts  Action = "accounts:check"  // check and confirm, import now
	ReadBills      Action = "bills:read"      // exports, deliveries, costs
	ManageBills    Action = "bills:manage"    // re-import, roll back
	ReadRuns       Action = "runs:read"
	ManageKeys     Action = "keys:manage"
	ReadAudit      Action = "audit:read"
)

// may is the whole of who may do what. What is not here is denied.
var may = map[Role][]Action{
	Owner:         {ReadAccounts, ManageAccounts, CheckAccounts, ReadBills, ManageBills, ReadRuns, ManageKeys, ReadAudit},
	Administrator: {ReadAccounts, ManageAccounts, CheckAccounts, ReadBills, ManageBills, ReadRuns, ManageKeys},
	Member:        {ReadAccounts, CheckAccounts, ReadBills, ReadRuns},
	Viewer:        {ReadAccounts, ReadBills, ReadRuns},
	Auditor:       {ReadAccounts, ReadRuns, ReadAudit},
}

// Principal is who is asking, in which workspace.
type Principal struct {
	WorkspaceID string
	Role        Role
	KeyID       string
}

// May says whether the principal may do something.
func (p Principal) May(a Action) bool {
	for _, allowed := range may[p.Role] {
		if allowed == a {
			return true
		}
	}
	return false
}

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

// NewKey makes a key. The secret is returned once and never kept; 256 random bits need no slow hash.
func NewKey(tx *store.Tx, workspaceID, name string, role Role, expires time.Time) (bursar.Secret, store.Key, error) {
	if _, known := may[role]; !known {
		return bursar.Secret{}, store.Key{}, bursar.InvalidField("role", "there is no role %q", role)
	}
	id := random62(47, 8)
	body := "bur_" + id + "_" + random62(256, 43)
	key := body + checksum(body)
	k := store.Key{ID: id, WorkspaceID: workspaceID, Name: name, Role: string(role), Hash: hash(key), ExpiresAt: expires}
	return bursar.NewSecret(key), k, tx.AddKey(k)
}

// Keys authenticates requests by API key.
type Keys struct {
	Store *store.Store
}

// Authenticate tells who a key belongs to. Every refusal is the same Unauthorized error: which part of a key was wrong
// is nobody's business.
func (k Keys) Authenticate(ctx context.Context, key bursar.Secret) (Principal, error) {
	refused := bursar.Errorf(bursar.Unauthorized, "the API key is missing, wrong, expired or revoked").
		WithReason("key_refused").WithHint("send it as \"Authorization: Bearer bur_…\"")
	m := keyPattern.FindStringSubmatch(key.Reveal())
	if m == nil || checksum(strings.TrimSuffix(key.Reveal(), m[3])) != m[3] {
		return Principal{}, refused
	}
	var kept store.Key
	var now time.Time
	err := k.Store.View(ctx, func(tx *store.Tx) (err error) { kept, err = tx.KeyByID(m[1]); now = tx.Now; return err })
	if err != nil && bursar.CodeOf(err) != bursar.NotFound {
		return Principal{}, err
	}
	same := subtle.ConstantTimeCompare([]byte(hash(key.Reveal())), []byte(kept.Hash)) == 1
	if !same || !kept.RevokedAt.IsZero() || !kept.ExpiresAt.IsZero() && !now.Before(kept.ExpiresAt) {
		return Principal{}, refused
	}
	if err := k.touch(ctx, kept, now); err != nil { // a full disk must not lock anybody out
		slog.WarnContext(ctx, "the use of a key cannot be recorded", slog.String("key", kept.ID), slog.Any("error", err))
	}
	return Principal{WorkspaceID: kept.WorkspaceID, Role: Role(kept.Role), KeyID: kept.ID}, nil
}

// touch records the use of a key, at most once a minute: a read must not cost a write each time.
func (k Keys) touch(ctx context.Context, kept store.Key, now time.Time) error {
	if now.Sub(kept.LastUsedAt) < time.Minute {
		return nil
	}
	return k.Store.InTx(ctx, func(tx *store.Tx) error { return tx.TouchKey(kept.ID) })
}

// Bootstrap makes the first workspace and its owner's key, if the installation has no key yet. The key is the zero
// secret when there was one.
func Bootstrap(ctx context.Context, s *store.Store) (key bursar.Secret, err error) {
	err = s.InTx(ctx, func(tx *store.Tx) error {
		if started, err := tx.CheckKeys(); err != nil || started {
			return err
		}
		ws, err := tx.AddWorkspace("default")
		if err != nil {
			return err
		}
		key, _, err = NewKey(tx, ws.ID, "owner", Owner, time.Time{})
		return err
	})
	return key, err
}
