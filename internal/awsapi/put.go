package awsapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// ErrExists is why an object was not put: there is one of that key already.
var ErrExists = errors.New("there is an object of that key already")

// PutNew writes an object whose key must not be there yet (s3:PutObject), or answers [ErrExists] and changes nothing. It is for bursar's own
// buckets alone, with [Client.Own]: in a customer's account bursar never writes.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
func (b *Bucket) PutNew(ctx context.Context, key, contentType string, body []byte) error {
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(b.name), Key: aws.String(key), Body: bytes.NewReader(body), ContentType: aws.String(contentType),
		CacheControl: aws.String("public, max-age=31536000, immutable"), IfNoneMatch: aws.String("*"), ExpectedBucketOwner: b.owner,
	})
	var resp *smithyhttp.ResponseError
	if errors.As(err, &resp) && (resp.HTTPStatusCode() == http.StatusPreconditionFailed || resp.HTTPStatusCode() == http.StatusConflict) {
		return fmt.Errorf("put s3://%s/%s: %w", b.name, key, ErrExists)
	}
	if err != nil {
		return fmt.Errorf("put s3://%s/%s: %w", b.name, key, err)
	}
	return nil
}
