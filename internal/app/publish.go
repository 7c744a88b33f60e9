package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/cli"
	"github.com/bursarhq/bursar/internal/register"
)

// PublishTemplates copies the templates to a bucket with bursar's own identity. A key holds the digest of what lies there, so that nothing that was published
// ever changes: what is there already is compared and left.
func (Local) PublishTemplates(ctx context.Context, o cli.PublishOptions) (*cli.Publication, error) {
	c, err := LoadConfig(o.ConfigFile, o.Environ)
	if err != nil {
		return nil, err
	}
	region := cmp.Or(o.Region, c.Region)
	aws, err := awsapi.New(ctx, awsapi.Config{
		Partition: partitionOfRegion(region), Region: region, AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken, Endpoint: c.Endpoint,
	})
	if err != nil {
		return nil, err
	}
	bucket, err := aws.Own().Bucket(o.Bucket, region, "")
	if err != nil {
		return nil, err
	}
	prefix := strings.Trim(o.Prefix, "/")
	if prefix != "" {
		prefix += "/"
	}
	templates, err := register.Config{}.Templates()
	if err != nil {
		return nil, err
	}
	out := &cli.Publication{BaseURL: publicURL(aws.Partition(), c.Endpoint, o.Bucket, region) + strings.TrimSuffix("/"+prefix, "/"), Policy: readPolicy(aws.Partition().Name, o.Bucket, prefix)}
	for _, t := range templates {
		written, err := publishOne(ctx, bucket, prefix+t.Path, t)
		if err != nil {
			return nil, publishError(o.Bucket, region, err)
		}
		out.Templates = append(out.Templates, cli.PublishedTemplate{Name: t.Name, Key: prefix + t.Path, SHA256: t.SHA256, Version: t.Version, Written: written})
	}
	return out, nil
}

func partitionOfRegion(region string) bursar.Partition {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return bursar.PartitionChina
	case strings.HasPrefix(region, "us-gov-"):
		return bursar.PartitionGovCloud
	}
	return bursar.PartitionAWS
}

// publishOne writes a template unless it is there, and says whether it wrote.
func publishOne(ctx context.Context, b *awsapi.Bucket, key string, t register.Template) (bool, error) {
	text, err := register.TemplateText(t.Name)
	if err != nil {
		return false, err
	}
	err = b.PutNew(ctx, key, t.ContentType(), text)
	if !errors.Is(err, awsapi.ErrExists) {
		return err == nil, err
	}
	_, body, err := b.Get(ctx, key, "")
	if err != nil {
		return false, err
	}
	defer body.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, io.LimitReader(body, int64(t.Size)+1)); err != nil {
		return false, err
	}
	if hex.EncodeToString(sum.Sum(nil)) != t.SHA256 {
		return false, bursar.Errorf(bursar.Conflict, "s3://%s/%s holds something else than %s", b.Name(), key, t.Name).
			WithReason("template_differs").WithHint("somebody has changed it: find out who may write to the bucket, delete the object, and publish again")
	}
	return false, nil
}

func publishError(bucket, region string, err error) error {
	var ours *bursar.Error
	if errors.As(err, &ours) {
		return err
	}
	cause := awsapi.Classify(err)
	hint := "bursar's own identity needs s3:PutObject and s3:GetObject on the bucket"
	switch cause.Class {
	case awsapi.WrongRegion:
		hint = "give the bucket's region: --region " + cmp.Or(cause.Region, "REGION")
	case awsapi.BucketGone:
		hint = "create the bucket " + bucket + " in " + region + " first"
	case awsapi.OwnIdentity, awsapi.ExpiredOwn:
		hint = "give bursar a valid identity: set aws_access_key_id, or run it where one is ambient"
	}
	return bursar.Errorf(bursar.Conflict, "the templates cannot be published: %w", err).WithReason(string(cause.Class)).WithHint("%s", hint)
}

// publicURL is the https address of a bucket. One whose name has dots is addressed by its path: no certificate covers its name.
func publicURL(p awsapi.Partition, endpoint, bucket, region string) string {
	switch {
	case endpoint != "":
		return endpoint + "/" + bucket
	case strings.Contains(bucket, "."):
		return fmt.Sprintf("https://s3.%s.%s/%s", region, p.DNSSuffix, bucket)
	}
	return fmt.Sprintf("https://%s.s3.%s.%s", bucket, region, p.DNSSuffix)
}

// readPolicy is the statement that lets customers' identities read what is published, and nothing beside it.
func readPolicy(p bursar.Partition, bucket, prefix string) string {
	return fmt.Sprintf(`{
  "Version": "2012-10-17",
  "Statement": [{"Sid": "ReadTemplates", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:%s:s3:::%s/%sv*"}]
}`, p, bucket, prefix)
}
