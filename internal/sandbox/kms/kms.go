// Package kms is the Key Management Service of the simulated AWS, as far as wrapping data keys goes: symmetric keys that never leave it, with
// encryption contexts. A key's policy is AWS's default: its account's identity policies decide.
// https://docs.aws.amazon.com/kms/latest/APIReference/Welcome.html
package kms

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// Service answers for kms. It is safe for concurrent use.
type Service struct {
	cloud *cloud.Cloud

	mu   sync.Mutex
	keys map[string]*key // by ARN
}

type key struct {
	id, account, region string
	secret              []byte
	disabled            bool
}

// New returns the service.
func New(c *cloud.Cloud) *Service { return &Service{cloud: c, keys: map[string]*key{}} }

// Name returns "kms".
func (s *Service) Name() string { return "kms" }

// Protocol returns JSON 1.1.
func (s *Service) Protocol() cloud.Protocol { return cloud.JSON11 }

// Namespace returns "": JSON has none.
func (s *Service) Namespace() string { return "" }

// input holds the members of all operations that the sandbox has.
type input struct {
	KeyID             string `json:"KeyId"`
	Plaintext         []byte
	CiphertextBlob    []byte
	EncryptionContext map[string]string
}

var operations = map[string]func(*Service, *cloud.Request, input) (any, *cloud.Error){
	"CreateKey": (*Service).create, "DescribeKey": (*Service).describe, "DisableKey": (*Service).disable, "EnableKey": (*Service).enable,
	"Encrypt": (*Service).encrypt, "Decrypt": (*Service).decrypt,
}

// Operations lists what is simulated.
func (s *Service) Operations() []string { return slices.Sorted(maps.Keys(operations)) }

// Serve answers one request.
func (s *Service) Serve(w http.ResponseWriter, r *cloud.Request) {
	run, ok := operations[r.Action]
	if !ok {
		r.Fail(w, cloud.Errorf(http.StatusBadRequest, "UnknownOperationException", "the sandbox's kms has no %s", r.Action))
		return
	}
	var in input
	e := r.JSON(&in)
	var out any
	if e == nil {
		out, e = run(s, r, in)
	}
	if e != nil {
		r.Fail(w, e)
		return
	}
	r.ReplyJSON(w, out)
}

func (s *Service) arn(k *key) string {
	return fmt.Sprintf("arn:%s:kms:%s:%s:key/%s", s.cloud.Partition(), k.region, k.account, k.id)
}

func (s *Service) create(r *cloud.Request, _ input) (any, *cloud.Error) {
	if e := r.Allow("kms:CreateKey", "*", nil); e != nil {
		return nil, e
	}
	raw := make([]byte, 32+16)
	if _, err := rand.Read(raw); err != nil {
		return nil, cloud.Errorf(http.StatusInternalServerError, "KMSInternalException", "%v", err)
	}
	h := fmt.Sprintf("%x", raw[32:])
	k := &key{id: h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:], account: r.Caller.AccountID, region: r.Region, secret: raw[:32]}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[s.arn(k)] = k
	return s.metadata(k), nil
}

func (s *Service) metadata(k *key) any {
	state := "Enabled"
	if k.disabled {
		state = "Disabled"
	}
	return map[string]any{"KeyMetadata": map[string]any{"AWSAccountId": k.account, "KeyId": k.id, "Arn": s.arn(k), "Enabled": !k.disabled, "KeyState": state, "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT", "KeyManager": "CUSTOMER", "Origin": "AWS_KMS"}}
}

// find authorizes an action on a key, named by its ARN or its id. A key in another account grants nobody anything.
func (s *Service) find(r *cloud.Request, action, name string) (*key, *cloud.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for arn, k := range s.keys {
		if arn != name && (k.id != name || k.account != r.Caller.AccountID || k.region != r.Region) {
			continue
		}
		if e := r.AllowOn(cloud.Access{Action: action, Resource: arn, ResourceAccount: k.account}); e != nil {
			return nil, e
		}
		return k, nil
	}
	if !strings.HasPrefix(name, "arn:") {
		name = "arn:" + s.cloud.Partition() + ":kms:" + r.Region + ":" + r.Caller.AccountID + ":key/" + name
	}
	return nil, cloud.Errorf(http.StatusBadRequest, "NotFoundException", "Key '%s' does not exist", name)
}

// usable is find for a key that is switched on.
func (s *Service) usable(r *cloud.Request, action, name string) (*key, *cloud.Error) {
	k, e := s.find(r, action, name)
	if e == nil && k.disabled {
		return nil, cloud.Errorf(http.StatusBadRequest, "DisabledException", "%s is disabled.", s.arn(k))
	}
	return k, e
}

func (s *Service) describe(r *cloud.Request, in input) (any, *cloud.Error) {
	k, e := s.find(r, "kms:DescribeKey", in.KeyID)
	if e != nil {
		return nil, e
	}
	return s.metadata(k), nil
}

func (s *Service) disable(r *cloud.Request, in input) (any, *cloud.Error) { return s.turn(r, in, true) }

func (s *Service) enable(r *cloud.Request, in input) (any, *cloud.Error) { return s.turn(r, in, false) }

func (s *Service) turn(r *cloud.Request, in input, off bool) (any, *cloud.Error) {
	k, e := s.find(r, "kms:"+r.Action, in.KeyID)
	if e != nil {
		return nil, e
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k.disabled = off
	return struct{}{}, nil
}

func invalid() *cloud.Error {
	return &cloud.Error{Status: http.StatusBadRequest, Code: "InvalidCiphertextException"}
}

func (s *Service) encrypt(r *cloud.Request, in input) (any, *cloud.Error) {
	k, e := s.usable(r, "kms:Encrypt", in.KeyID)
	if e != nil {
		return nil, e
	}
	if len(in.Plaintext) < 1 || len(in.Plaintext) > 4096 {
		return nil, cloud.Invalid("plaintext", "", "have length less than or equal to 4096")
	}
	aead, err := sealer(k)
	nonce := make([]byte, 12)
	if err == nil {
		_, err = rand.Read(nonce)
	}
	if err != nil {
		return nil, cloud.Errorf(http.StatusInternalServerError, "KMSInternalException", "%v", err)
	}
	arn := s.arn(k)
	blob := append([]byte{byte(len(arn))}, arn...)
	blob = append(blob, nonce...)
	return map[string]any{"CiphertextBlob": aead.Seal(blob, nonce, in.Plaintext, bound(in.EncryptionContext)), "KeyId": arn, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}, nil
}

func (s *Service) decrypt(r *cloud.Request, in input) (any, *cloud.Error) {
	if in.KeyID != "" {
		if _, e := s.usable(r, "kms:Decrypt", in.KeyID); e != nil {
			return nil, e
		}
	}
	b := in.CiphertextBlob
	if len(b) < 1 || len(b) < 1+int(b[0])+12+16 {
		return nil, invalid()
	}
	arn, rest := string(b[1:1+int(b[0])]), b[1+int(b[0]):]
	k, e := s.usable(r, "kms:Decrypt", arn)
	switch {
	case e != nil && e.Code == "NotFoundException":
		return nil, invalid()
	case e != nil:
		return nil, e
	case in.KeyID != "" && in.KeyID != arn && in.KeyID != k.id:
		return nil, cloud.Errorf(http.StatusBadRequest, "IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.")
	}
	aead, err := sealer(k)
	if err != nil {
		return nil, cloud.Errorf(http.StatusInternalServerError, "KMSInternalException", "%v", err)
	}
	text, err := aead.Open(nil, rest[:12], rest[12:], bound(in.EncryptionContext))
	if err != nil {
		return nil, invalid()
	}
	return map[string]any{"Plaintext": text, "KeyId": arn, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}, nil
}

func sealer(k *key) (cipher.AEAD, error) {
	block, err := aes.NewCipher(k.secret)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// bound writes an encryption context in one order.
func bound(context map[string]string) []byte {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(context)) {
		fmt.Fprintf(&b, "%q=%q;", name, context[name])
	}
	return []byte(b.String())
}
