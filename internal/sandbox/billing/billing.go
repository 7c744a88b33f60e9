// Package billing is the billing side of the simulated AWS: Cost and Usage Reports (cur), Data Exports
// (bcm-data-exports), and the engine that delivers bills for both into S3 as the movable clock goes on.
//
// Deliveries follow AWS's manners: the first one some hours after an export is made, with all months that there
// are; then the open month again and again, growing, and the closed one while it still changes. Data files are
// written first and the manifest last, as the service, if the bucket's policy lets it. What was delivered is known
// to the last decimal ([Service.Truth]).
//
// Faults of its own, for [cloud.Faults] (Service "cur" or "bcm-data-exports", Account, Resource = the export's
// name): "no_manifest", "missing_file", "truncated_file".
package billing

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen/report"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// Buckets is what the engine needs of S3; *s3.Service has it.
type Buckets interface {
	// Bucket tells a bucket's region and owner.
	Bucket(name string) (region, owner string, ok bool)
	// Authorize decides whether a principal may do an action on a bucket, or on a key in it.
	Authorize(p cloud.Principal, action, bucket, key string, context map[string][]string) *cloud.Error
	// CreateAs opens an object for writing, which exists once it is closed.
	CreateAs(p cloud.Principal, bucket, key string) (io.WriteCloser, error)
	// Create is CreateAs without asking.
	Create(bucket, key string) (io.WriteCloser, error)
	// CreateBucket and PutBucketPolicy make a bucket ready, without asking.
	CreateBucket(accountID, region, name string) *cloud.Error
	PutBucketPolicy(name, text string) *cloud.Error
	// MountFile serves a file as an object.
	MountFile(bucket, key, name string) error
}

// The names of the two services, as they sign.
const (
	curService     = "cur"
	exportsService = "bcm-data-exports"
)

// Service is the billing side of one simulated AWS. It is safe for concurrent use.
type Service struct {
	cloud   *cloud.Cloud
	buckets Buckets
	section Section

	delivering sync.Mutex // one delivery at a time

	mu      sync.Mutex
	exports []*export
	first   bursar.Period
}

// New returns the service. It reads the world's section "billing", makes the exports that exist from the start,
// and registers AWS::CUR::ReportDefinition and AWS::BCMDataExports::Export with CloudFormation.
func New(c *cloud.Cloud, buckets Buckets) (*Service, error) {
	s := &Service{cloud: c, buckets: buckets}
	if _, err := c.World.Section(SectionName, &s.section); err != nil {
		return nil, err
	}
	if err := s.section.complete(); err != nil {
		return nil, err
	}
	c.HandleResource("AWS::CUR::ReportDefinition", reportHandler{s})
	c.HandleResource("AWS::BCMDataExports::Export", exportHandler{s})
	for _, x := range s.section.Exports {
		if err := s.existing(x); err != nil {
			return nil, fmt.Errorf("world: billing: export %s: %w", x.Name, err)
		}
	}
	return s, nil
}

// Services returns cur and bcm-data-exports, to be served.
func (s *Service) Services() []cloud.Service { return []cloud.Service{curAPI{s}, exportsAPI{s}} }

// export is a report definition or an export. The service's lock guards it.
type export struct {
	service   string // curService or exportsService
	def       report.Definition
	region    string // the bucket's
	body      any    // the definition as the API has it
	createdAt time.Time
	updatedAt time.Time
	mounted   bool // its files are somebody's real ones: nothing is delivered

	deliveries []Delivery
	restated   map[bursar.Period]int
	problem    string // why the last delivery failed; "" = it did not
	executions []execution
}

// Delivery is what was delivered once, with its totals.
type Delivery struct {
	ExportARN string `json:"export_arn"`
	Name      string `json:"name"`
	report.Delivery
	Trouble string `json:"trouble,omitempty"` // a fault that was played on it

	restated int
}

// execution is one run of a delivery, as ListExecutions tells it.
type execution struct {
	id      string
	at      time.Time
	problem string
}

func (s *Service) find(match func(*export) bool) *export {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.IndexFunc(s.exports, match); i >= 0 {
		return s.exports[i]
	}
	return nil
}

func byARN(arn string) func(*export) bool {
	return func(x *export) bool { return x.def.ARN == arn }
}

func named(service, account, name string) func(*export) bool {
	return func(x *export) bool { return x.service == service && x.def.AccountID == account && x.def.Name == name }
}

// of lists an account's exports of one service, in the order in which they were made.
func (s *Service) of(service, account string) []*export {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*export
	for _, x := range s.exports {
		if x.service == service && x.def.AccountID == account {
			out = append(out, x)
		}
	}
	return out
}

// add registers an export and plans its first delivery.
func (s *Service) add(x *export) {
	now := s.cloud.Clock.Now()
	x.createdAt, x.updatedAt, x.restated = now, now, map[bursar.Period]int{}
	s.mu.Lock()
	s.exports = append(s.exports, x)
	s.mu.Unlock()
	if !x.mounted {
		s.cloud.Clock.At(now.Add(s.section.FirstDelivery.Duration), func(at time.Time) { s.refresh(x, at) })
	}
}

func (s *Service) remove(x *export) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exports = slices.DeleteFunc(s.exports, func(y *export) bool { return y == x })
}

func (s *Service) alive(x *export) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.exports, x)
}

func validation(format string, args ...any) *cloud.Error {
	return cloud.Errorf(http.StatusBadRequest, "ValidationException", format, args...)
}
