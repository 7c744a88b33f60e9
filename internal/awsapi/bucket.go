package awsapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/bursarhq/bursar"
)

// Bucket is an S3 bucket seen through a session. It implements [bursar.Bucket]. Every request names the account that must
// own the bucket, so that a bucket that was deleted and made again by a stranger is never read.
type Bucket struct {
	client *s3.Client
	name   string
	region string
	owner  *string
}

var _ bursar.Bucket = (*Bucket)(nil)

// Bucket returns a bucket by its name, region and owner's account id. An empty region is the client's; an empty owner
// (only with [Client.Own]) pins none. A region that the partition does not have is refused.
func (s *Session) Bucket(name, region, owner string) (*Bucket, error) {
	if region == "" {
		region = s.client.cfg.Region
	}
	if err := s.client.partition.CheckRegion(region); err != nil {
		return nil, err
	}
	b := &Bucket{client: s.s3Client(region), name: name, region: region}
	if owner != "" {
		b.owner = aws.String(owner)
	} else if s.accountID != "" {
		return nil, bursar.Errorf(bursar.Internal, "a customer's bucket was about to be read without naming its owner")
	}
	return b, nil
}

func (s *Session) s3Client(region string) *s3.Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.s3[region] == nil {
		s.s3[region] = s3.NewFromConfig(s.client.config(region, s.creds), func(o *s3.Options) { o.UsePathStyle = s.client.cfg.Endpoint != "" })
	}
	return s.s3[region]
}

// Name returns the bucket's name.
func (b *Bucket) Name() string { return b.name }

// List gives every object under a prefix, in key order (s3:ListBucket).
func (b *Bucket) List(ctx context.Context, prefix string) iter.Seq2[bursar.Object, error] {
	return func(yield func(bursar.Object, error) bool) {
		pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: aws.String(b.name), Prefix: aws.String(prefix), ExpectedBucketOwner: b.owner})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(bursar.Object{}, fmt.Errorf("list s3://%s/%s: %w", b.name, prefix, err))
				return
			}
			for _, o := range page.Contents {
				if !yield(bursar.Object{Key: aws.ToString(o.Key), Size: aws.ToInt64(o.Size), ETag: aws.ToString(o.ETag), Modified: aws.ToTime(o.LastModified).UTC()}, nil) {
					return
				}
			}
		}
	}
}

// Get opens an object (s3:GetObject), or answers [bursar.ErrNotModified] or [bursar.ErrNoObject].
func (b *Bucket) Get(ctx context.Context, key, ifNoneMatch string) (bursar.Object, io.ReadCloser, error) {
	in := &s3.GetObjectInput{Bucket: aws.String(b.name), Key: aws.String(key), ExpectedBucketOwner: b.owner}
	if ifNoneMatch != "" {
		in.IfNoneMatch = aws.String(ifNoneMatch)
	}
	out, err := b.client.GetObject(ctx, in)
	if err != nil {
		return bursar.Object{}, nil, fmt.Errorf("get s3://%s/%s: %w", b.name, key, b.absent(ctx, key, objectError(err)))
	}
	o := bursar.Object{Key: key, Size: aws.ToInt64(out.ContentLength), ETag: aws.ToString(out.ETag), Modified: aws.ToTime(out.LastModified).UTC()}
	if out.ContentLength == nil {
		o.Size = -1
	}
	return o, &wholeBody{body: out.Body, left: o.Size}, nil
}

// absent says that an object is not there where S3 refuses to say it: who may list only a part of a bucket is denied an object
// that does not exist (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html), and may list the object's own name.
func (b *Bucket) absent(ctx context.Context, key string, refused error) error {
	var resp *smithyhttp.ResponseError
	if !errors.As(refused, &resp) || resp.HTTPStatusCode() != http.StatusForbidden {
		return refused
	}
	for o, err := range b.List(ctx, key) {
		if err != nil || o.Key == key {
			return refused
		}
	}
	return errors.Join(bursar.ErrNoObject, refused)
}

// objectError keeps AWS's error and lets errors.Is find ours.
func objectError(err error) error {
	var none *types.NoSuchKey
	var resp *smithyhttp.ResponseError
	switch {
	case errors.As(err, &none):
		return errors.Join(bursar.ErrNoObject, err)
	case errors.As(err, &resp) && resp.HTTPStatusCode() == http.StatusNotModified:
		return bursar.ErrNotModified
	}
	return err
}

// wholeBody turns an end before the announced size into io.ErrUnexpectedEOF.
type wholeBody struct {
	body io.ReadCloser
	left int64 // bytes that must still come; negative when AWS did not say
}

// Read reads on.
func (w *wholeBody) Read(p []byte) (int, error) {
	n, err := w.body.Read(p)
	if w.left >= 0 {
		w.left -= int64(n)
		if err == io.EOF && w.left > 0 {
			err = io.ErrUnexpectedEOF
		}
		w.left = max(w.left, 0)
	}
	return n, err
}

// Close closes the body.
func (w *wholeBody) Close() error { return w.body.Close() }

// Head asks whether the bucket is there (s3:ListBucket without a prefix) and returns its region.
func (b *Bucket) Head(ctx context.Context) (region string, err error) {
	out, err := b.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String(b.name), ExpectedBucketOwner: b.owner})
	if err != nil {
		return Classify(err).Region, fmt.Errorf("look at the bucket %s: %w", b.name, err)
	}
	return aws.ToString(out.BucketRegion), nil
}

// Location tells the bucket's region (s3:GetBucketLocation).
func (b *Bucket) Location(ctx context.Context) (string, error) {
	out, err := b.client.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: aws.String(b.name), ExpectedBucketOwner: b.owner})
	if err != nil {
		return "", fmt.Errorf("ask where the bucket %s is: %w", b.name, err)
	}
	switch region := string(out.LocationConstraint); region {
	case "": // S3's oldest region has no name here
		return "us-east-1", nil
	case "EU":
		return "eu-west-1", nil
	default:
		return region, nil
	}
}

// Policy returns the bucket's policy, JSON (s3:GetBucketPolicy); "" when there is none.
func (b *Bucket) Policy(ctx context.Context) (string, error) {
	out, err := b.client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: aws.String(b.name), ExpectedBucketOwner: b.owner})
	if c := Classify(err); c.Code == "NoSuchBucketPolicy" {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the policy of the bucket %s: %w", b.name, err)
	}
	return aws.ToString(out.Policy), nil
}

// Encryption tells how the bucket encrypts new objects by default: AES256, aws:kms or aws:kms:dsse
// (s3:GetEncryptionConfiguration), and with which KMS key if one is named.
func (b *Bucket) Encryption(ctx context.Context) (algorithm, keyID string, err error) {
	out, err := b.client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: aws.String(b.name), ExpectedBucketOwner: b.owner})
	if Classify(err).Code == "ServerSideEncryptionConfigurationNotFoundError" {
		return "", "", nil
	}
	if err != nil {
		return "", "", fmt.Errorf("read the encryption of the bucket %s: %w", b.name, err)
	}
	if c := out.ServerSideEncryptionConfiguration; c != nil {
		if i := slices.IndexFunc(c.Rules, func(r types.ServerSideEncryptionRule) bool { return r.ApplyServerSideEncryptionByDefault != nil }); i >= 0 {
			d := c.Rules[i].ApplyServerSideEncryptionByDefault
			return string(d.SSEAlgorithm), aws.ToString(d.KMSMasterKeyID), nil
		}
	}
	return "", "", nil
}
