// Package account is the Account Management service of the simulated AWS, as far as a connected account's
// regions go. https://docs.aws.amazon.com/accounts/latest/reference/api-reference.html
package account

import (
	"net/http"
	"slices"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// Service answers for account.
type Service struct{ cloud *cloud.Cloud }

// New returns the service.
func New(c *cloud.Cloud) *Service { return &Service{c} }

// Name returns "account".
func (s *Service) Name() string { return "account" }

// Protocol returns the REST JSON protocol.
func (s *Service) Protocol() cloud.Protocol { return cloud.RestJSON }

// Namespace returns "": JSON has none.
func (s *Service) Namespace() string { return "" }

// ActionName names the action that a path stands for: "/listRegions" is ListRegions.
func (s *Service) ActionName(r *http.Request) string {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		return "Unknown"
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// regions of the aws partition; those that need an opt-in are off, as in a new account.
var regions = []region{
	{"ap-northeast-1", byDefault},
	{"ap-south-1", byDefault},
	{"ap-southeast-1", byDefault},
	{"ap-southeast-2", byDefault},
	{"ca-central-1", byDefault},
	{"ca-west-1", disabled},
	{"eu-central-1", byDefault},
	{"eu-central-2", disabled},
	{"eu-north-1", byDefault},
	{"eu-south-1", disabled},
	{"eu-west-1", byDefault},
	{"eu-west-2", byDefault},
	{"eu-west-3", byDefault},
	{"il-central-1", disabled},
	{"me-central-1", disabled},
	{"sa-east-1", byDefault},
	{"us-east-1", byDefault},
	{"us-east-2", byDefault},
	{"us-west-1", byDefault},
	{"us-west-2", byDefault},
}

const (
	byDefault = "ENABLED_BY_DEFAULT"
	disabled  = "DISABLED"
)

// Operations lists what is simulated.
func (s *Service) Operations() []string { return []string{"ListRegions"} }

type region struct{ RegionName, RegionOptStatus string }

// Serve answers one request.
func (s *Service) Serve(w http.ResponseWriter, r *cloud.Request) {
	if r.Action != "ListRegions" {
		r.Fail(w, cloud.Errorf(http.StatusNotFound, "ResourceNotFoundException", "the sandbox's account service has no %s", r.Action))
		return
	}
	if e := r.Allow("account:ListRegions", "*", nil); e != nil {
		r.Fail(w, e)
		return
	}
	in := struct {
		MaxResults              int
		NextToken               string
		RegionOptStatusContains []string
	}{MaxResults: 50}
	if e := r.JSON(&in); e != nil {
		r.Fail(w, e)
		return
	}
	found := []region{}
	next := ""
	for _, x := range regions {
		if x.RegionName <= in.NextToken || len(in.RegionOptStatusContains) > 0 && !slices.Contains(in.RegionOptStatusContains, x.RegionOptStatus) {
			continue
		}
		if len(found) == in.MaxResults {
			next = found[len(found)-1].RegionName
			break
		}
		found = append(found, x)
	}
	out := map[string]any{"Regions": found}
	if next != "" {
		out["NextToken"] = next
	}
	r.ReplyJSON(w, out)
}
