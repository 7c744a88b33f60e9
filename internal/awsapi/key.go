package awsapi

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/bursarhq/bursar"
)

// AccessKey is an access key that somebody has stored.
type AccessKey struct {
	ID     string
	Secret bursar.Secret
	Token  bursar.Secret // session token; empty for the key of a user
}

// WithKey returns a session with a stored access key, in the partition and with STS in the region given; "" is that of billing. Nothing of
// bursar's own identity is used. An error of such a session whose class is OwnIdentity or ExpiredOwn is about the key.
func (c *Client) WithKey(k AccessKey, p bursar.Partition, region string) (*Session, error) {
	partition, err := PartitionOf(p)
	if err != nil {
		return nil, err
	}
	if region == "" {
		region = partition.BillingRegion
	}
	if err := partition.CheckRegion(region); err != nil {
		return nil, err
	}
	creds := aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider(k.ID, k.Secret.Reveal(), k.Token.Reveal()))
	cfg := c.cfg
	cfg.Partition, cfg.Region, cfg.PrincipalARN = p, region, ""
	own := &Client{cfg: cfg, partition: partition, http: c.http, own: creds, now: c.now, stsByReg: map[string]*sts.Client{}, cache: map[cacheKey]*cached{}}
	return own.newSession(AssumeRequest{Region: region}, creds), nil
}

// Partition returns the partition that a session is in.
func (s *Session) Partition() Partition { return s.client.partition }

// PartitionOfRegion finds the partition that a region is in. A region that no partition has is an Invalid error.
func PartitionOfRegion(region string) (Partition, error) {
	for _, name := range slices.Sorted(maps.Keys(partitions)) {
		if slices.Contains(partitions[name].Regions, region) {
			return PartitionOf(name)
		}
	}
	return Partition{}, partitions[bursar.PartitionAWS].CheckRegion(region)
}
