package organizations

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// maxResults is the most that one page of any list holds.
const maxResults = 20

// FaultEmptyPage makes the next list answer an empty page with a token, which AWS may do at any time.
const FaultEmptyPage = "empty_page"

func invalidInput(format string, args ...any) *cloud.Error {
	return cloud.Errorf(http.StatusBadRequest, "InvalidInputException", format, args...)
}

// page cuts a list. Its token is opaque: callers that build one get an error.
func page[T any](s *Service, c *call, all []T) (items []T, next string, e *cloud.Error) {
	size := maxResults
	if c.in.MaxResults != nil {
		size = *c.in.MaxResults
	}
	if size < 1 || size > maxResults {
		return nil, "", invalidInput("You specified an invalid value: MaxResults must be between 1 and %d.", maxResults)
	}
	from := 0
	if c.in.NextToken != "" {
		text, err := base64.RawURLEncoding.DecodeString(c.in.NextToken)
		n, err2 := strconv.Atoi(strings.TrimPrefix(string(text), c.Action+":"))
		if err != nil || err2 != nil || n < 0 || n > len(all) {
			return nil, "", cloud.Errorf(http.StatusBadRequest, "InvalidInputException", "You specified an invalid value: NextToken.")
		}
		from = n
	}
	token := func(at int) string {
		return base64.RawURLEncoding.EncodeToString([]byte(c.Action + ":" + strconv.Itoa(at)))
	}
	if _, ok := s.cloud.Faults.Take(FaultEmptyPage, "organizations", c.Action, c.Caller.AccountID, ""); ok {
		return []T{}, token(from), nil
	}
	to := min(from+size, len(all))
	if to < len(all) {
		next = token(to)
	}
	return append([]T{}, all[from:to]...), next, nil
}

// list answers one page under its member name.
func list[T any](s *Service, c *call, member string, all []T) (any, *cloud.Error) {
	items, next, e := page(s, c, all)
	if e != nil {
		return nil, e
	}
	out := map[string]any{member: items}
	if next != "" {
		out["NextToken"] = next
	}
	return out, nil
}

func (s *Service) listAccounts(c *call) (any, *cloud.Error) {
	return s.accounts(c, s.cloud.Members(c.org.ID))
}

func (s *Service) accounts(c *call, in []cloud.Account) (any, *cloud.Error) {
	out := make([]account, 0, len(in))
	for _, a := range in {
		out = append(out, s.account(c.org, a))
	}
	return list(s, c, "Accounts", out)
}

// parentExists proves that an id is the root or a unit of the caller's organization.
func (s *Service) parentExists(c *call, id string) *cloud.Error {
	if _, ok := s.cloud.Unit(c.org.ID, id); ok || id == c.org.RootID {
		return nil
	}
	return cloud.Errorf(http.StatusBadRequest, "ParentNotFoundException", "You specified parent that doesn't exist.")
}

func (s *Service) listAccountsForParent(c *call) (any, *cloud.Error) {
	if e := s.parentExists(c, c.in.ParentID); e != nil {
		return nil, e
	}
	var direct []cloud.Account
	for _, a := range s.cloud.Members(c.org.ID) {
		if a.ParentID == c.in.ParentID {
			direct = append(direct, a)
		}
	}
	return s.accounts(c, direct)
}

type root struct {
	Id, Arn, Name string
	PolicyTypes   []policyType
}

func (s *Service) listRoots(c *call) (any, *cloud.Error) {
	types := []policyType{}
	if c.org.FeatureSet == "ALL" {
		types = append(types, policyType{"SERVICE_CONTROL_POLICY", "ENABLED"})
	}
	return list(s, c, "Roots", []root{{c.org.RootID, s.arn(c.org, "root", c.org.RootID), "Root", types}})
}

type unit struct{ Id, Arn, Name string }

func (s *Service) unit(c *call, u cloud.Unit) unit {
	return unit{u.ID, s.arn(c.org, "ou", u.ID), u.Name}
}

func (s *Service) listUnits(c *call) (any, *cloud.Error) {
	if e := s.parentExists(c, c.in.ParentID); e != nil {
		return nil, e
	}
	out := []unit{}
	for _, u := range s.cloud.Units(c.org.ID, c.in.ParentID) {
		out = append(out, s.unit(c, u))
	}
	return list(s, c, "OrganizationalUnits", out)
}

func (s *Service) describeUnit(c *call) (any, *cloud.Error) {
	id := struct{ OrganizationalUnitId string }{}
	if e := c.JSON(&id); e != nil {
		return nil, e
	}
	u, ok := s.cloud.Unit(c.org.ID, id.OrganizationalUnitId)
	if !ok {
		return nil, cloud.Errorf(http.StatusBadRequest, "OrganizationalUnitNotFoundException", "You specified an organizational unit that doesn't exist.")
	}
	return map[string]unit{"OrganizationalUnit": s.unit(c, u)}, nil
}

type parent struct{ Id, Type string }

func (s *Service) listParents(c *call) (any, *cloud.Error) {
	id := ""
	if u, ok := s.cloud.Unit(c.org.ID, c.in.ChildID); ok {
		id = u.ParentID
	} else if a, ok := s.cloud.Account(c.in.ChildID); ok && a.OrganizationID == c.org.ID {
		id = a.ParentID
	}
	if id == "" {
		return nil, cloud.Errorf(http.StatusBadRequest, "ChildNotFoundException", "You specified child that doesn't exist.")
	}
	typ := "ORGANIZATIONAL_UNIT"
	if id == c.org.RootID {
		typ = "ROOT"
	}
	return list(s, c, "Parents", []parent{{id, typ}})
}

type delegated struct {
	account
	DelegationEnabledDate float64
}

func (s *Service) listDelegated(c *call) (any, *cloud.Error) {
	out, seen := []delegated{}, map[string]bool{}
	for _, d := range s.cloud.Delegates(c.Caller.AccountID) {
		a, ok := s.cloud.Account(d.Account)
		if !ok || seen[d.Account] || c.in.ServicePrincipal != "" && c.in.ServicePrincipal != d.Service {
			continue
		}
		seen[d.Account] = true
		out = append(out, delegated{s.account(c.org, a), seconds(a.JoinedAt)})
	}
	return list(s, c, "DelegatedAdministrators", out)
}

type transfer struct {
	Id, Arn, Name, Type, Status string
	Source, Target              struct{ ManagementAccountId string }
}

func (s *Service) listInbound(c *call) (any, *cloud.Error)  { return s.transfers(c, "inbound") }
func (s *Service) listOutbound(c *call) (any, *cloud.Error) { return s.transfers(c, "outbound") }

// transfers tells who pays for whom: the source's bill is paid by the target.
func (s *Service) transfers(c *call, direction string) (any, *cloud.Error) {
	if c.Caller.AccountID != c.org.ManagementID {
		return nil, cloud.Errorf(http.StatusBadRequest, "AccessDeniedException", "You don't have permissions to access this resource.")
	}
	if c.in.Type != "BILLING" {
		return nil, invalidInput("You specified an invalid value: Type must be BILLING.")
	}
	out := []transfer{}
	for i, t := range s.cloud.Transfers(c.Caller.AccountID) {
		if t.Direction != direction {
			continue
		}
		id := "rt-" + c.org.ID[2:] + strconv.Itoa(i)
		x := transfer{Id: id, Arn: s.arn(c.org, "transfer", id), Name: "billing transfer", Type: "BILLING", Status: t.Status}
		x.Source.ManagementAccountId, x.Target.ManagementAccountId = c.org.ManagementID, t.Account
		if direction == "inbound" {
			x.Source, x.Target = x.Target, x.Source
		}
		out = append(out, x)
	}
	return list(s, c, "ResponsibilityTransfers", out)
}

type enabled struct {
	ServicePrincipal string
	DateEnabled      float64
}

func (s *Service) listServiceAccess(c *call) (any, *cloud.Error) {
	out, seen := []enabled{}, map[string]bool{}
	for _, d := range s.cloud.Delegates(c.Caller.AccountID) {
		if !seen[d.Service] {
			seen[d.Service] = true
			out = append(out, enabled{d.Service, seconds(s.cloud.Clock.Now())})
		}
	}
	return list(s, c, "EnabledServicePrincipals", out)
}
