// Package s3 delivers to a bucket, with the role of a registered account or a credential.
package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/destination"
)

// Bucket reads and writes objects. [awsapi.Bucket] does.
type Bucket interface {
	Put(ctx context.Context, key, contentType string, body io.ReadSeeker, size int64) error
	Get(ctx context.Context, key, ifNoneMatch string) (bursar.Object, io.ReadCloser, error)
	List(ctx context.Context, prefix string) iter.Seq2[bursar.Object, error]
	Delete(ctx context.Context, key string) error
}

var (
	bucketForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	ownerForm  = regexp.MustCompile(`^[0-9]{12}$`)
)

// Validate says what is wrong with the settings of a bucket.
func Validate(s bursar.TargetSettings) error {
	switch {
	case !bucketForm.MatchString(s.Bucket):
		return bursar.InvalidField("target.bucket", "%q is not the name of a bucket", s.Bucket).WithReason("bucket_invalid").WithHint("write the name alone: without s3:// and without a prefix")
	case strings.HasPrefix(s.Prefix, "/") || strings.HasSuffix(s.Prefix, "/") || strings.Contains(s.Prefix, "//") || len(s.Prefix) > 500:
		return bursar.InvalidField("target.prefix", "%q cannot be what keys begin with", s.Prefix).WithReason("prefix_invalid").WithHint("write it like bills/bursar, without a slash at either end")
	case s.BucketOwner != "" && !ownerForm.MatchString(s.BucketOwner):
		return bursar.InvalidField("target.bucket_owner", "%q is not an account", s.BucketOwner).WithReason("bucket_owner_invalid").WithHint("write its 12 digits")
	case (s.AccountID == "") == (s.CredentialID == ""):
		return bursar.InvalidField("target.account_id", "one thing opens the bucket: the role of a registered account, or a credential").WithReason("access_invalid").
			WithHint("give account_id (better) or credential_id, and not both")
	}
	return destination.ValidFormat(s.Format)
}

// Open makes a target of a bucket.
func Open(b Bucket, s bursar.TargetSettings, o destination.Origin, spool string) (*destination.Files, error) {
	if err := Validate(s); err != nil {
		return nil, err
	}
	prefix := ""
	if s.Prefix != "" {
		prefix = s.Prefix + "/"
	}
	return &destination.Files{Origin: o, Format: s.Format, Plain: s.PlainCSV, Spool: spool, Objects: &objects{b, s.Bucket, prefix}}, nil
}

// objects are the objects below a prefix.
type objects struct {
	bucket Bucket
	name   string
	prefix string
}

// mostBytes is how large an object can be that is put in one request
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html).
const mostBytes = 5 << 30

// Put writes an object.
func (o *objects) Put(ctx context.Context, name, contentType string, body io.ReadSeeker, size int64) error {
	if size > mostBytes {
		return destination.Refused("too_large", "%s would have %d bytes, and S3 takes %d in one request", name, size, int64(mostBytes)).WithHint("deliver parquet, which is several times smaller")
	}
	return o.explain(ctx, "s3:PutObject", o.bucket.Put(ctx, o.prefix+name, contentType, body, size))
}

// longest is how large an object may be that is read whole: manifests are small.
const longest = 16 << 20

// Get reads an object.
func (o *objects) Get(ctx context.Context, name string) ([]byte, error) {
	_, body, err := o.bucket.Get(ctx, o.prefix+name, "")
	if err != nil {
		return nil, o.explain(ctx, "s3:GetObject", err)
	}
	defer body.Close()
	b, err := io.ReadAll(io.LimitReader(body, longest))
	return b, o.explain(ctx, "s3:GetObject", err)
}

// List lists objects.
func (o *objects) List(ctx context.Context, folder string) (names []string, err error) {
	prefix := o.prefix
	if folder != "" {
		prefix += folder + "/"
	}
	for object, err := range o.bucket.List(ctx, prefix) {
		if err != nil {
			return nil, o.explain(ctx, "s3:ListBucket", err)
		}
		names = append(names, strings.TrimPrefix(object.Key, o.prefix))
	}
	return names, nil
}

// Delete removes an object.
func (o *objects) Delete(ctx context.Context, name string) error {
	return o.explain(ctx, "s3:DeleteObject", o.bucket.Delete(ctx, o.prefix+name))
}

// policy is what has to be allowed, and nothing more.
const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:PutObject","s3:GetObject","s3:DeleteObject"],"Resource":"arn:aws:s3:::%[1]s/%[2]s*"},` +
	`{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::%[1]s","Condition":{"StringLike":{"s3:prefix":"%[2]s*"}}}]}`

// explain says what S3 refused, and whether it may pass.
func (o *objects) explain(ctx context.Context, action string, err error) error {
	switch {
	case err == nil || errors.Is(err, bursar.ErrNoObject):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	}
	cause := awsapi.Classify(err)
	switch cause.Class {
	case awsapi.Throttled, awsapi.Unreachable, awsapi.ExpiredOwn, awsapi.Propagating:
		return destination.Away(string(cause.Class), "S3 does not answer %s for the bucket %s: %w", action, o.name, err).WithHint("it is tried again")
	case awsapi.BucketGone, awsapi.Missing:
		return destination.Refused(string(cause.Class), "there is no bucket %s", o.name).WithHint("make it, or name another; a check says when it is there")
	case awsapi.WrongRegion:
		return destination.Refused(string(cause.Class), "the bucket %s is in another region: %s", o.name, cause.Region).WithHint("set region to that one")
	case awsapi.KMS:
		return destination.Refused(string(cause.Class), "the key that encrypts the bucket %s may not be used: %s", o.name, cause.Message).WithHint("allow kms:GenerateDataKey and kms:Decrypt on it")
	case awsapi.WrongOwnerOrDenied, awsapi.Denied, awsapi.DeniedIdentity, awsapi.DeniedResourcePolicy, awsapi.DeniedBoundary, awsapi.DeniedSCP, awsapi.DeniedVPCEndpoint:
		return destination.Refused(string(cause.Class), "%s is denied for the bucket %s, or another account owns it", action, o.name).
			WithHint("allow this to the role or user, and look at bucket_owner: %s", fmt.Sprintf(policy, o.name, o.prefix))
	}
	return destination.Refused(string(cause.Class), "S3 refuses %s for the bucket %s: %w", action, o.name, err).WithHint("what AWS says is in the message")
}
