package awsapi

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bcmdataexports"
	bcm "github.com/aws/aws-sdk-go-v2/service/bcmdataexports/types"
	cur "github.com/aws/aws-sdk-go-v2/service/costandusagereportservice"
	"github.com/aws/aws-sdk-go-v2/service/costandusagereportservice/types"
)

// ReportDefinition is a legacy Cost and Usage Report, in AWS's words.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_cur_ReportDefinition.html
type ReportDefinition struct {
	Name          string
	TimeUnit      string   // HOURLY, DAILY, MONTHLY
	Format        string   // textORcsv, Parquet
	Compression   string   // ZIP, GZIP, Parquet
	Elements      []string // RESOURCES, SPLIT_COST_ALLOCATION_DATA, …
	Artifacts     []string // REDSHIFT, QUICKSIGHT, ATHENA
	Bucket        string
	Prefix        string
	Region        string
	RefreshClosed bool
	Versioning    string // CREATE_NEW_REPORT, OVERWRITE_REPORT
	LastDelivery  time.Time
	LastStatus    string // SUCCESS, ERROR_PERMISSIONS, ERROR_NO_BUCKET; "" before the first delivery
}

// DataExport is an export of AWS Data Exports, in AWS's words.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_DataExports_Export.html
type DataExport struct {
	ARN                 string
	Name                string
	Query               string                       // SELECT … FROM table
	TableConfigurations map[string]map[string]string // by table: TIME_GRANULARITY, INCLUDE_RESOURCES, …
	Bucket              string
	BucketOwner         string
	Prefix              string
	Region              string
	OutputType          string // CUSTOM, ATHENA, REDSHIFT
	Format              string // TEXT_OR_CSV, PARQUET
	Compression         string // GZIP, PARQUET
	Overwrite           string // CREATE_NEW_REPORT, OVERWRITE_REPORT
	Frequency           string // SYNCHRONOUS
	Status              string // HEALTHY, UNHEALTHY
	StatusReason        string // INSUFFICIENT_PERMISSION, BILL_OWNER_CHANGED, INTERNAL_FAILURE
	CreatedAt           time.Time
	RefreshedAt         time.Time
}

// Execution is one run of a data export.
type Execution struct {
	ID          string
	Status      string // DELIVERY_SUCCESS, DELIVERY_FAILURE, QUERY_FAILURE, …
	Reason      string
	CreatedAt   time.Time
	CompletedAt time.Time
}

// ReportDefinitions lists the legacy reports of the account (cur:DescribeReportDefinitions), in the billing region, five
// at a time as AWS wants it.
func (s *Session) ReportDefinitions(ctx context.Context) ([]ReportDefinition, error) {
	var out []ReportDefinition
	pages := cur.NewDescribeReportDefinitionsPaginator(s.cur(), &cur.DescribeReportDefinitionsInput{MaxResults: aws.Int32(5)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the account's cost and usage reports: %w", err)
		}
		for _, d := range page.ReportDefinitions {
			out = append(out, reportDefinition(d))
		}
	}
	return out, nil
}

func reportDefinition(d types.ReportDefinition) ReportDefinition {
	r := ReportDefinition{
		Name: aws.ToString(d.ReportName), TimeUnit: string(d.TimeUnit), Format: string(d.Format), Compression: string(d.Compression),
		Bucket: aws.ToString(d.S3Bucket), Prefix: aws.ToString(d.S3Prefix), Region: string(d.S3Region),
		RefreshClosed: aws.ToBool(d.RefreshClosedReports), Versioning: string(d.ReportVersioning),
	}
	for _, e := range d.AdditionalSchemaElements {
		r.Elements = append(r.Elements, string(e))
	}
	for _, a := range d.AdditionalArtifacts {
		r.Artifacts = append(r.Artifacts, string(a))
	}
	if st := d.ReportStatus; st != nil {
		r.LastStatus, r.LastDelivery = string(st.LastStatus), deliveryTime(aws.ToString(st.LastDelivery))
	}
	return r
}

// deliveryTime reads AWS's text: "20261103T120102Z" as documented, or RFC 3339, or seconds. Zero when it is none.
func deliveryTime(text string) time.Time {
	for _, layout := range []string{"20060102T150405Z", "20060102T150405.000Z", time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(n, 0).UTC()
	}
	return time.Time{}
}

// DataExports lists the data exports of the account with their definitions (bcm-data-exports:ListExports and
// bcm-data-exports:GetExport for each), in the billing region.
func (s *Session) DataExports(ctx context.Context) ([]DataExport, error) {
	var out []DataExport
	pages := bcmdataexports.NewListExportsPaginator(s.exports(), &bcmdataexports.ListExportsInput{MaxResults: aws.Int32(100)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the account's data exports: %w", err)
		}
		for _, ref := range page.Exports {
			e, err := s.dataExport(ctx, aws.ToString(ref.ExportArn))
			if Classify(err).Class == Missing {
				continue // deleted since it was listed
			}
			if err != nil {
				return nil, err
			}
			out = append(out, e)
		}
	}
	return out, nil
}

func (s *Session) dataExport(ctx context.Context, arn string) (DataExport, error) {
	got, err := s.exports().GetExport(ctx, &bcmdataexports.GetExportInput{ExportArn: aws.String(arn)})
	if err != nil {
		return DataExport{}, fmt.Errorf("get the data export %s: %w", arn, err)
	}
	e := DataExport{ARN: arn}
	if x := got.Export; x != nil {
		e.Name = aws.ToString(x.Name)
		if x.DataQuery != nil {
			e.Query, e.TableConfigurations = aws.ToString(x.DataQuery.QueryStatement), x.DataQuery.TableConfigurations
		}
		if x.RefreshCadence != nil {
			e.Frequency = string(x.RefreshCadence.Frequency)
		}
		if x.DestinationConfigurations != nil {
			e.destination(x.DestinationConfigurations.S3Destination)
		}
	}
	if st := got.ExportStatus; st != nil {
		e.Status, e.StatusReason = string(st.StatusCode), string(st.StatusReason)
		e.CreatedAt, e.RefreshedAt = utc(st.CreatedAt), utc(st.LastRefreshedAt)
	}
	return e, nil
}

func (e *DataExport) destination(d *bcm.S3Destination) {
	if d == nil {
		return
	}
	e.Bucket, e.BucketOwner = aws.ToString(d.S3Bucket), aws.ToString(d.S3BucketOwner)
	e.Prefix, e.Region = aws.ToString(d.S3Prefix), aws.ToString(d.S3Region)
	if o := d.S3OutputConfigurations; o != nil {
		e.OutputType, e.Format, e.Compression, e.Overwrite = string(o.OutputType), string(o.Format), string(o.Compression), string(o.Overwrite)
	}
}

// Executions lists the runs of a data export (bcm-data-exports:ListExecutions).
func (s *Session) Executions(ctx context.Context, exportARN string) ([]Execution, error) {
	var out []Execution
	pages := bcmdataexports.NewListExecutionsPaginator(s.exports(), &bcmdataexports.ListExecutionsInput{ExportArn: aws.String(exportARN), MaxResults: aws.Int32(100)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the runs of the data export %s: %w", exportARN, err)
		}
		for _, x := range page.Executions {
			e := Execution{ID: aws.ToString(x.ExecutionId)}
			if st := x.ExecutionStatus; st != nil {
				e.Status, e.Reason = string(st.StatusCode), string(st.StatusReason)
				e.CreatedAt, e.CompletedAt = utc(st.CreatedAt), utc(st.CompletedAt)
			}
			out = append(out, e)
		}
	}
	return out, nil
}

func utc(t *time.Time) time.Time { return aws.ToTime(t).UTC() }
