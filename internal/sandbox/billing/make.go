package billing

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/billgen"
	"github.com/bursarhq/bursar/internal/sandbox/billgen/report"
	"github.com/bursarhq/bursar/internal/sandbox/billing/definition"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// putReport makes a report definition of an account's. It fails with ValidationException,
// DuplicateReportNameException or ReportLimitReachedException.
func (s *Service) putReport(account string, d definition.Report, tags map[string]string) (*export, *cloud.Error) {
	if e := d.Check(); e != nil {
		return nil, e
	}
	d.ReportStatus = nil
	x := newExport(curService, order{d.Definition(account, s.reportARN(account, d.ReportName)), d.S3Region, account, false})
	x.report, x.tags, x.closing = d, tags, !d.RefreshClosedReports
	if e := s.tryBucket(curService, x.order); e != nil {
		return nil, e
	}
	return x, s.add(x,
		cloud.Errorf(0, "DuplicateReportNameException", "A report with the name %s already exists in the account.", d.ReportName),
		cloud.Errorf(0, "ReportLimitReachedException", "This account has reached its limit of %d reports. Delete one to make another.", limit))
}

// modifyReport changes a report definition in place. Its name stays.
func (s *Service) modifyReport(x *export, d definition.Report) *cloud.Error {
	if d.ReportName != x.name {
		return definition.Invalid("The report name cannot be changed: delete %s and make %s.", x.name, d.ReportName)
	}
	if e := d.Check(); e != nil {
		return e
	}
	d.ReportStatus = nil
	next := order{d.Definition(x.account, x.arn), d.S3Region, x.account, false}
	if e := s.tryBucket(curService, next); e != nil {
		return e
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x.order, x.report, x.closing, x.updatedAt = next, d, !d.RefreshClosedReports, s.cloud.Clock.Now()
	return nil
}

func (s *Service) reportARN(account, name string) string {
	return s.arn(curService, account, "definition/"+name)
}

// tryBucket proves that the delivering service may write, as AWS does when a definition is made: cur leaves an object
// behind.
func (s *Service) tryBucket(service string, o order) *cloud.Error {
	def := o.def
	switch problem := s.bucketProblem(service, o); {
	case problem != "" && service == curService:
		return definition.Invalid("Failed to verify customer bucket permission. accountId: %s, bucket name: %s, bucket region: %s", def.AccountID, def.Bucket, o.region)
	case problem != "":
		return definition.Invalid("S3 bucket permission validation failed")
	case service != curService:
		return nil
	}
	w, err := s.buckets.CreateAs(principalOf(service, def.AccountID, def.ARN), def.Bucket, testKey(def))
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return definition.Invalid("Failed to verify customer bucket permission. %v", err)
	}
	return nil
}

// shown is the definition as DescribeReportDefinitions tells it, with the last delivery's status.
func (s *Service) shown(x *export) definition.Report {
	s.stand(x)
	s.mu.Lock()
	defer s.mu.Unlock()
	d := x.report
	if len(x.executions) == 0 {
		return d
	}
	words := map[string]string{"": "SUCCESS", problemNoBucket: "ERROR_NO_BUCKET", problemPermissions: "ERROR_PERMISSIONS", problemInternal: "ERROR_PERMISSIONS"}
	d.ReportStatus = &definition.ReportStatus{LastStatus: words[x.problem]}
	for _, e := range x.executions {
		if e.problem == "" {
			d.ReportStatus.LastDelivery = e.at.UTC().Format("20060102T150405Z")
		}
	}
	return d
}

// createExport makes an export of an account's. It fails with ValidationException or ServiceQuotaExceededException.
func (s *Service) createExport(account string, d definition.Export, tags map[string]string) (*export, *cloud.Error) {
	d.ExportArn = s.arn(exportsService, account, "export/"+d.Name+"-"+billgen.UUID(cloud.NewID(account)))
	def, e := d.Definition(account, d.ExportArn)
	if e != nil {
		return nil, e
	}
	x := newExport(exportsService, exportOrder(def, d))
	x.query, x.tags, x.silent = d, tags, def.Format == ""
	if e := s.tryBucket(exportsService, x.order); e != nil {
		return nil, e
	}
	return x, s.add(x,
		definition.Invalid("An export with the name %s already exists in the account.", d.Name),
		cloud.Errorf(0, "ServiceQuotaExceededException", "The account has reached its quota of %d exports.", limit))
}

func exportOrder(def report.Definition, d definition.Export) order {
	to := d.DestinationConfigurations.S3Destination
	return order{def, to.S3Region, cmp.Or(to.S3BucketOwner, def.AccountID), d.Splits()}
}

// updateExport changes an export in place. Its name, table configurations and cadence stay.
func (s *Service) updateExport(x *export, d definition.Export) *cloud.Error {
	def, e := d.Definition(x.account, x.arn)
	if e != nil {
		return e
	}
	s.mu.Lock()
	was := x.query
	s.mu.Unlock()
	if d.Replaces(was) {
		return definition.Invalid("The name, the table configurations and the refresh cadence of an export cannot be changed.")
	}
	d.ExportArn = was.ExportArn
	next := exportOrder(def, d)
	if e := s.tryBucket(exportsService, next); e != nil {
		return e
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x.order, x.query, x.updatedAt = next, d, s.cloud.Clock.Now()
	return nil
}

// read decodes JSON strictly: what the sandbox does not know must not seem to work.
func read(text []byte, v any) error {
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.DisallowUnknownFields()
	return dec.Decode(v)
}
