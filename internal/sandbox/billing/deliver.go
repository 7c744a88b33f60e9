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
	s.stand(x)
	s.deliverChanges(x, now)
	s.cloud.Clock.At(now.Add(s.section.Refresh.Duration), func(at time.Time) { s.refresh(x, at) })
}

// deliverChanges delivers every month whose bill differs from what was delivered last. It ends at the first one
// that cannot be delivered; the next refresh tries again.
func (s *Service) deliverChanges(x *export, now time.Time) {
	for p := s.Spec(x.account).Since; !bursar.PeriodOf(now).Before(p); p = p.Add(1) {
		last, delivered := s.lastState(x, p)
		st := billgen.StateAt(p, now, x.restatements(s, p))
		if !st.Through.After(p.Start()) || delivered && (st == last || x.closing && last.Invoiced) {
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

// Troubles lists the kinds of fault that can be played on a delivery.
func Troubles() []string {
	var out []string
	for _, t := range troubles {
		out = append(out, t.kind)
	}
	return out
}

// deliver writes one month. What went wrong is kept as the export's problem.
func (s *Service) deliver(x *export, p bursar.Period, now time.Time) error {
	s.delivering.Lock()
	defer s.delivering.Unlock()
	o := s.orderOf(x)
	if problem := s.bucketProblem(x.service, o); problem != "" {
		s.settle(x, now, problem, nil)
		return errors.New(problem)
	}
	now = s.later(x, p, now)
	options := report.Options{At: now}
	d := Delivery{ExportARN: x.arn, Name: x.name, restated: x.restatements(s, p)}
	for _, t := range troubles {
		if _, ok := s.cloud.Faults.Take(t.kind, x.service, "", x.account, x.name); ok {
			options.Trouble, d.Trouble = t.trouble, t.kind
			break
		}
	}
	spec := s.Spec(x.account)
	spec.Split = spec.Split && o.splits
	bill := billgen.New(spec, p, billgen.StateAt(p, now, d.restated))
	written, err := report.Write(context.Background(), sink{s.buckets, principalOf(x.service, x.account, x.arn), o.def.Bucket}, o.def, bill, options)
	if err != nil {
		s.settle(x, now, problemInternal, nil)
		return fmt.Errorf("deliver: %w", err)
	}
	if options.Trouble == report.MissingFile { // in overwrite mode the former one lies there
		if err := s.buckets.Delete(o.def.Bucket, written.DataKeys[len(written.DataKeys)-1]); err != nil {
			return fmt.Errorf("deliver: %w", err)
		}
	}
	d.Delivery = written
	s.settle(x, now, "", &d)
	return nil
}

// orderOf reads what an export delivers: an update may change it.
func (s *Service) orderOf(x *export) order {
	s.mu.Lock()
	defer s.mu.Unlock()
	return x.order
}

// later is a delivery's time: now, or a second after the month's last one if that is not over, for the names of
// versions are times.
func (s *Service) later(x *export, p bursar.Period, now time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range x.deliveries {
		if next := d.At.Add(time.Second); d.Period == p && now.Before(next) {
			now = next
		}
	}
	return now
}

// The problems of an export, by which both services' status words are chosen.
const (
	problemNoBucket    = "NO_BUCKET"
	problemPermissions = "PERMISSIONS"
	problemInternal    = "INTERNAL"
)

// bucketProblem says why a delivery cannot be made: "" when it can.
func (s *Service) bucketProblem(service string, o order) string {
	def := o.def
	at, owner, ok := s.buckets.Bucket(def.Bucket)
	switch {
	case !ok || at != o.region:
		return problemNoBucket
	case owner != o.owner:
		return problemPermissions
	}
	as := principalOf(service, def.AccountID, def.ARN)
	for _, action := range []string{"s3:GetBucketPolicy", "s3:PutObject"} {
		key := ""
		if action == "s3:PutObject" {
			key = testKey(def)
		}
		if e := s.buckets.Authorize(as, action, def.Bucket, key, nil); e != nil {
			return problemPermissions
		}
	}
	return ""
}

// testObject is what AWS writes to see whether it may.
const testObject = "aws-programmatic-access-test-object"

func testKey(def report.Definition) string { return def.Prefix + "/" + def.Name + "/" + testObject }

func (s *Service) settle(x *export, now time.Time, problem string, d *Delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x.problem = problem
	e := execution{id: billgen.UUID(fmt.Sprint(x.arn, now, len(x.executions))), at: now, problem: problem}
	if d != nil {
		e.id, e.pending = d.Version, d.Trouble == "no_manifest"
		x.deliveries = append(x.deliveries, *d)
	}
	x.executions = append(x.executions, e)
}

// Deliver makes an export's changes now, whenever the next refresh would be. With a period it delivers that month,
// changed or not.
func (s *Service) Deliver(arn string, p bursar.Period) error {
	x, err := s.deliverable(arn, p)
	if err != nil {
		return err
	}
	now := s.cloud.Clock.Now()
	if !p.IsZero() {
		return s.deliver(x, p, now)
	}
	s.deliverChanges(x, now)
	s.mu.Lock()
	defer s.mu.Unlock()
	if x.problem != "" {
		return errors.New(x.problem)
	}
	return nil
}

// Restate changes a month as AWS does now and then: some line items are corrected, some are gone, some are new. The
// month is delivered again at once.
func (s *Service) Restate(arn string, p bursar.Period) error {
	x, err := s.deliverable(arn, p)
	if err != nil {
		return err
	}
	if p.IsZero() {
		return errors.New("restate: name a month")
	}
	s.mu.Lock()
	x.restated[p]++
	s.mu.Unlock()
	return s.deliver(x, p, s.cloud.Clock.Now())
}

// deliverable finds an export that a month of, or all months when p is none, can be delivered of.
func (s *Service) deliverable(arn string, p bursar.Period) (*export, error) {
	x := s.find(byARN(arn))
	if x == nil {
		return nil, fmt.Errorf("there is no export %s", arn)
	}
	if x.silent {
		return nil, fmt.Errorf("nothing is delivered for %s: its files are mounted, or its table has no line items", arn)
	}
	now, since := s.cloud.Clock.Now(), s.Spec(x.account).Since
	if !p.IsZero() && (p.Before(since) || !billgen.StateAt(p, now, 0).Through.After(p.Start())) {
		return nil, fmt.Errorf("there is no usage in %s: it begins in %s, and the clock stands at %s", p, since, now.Format(time.RFC3339))
	}
	s.stand(x)
	return x, nil
}

// stand makes the deliveries that an export of the world's had before the world began.
func (s *Service) stand(x *export) {
	if x.delivered {
		x.standing.Do(func() { s.deliverChanges(x, s.began) })
	}
}

// Truth tells what a period's last complete delivery adds up to: the one that a reader of the bucket must see.
// Deliveries on which a fault was played do not count.
func (s *Service) Truth(arn string, p bursar.Period) (Delivery, bool) {
	list := s.Deliveries(arn)
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Period == p && list[i].Trouble == "" && list[i].Truth != nil {
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
	s.stand(x)
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Delivery{}, x.deliveries...)
}

// Listed is an export as [Service.Exports] lists it.
type Listed struct {
	ARN       string            `json:"arn"`
	Account   string            `json:"account"`
	Name      string            `json:"name"`
	Format    bursar.Format     `json:"format"` // "" when its table has no line items
	File      bursar.FileFormat `json:"file"`
	Bucket    string            `json:"bucket"`
	Prefix    string            `json:"prefix"`
	Region    string            `json:"region"`   // the bucket's
	Delivers  bool              `json:"delivers"` // false: its files are somebody's own, or there are no line items
	CreatedAt time.Time         `json:"created_at"`
}

// Service returns the service that delivers, as it signs: what a fault names.
func (l Listed) Service() string {
	if l.Format == bursar.FormatLegacy {
		return curService
	}
	return exportsService
}

// Exports lists an account's reports and exports, in the order in which they were made; "" = those of all accounts.
func (s *Service) Exports(account string) []Listed {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Listed{}
	for _, x := range s.exports {
		if account == "" || x.account == account {
			out = append(out, Listed{x.arn, x.account, x.name, x.def.Format, x.def.File, x.def.Bucket, x.def.Prefix, x.region, !x.silent, x.createdAt})
		}
	}
	return out
}
