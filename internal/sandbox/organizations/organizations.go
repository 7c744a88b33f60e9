// Package organizations is the AWS Organizations of the simulated AWS: what an account may know of its
// organization, and the tree of units and accounts for those who may see it.
// https://docs.aws.amazon.com/organizations/latest/APIReference/Welcome.html
package organizations

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// Service answers for organizations.
type Service struct{ cloud *cloud.Cloud }

// New returns the service.
func New(c *cloud.Cloud) *Service { return &Service{c} }

// Name returns "organizations".
func (s *Service) Name() string { return "organizations" }

// Protocol returns JSON 1.1.
func (s *Service) Protocol() cloud.Protocol { return cloud.JSON11 }

// Namespace returns "": JSON has none.
func (s *Service) Namespace() string { return "" }

// input holds the members of all operations that the sandbox has.
type input struct {
	MaxResults       *int
	NextToken        string
	AccountID        string `json:"AccountId"`
	ParentID         string `json:"ParentId"`
	ChildID          string `json:"ChildId"`
	ServicePrincipal string
	Type             string
}

type operation struct {
	run      func(*Service, *call) (any, *cloud.Error)
	everyone bool // members may ask too; the rest is for the management account and delegated administrators
}

var operations = map[string]operation{
	"DescribeOrganization":                {(*Service).describeOrganization, true},
	"DescribeAccount":                     {(*Service).describeAccount, false},
	"ListAccounts":                        {(*Service).listAccounts, false},
	"ListAccountsForParent":               {(*Service).listAccountsForParent, false},
	"ListRoots":                           {(*Service).listRoots, false},
	"ListOrganizationalUnitsForParent":    {(*Service).listUnits, false},
	"DescribeOrganizationalUnit":          {(*Service).describeUnit, false},
	"ListParents":                         {(*Service).listParents, false},
	"ListDelegatedAdministrators":         {(*Service).listDelegated, false},
	"ListInboundResponsibilityTransfers":  {(*Service).listInbound, false},
	"ListOutboundResponsibilityTransfers": {(*Service).listOutbound, false},
	"ListAWSServiceAccessForOrganization": {(*Service).listServiceAccess, false},
}

// call is one request in an organization.
type call struct {
	*cloud.Request
	in  input
	org cloud.Organization
}

// Operations lists what is simulated.
func (s *Service) Operations() []string { return slices.Sorted(maps.Keys(operations)) }

// Serve answers one request.
func (s *Service) Serve(w http.ResponseWriter, r *cloud.Request) {
	out, e := s.answer(r)
	if e != nil {
		r.Fail(w, e)
		return
	}
	r.ReplyJSON(w, out)
}

func (s *Service) answer(r *cloud.Request) (any, *cloud.Error) {
	op, ok := operations[r.Action]
	if !ok {
		return nil, cloud.Errorf(http.StatusBadRequest, "UnknownOperationException", "the sandbox's organizations has no %s", r.Action)
	}
	c := &call{Request: r}
	if e := r.JSON(&c.in); e != nil {
		return nil, e
	}
	if e := r.Allow("organizations:"+r.Action, "*", nil); e != nil {
		return nil, e
	}
	if c.org, ok = s.cloud.OrganizationOf(r.Caller.AccountID); !ok {
		return nil, cloud.Errorf(http.StatusBadRequest, "AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
	}
	if !op.everyone && !s.administers(r.Caller.AccountID, c.org) {
		return nil, cloud.Errorf(http.StatusBadRequest, "AccessDeniedException", "You don't have permissions to access this resource.")
	}
	return op.run(s, c)
}

// administers says whether an account is the management account or a delegated administrator of any service.
func (s *Service) administers(account string, o cloud.Organization) bool {
	if account == o.ManagementID {
		return true
	}
	for _, d := range s.cloud.Delegates(account) {
		if d.Account == account {
			return true
		}
	}
	return false
}

func (s *Service) arn(o cloud.Organization, kind, id string) string {
	return "arn:" + s.cloud.Partition() + ":organizations::" + o.ManagementID + ":" + kind + "/" + o.ID + "/" + id
}

type organization struct {
	Id, Arn, FeatureSet                                   string
	MasterAccountId, MasterAccountArn, MasterAccountEmail string
	AvailablePolicyTypes                                  []policyType
}

type policyType struct{ Type, Status string }

func (s *Service) describeOrganization(c *call) (any, *cloud.Error) {
	o := c.org
	types := []policyType{}
	if o.FeatureSet == "ALL" {
		types = append(types, policyType{"SERVICE_CONTROL_POLICY", "ENABLED"})
	}
	return map[string]organization{"Organization": {
		Id: o.ID, Arn: o.ARN(s.cloud.Partition()), FeatureSet: o.FeatureSet, AvailablePolicyTypes: types,
		MasterAccountId: o.ManagementID, MasterAccountArn: s.arn(o, "account", o.ManagementID), MasterAccountEmail: o.ManagementEmail,
	}}, nil
}

type account struct {
	Id, Arn, Email, Name string
	Status, State        string
	JoinedMethod         string
	JoinedTimestamp      float64
}

func (s *Service) account(o cloud.Organization, a cloud.Account) account {
	method := "CREATED"
	if a.ID == o.ManagementID {
		method = "INVITED"
	}
	status := a.State
	if status == "PENDING_ACTIVATION" || status == "CLOSED" {
		status = "SUSPENDED" // the older member has fewer values
	}
	return account{a.ID, s.arn(o, "account", a.ID), a.Email, a.Name, status, a.State, method, seconds(a.JoinedAt)}
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func (s *Service) describeAccount(c *call) (any, *cloud.Error) {
	a, ok := s.cloud.Account(c.in.AccountID)
	if !ok || a.OrganizationID != c.org.ID {
		return nil, cloud.Errorf(http.StatusBadRequest, "AccountNotFoundException", "You specified an account that doesn't exist.")
	}
	return map[string]account{"Account": s.account(c.org, a)}, nil
}
