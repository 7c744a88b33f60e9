package billing

import (
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/bursarhq/bursar/internal/sandbox/billing/definition"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// curAPI is the Cost and Usage Report service:
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Operations_AWS_Cost_and_Usage_Report_Service.html.
type curAPI struct{ s *Service }

// Name returns "cur".
func (a curAPI) Name() string { return curService }

// Protocol returns JSON 1.1.
func (a curAPI) Protocol() cloud.Protocol { return cloud.JSON11 }

// Namespace returns "": JSON has none.
func (a curAPI) Namespace() string { return "" }

// Operations lists what is simulated.
func (a curAPI) Operations() []string { return slices.Sorted(maps.Keys(curOperations)) }

// Serve answers one request.
func (a curAPI) Serve(w http.ResponseWriter, r *cloud.Request) { answer(a.s, w, r, curOperations) }

var curOperations = map[string]func(*call) (any, *cloud.Error){
	"DescribeReportDefinitions": (*call).describeReports,
	"PutReportDefinition":       (*call).putReport,
	"ModifyReportDefinition":    (*call).modifyReport,
	"DeleteReportDefinition":    (*call).deleteReport,
	"ListTagsForResource":       (*call).reportTags,
}

// reportsOfPage is the only page size that AWS takes.
const reportsOfPage = 5

func (c *call) describeReports() (any, *cloud.Error) {
	var in pageInput
	if e := definition.First(c.may("cur:DescribeReportDefinitions", "*"), c.JSON(&in)); e != nil {
		return nil, e
	}
	if in.MaxResults != nil && *in.MaxResults != reportsOfPage {
		return nil, definition.Refused("maxResults", strconv.Itoa(*in.MaxResults), "have value equal to 5")
	}
	list, next, e := page(c.s.of(curService, c.account()), reportsOfPage, in.NextToken)
	if e != nil {
		return nil, e
	}
	out := struct {
		ReportDefinitions []definition.Report
		NextToken         string `json:",omitempty"`
	}{[]definition.Report{}, next}
	for _, x := range list {
		out.ReportDefinitions = append(out.ReportDefinitions, c.s.shown(x))
	}
	return out, nil
}

func (c *call) putReport() (any, *cloud.Error) {
	var in struct {
		ReportDefinition definition.Report
		Tags             []tag
	}
	if e := c.JSON(&in); e != nil {
		return nil, e
	}
	if e := c.may("cur:PutReportDefinition", c.s.reportARN(c.account(), in.ReportDefinition.ReportName)); e != nil {
		return nil, e
	}
	x, e := c.s.putReport(c.account(), in.ReportDefinition, tagsOf(in.Tags))
	if e == nil {
		c.s.plan(x)
	}
	return struct{}{}, e
}

// report finds the definition that the caller may do something with.
func (c *call) report(action, name string) (*export, *cloud.Error) {
	if e := c.may("cur:"+action, c.s.reportARN(c.account(), name)); e != nil {
		return nil, e
	}
	if x := c.s.find(named(curService, c.account(), name)); x != nil {
		return x, nil
	}
	return nil, cloud.Errorf(http.StatusBadRequest, "ResourceNotFoundException", "The report %s does not exist in the account.", name)
}

func (c *call) modifyReport() (any, *cloud.Error) {
	var in struct {
		ReportName       string
		ReportDefinition definition.Report
	}
	if e := c.JSON(&in); e != nil {
		return nil, e
	}
	x, e := c.report("ModifyReportDefinition", in.ReportName)
	if e != nil {
		return nil, e
	}
	return struct{}{}, c.s.modifyReport(x, in.ReportDefinition)
}

func (c *call) deleteReport() (any, *cloud.Error) {
	var in struct{ ReportName string }
	if e := c.JSON(&in); e != nil {
		return nil, e
	}
	x, e := c.report("DeleteReportDefinition", in.ReportName)
	if e != nil {
		return nil, e
	}
	c.s.remove(x)
	return map[string]string{"ResponseMessage": "Successfully deleted report definition " + in.ReportName}, nil
}

func (c *call) reportTags() (any, *cloud.Error) {
	var in struct{ ReportName string }
	if e := c.JSON(&in); e != nil {
		return nil, e
	}
	x, e := c.report("ListTagsForResource", in.ReportName)
	if e != nil {
		return nil, e
	}
	return map[string][]tag{"Tags": tagList(x.tags)}, nil
}

func tagList(tags map[string]string) []tag {
	out := []tag{}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, tag{k, tags[k]})
	}
	return out
}
