package auth

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
)

func TestPasswords(t *testing.T) {
	h := newHasher(Cost{MemoryKiB: 64, Passes: 1, Lanes: 1})
	right := bursar.NewSecret("correct horse battery")
	kept, err := h.hash(t.Context(), right)
	if err != nil || !strings.HasPrefix(kept, "$argon2id$v=19$m=64,t=1,p=1$") || strings.Contains(kept, "horse") {
		t.Fatalf("%s, %v", kept, err)
	}
	if again, err := h.hash(t.Context(), right); err != nil || again == kept {
		t.Errorf("two hashes of a password are the same: %v", err)
	}
	for word, want := range map[string]bool{"correct horse battery": true, "correct horse batterY": false, "": false, strings.Repeat("x", 5000): false} {
		if got, err := h.verify(t.Context(), kept, bursar.NewSecret(word)); got != want || err != nil {
			t.Errorf("%.20q: %v, %v", word, got, err)
		}
		if got, err := h.verify(t.Context(), "", bursar.NewSecret(word)); got || err != nil {
			t.Errorf("%.20q of nobody: %v, %v", word, got, err)
		}
	}
	dearer := newHasher(Cost{MemoryKiB: 128, Passes: 2, Lanes: 2})
	if ok, err := dearer.verify(t.Context(), kept, right); !ok || err != nil {
		t.Errorf("a hash of before the cost was raised: %v, %v", ok, err)
	}
	for _, broken := range []string{"x", "$argon2i$v=19$m=64,t=1,p=1$AAAA$AAAA", "$argon2id$v=19$m=64,t=0,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=18$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"} {
		if ok, err := h.verify(t.Context(), broken, right); ok || err == nil {
			t.Errorf("%s: %v, %v", broken, ok, err)
		}
	}
}

// TestTheDefaultIsTheRFCs holds what RFC 9106, section 4, recommends second against what is used.
func TestTheDefaultIsTheRFCs(t *testing.T) {
	kept, err := newHasher(Cost{}).hash(t.Context(), bursar.NewSecret("correct horse battery"))
	if err != nil || !strings.HasPrefix(kept, "$argon2id$v=19$m=65536,t=3,p=4$") {
		t.Errorf("%s, %v", kept, err)
	}
}

func TestHashingWaitsItsTurn(t *testing.T) {
	h := newHasher(Cost{MemoryKiB: 64, Passes: 1, Lanes: 1})
	h.slots <- struct{}{}
	h.slots <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.verify(ctx, "", bursar.NewSecret("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func FuzzParseHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=64,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, kept string) {
		c, _, sum, err := parseHash(kept)
		if err == nil && (c.Passes < 1 || c.Lanes < 1 || len(sum) < 16) {
			t.Errorf("%q is taken for a hash of cost %+v", kept, c)
		}
	})
}
