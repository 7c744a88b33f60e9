package awsapi

import (
	"regexp"
	"slices"

	"github.com/bursarhq/bursar"
)

// Partition is what bursar knows of one AWS partition.
type Partition struct {
	Name                bursar.Partition
	BillingRegion       string   // where cur, bcm-data-exports and Cost Explorer answer; in GovCloud STS is asked there instead
	OrganizationsRegion string   // where Organizations answers
	HasBilling          bool     // whether cur, bcm-data-exports and Cost Explorer exist: GovCloud's bills are in the paired commercial account
	HasStackSets        bool     // whether service-managed StackSets exist
	ConsoleHost         string   // "console.aws.amazon.com"
	DNSSuffix           string   // "amazonaws.com"
	Regions             []string // all regions that a bucket or a stack may be in, sorted
}

var partitions = map[bursar.Partition]Partition{
	bursar.PartitionAWS: {
		Name: bursar.PartitionAWS, BillingRegion: "us-east-1", OrganizationsRegion: "us-east-1", HasBilling: true, HasStackSets: true,
		ConsoleHost: "console.aws.amazon.com", DNSSuffix: "amazonaws.com",
		Regions: []string{
			"af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2",
			"ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
			"ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2",
			"eu-west-3", "il-central-1", "me-central-1", "me-south-1", "mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
		},
	},
	bursar.PartitionChina: {
		Name: bursar.PartitionChina, BillingRegion: "cn-northwest-1", OrganizationsRegion: "cn-northwest-1", HasBilling: true,
		ConsoleHost: "console.amazonaws.cn", DNSSuffix: "amazonaws.com.cn",
		Regions: []string{"cn-north-1", "cn-northwest-1"},
	},
	bursar.PartitionGovCloud: {
		Name: bursar.PartitionGovCloud, BillingRegion: "us-gov-west-1", OrganizationsRegion: "us-gov-west-1", HasStackSets: true,
		ConsoleHost: "console.amazonaws-us-gov.com", DNSSuffix: "amazonaws.com",
		Regions: []string{"us-gov-east-1", "us-gov-west-1"},
	},
}

// PartitionOf returns what is known of a partition. An unknown one is an Invalid error.
func PartitionOf(name bursar.Partition) (Partition, error) {
	p, ok := partitions[name]
	if !ok {
		return Partition{}, bursar.InvalidField("partition", "%q is not an AWS partition that bursar knows", string(name)).
			WithReason("partition_unknown").WithHint("use aws, aws-cn or aws-us-gov")
	}
	p.Regions = slices.Clone(p.Regions)
	return p, nil
}

var regionPattern = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]+$`)

// CheckRegion says what is wrong with a region: its form, or that the partition has none of that name. The SDK puts a
// region into a host name, so one that fails here must not go further.
func (p Partition) CheckRegion(region string) error {
	if !regionPattern.MatchString(region) || len(region) > 32 {
		return bursar.InvalidField("region", "%.40q is not an AWS region", region).WithReason("region_malformed").WithHint("write it like us-east-1")
	}
	if !slices.Contains(p.Regions, region) {
		return bursar.InvalidField("region", "partition %s has no region %q", p.Name, region).WithReason("region_unknown").
			WithHint("look for a typing mistake; the regions are listed at https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html")
	}
	return nil
}
