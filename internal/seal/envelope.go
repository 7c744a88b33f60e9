package seal

import (
	"encoding/binary"
	"math"

	"github.com/bursarhq/bursar"
)

// Sealed is an encrypted secret that says how to open it: a byte with the version of its form, 1; the id of the key that wrapped its data
// key, and the wrapped data key, each after its length in 16 bits; a nonce of 12 bytes; the text, encrypted, with its tag of 16 bytes.
type Sealed []byte

const (
	formVersion = 1
	tagSize     = 16
)

type envelope struct {
	keyID                string
	wrapped, nonce, text []byte
}

// KeyID names the key that a secret's data key is wrapped with. What is no Sealed is [Unreadable].
func (s Sealed) KeyID() (string, error) {
	e, err := decode(s)
	return e.keyID, err
}

func encode(e envelope) (Sealed, error) {
	if len(e.keyID) > math.MaxUint16 || len(e.wrapped) > math.MaxUint16 {
		return nil, bursar.Errorf(bursar.Internal, "the key service gave a wrapped key of %d bytes", len(e.wrapped))
	}
	out := Sealed{formVersion}
	for _, part := range [][]byte{[]byte(e.keyID), e.wrapped} {
		out = binary.BigEndian.AppendUint16(out, uint16(len(part)))
		out = append(out, part...)
	}
	return append(append(out, e.nonce...), e.text...), nil
}

func decode(s Sealed) (e envelope, err error) {
	if len(s) == 0 || s[0] != formVersion {
		return e, Unreadable()
	}
	rest := []byte(s[1:])
	part := func(size int) []byte {
		if len(rest) < size {
			rest, err = nil, Unreadable()
			return nil
		}
		p := rest[:size:size]
		rest = rest[size:]
		return p
	}
	sized := func() []byte {
		if n := part(2); err == nil {
			return part(int(binary.BigEndian.Uint16(n)))
		}
		return nil
	}
	e.keyID, e.wrapped, e.nonce = string(sized()), sized(), part(nonceSize)
	if e.text = rest; err == nil && len(e.text) < tagSize {
		err = Unreadable()
	}
	return e, err
}
