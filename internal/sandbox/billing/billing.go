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
	"slices"
	"sync"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen/report"
	"github.com/bursarhq/bursar/internal/sandbox/billing/definition"
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
	// Delete removes an object; one that is not there is no error.
	Delete(bucket, key string) error
	// CreateBucket and PutBucketPolicy make a bucket ready, without asking.
	CreateBucket(accountID, region, name string) *cloud.Error
	PutBucketPolicy(name, text string) *cloud.Error
	// MountFile serves a file as an object.
	MountFile(bucket, key, name string) error
	// BeforeUse runs f before the next time that somebody asks for something in the bucket.
	BeforeUse(bucket string, f func())
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

	began time.Time     // the clock's first time
	since bursar.Period // the first month with usage
}

// New returns the service. It reads the world's section "billing", makes the exports that exist from the start,
// and registers AWS::CUR::ReportDefinition and AWS::BCMDataExports::Export with CloudFormation.
func New(c *cloud.Cloud, buckets Buckets) (*Service, error) {
	s := &Service{cloud: c, buckets: buckets, began: c.Clock.Now()}
	if _, err := c.World.Section(SectionName, &s.section); err != nil {
		return nil, err
	}
	if err := s.section.complete(); err != nil {
		return nil, err
	}
	s.since = bursar.PeriodOf(s.began).Add(1 - s.section.Months)
	c.HandleResource("AWS::CUR::ReportDefinition", reportHandler{s})
	c.HandleResource("AWS::BCMDataExports::Export", exportHandler{s})
	for _, p := range s.section.Payers {
		if _, ok := c.Account(p.Account); !ok {
			return nil, fmt.Errorf("world: billing: payers: there is no account %q", p.Account)
		}
	}
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
	service, account, name, arn string // never change

	order
	report    definition.Report // the definition as cur has it
	query     definition.Export // the definition as bcm-data-exports has it
	tags      map[string]string //
	createdAt time.Time
	updatedAt time.Time
	silent    bool // nothing is delivered: its files are somebody's real ones, or its table has no line items
	closing   bool // months are not delivered again once they have been invoiced

	standing   sync.Once // its deliveries from before the world began, made when somebody looks
	delivered  bool      // there are such deliveries
	deliveries []Delivery
	restated   map[bursar.Period]int
	problem    string // why the last delivery failed; "" = it did not
	executions []execution
}

// order is what is delivered, and into which bucket.
type order struct {
	def    report.Definition
	region string // the bucket's
	owner  string // the account that must own the bucket
	splits bool   // split cost allocation data is included
}

// newExport is an export that nobody knows yet.
func newExport(service string, o order) *export {
	return &export{service: service, account: o.def.AccountID, name: o.def.Name, arn: o.def.ARN, order: o, restated: map[bursar.Period]int{}}
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
	pending bool // it has not ended
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
	return func(x *export) bool { return x.arn == arn }
}

func named(service, account, name string) func(*export) bool {
	return func(x *export) bool { return x.service == service && x.account == account && x.name == name }
}

// of lists an account's exports of one service, in the order in which they were made.
func (s *Service) of(service, account string) []*export {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*export
	for _, x := range s.exports {
		if x.service == service && x.account == account {
			out = append(out, x)
		}
	}
	return out
}

// add registers an export, unless its name is taken or there are as many as there may be.
func (s *Service) add(x *export, taken, full *cloud.Error) *cloud.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, same := 0, named(x.service, x.account, x.name)
	for _, y := range s.exports {
		if same(y) {
			return taken
		}
		if y.service == x.service && y.account == x.account {
			n++
		}
	}
	if n >= limit {
		return full
	}
	now := s.cloud.Clock.Now()
	x.createdAt, x.updatedAt = now, now
	s.exports = append(s.exports, x)
	return nil
}

// plan plans an export's first delivery.
func (s *Service) plan(x *export) {
	if x.silent {
		return
	}
	after := s.section.FirstDelivery.Duration
	if x.delivered {
		after = s.section.Refresh.Duration
	}
	s.cloud.Clock.At(s.cloud.Clock.Now().Add(after), func(at time.Time) { s.refresh(x, at) })
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

// limit is how many reports, and how many exports, an account may have. AWS's texts differ: five in one, ten in
// another.
const limit = 10

// home is the region that billing has its endpoints in.
func (s *Service) home() string {
	if s.cloud.Partition() == "aws-cn" {
		return "cn-northwest-1"
	}
	return "us-east-1"
}

// arn names something of a service's in an account.
func (s *Service) arn(service, account, rest string) string {
	return "arn:" + s.cloud.Partition() + ":" + service + ":" + s.home() + ":" + account + ":" + rest
}

// allow asks each action on its resource, as the caller of an API or of a stack.
func (s *Service) allow(p cloud.Principal, region string, asked ...[2]string) *cloud.Error {
	for _, a := range asked {
		if e := s.cloud.Authorize(p, cloud.Access{Action: a[0], Resource: a[1], ResourceAccount: p.AccountID, Region: region}); e != nil {
			return e
		}
	}
	return nil
}

// Restated says how often a month of an account's bill has been restated, in the export that has heard of the most.
func (s *Service) Restated(account string, p bursar.Period) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.exports {
		if x.account == account {
			n = max(n, x.restated[p])
		}
	}
	return n
}
