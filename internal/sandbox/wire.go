package sandbox

import (
	"github.com/bursarhq/bursar/internal/sandbox/account"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/sandbox/iam"
	"github.com/bursarhq/bursar/internal/sandbox/organizations"
	"github.com/bursarhq/bursar/internal/sandbox/sts"
)

// sections are the sections of a world file that services read beside the accounts and organizations.
var sections = []string{}

// parts are the services, in the order in which they are listed.
type parts struct {
	list []cloud.Service
}

// wire is the one place that knows every service: to add one, write it in a folder of its own and name it here.
func (s *Sandbox) wire() error {
	s.parts.list = []cloud.Service{
		sts.New(s.cloud),
		iam.New(s.cloud),
		organizations.New(s.cloud),
		account.New(s.cloud),
	}
	for _, service := range s.parts.list {
		s.services[service.Name()] = service
	}
	return nil
}
