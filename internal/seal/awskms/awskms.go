// Package awskms wraps data keys with a key of AWS KMS, which never leaves it. The scope of a secret is the encryption context: AWS writes it
// into CloudTrail beside each use of the key.
// https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
package awskms

import (
	"context"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/seal"
)

// Kind is what the ids of KMS keys begin with; the key's ARN follows.
const Kind = "awskms"

// Wrapper wraps with one key.
type Wrapper struct{ key *awsapi.KMSKey }

// New returns a wrapper. bursar's own identity needs kms:Encrypt and kms:Decrypt on the key.
func New(key *awsapi.KMSKey) *Wrapper { return &Wrapper{key} }

// Kind returns "awskms".
func (w *Wrapper) Kind() string { return Kind }

// KeyID names the key as it was configured: by its ARN, or that of an alias.
func (w *Wrapper) KeyID() string { return Kind + ":" + w.key.ARN() }

// Wrap encrypts a data key. The id has the key's own ARN, wherever an alias points later.
func (w *Wrapper) Wrap(ctx context.Context, dataKey []byte, bound seal.Scope) ([]byte, string, error) {
	blob, arn, err := w.key.Encrypt(ctx, dataKey, bound.Context())
	if err != nil {
		return nil, "", explain(err, w.KeyID())
	}
	return blob, Kind + ":" + arn, nil
}

// Unwrap decrypts a data key.
func (w *Wrapper) Unwrap(ctx context.Context, keyID string, wrapped []byte, bound seal.Scope) ([]byte, error) {
	if len(wrapped) == 0 {
		return nil, seal.Unreadable()
	}
	dataKey, err := w.key.Decrypt(ctx, strings.TrimPrefix(keyID, Kind+":"), wrapped, bound.Context())
	if err != nil {
		return nil, explain(err, keyID)
	}
	return dataKey, nil
}

// explain turns an error of KMS into one of package seal, and keeps the cause for the log.
func explain(err error, keyID string) error {
	cause := awsapi.Classify(err)
	switch cause.Code {
	case "InvalidCiphertextException", "IncorrectKeyException":
		return seal.Unreadable()
	case "NotFoundException":
		return seal.MissingKey(keyID)
	case "DisabledException", "KMSInvalidStateException":
		return because(err, bursar.Conflict, "the KMS key %s is switched off, or about to be deleted", keyID, "switch it on again: what is sealed with it cannot be opened otherwise")
	}
	switch cause.Class {
	case awsapi.Throttled, awsapi.Unreachable, awsapi.ClockSkew, awsapi.ExpiredOwn:
		return because(err, bursar.Unavailable, "AWS KMS does not answer for %s", keyID, "try again; look at the network between bursar and AWS, and at its clock")
	}
	return because(err, bursar.Conflict, "bursar may not use the KMS key %s", keyID, "let bursar's own identity kms:Encrypt and kms:Decrypt with it, in the key's policy and in the identity's")
}

func because(err error, code bursar.Code, message, keyID, hint string) error {
	e := bursar.Errorf(code, message, keyID).WithReason("sealing_key_refused").WithHint("%s", hint)
	e.Err = err
	return e
}
