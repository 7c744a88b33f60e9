package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/bursarhq/bursar"
	"golang.org/x/crypto/argon2"
)

// Cost is how dear it is to try a password. The zero value is the second recommendation of RFC 9106, section 4: 64 MiB, 3 passes, 4 lanes.
type Cost struct {
	MemoryKiB uint32
	Passes    uint32
	Lanes     uint8
}

func (c Cost) orDefault() Cost {
	if c == (Cost{}) {
		return Cost{MemoryKiB: 64 << 10, Passes: 3, Lanes: 4}
	}
	return c
}

// The length of a password, in characters and in bytes. NIST SP 800-63B asks for no classes of characters, and neither do we.
const (
	leastPassword = 12
	mostPassword  = 512
)

// CheckPassword says what is wrong with a new password of a person; nil when it will do.
func CheckPassword(password bursar.Secret, email string) error {
	p := password.Reveal()
	distinct := map[rune]bool{}
	for _, r := range p {
		distinct[r] = true
	}
	switch {
	case !utf8.ValidString(p) || len(p) > mostPassword:
		return bursar.InvalidField("password", "the password is too long, or no text").WithReason("password_malformed").WithHint("use at most %d bytes", mostPassword)
	case utf8.RuneCountInString(p) < leastPassword:
		return bursar.InvalidField("password", "the password has fewer than %d characters", leastPassword).WithReason("password_too_short").WithHint("a few words in a row are long and easy to keep")
	case len(distinct) < 5 || email != "" && strings.Contains(strings.ToLower(p), strings.ToLower(email)):
		return bursar.InvalidField("password", "the password is too easy to guess").WithReason("password_too_easy").WithHint("use neither your e-mail address nor the same few characters")
	}
	return nil
}

// hasher makes and compares hashes, two at a time: each takes a lot of memory, and whoever knocks must not take all of it.
type hasher struct {
	cost  Cost
	slots chan struct{}
}

func newHasher(c Cost) *hasher { return &hasher{c.orDefault(), make(chan struct{}, 2)} }

func (h *hasher) enter(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

const hashBytes = 32

// hash returns the password's hash in the form that argon2's own programs use.
func (h *hasher) hash(ctx context.Context, password bursar.Secret) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer func() { <-h.slots }()
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // crypto/rand never fails on the systems that we run on
	sum := argon2.IDKey([]byte(password.Reveal()), salt, h.cost.Passes, h.cost.MemoryKiB, h.cost.Lanes, hashBytes)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.cost.MemoryKiB, h.cost.Passes, h.cost.Lanes, b64.EncodeToString(salt), b64.EncodeToString(sum)), nil
}

// verify says whether a password fits a hash. Without a hash it takes as long, and says no: the time must not tell whether a person is known.
func (h *hasher) verify(ctx context.Context, kept string, password bursar.Secret) (bool, error) {
	known := kept != ""
	c, salt, sum := h.cost, make([]byte, 16), make([]byte, hashBytes)
	if known {
		var err error
		if c, salt, sum, err = parseHash(kept); err != nil {
			return false, err
		}
	}
	if len(password.Reveal()) > mostPassword {
		password = bursar.Secret{}
	}
	if err := h.enter(ctx); err != nil {
		return false, err
	}
	defer func() { <-h.slots }()
	got := argon2.IDKey([]byte(password.Reveal()), salt, c.Passes, c.MemoryKiB, c.Lanes, uint32(len(sum)))
	return subtle.ConstantTimeCompare(got, sum) == 1 && known, nil
}

func parseHash(kept string) (c Cost, salt, sum []byte, err error) {
	parts := strings.Split(kept, "$")
	version := 0
	if len(parts) == 6 && parts[1] == "argon2id" {
		_, err = fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &c.MemoryKiB, &c.Passes, &c.Lanes)
		if err == nil {
			salt, err = base64.RawStdEncoding.DecodeString(parts[4])
		}
		if err == nil {
			sum, err = base64.RawStdEncoding.DecodeString(parts[5])
		}
	}
	if err != nil || version != argon2.Version || len(sum) < 16 || c.Passes < 1 || c.Lanes < 1 {
		return c, nil, nil, fmt.Errorf("auth: a kept password is in no form that is known")
	}
	return c, salt, sum, nil
}
