package cloudcraft

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
)

// idPattern is a UUID, as this API's ids are.
var idPattern = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// idOf is the id that something of ours has in this API: a UUID that is made of its own, always the same, and says nothing of it (RFC 9562,
// version 8). So nothing needs to be kept.
func idOf(kind, id string) string {
	sum := sha256.Sum256([]byte("bursar cloudcraft " + kind + " " + id))
	return uuid([16]byte(sum[:16]), 8)
}

// newID is a random UUID (RFC 9562, version 4), the form of an external id in this API. It has 122 random bits.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return uuid(b, 4)
}

func uuid(b [16]byte, version byte) string {
	b[6], b[8] = b[6]&0x0f|version<<4, b[8]&0x3f|0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
