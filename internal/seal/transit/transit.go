// Package transit wraps data keys with a key of the Transit secrets engine of Vault or OpenBao, which never leaves it, by its documented HTTP
// API. The scope of a secret is the associated data of the encryption.
// https://developer.hashicorp.com/vault/api-docs/secret/transit, https://openbao.org/api-docs/secret/transit/
package transit

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/seal"
)

// Kind is what the ids of Transit keys begin with; the mount and the key's name follow, and the version after a colon.
const Kind = "transit"

// Config says where the key is.
type Config struct {
	Addr      string // https://vault.example.com:8200
	Mount     string // "" = transit
	Key       string // its name. It must be of a type with associated data: aes256-gcm96 (the default of Transit), aes128-gcm96, chacha20-poly1305
	Namespace string // of Vault Enterprise; "" = none
	Token     bursar.Secret
	HTTP      *http.Client // nil = one that waits 20 seconds
}

// Wrapper wraps with one key. It is safe for concurrent use.
type Wrapper struct {
	Config
	base *url.URL
}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_./-]{0,127}$`)

const mostAnswer = 1 << 20

// New checks the configuration. It sends no request.
func New(c Config) (*Wrapper, error) {
	if c.Mount == "" {
		c.Mount = "transit"
	}
	c.Mount = strings.Trim(c.Mount, "/")
	base, err := url.Parse(c.Addr)
	switch {
	case err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || base.User != nil:
		return nil, bursar.InvalidField("transit_addr", "it is no http or https address").WithHint("write it like https://vault.example.com:8200")
	case !namePattern.MatchString(c.Mount) || strings.Contains(c.Mount, ".."):
		return nil, bursar.InvalidField("transit_mount", "%.40q is no path of a secrets engine", c.Mount).WithHint("write it like transit")
	case !namePattern.MatchString(c.Key) || strings.Contains(c.Key, "/") || strings.Contains(c.Key, ".."):
		return nil, bursar.InvalidField("transit_key", "%.40q is no name of a key", c.Key).WithHint("write it like bursar")
	case c.Token.IsZero():
		return nil, bursar.InvalidField("transit_token", "it is missing").WithHint("give a token whose policy lets it update %s/encrypt/%s and %s/decrypt/%s", c.Mount, c.Key, c.Mount, c.Key)
	}
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return &Wrapper{c, base}, nil
}

// Kind returns "transit".
func (w *Wrapper) Kind() string { return Kind }

// KeyID names the key without a version: Transit wraps with the newest.
func (w *Wrapper) KeyID() string { return Kind + ":" + w.Mount + "/" + w.Key }

// Wrap encrypts a data key. The id has the version of the key that did it: rotating the key in Transit, and wrapping anew, moves on.
func (w *Wrapper) Wrap(ctx context.Context, dataKey []byte, bound seal.Scope) ([]byte, string, error) {
	var out struct{ Ciphertext string }
	err := w.ask(ctx, "encrypt", map[string]string{"plaintext": base64.StdEncoding.EncodeToString(dataKey), "associated_data": associated(bound)}, &out)
	if err != nil {
		return nil, "", err
	}
	version, ok := versionOf(out.Ciphertext)
	if !ok {
		return nil, "", bursar.Errorf(bursar.Unavailable, "%s answers something that is not Transit's", w.Addr).WithReason("key_service_unreachable").WithHint("look at transit_addr and transit_mount")
	}
	return []byte(out.Ciphertext), w.KeyID() + ":" + version, nil
}

// Unwrap decrypts a data key.
func (w *Wrapper) Unwrap(ctx context.Context, keyID string, wrapped []byte, bound seal.Scope) ([]byte, error) {
	if keyID != w.KeyID() && !strings.HasPrefix(keyID, w.KeyID()+":") {
		return nil, seal.MissingKey(keyID)
	}
	if _, ok := versionOf(string(wrapped)); !ok {
		return nil, seal.Unreadable()
	}
	var out struct{ Plaintext string }
	if err := w.ask(ctx, "decrypt", map[string]string{"ciphertext": string(wrapped), "associated_data": associated(bound)}, &out); err != nil {
		return nil, err
	}
	dataKey, err := base64.StdEncoding.DecodeString(out.Plaintext)
	if err != nil {
		return nil, seal.Unreadable()
	}
	return dataKey, nil
}

// versionOf reads "vault:v3:…".
func versionOf(ciphertext string) (version string, ok bool) {
	parts := strings.SplitN(ciphertext, ":", 3)
	if len(parts) != 3 || parts[0] != "vault" || !strings.HasPrefix(parts[1], "v") || parts[2] == "" {
		return "", false
	}
	return parts[1], true
}

func associated(bound seal.Scope) string {
	return base64.StdEncoding.EncodeToString(bound.Bound("bursar/wrap/1/transit"))
}

// Renew renews the token, and says when to do so again: after half of what is left of it. 0 is never: it does not end.
// https://developer.hashicorp.com/vault/api-docs/auth/token#renew-a-token-self
func (w *Wrapper) Renew(ctx context.Context) (again time.Duration, err error) {
	var look struct {
		Data struct {
			TTL       int64
			Renewable bool
		}
	}
	if err := w.do(ctx, http.MethodGet, "auth/token/lookup-self", nil, &look); err != nil || look.Data.TTL == 0 {
		return 0, err
	}
	left := time.Duration(look.Data.TTL) * time.Second
	if !look.Data.Renewable {
		return left / 2, bursar.Errorf(bursar.Conflict, "the Transit token ends in %s and cannot be renewed", left).WithReason("transit_token_ending").WithHint("give bursar a renewable token, best a periodic one (transit_token)")
	}
	var renewed struct {
		Auth struct {
			LeaseDuration int64 `json:"lease_duration"`
		}
	}
	if err := w.do(ctx, http.MethodPost, "auth/token/renew-self", map[string]string{}, &renewed); err != nil {
		return left / 2, err
	}
	return time.Duration(renewed.Auth.LeaseDuration) * time.Second / 2, nil
}

// ask calls an operation on the key.
func (w *Wrapper) ask(ctx context.Context, operation string, in map[string]string, out any) error {
	return w.do(ctx, http.MethodPost, w.Mount+"/"+operation+"/"+w.Key, in, &struct{ Data any }{out})
}

func (w *Wrapper) do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, w.base.JoinPath("v1", path).String(), body)
	if err != nil {
		return err
	}
	req.Header.Set("X-Vault-Token", w.Token.Reveal())
	req.Header.Set("X-Vault-Request", "true") // agents and proxies want it
	if w.Namespace != "" {
		req.Header.Set("X-Vault-Namespace", w.Namespace)
	}
	resp, err := w.HTTP.Do(req)
	if err != nil {
		return w.silent(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if err != nil {
		return w.silent(err)
	}
	if resp.StatusCode != http.StatusOK {
		return w.refused(path, resp.StatusCode, text)
	}
	if err := json.Unmarshal(text, out); err != nil {
		return w.silent(errors.New("its answer is no JSON"))
	}
	return nil
}

func (w *Wrapper) silent(err error) error {
	e := bursar.Errorf(bursar.Unavailable, "Transit at %s does not answer", w.Addr).WithReason("key_service_unreachable").WithHint("try again; look at the network, at TLS, and whether it is sealed")
	e.Err = err
	return e
}

// refused reads an error of Vault's: {"errors": ["…"]}. Its text is kept for the log alone.
// https://developer.hashicorp.com/vault/api-docs#http-status-codes
func (w *Wrapper) refused(path string, status int, text []byte) error {
	var body struct{ Errors []string }
	_ = json.Unmarshal(text, &body) // what cannot be read is known by its status
	said := strings.Join(body.Errors, "; ")
	cause := fmt.Errorf("transit: %s: HTTP %d: %s", path, status, said)
	var e *bursar.Error
	switch {
	case status == http.StatusForbidden:
		e = bursar.Errorf(bursar.Conflict, "Transit refuses bursar's token").WithReason("sealing_key_refused").
			WithHint("look whether the token has ended, and whether its policy lets it update %s/encrypt/%s and %s/decrypt/%s", w.Mount, w.Key, w.Mount, w.Key)
	case status == http.StatusNotFound, status == http.StatusBadRequest && (strings.Contains(said, "encryption key not found") || strings.Contains(said, "no handler for route")):
		return seal.MissingKey(w.KeyID())
	case status == http.StatusBadRequest && strings.Contains(path, "/decrypt/"):
		return seal.Unreadable()
	case status == http.StatusTooManyRequests || status >= http.StatusInternalServerError:
		return w.silent(cause)
	default:
		e = bursar.Errorf(bursar.Conflict, "Transit does not accept what bursar asks (HTTP %d)", status).WithReason("sealing_key_refused").WithHint("the key's type must know associated data: aes256-gcm96")
	}
	e.Err = cause
	return e
}
