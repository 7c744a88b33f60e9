package awsapi

import (
	"context"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Put writes an object of a known size, at most 5 GB (s3:PutObject). It is for buckets that somebody has named as a destination: nothing
// else is ever written in a customer's account. S3 shows an object once it is whole.
func (b *Bucket) Put(ctx context.Context, key, contentType string, body io.ReadSeeker, size int64) error {
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(b.name), Key: aws.String(key), Body: body, ContentLength: aws.Int64(size), ContentType: aws.String(contentType), ExpectedBucketOwner: b.owner,
	})
	if err != nil {
		return fmt.Errorf("put s3://%s/%s: %w", b.name, key, err)
	}
	return nil
}

// Delete removes an object (s3:DeleteObject). One that is not there is no error.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String(b.name), Key: aws.String(key), ExpectedBucketOwner: b.owner})
	if err != nil {
		return fmt.Errorf("delete s3://%s/%s: %w", b.name, key, err)
	}
	return nil
}
