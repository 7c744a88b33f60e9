package billing

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/billing/definition"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// exportsAPI is AWS Billing and Cost Management Data Exports:
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Operations_AWS_Billing_and_Cost_Management_Data_Exports.html.
type exportsAPI struct{ s *Service }

// Name returns "bcm-data-exports".
func (a exportsAPI) Name() string { return exportsService }

// Protocol returns JSON 1.1.
func (a exportsAPI) Protocol() cloud.Protocol { return cloud.JSON11 }

// Namespace returns "": JSON has none.
func (a exportsAPI) Namespace() string { return "" }

// Operations lists what is simulated.
func (a exportsAPI) Operations() []string { return slices.Sorted(maps.Keys(exportOperations)) }

// Serve answers one request.
func (a exportsAPI) Serve(w http.ResponseWriter, r *cloud.Request) {
	answer(a.s, w, r, exportOperations)
}

var exportOperations = map[string]func(*call) (any, *cloud.Error){
	"CreateExport":        (*call).createExport,
	"GetExport":           (*call).getExport,
	"ListExports":         (*call).listExports,
	"UpdateExport":        (*call).updateExport,
	"DeleteExport":        (*call).deleteExport,
	"ListExecutions":      (*call).listExecutions,
	"GetExecution":        (*call).getExecution,
	"ListTables":          (*call).listTables,
	"GetTable":            (*call).getTable,
	"ListTagsForResource": (*call).exportTags,
}

// makesExport lists what whoever makes an export must be allowed: AWS asks for the legacy action too.
func (s *Service) makesExport(account string, d definition.Export) [][2]string {
	out := [][2]string{{"bcm-data-exports:CreateExport", s.arn(exportsService, account, "export/"+d.Name+"-*")}}
	if name := d.TableName(); name != "" {
		out = append(out, [2]string{"bcm-data-exports:CreateExport", s.arn(exportsService, account, "table/"+name)})
	}
	return append(out, [2]string{"cur:PutReportDefinition", s.reportARN(account, d.Name)})
}

func (c *call) createExport() (any, *cloud.Error) {
	var in struct {
		Export       definition.Export
		ResourceTags []tag
	}
	if e := c.JSON(&in); e != nil {
		return nil, e
	}
	if e := c.s.allow(c.Caller, c.Region, c.s.makesExport(c.account(), in.Export)...); e != nil {
		return nil, e
	}
	x, e := c.s.createExport(c.account(), in.Export, tagsOf(in.ResourceTags))
	if e != nil {
		return nil, e
	}
	c.s.plan(x)
	return map[string]string{"ExportArn": x.arn}, nil
}

// export finds the export that the caller may do something with. Exports of other accounts are not to be seen.
func (c *call) export(action, arn string) (*export, *cloud.Error) {
	if e := c.may("bcm-data-exports:"+action, arn); e != nil {
		return nil, e
	}
	x := c.s.find(byARN(arn))
	if x == nil || x.service != exportsService || x.account != c.account() {
		return nil, &cloud.Error{
			Status: http.StatusBadRequest, Code: "ResourceNotFoundException", Message: "The export does not exist.",
			Fields: map[string]string{"ResourceId": arn, "ResourceType": "EXPORT"},
		}
	}
	c.s.stand(x)
	return x, nil
}

type arnInput struct{ ExportArn string }

// status is an ExportStatus or an ExecutionStatus.
type status struct {
	StatusCode      string
	StatusReason    string `json:",omitempty"`
	CreatedAt       string `json:",omitempty"`
	LastUpdatedAt   string `json:",omitempty"`
	LastRefreshedAt string `json:",omitempty"`
	CompletedAt     string `json:",omitempty"`
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

var reasons = map[string]string{problemNoBucket: "INSUFFICIENT_PERMISSION", problemPermissions: "INSUFFICIENT_PERMISSION", problemInternal: "INTERNAL_FAILURE"}

// health is an export as it is now.
func (s *Service) health(x *export) (definition.Export, status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := status{StatusCode: "HEALTHY", CreatedAt: stamp(x.createdAt), LastUpdatedAt: stamp(x.updatedAt)}
	if x.problem != "" {
		st.StatusCode, st.StatusReason = "UNHEALTHY", reasons[x.problem]
	}
	for _, e := range x.executions {
		if e.problem == "" && !e.pending {
			st.LastRefreshedAt = stamp(e.at)
		}
	}
	return x.query, st
}

func (e execution) status() status {
	st := status{StatusCode: "DELIVERY_SUCCESS", CreatedAt: stamp(e.at), LastUpdatedAt: stamp(e.at), CompletedAt: stamp(e.at)}
	switch {
	case e.pending:
		st.StatusCode, st.CompletedAt = "DELIVERY_IN_PROCESS", ""
	case e.problem != "":
		st.StatusCode, st.StatusReason = "DELIVERY_FAILURE", reasons[e.problem]
	}
	return st
}

func (c *call) getExport() (any, *cloud.Error) {
	var in arnInput
	if e := c.JSON(&in); e != nil {
		return nil, e
	}
	x, e := c.export("GetExport", in.ExportArn)
	if e != nil {
		return nil, e
	}
	d, st := c.s.health(x)
	return map[string]any{"Export": d, "ExportStatus": st}, nil
}

func (c *call) listExports() (any, *cloud.Error) {
	var in pageInput
	if e := definition.First(c.may("bcm-data-exports:ListExports", "*"), c.JSON(&in)); e != nil {
		return nil, e
	}
	size, e := in.size()
	if e != nil {
		return nil, e
	}
	list, next, e := page(c.s.of(exportsService, c.account()), size, in.NextToken)
	if e != nil {
		return nil, e
	}
	type reference struct {
		ExportArn, ExportName string
		ExportStatus          status
	}
	out := struct {
		Exports   []reference
		NextToken string `json:",omitempty"`
	}{[]reference{}, next}
	for _, x := range list {
		c.s.stand(x)
		d, st := c.s.health(x)
		out.Exports = append(out.Exports, reference{d.ExportArn, d.Name, st})
	}
	return out, nil
}

func (c *call) updateExport() (any, *cloud.Error) {
	var in struct {
		ExportArn string
		Export    definition.Export
	}
	if e := c.JSON(&in); e != nil {
		return nil, e
	}
	x, e := c.export("UpdateExport", in.ExportArn)
	if e != nil {
		return nil, e
	}
	return arnInput{in.ExportArn}, c.s.updateExport(x, in.Export)
}

func (c *call) deleteExport() (any, *cloud.Error) {
	var in arnInput
	if e := c.JSON(&in); e != nil {
		return nil, e
	}
	x, e := c.export("DeleteExport", in.ExportArn)
	if e != nil {
		return nil, e
	}
	c.s.remove(x)
	return in, nil
}

func (s *Service) executions(x *export) []execution {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(x.executions)
}

func (c *call) listExecutions() (any, *cloud.Error) {
	var in struct {
		pageInput
		ExportArn string
	}
	if e := c.JSON(&in); e != nil {
		return nil, e
	}
	x, e := c.export("ListExecutions", in.ExportArn)
	if e != nil {
		return nil, e
	}
	size, e := in.size()
	if e != nil {
		return nil, e
	}
	list, next, e := page(c.s.executions(x), size, in.NextToken)
	if e != nil {
		return nil, e
	}
	type reference struct {
		ExecutionId     string
		ExecutionStatus status
	}
	out := struct {
		Executions []reference
		NextToken  string `json:",omitempty"`
	}{[]reference{}, next}
	for _, run := range list {
		out.Executions = append(out.Executions, reference{run.id, run.status()})
	}
	return out, nil
}

func (c *call) getExecution() (any, *cloud.Error) {
	var in struct{ ExportArn, ExecutionId string }
	if e := c.JSON(&in); e != nil {
		return nil, e
	}
	x, e := c.export("GetExecution", in.ExportArn)
	if e != nil {
		return nil, e
	}
	for _, run := range c.s.executions(x) {
		if run.id == in.ExecutionId {
			d, _ := c.s.health(x)
			return map[string]any{"ExecutionId": run.id, "Export": d, "ExecutionStatus": run.status()}, nil
		}
	}
	return nil, cloud.Errorf(http.StatusBadRequest, "ResourceNotFoundException", "The execution %s does not exist.", in.ExecutionId)
}

func (c *call) exportTags() (any, *cloud.Error) {
	var in struct{ ResourceArn string }
	if e := c.JSON(&in); e != nil {
		return nil, e
	}
	x, e := c.export("ListTagsForResource", in.ResourceArn)
	if e != nil {
		return nil, e
	}
	return map[string][]tag{"ResourceTags": tagList(x.tags)}, nil
}
