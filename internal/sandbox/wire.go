package sandbox

import (
	"fmt"

	"github.com/bursarhq/bursar/internal/sandbox/account"
	"github.com/bursarhq/bursar/internal/sandbox/billing"
	"github.com/bursarhq/bursar/internal/sandbox/ce"
	"github.com/bursarhq/bursar/internal/sandbox/cfn"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/sandbox/console"
	"github.com/bursarhq/bursar/internal/sandbox/iam"
	"github.com/bursarhq/bursar/internal/sandbox/kms"
	"github.com/bursarhq/bursar/internal/sandbox/organizations"
	"github.com/bursarhq/bursar/internal/sandbox/s3"
	"github.com/bursarhq/bursar/internal/sandbox/sts"
)

// sections are the sections of a world file that services read beside the accounts and organizations.
var sections = []string{billing.SectionName, ce.SectionName, "cloudformation"}

// parts are the services, in the order in which they are listed, and those that have more to say than AWS's own API.
type parts struct {
	list    []cloud.Service
	s3      *s3.Service
	cfn     *cfn.Service
	billing *billing.Service
	ce      *ce.Service
	console *console.Console
}

// wire is the one place that knows every service: to add one, write it in a folder of its own and name it here.
func (s *Sandbox) wire(dir string) (err error) {
	p := &s.parts
	if p.s3, err = s3.New(s.cloud, dir); err != nil {
		return err
	}
	if p.billing, err = billing.New(s.cloud, p.s3); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	if p.ce, err = ce.New(s.cloud, p.billing); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	if p.cfn, err = cfn.New(s.cloud, cfn.Options{}); err != nil {
		return err
	}
	if p.console, err = console.New(s.cloud, p.cfn, p.billing); err != nil {
		return err
	}
	p.list = []cloud.Service{sts.New(s.cloud), iam.New(s.cloud), organizations.New(s.cloud), account.New(s.cloud), kms.New(s.cloud), p.s3, p.cfn, p.ce}
	p.list = append(p.list, p.billing.Services()...)
	for _, service := range p.list {
		s.services[service.Name()] = service
	}
	return nil
}

// S3 gives the simulated S3: its buckets, without asking who may see them.
func (s *Sandbox) S3() *s3.Service { return s.parts.s3 }

// CloudFormation gives the simulated CloudFormation.
func (s *Sandbox) CloudFormation() *cfn.Service { return s.parts.cfn }

// Billing gives the billing side: what is delivered, when, and what it adds up to.
func (s *Sandbox) Billing() *billing.Service { return s.parts.billing }

// CostExplorer gives Cost Explorer: what is switched on in it, and restatements of its own.
func (s *Sandbox) CostExplorer() *ce.Service { return s.parts.ce }

// Console gives the pages for people.
func (s *Sandbox) Console() *console.Console { return s.parts.console }
