package billing

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/bursarhq/bursar/internal/sandbox/billing/definition"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// properties reads a resource's properties. Templates may write booleans as strings. A property that the type does not
// have is refused, as CloudFormation's schema check does.
func properties(typ string, given map[string]any, v any) *cloud.Error {
	if s, ok := given["RefreshClosedReports"].(string); ok && (s == "true" || s == "false") {
		copied := map[string]any{}
		for k, v := range given {
			copied[k] = v
		}
		copied["RefreshClosedReports"] = s == "true"
		given = copied
	}
	text, err := json.Marshal(given)
	if err == nil {
		err = read(text, v)
	}
	if err != nil {
		return cloud.Errorf(http.StatusBadRequest, "ValidationError", "Properties validation failed for resource of type %s with message: %v", typ, err)
	}
	return nil
}

// replace asks CloudFormation for a new resource.
func replace(property string) *cloud.Error {
	return &cloud.Error{Code: cloud.ReplacementNeeded, Message: property}
}

// reportHandler makes AWS::CUR::ReportDefinition:
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cur-reportdefinition.html.
type reportHandler struct{ s *Service }

type reportProperties struct {
	definition.Report
	Tags []tag
}

// Create makes the report definition. Ref gives its name.
func (h reportHandler) Create(rc cloud.ResourceContext, given map[string]any) (cloud.Resource, *cloud.Error) {
	var p reportProperties
	if e := properties("AWS::CUR::ReportDefinition", given, &p); e != nil {
		return cloud.Resource{}, e
	}
	if p.ReportVersioning == "" {
		return cloud.Resource{}, cloud.Validation("Properties validation failed for resource of type AWS::CUR::ReportDefinition with message: #: required key [ReportVersioning] not found")
	}
	if e := h.s.allow(rc.Caller, rc.Region, [2]string{"cur:PutReportDefinition", h.s.reportARN(rc.AccountID, p.ReportName)}); e != nil {
		return cloud.Resource{}, e
	}
	x, e := h.s.putReport(rc.AccountID, p.Report, tagsOf(p.Tags))
	if e != nil {
		return cloud.Resource{}, e
	}
	h.s.plan(x)
	return cloud.Resource{PhysicalID: p.ReportName}, nil
}

// Update changes what can be changed in place.
func (h reportHandler) Update(rc cloud.ResourceContext, id string, given map[string]any) (cloud.Resource, *cloud.Error) {
	var p reportProperties
	if e := properties("AWS::CUR::ReportDefinition", given, &p); e != nil {
		return cloud.Resource{}, e
	}
	x := h.s.find(named(curService, rc.AccountID, id))
	if x == nil {
		return cloud.Resource{}, cloud.Errorf(http.StatusNotFound, "NotFound", "The report %s does not exist.", id)
	}
	h.s.mu.Lock()
	was := x.report
	h.s.mu.Unlock()
	switch {
	case p.ReportName != was.ReportName:
		return cloud.Resource{}, replace("ReportName")
	case p.TimeUnit != was.TimeUnit:
		return cloud.Resource{}, replace("TimeUnit")
	case p.ReportVersioning != was.ReportVersioning:
		return cloud.Resource{}, replace("ReportVersioning")
	case !slices.Equal(p.AdditionalSchemaElements, was.AdditionalSchemaElements):
		return cloud.Resource{}, replace("AdditionalSchemaElements")
	case p.BillingViewArn != was.BillingViewArn:
		return cloud.Resource{}, replace("BillingViewArn")
	}
	if e := h.s.allow(rc.Caller, rc.Region, [2]string{"cur:ModifyReportDefinition", x.arn}); e != nil {
		return cloud.Resource{}, e
	}
	return cloud.Resource{PhysicalID: id}, h.s.modifyReport(x, p.Report)
}

// Delete removes the definition. What it has delivered stays.
func (h reportHandler) Delete(rc cloud.ResourceContext, id string) *cloud.Error {
	x := h.s.find(named(curService, rc.AccountID, id))
	if x == nil {
		return nil
	}
	if e := h.s.allow(rc.Caller, rc.Region, [2]string{"cur:DeleteReportDefinition", x.arn}); e != nil {
		return e
	}
	h.s.remove(x)
	return nil
}

// exportHandler makes AWS::BCMDataExports::Export:
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-bcmdataexports-export.html.
type exportHandler struct{ s *Service }

type exportProperties struct {
	Export definition.Export
	Tags   []tag
}

// Create makes the export. Ref gives its ARN.
func (h exportHandler) Create(rc cloud.ResourceContext, given map[string]any) (cloud.Resource, *cloud.Error) {
	var p exportProperties
	if e := properties("AWS::BCMDataExports::Export", given, &p); e != nil {
		return cloud.Resource{}, e
	}
	if e := h.s.allow(rc.Caller, rc.Region, h.s.makesExport(rc.AccountID, p.Export)...); e != nil {
		return cloud.Resource{}, e
	}
	x, e := h.s.createExport(rc.AccountID, p.Export, tagsOf(p.Tags))
	if e != nil {
		return cloud.Resource{}, e
	}
	h.s.plan(x)
	return exportResource(x.arn), nil
}

func exportResource(arn string) cloud.Resource {
	return cloud.Resource{PhysicalID: arn, Attributes: map[string]string{"ExportArn": arn}}
}

// Update changes what can be changed in place.
func (h exportHandler) Update(rc cloud.ResourceContext, id string, given map[string]any) (cloud.Resource, *cloud.Error) {
	var p exportProperties
	if e := properties("AWS::BCMDataExports::Export", given, &p); e != nil {
		return cloud.Resource{}, e
	}
	x := h.s.find(byARN(id))
	if x == nil {
		return cloud.Resource{}, cloud.Errorf(http.StatusNotFound, "NotFound", "The export %s does not exist.", id)
	}
	h.s.mu.Lock()
	was := x.query
	h.s.mu.Unlock()
	if p.Export.Replaces(was) {
		return cloud.Resource{}, replace("Export")
	}
	if e := h.s.allow(rc.Caller, rc.Region, [2]string{"bcm-data-exports:UpdateExport", id}); e != nil {
		return cloud.Resource{}, e
	}
	return exportResource(id), h.s.updateExport(x, p.Export)
}

// Delete removes the export. What it has delivered stays.
func (h exportHandler) Delete(rc cloud.ResourceContext, id string) *cloud.Error {
	x := h.s.find(byARN(id))
	if x == nil {
		return nil
	}
	if e := h.s.allow(rc.Caller, rc.Region, [2]string{"bcm-data-exports:DeleteExport", id}); e != nil {
		return e
	}
	h.s.remove(x)
	return nil
}
