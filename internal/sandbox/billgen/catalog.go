package billgen

import "strings"

// shape is how much of a thing is used in an hour.
type shape int

const (
	running  shape = iota // one, for each hour that it runs
	stored                // a stock of gigabytes, in gigabyte-months
	requests              // a count that follows the day
	volume                // a quantity with many digits that follows the day
)

// service is a service of the price list.
type service struct {
	code, name string
	arn        string // service part of resource ARNs; "" = resources have plain names
	meters     []meter
}

// meter is one thing that a service charges for.
type meter struct {
	usageType, operation, unit, family string
	rate                               Amount
	shape                              shape
	base                               int64 // how much an hour: gigabytes, requests, units
	weight                             int   // how often resources are of this kind
	instance                           string
	spot                               bool
}

var services = []service{
	{"AmazonEC2", "Amazon Elastic Compute Cloud", "", []meter{
		{"BoxUsage:m5.xlarge", "RunInstances", "Hrs", "Compute Instance", amount("0.192"), running, 1, 90, "m5.xlarge", false},
		{"BoxUsage:c6i.2xlarge", "RunInstances", "Hrs", "Compute Instance", amount("0.34"), running, 1, 60, "c6i.2xlarge", false},
		{"BoxUsage:r6g.large", "RunInstances", "Hrs", "Compute Instance", amount("0.1008"), running, 1, 60, "r6g.large", false},
		{"BoxUsage:m7i.large", "RunInstances:0002", "Hrs", "Compute Instance", amount("0.1928"), running, 1, 30, "m7i.large", false},
		{"SpotUsage:c5.large", "RunInstances:SV001", "Hrs", "Compute Instance", amount("0.0298"), running, 1, 60, "c5.large", true},
		{"EBS:VolumeUsage.gp3", "CreateVolume-Gp3", "GB-Mo", "Storage", amount("0.08"), stored, 240, 120, "", false},
		{"EBS:SnapshotUsage", "CreateSnapshot", "GB-Mo", "Storage Snapshot", amount("0.05"), stored, 900, 40, "", false},
		{"NatGateway-Hours", "NatGateway", "Hrs", "NAT Gateway", amount("0.045"), running, 1, 15, "", false},
		{"NatGateway-Bytes", "NatGateway", "GB", "NAT Gateway", amount("0.045"), volume, 30, 15, "", false},
	}},
	{"AmazonS3", "Amazon Simple Storage Service", "", []meter{
		{"TimedStorage-ByteHrs", "StandardStorage", "GB-Mo", "Storage", amount("0.023"), stored, 8000, 50, "", false},
		{"TimedStorage-INT-FA-ByteHrs", "IntelligentTieringFAStorage", "GB-Mo", "Storage", amount("0.023"), stored, 20000, 15, "", false},
		{"Requests-Tier1", "PutObject", "Requests", "API Request", amount("0.000005"), requests, 9000, 30, "", false},
		{"Requests-Tier2", "GetObject", "Requests", "API Request", amount("0.0000004"), requests, 60000, 30, "", false},
		{"DataTransfer-Out-Bytes", "GetObject", "GB", "Data Transfer", amount("0.09"), volume, 4, 15, "", false},
	}},
	{"AmazonRDS", "Amazon Relational Database Service", "rds", []meter{
		{"InstanceUsage:db.r5.large", "CreateDBInstance:0014", "Hrs", "Database Instance", amount("0.25"), running, 1, 30, "db.r5.large", false},
		{"Multi-AZUsage:db.m5.xl", "CreateDBInstance:0021", "Hrs", "Database Instance", amount("0.684"), running, 1, 15, "db.m5.xlarge", false},
		{"RDS:GP3-Storage", "CreateDBInstance:0014", "GB-Mo", "Database Storage", amount("0.115"), stored, 600, 25, "", false},
	}},
	{"AWSLambda", "AWS Lambda", "lambda", []meter{
		{"Lambda-GB-Second", "Invoke", "Lambda-GB-Second", "Serverless", amount("0.0000166667"), volume, 9000, 40, "", false},
		{"Request", "Invoke", "Requests", "Serverless", amount("0.0000002"), requests, 40000, 40, "", false},
	}},
	{"AmazonCloudWatch", "AmazonCloudWatch", "logs", []meter{
		{"DataProcessing-Bytes", "PutLogEvents", "GB", "Data Payload", amount("0.5"), volume, 1, 40, "", false},
		{"CW:MetricMonitorUsage", "MetricStorage", "Metrics", "Metric", amount("0.3"), stored, 40, 30, "", false},
		{"CW:Requests", "GetMetricData", "Requests", "API Request", amount("0.00001"), requests, 400, 25, "", false},
	}},
	{"AmazonDynamoDB", "Amazon DynamoDB", "dynamodb", []meter{
		{"ReadRequestUnits", "PayPerRequestThroughput", "ReadRequestUnits", "Amazon DynamoDB PayPerRequest Throughput", amount("0.00000025"), requests, 300000, 20, "", false},
		{"WriteRequestUnits", "PayPerRequestThroughput", "WriteRequestUnits", "Amazon DynamoDB PayPerRequest Throughput", amount("0.00000125"), requests, 60000, 20, "", false},
	}},
	{"AWSDataTransfer", "AWS Data Transfer", "", []meter{
		{"USE1-USW2-AWS-Out-Bytes", "InterRegion-Out", "GB", "Data Transfer", amount("0.02"), volume, 6, 25, "", false},
		{"DataTransfer-Regional-Bytes", "InterZone-Out", "GB", "Data Transfer", amount("0.01"), volume, 20, 30, "", false},
	}},
	{"AWSELB", "Elastic Load Balancing", "elasticloadbalancing", []meter{
		{"LoadBalancerUsage", "LoadBalancing:Application", "Hrs", "Load Balancer-Application", amount("0.0225"), running, 1, 20, "", false},
		{"LCUUsage", "LoadBalancing:Application", "LCU-Hrs", "Load Balancer-Application", amount("0.008"), volume, 3, 20, "", false},
	}},
	{"AmazonEKS", "Amazon Elastic Container Service for Kubernetes", "eks", []meter{
		{"AmazonEKS-Hours:perCluster", "CreateOperation", "Hours", "Compute", amount("0.1"), running, 1, 15, "", false},
	}},
	{"awskms", "AWS Key Management Service", "kms", []meter{
		{"KMS-Requests", "Decrypt", "Requests", "API Request", amount("0.000003"), requests, 2000, 15, "", false},
		{"KMS-Keys", "unknown", "Keys", "Encryption Key", amount("1"), stored, 1, 10, "", false},
	}},
	{"AWSQueueService", "Amazon Simple Queue Service", "sqs", []meter{
		{"Requests-Tier1", "SendMessage", "Requests", "API Request", amount("0.0000004"), requests, 30000, 20, "", false},
	}},
	{"AmazonElastiCache", "Amazon ElastiCache", "elasticache", []meter{
		{"NodeUsage:cache.r6g.large", "CreateCacheCluster:0002", "Hrs", "Cache Instance", amount("0.206"), running, 1, 15, "cache.r6g.large", false},
	}},
	{"AmazonVPC", "Amazon Virtual Private Cloud", "ec2", []meter{
		{"PublicIPv4:InUseAddress", "AssociateAddressVPC", "Hrs", "VPC Public IPv4 Address", amount("0.005"), running, 1, 25, "", false},
		{"VpcEndpoint-Hours", "VpcEndpoint", "Hrs", "VpcEndpoint", amount("0.01"), running, 1, 15, "", false},
	}},
	{"AmazonRoute53", "Amazon Route 53", "route53", []meter{
		{"DNS-Queries", "A", "Queries", "DNS Query", amount("0.0000004"), requests, 5000, 8, "", false},
	}},
}

// item is a place in the catalogue.
type item struct{ service, meter int }

// bag holds each meter as often as its weight says; reservable are the instances that commitments cover.
var bag, reservable = fillBag()

func fillBag() (all, instances []item) {
	for s := range services {
		for m, x := range services[s].meters {
			for range x.weight {
				all = append(all, item{s, m})
			}
			if services[s].code == "AmazonEC2" && x.instance != "" && !x.spot {
				instances = append(instances, item{s, m})
			}
		}
	}
	return all, instances
}

type region struct{ code, prefix, location string }

var regions = []region{
	{"us-east-1", "", "US East (N. Virginia)"},
	{"us-east-1", "", "US East (N. Virginia)"},
	{"us-east-1", "", "US East (N. Virginia)"},
	{"eu-central-1", "EUC1-", "EU (Frankfurt)"},
	{"eu-central-1", "EUC1-", "EU (Frankfurt)"},
	{"eu-west-1", "EU-", "EU (Ireland)"},
	{"us-west-2", "USW2-", "US West (Oregon)"},
	{"ap-northeast-1", "APN1-", "Asia Pacific (Tokyo)"},
}

// The attributes that make products tell what they are. Keys are those of legacy reports.
var instanceAttributes = map[string][]Pair{
	"m5.xlarge":       hardware("General purpose", "4", "16 GiB", "Intel Xeon Platinum 8175", "Up to 10 Gigabit", "8"),
	"c6i.2xlarge":     hardware("Compute optimized", "8", "16 GiB", "Intel Xeon 8375C (Ice Lake)", "Up to 12.5 Gigabit", "16"),
	"r6g.large":       hardware("Memory optimized", "2", "16 GiB", "AWS Graviton2 Processor", "Up to 10 Gigabit", "4"),
	"m7i.large":       hardware("General purpose", "2", "8 GiB", "Intel Xeon Scalable (Sapphire Rapids)", "Up to 12.5 Gigabit", "4"),
	"c5.large":        hardware("Compute optimized", "2", "4 GiB", "Intel Xeon Platinum 8124M", "Up to 10 Gigabit", "4"),
	"db.r5.large":     hardware("Memory optimized", "2", "16 GiB", "Intel Xeon Platinum 8175", "Up to 10 Gigabit", "4"),
	"db.m5.xlarge":    hardware("General purpose", "4", "16 GiB", "Intel Xeon Platinum 8175", "Up to 10 Gigabit", "8"),
	"cache.r6g.large": hardware("Memory optimized", "2", "13.07 GiB", "AWS Graviton2 Processor", "Up to 10 Gigabit", "4"),
}

func hardware(family, vcpu, memory, processor, network, factor string) []Pair {
	return []Pair{
		{"currentGeneration", "Yes"},
		{"instanceFamily", family},
		{"licenseModel", "No License required"},
		{"marketoption", "OnDemand"},
		{"memory", memory},
		{"networkPerformance", network},
		{"normalizationSizeFactor", factor},
		{"operatingSystem", "Linux"},
		{"physicalProcessor", processor},
		{"preInstalledSw", "NA"},
		{"processorArchitecture", "64-bit"},
		{"storage", "EBS only"},
		{"tenancy", "Shared"},
		{"vcpu", vcpu},
	}
}

// ProductKeys lists the keys that Line.Product may have, sorted: the columns product/… of a legacy report.
func ProductKeys() []string {
	return []string{
		"availability", "currentGeneration", "durability",
		"group", "groupDescription", "instanceFamily", "licenseModel", "marketoption", "memory", "networkPerformance",
		"normalizationSizeFactor", "operatingSystem", "physicalProcessor", "preInstalledSw", "processorArchitecture",
		"servicename", "storage", "storageClass", "storageMedia", "tenancy", "transferType", "vcpu",
		"volumeType",
	}
}

// TagKeys lists the keys that Line.Tags may have, sorted.
func TagKeys() []string {
	return []string{
		"aws:cloudformation:stack-name", "aws:createdBy", "user:CostCenter", "user:Kostenträger", "user:Name", "user:app",
		"user:env", "user:owner", "user:team",
	}
}

// CostCategoryKeys lists the keys that Line.CostCategories may have, sorted.
func CostCategoryKeys() []string { return []string{"BusinessUnit", "Environment"} }

// product returns the attributes of a meter, in key order.
func (m *meter) product(s *service) []Pair {
	p := []Pair{{"servicename", s.name}}
	switch {
	case m.instance != "":
		p = append(append([]Pair{}, instanceAttributes[m.instance]...), p...)
	case m.unit == "GB-Mo" && s.code == "AmazonS3":
		p = append([]Pair{{"availability", "99.99%"}, {"durability", "99.999999999%"}}, append(p, Pair{"storageClass", "General Purpose"})...)
	case m.unit == "GB-Mo":
		p = append(p, Pair{"storageMedia", "SSD-backed"}, Pair{"volumeType", "General Purpose"})
	case m.unit == "GB":
		p = append(p, Pair{"transferType", "AWS Outbound"})
	case m.shape == requests:
		p = append([]Pair{{"group", m.operation}, {"groupDescription", m.operation + ", priced per " + strings.ToLower(m.unit)}}, p...)
	}
	return sortPairs(p)
}
