package register

import (
	"net/url"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
)

// consoleHost is AWS's console in each partition. The commercial one has a host for each region.
func consoleHost(name bursar.Partition, region string) string {
	p, err := awsapi.PartitionOf(name)
	if err == nil && name != bursar.PartitionAWS {
		return p.ConsoleHost
	}
	return region + ".console.aws.amazon.com"
}

// reaches says whether CloudFormation in a partition can read the templates where they are published: S3 of one partition is closed to
// another's. A place that is no AWS host is the operator's own affair.
func (c Config) reaches(p bursar.Partition) bool {
	u, err := url.Parse(c.TemplateBaseURL)
	if err != nil || u.Host == "" {
		return false
	}
	host := u.Hostname()
	switch {
	case strings.HasSuffix(host, ".amazonaws.com.cn"):
		return p == bursar.PartitionChina
	case strings.HasSuffix(host, ".amazonaws.com") && strings.Contains(host, "us-gov-"):
		return p == bursar.PartitionGovCloud
	case strings.HasSuffix(host, ".amazonaws.com"):
		return p == bursar.PartitionAWS
	}
	return true
}

// escape encodes a value for a query that stands in a fragment: there a "+" is not everywhere read as a space.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// pair is one "name=value" of a query.
type pair struct{ name, value string }

func query(pairs []pair) string {
	parts := make([]string, len(pairs))
	for i, p := range pairs {
		parts[i] = escape(p.name) + "=" + escape(p.value)
	}
	return strings.Join(parts, "&")
}

// page builds the address of a page of the CloudFormation console. The query stands after "#", so it is never sent
// to a server.
func (c Config) page(p bursar.Partition, region, route string, pairs []pair) string {
	base := "https://" + consoleHost(p, region)
	if c.ConsoleBaseURL != "" {
		base = strings.TrimRight(c.ConsoleBaseURL, "/")
	}
	return base + "/cloudformation/home?region=" + escape(region) + "#/" + route + "?" + query(pairs)
}

// CreateStackLink opens AWS's quick-create page with a template, a stack name and parameters filled in.
func (c Config) CreateStackLink(p bursar.Partition, region, templateURL, stackName string, parameters []Parameter) string {
	pairs := []pair{{"templateURL", templateURL}, {"stackName", stackName}}
	for _, v := range parameters {
		pairs = append(pairs, pair{"param_" + v.Key, v.Value})
	}
	return c.page(p, region, "stacks/create/review", pairs)
}

// UpdateStackLink opens the update of a stack with a newer template. The page keeps the values of parameters that
// the stack has. AWS does not document this address: offer the command beside it.
func (c Config) UpdateStackLink(p bursar.Partition, region, templateURL, stackName string) string {
	return c.page(p, region, "stacks/update/template", []pair{{"stackId", stackName}, {"templateURL", templateURL}})
}

// StackSetLink opens the page that creates a StackSet. AWS documents no way to fill it in: the values are copied.
func (c Config) StackSetLink(p bursar.Partition, region string) string {
	return strings.TrimSuffix(c.page(p, region, "stacksets/create", nil), "?")
}
