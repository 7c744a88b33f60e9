package register

import (
	"net/url"
	"strings"

	"github.com/bursarhq/bursar"
)

// consoleHost is AWS's console in each partition. The commercial one has a host for each region.
func consoleHost(p bursar.Partition, region string) string {
	switch p {
	case bursar.PartitionChina:
		return "console.amazonaws.cn"
	case bursar.PartitionGovCloud:
		return "console.amazonaws-us-gov.com"
	}
	return region + ".console.aws.amazon.com"
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
