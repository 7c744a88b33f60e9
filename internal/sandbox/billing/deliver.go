package billing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen"
	"github.com/bursarhq/bursar/internal/sandbox/billgen/report"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// The service principals that deliver.
const (
	legacyPrincipal = "billingreports.amazonaws.com"
	exportPrincipal = "bcm-data-exports.amazonaws.com"
)

func principalOf(service, account, arn string) cloud.Principal {
	name := exportPrincipal
	if service == curService {
		name = legacyPrincipal
	}
	return cloud.ServicePrincipal(name, account, arn)
}

// sink writes a delivery into the export's bucket as the service that delivers.
type sink struct {
	buckets Buckets
	as      cloud.Principal
	bucket  string
}

func (k sink) Create(key string) (io.WriteCloser, error) {
	return k.buckets.CreateAs(k.as, k.bucket, key)
}

// refresh delivers what has changed and plans the next time, until the export is gone.
func (s *Service) refresh(x *export, now time.Time) {
	if !s.alive(x) {
		return
	}
	s.deliverChanges(x, now)
	s.cloud.Clock.At(now.Add(s.section.Refresh.Duration), func(at time.Time) { s.refresh(x, at) })
}

// deliverChanges delivers every month whose bill differs from what was delivered last. It ends at the first one
// that cannot be delivered; the next refresh tries again.
func (s *Service) deliverChanges(x *export, now time.Time) {
	for p := s.Spec(x.def.AccountID).Since; !bursar.PeriodOf(now).Before(p); p = p.Add(1) {
		last, delivered := s.lastState(x, p)
		st := billgen.StateAt(p, now, x.restatements(s, p))
		if !st.Through.After(p.Start()) || delivered && st == last {
			continue
		}
		if s.deliver(x, p, now) != nil {
			return
		}
	}
}

func (x *export) restatements(s *Service, p bursar.Period) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return x.restated[p]
}

// lastState is the state of a month in its last delivery that went well.
func (s *Service) lastState(x *export, p bursar.Period) (billgen.State, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(x.deliveries) - 1; i >= 0; i-- {
		if d := x.deliveries[i]; d.Period == p && d.Trouble == "" {
			return billgen.StateAt(p, d.At, d.restated), true
		}
	}
	return billgen.State{}, false
}

var troubles = []struct {
	kind    string
	trouble report.Trouble
}{{"no_manifest", report.NoManifest}, {"missing_file", report.MissingFile}, {"truncated_file", report.Truncated}}

// deliver writes one month. What went wrong is kept as the export's problem.
func (s *Service) deliver(x *export, p bursar.Period, now time.Time) error {
	s.delivering.Lock()
	defer s.delivering.Unlock()
	def, account := x.def, x.def.AccountID
	if problem := s.bucketProblem(x.service, def, x.region); problem != "" {
		s.settle(x, now, problem, nil)
		return errors.New(problem)
	}
	o := report.Options{At: now}
	d := Delivery{ExportARN: def.ARN, Name: def.Name, restated: x.restatements(s, p)}
	for _, t := range troubles {
		if _, ok := s.cloud.Faults.Take(t.kind, x.service, "", account, def.Name); ok {
			o.Trouble, d.Trouble = t.trouble, t.kind
			break
		}
	}
	bill := billgen.New(s.Spec(account), p, billgen.StateAt(p, now, d.restated))
	written, err := report.Write(context.Background(), sink{s.buckets, principalOf(x.service, account, def.ARN), def.Bucket}, def, bill, o)
	if err != nil {
		s.settle(x, now, problemInternal, nil)
		return fmt.Errorf("deliver: %w", err)
	}
	d.Delivery = written
	s.settle(x, now, "", &d)
	return nil
}

// The problems of an export, by which both services' status words are chosen.
const (
	problemNoBucket    = "NO_BUCKET"
	problemPermissions = "PERMISSIONS"
	problemInternal    = "INTERNAL"
)

// bucketProblem says why a delivery cannot be made: "" when it can.
func (s *Service) bucketProblem(service string, def report.Definition, region string) string {
	at, _, ok := s.buckets.Bucket(def.Bucket)
	if !ok || at != region {
		return problemNoBucket
	}
	as := principalOf(service, def.AccountID, def.ARN)
	for _, action := range []string{"s3:GetBucketPolicy", "s3:PutObject"} {
		key := ""
		if action == "s3:PutObject" {
			key = def.Prefix + "/" + def.Name + "/" + testObject
		}
		if e := s.buckets.Authorize(as, action, def.Bucket, key, nil); e != nil {
			return problemPermissions
		}
	}
	return ""
}

// testObject is what AWS writes to see whether it may.
const testObject = "aws-programmatic-access-test-object"

func (s *Service) settle(x *export, now time.Time, problem string, d *Delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x.problem = problem
	e := execution{id: billgen.UUID(fmt.Sprint(x.def.ARN, now, len(x.executions))), at: now, problem: problem}
	if d != nil {
		e.id = d.Version
		x.deliveries = append(x.deliveries, *d)
	}
	x.executions = append(x.executions, e)
}

// Deliver makes an export's changes now, whenever the next refresh would be. With a period it delivers that month,
// changed or not.
func (s *Service) Deliver(arn string, p bursar.Period) error {
	x := s.find(byARN(arn))
	if x == nil {
		return noExport(arn)
	}
	now := s.cloud.Clock.Now()
	if !p.IsZero() {
		return s.deliver(x, p, now)
	}
	s.deliverChanges(x, now)
	if x.problem != "" {
		return errors.New(x.problem)
	}
	return nil
}

// Restate changes a month as AWS does now and then: some line items are corrected, some are gone, some are new. The
// month is delivered again at once.
func (s *Service) Restate(arn string, p bursar.Period) error {
	x := s.find(byARN(arn))
	if x == nil {
		return noExport(arn)
	}
	s.mu.Lock()
	x.restated[p]++
	s.mu.Unlock()
	return s.deliver(x, p, s.cloud.Clock.Now())
}

// Truth tells what a period's last complete delivery adds up to: the one that a reader of the bucket must see.
// Deliveries on which a fault was played do not count.
func (s *Service) Truth(arn string, p bursar.Period) (Delivery, bool) {
	list := s.Deliveries(arn)
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Period == p && list[i].Trouble == "" {
			return list[i], true
		}
	}
	return Delivery{}, false
}

// Deliveries lists all deliveries of an export, oldest first.
func (s *Service) Deliveries(arn string) []Delivery {
	x := s.find(byARN(arn))
	if x == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Delivery{}, x.deliveries...)
}

func noExport(arn string) error { return fmt.Errorf("there is no export %s", arn) }
