package awsapi

import (
	"context"
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/bursarhq/bursar"
)

var kmsPattern = regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov):kms:([a-z0-9-]+):[0-9]{12}:(key/[A-Za-z0-9-]+|alias/[\w/-]+)$`)

// KMSKey is a symmetric key of AWS KMS, used with bursar's own identity.
type KMSKey struct {
	arn string
	kms *kms.Client
}

// KMSKey returns a key by the ARN of the key or of an alias. It sends no request. Anything but such an ARN is an Invalid error.
func (c *Client) KMSKey(arn string) (*KMSKey, error) {
	m := kmsPattern.FindStringSubmatch(arn)
	if m == nil || c.partition.CheckRegion(m[2]) != nil {
		return nil, bursar.InvalidField("kms_key", "%.100q is not the ARN of a KMS key in partition %s", arn, c.partition.Name).WithReason("kms_key_malformed").
			WithHint("write it like arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab")
	}
	return &KMSKey{arn, kms.NewFromConfig(c.config(m[2], c.own))}, nil
}

// ARN returns what the key was asked for by.
func (k *KMSKey) ARN() string { return k.arn }

// Encrypt encrypts at most 4,096 bytes, bound to a context that [KMSKey.Decrypt] needs again. AWS writes the context into CloudTrail.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html
func (k *KMSKey) Encrypt(ctx context.Context, text []byte, bound map[string]string) (blob []byte, keyARN string, err error) {
	out, err := k.kms.Encrypt(ctx, &kms.EncryptInput{KeyId: aws.String(k.arn), Plaintext: text, EncryptionContext: bound})
	if err != nil {
		return nil, "", fmt.Errorf("encrypt with the KMS key %s: %w", k.arn, err)
	}
	return out.CiphertextBlob, aws.ToString(out.KeyId), nil
}

// Decrypt decrypts what Encrypt gave, with the key of the given ARN and no other.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
func (k *KMSKey) Decrypt(ctx context.Context, keyARN string, blob []byte, bound map[string]string) ([]byte, error) {
	out, err := k.kms.Decrypt(ctx, &kms.DecryptInput{KeyId: aws.String(keyARN), CiphertextBlob: blob, EncryptionContext: bound})
	if err != nil {
		return nil, fmt.Errorf("decrypt with the KMS key %s: %w", keyARN, err)
	}
	return out.Plaintext, nil
}
