// Package transittest is a server that speaks the documented HTTP API of the Transit secrets engine, as far as bursar uses it: encrypt and decrypt
// with associated data, versions of a key, tokens that end and are renewed, and the errors with their words.
// https://developer.hashicorp.com/vault/api-docs/secret/transit
package transittest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// Server is an http.Handler. Its fields may be changed with Lock held.
type Server struct {
	sync.Mutex
	Token     string
	Denied    bool // the token's policy allows nothing
	Sealed    bool // the server is sealed: 503
	Renewable bool
	TTL       int64               // seconds; 0: the token does not end
	Renewed   int                 // how often it was
	Keys      map[string][][]byte // by mount/name: a secret for each version
}

// New makes a server with one key and a token.
func New(key string) *Server {
	s := &Server{Token: "hvs.test", Keys: map[string][][]byte{}}
	s.Rotate(key)
	return s
}

// Rotate adds a version to a key ("transit/bursar"), and makes the key where it is not there.
func (s *Server) Rotate(key string) {
	s.Lock()
	defer s.Unlock()
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // it never fails
	s.Keys[key] = append(s.Keys[key], secret)
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Lock()
	defer s.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/v1/")
	switch {
	case s.Sealed:
		fail(w, http.StatusServiceUnavailable, "Vault is sealed")
	case r.Header.Get("X-Vault-Token") != s.Token:
		fail(w, http.StatusForbidden, "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n")
	case path == "auth/token/lookup-self" && r.Method == http.MethodGet:
		answer(w, map[string]any{"data": map[string]any{"ttl": s.TTL, "renewable": s.Renewable, "policies": []string{"default"}}})
	case path == "auth/token/renew-self" && r.Method == http.MethodPost:
		s.renew(w)
	case s.Denied:
		fail(w, http.StatusForbidden, "1 error occurred:\n\t* permission denied\n\n")
	case r.Method != http.MethodPost && r.Method != http.MethodPut:
		fail(w, http.StatusMethodNotAllowed, "unsupported operation")
	default:
		s.transit(w, r, path)
	}
}

func (s *Server) renew(w http.ResponseWriter) {
	if !s.Renewable {
		fail(w, http.StatusBadRequest, "lease is not renewable")
		return
	}
	s.Renewed++
	answer(w, map[string]any{"auth": map[string]any{"client_token": s.Token, "lease_duration": s.TTL, "renewable": true}})
}

type request struct {
	Plaintext      string `json:"plaintext"`
	Ciphertext     string `json:"ciphertext"`
	AssociatedData string `json:"associated_data"`
}

func (s *Server) transit(w http.ResponseWriter, r *http.Request, path string) {
	parts := strings.Split(path, "/")
	var in request
	if len(parts) < 3 || json.NewDecoder(r.Body).Decode(&in) != nil {
		fail(w, http.StatusNotFound, fmt.Sprintf("no handler for route %q. route entry not found.", path))
		return
	}
	mount, operation, name := strings.Join(parts[:len(parts)-2], "/"), parts[len(parts)-2], parts[len(parts)-1]
	versions := s.Keys[mount+"/"+name]
	bound, err := base64.StdEncoding.DecodeString(in.AssociatedData)
	switch {
	case len(versions) == 0:
		fail(w, http.StatusBadRequest, "encryption key not found")
	case err != nil:
		fail(w, http.StatusBadRequest, "failed to base64-decode associated_data")
	case operation == "encrypt":
		encrypt(w, versions, in, bound)
	case operation == "decrypt":
		decrypt(w, versions, in, bound)
	default:
		fail(w, http.StatusNotFound, fmt.Sprintf("no handler for route %q. route entry not found.", path))
	}
}

func encrypt(w http.ResponseWriter, versions [][]byte, in request, bound []byte) {
	text, err := base64.StdEncoding.DecodeString(in.Plaintext)
	if err != nil {
		fail(w, http.StatusBadRequest, "failed to base64-decode plaintext")
		return
	}
	aead, nonce := sealer(versions[len(versions)-1]), make([]byte, 12)
	_, _ = rand.Read(nonce) // it never fails
	blob := base64.StdEncoding.EncodeToString(aead.Seal(nonce, nonce, text, bound))
	answer(w, map[string]any{"data": map[string]any{"ciphertext": fmt.Sprintf("vault:v%d:%s", len(versions), blob), "key_version": len(versions)}})
}

func decrypt(w http.ResponseWriter, versions [][]byte, in request, bound []byte) {
	parts := strings.SplitN(in.Ciphertext, ":", 3)
	if len(parts) != 3 || parts[0] != "vault" {
		fail(w, http.StatusBadRequest, "invalid ciphertext: no prefix")
		return
	}
	n, err := strconv.Atoi(strings.TrimPrefix(parts[1], "v"))
	if err != nil || n < 1 || n > len(versions) {
		fail(w, http.StatusBadRequest, "invalid ciphertext: version is too new")
		return
	}
	blob, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(blob) < 12 {
		fail(w, http.StatusBadRequest, "invalid ciphertext: could not decode base64")
		return
	}
	text, err := sealer(versions[n-1]).Open(nil, blob[:12], blob[12:], bound)
	if err != nil {
		fail(w, http.StatusBadRequest, "cipher: message authentication failed")
		return
	}
	answer(w, map[string]any{"data": map[string]any{"plaintext": base64.StdEncoding.EncodeToString(text)}})
}

func sealer(secret []byte) cipher.AEAD {
	block, err := aes.NewCipher(secret)
	if err != nil {
		panic(err) // it has 32 bytes
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // of AES
	}
	return aead
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client is gone: nobody is left to tell
}

func fail(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string][]string{"errors": {text}}) // the client is gone: nobody is left to tell
}
