package cfn

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// StackSetInput is what CreateStackSet is given.
type StackSetInput struct {
	Name             string
	Description      string
	TemplateBody     string
	TemplateURL      string
	Parameters       map[string]string
	Capabilities     []string
	PermissionModel  string // SERVICE_MANAGED; the sandbox has no other
	AutoDeployment   bool
	RetainOnRemoval  bool
	ManagedExecution bool
	CallAs           string // SELF (when empty) or DELEGATED_ADMIN
}

// Targets say where stack instances come.
type Targets struct {
	OrganizationalUnitIDs []string
	Accounts              []string
	FilterType            string // NONE (when empty), INTERSECTION, DIFFERENCE or UNION: how Accounts changes the units' accounts
	Regions               []string
	FailureTolerance      int // accounts that may fail before the rest is cancelled
	TolerancePercent      int // the same in percent; the larger one counts
}

// StackSet is a service-managed stack set, as it was at one moment.
type StackSet struct {
	ID             string // "name:uuid"
	Name           string
	AccountID      string // the management account, whoever administers the set
	Region         string
	OrganizationID string
	Description    string
	Status         string // ACTIVE or DELETED
	Input          StackSetInput
	Targets        []Targets // for auto-deployment
	Instances      []StackInstance
	Operations     []Operation // oldest first
}

// ARN returns the set's ARN.
func (s StackSet) ARN(partition string) string {
	return fmt.Sprintf("arn:%s:cloudformation:%s:%s:stackset/%s", partition, s.Region, s.AccountID, s.ID)
}

// StackInstance is the set's stack in one account and region.
type StackInstance struct {
	AccountID, Region, UnitID string
	StackID                   string
	Status                    string // CURRENT, OUTDATED or INOPERABLE
	DetailedStatus            string // SUCCEEDED, FAILED, CANCELLED, SKIPPED_SUSPENDED_ACCOUNT
	Reason                    string
	OperationID               string
}

// Operation is one operation on a stack set.
type Operation struct {
	ID, Action, Status string
	CreatedAt, EndedAt time.Time
	Results            []StackInstance
}

// Failed counts the instances that an operation did not bring about.
func (o Operation) Failed() int {
	n := 0
	for _, r := range o.Results {
		if r.DetailedStatus == "FAILED" {
			n++
		}
	}
	return n
}

// StackSets lists the stack sets that an account administers in a region.
func (s *Service) StackSets(account, region string) []StackSet {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []StackSet
	for _, set := range s.sets[place(account, region)] {
		if set.Status == "ACTIVE" {
			out = append(out, *set)
		}
	}
	return out
}

// StackSet finds a stack set by name or id.
func (s *Service) StackSet(account, region, nameOrID string) (StackSet, *cloud.Error) {
	for _, set := range s.StackSets(account, region) {
		if set.Name == nameOrID || set.ID == nameOrID {
			return set, nil
		}
	}
	return StackSet{}, cloud.Errorf(http.StatusNotFound, "StackSetNotFoundException", "StackSet %s not found", nameOrID)
}

func (s *Service) putSet(set *StackSet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := place(set.AccountID, set.Region)
	list := slices.Clone(s.sets[key])
	i := slices.IndexFunc(list, func(x *StackSet) bool { return x.ID == set.ID })
	if i < 0 {
		list = append(list, set)
	} else {
		list[i] = set
	}
	s.sets[key] = list
}

// CreateStackSet makes a stack set without instances.
func (s *Service) CreateStackSet(ctx context.Context, caller cloud.Principal, region string, in StackSetInput) (StackSet, *cloud.Error) {
	s.change.Lock()
	defer s.change.Unlock()
	return s.createSet(ctx, caller, region, in)
}

func (s *Service) createSet(ctx context.Context, caller cloud.Principal, region string, in StackSetInput) (StackSet, *cloud.Error) {
	org, e := s.administer(caller.AccountID, in.CallAs)
	if e != nil {
		return StackSet{}, e
	}
	switch {
	case !stackNamePattern.MatchString(in.Name):
		return StackSet{}, cloud.Invalid("stackSetName", in.Name, "satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*")
	case in.PermissionModel != "SERVICE_MANAGED":
		return StackSet{}, cloud.Validation("the sandbox has service-managed stack sets only: set PermissionModel to SERVICE_MANAGED")
	}
	if _, e := s.StackSet(org.ManagementID, region, in.Name); e == nil {
		return StackSet{}, cloud.Errorf(http.StatusConflict, "NameAlreadyExistsException", "StackSet %s already exists", in.Name)
	}
	probe := StackInput{Name: in.Name, TemplateBody: in.TemplateBody, TemplateURL: in.TemplateURL, Parameters: in.Parameters, Capabilities: in.Capabilities}
	t, _, e := s.prepare(ctx, org.ManagementID, region, probe, nil)
	if e != nil {
		return StackSet{}, e
	}
	in.TemplateBody, in.TemplateURL = t.Text, "" // the set keeps what it was made with
	set := &StackSet{
		ID: in.Name + ":" + uuid(), Name: in.Name, AccountID: org.ManagementID, Region: region, OrganizationID: org.ID,
		Description: in.Description, Status: "ACTIVE", Input: in,
	}
	s.putSet(set)
	return *set, nil
}

// administer proves that an account may administer service-managed stack sets, and that trusted access is on.
func (s *Service) administer(account, callAs string) (cloud.Organization, *cloud.Error) {
	org, ok := s.cloud.OrganizationOf(account)
	delegated := false
	for _, d := range s.cloud.Delegates(account) {
		delegated = delegated || d.Account == account && d.Service == trustedService
	}
	switch {
	case !ok, account != org.ManagementID && !(delegated && callAs == "DELEGATED_ADMIN"):
		return org, cloud.Validation("You must be the management account or delegated admin account of an organization before operating a SERVICE_MANAGED stack set")
	case org.FeatureSet != "ALL", !s.trusted(org.ID):
		return org, cloud.Validation("You must enable organizations access to operate a service managed stack set")
	}
	return org, nil
}

const trustedService = "member.org.stacksets.cloudformation.amazonaws.com"

func (s *Service) trusted(organizationID string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return !s.off[organizationID]
}

// SetTrustedAccess switches the trusted access of StackSets with an organization.
func (s *Service) SetTrustedAccess(organizationID string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.off[organizationID] = !on
}

// CreateStackInstances deploys a stack set. Its management account is left out, as AWS does, and so are accounts that
// are not active.
func (s *Service) CreateStackInstances(ctx context.Context, caller cloud.Principal, region, nameOrID, callAs string, to Targets) (Operation, *cloud.Error) {
	s.change.Lock()
	defer s.change.Unlock()
	return s.createInstances(ctx, caller, region, nameOrID, callAs, to)
}

func (s *Service) createInstances(ctx context.Context, caller cloud.Principal, region, nameOrID, callAs string, to Targets) (Operation, *cloud.Error) {
	org, e := s.administer(caller.AccountID, callAs)
	if e != nil {
		return Operation{}, e
	}
	set, e := s.StackSet(org.ManagementID, region, nameOrID)
	if e != nil {
		return Operation{}, e
	}
	accounts, e := s.targets(org, to)
	if e != nil {
		return Operation{}, e
	}
	if len(to.Regions) == 0 {
		return Operation{}, cloud.Validation("Regions must have at least one member")
	}
	set.Targets = append(slices.Clone(set.Targets), to)
	return s.deploy(ctx, set, accounts, to), nil
}

// targets lists the accounts that targets reach.
func (s *Service) targets(org cloud.Organization, to Targets) ([]cloud.Account, *cloud.Error) {
	if len(to.OrganizationalUnitIDs) == 0 {
		return nil, cloud.Validation("DeploymentTargets must have OrganizationalUnitIds with the SERVICE_MANAGED permission model")
	}
	var out []cloud.Account
	add := func(a cloud.Account) {
		if a.ID != org.ManagementID && !slices.ContainsFunc(out, func(x cloud.Account) bool { return x.ID == a.ID }) {
			out = append(out, a)
		}
	}
	for _, unit := range to.OrganizationalUnitIDs {
		if _, ok := s.cloud.Unit(org.ID, unit); !ok && unit != org.RootID {
			return nil, cloud.Validation("Invalid OU %s: it does not exist in the organization %s", unit, org.ID)
		}
		for _, a := range s.cloud.Below(org.ID, unit) {
			listed := slices.Contains(to.Accounts, a.ID)
			if to.FilterType == "INTERSECTION" && !listed || to.FilterType == "DIFFERENCE" && listed {
				continue
			}
			add(a)
		}
	}
	if to.FilterType == "UNION" {
		for _, a := range s.cloud.Members(org.ID) {
			if slices.Contains(to.Accounts, a.ID) {
				add(a)
			}
		}
	}
	slices.SortFunc(out, func(a, b cloud.Account) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

// deploy makes the instances, account by account, until more have failed than are tolerated.
func (s *Service) deploy(ctx context.Context, set StackSet, accounts []cloud.Account, to Targets) Operation {
	op := Operation{ID: uuid(), Action: "CREATE", Status: "SUCCEEDED", CreatedAt: s.cloud.Clock.Now()}
	tolerated := max(to.FailureTolerance, len(accounts)*to.TolerancePercent/100)
	set.Instances, set.Operations = slices.Clone(set.Instances), slices.Clone(set.Operations)
	for _, region := range to.Regions {
		failed := 0
		for _, a := range accounts {
			i := StackInstance{AccountID: a.ID, Region: region, UnitID: a.ParentID, OperationID: op.ID, Status: "OUTDATED"}
			switch {
			case a.State != "ACTIVE":
				i.DetailedStatus, i.Reason = "SKIPPED_SUSPENDED_ACCOUNT", "Account "+a.ID+" is "+a.State
			case failed > tolerated:
				i.DetailedStatus, i.Reason = "CANCELLED", "Cancelled since failure tolerance has exceeded"
			default:
				s.instance(ctx, set, &i)
			}
			if i.DetailedStatus == "FAILED" {
				failed++
			}
			op.Results = append(op.Results, i)
			set.Instances = slices.DeleteFunc(set.Instances, func(x StackInstance) bool { return x.AccountID == a.ID && x.Region == region })
			set.Instances = append(set.Instances, i)
		}
		if failed > tolerated {
			op.Status = "FAILED"
		}
	}
	op.EndedAt = s.cloud.Clock.Now()
	set.Operations = append(set.Operations, op)
	s.putSet(&set)
	return op
}

// instance makes one instance's stack with the rights of an administrator of the member, which is what AWS's
// execution role has there.
func (s *Service) instance(ctx context.Context, set StackSet, i *StackInstance) {
	i.DetailedStatus = "FAILED"
	if old := slices.IndexFunc(set.Instances, func(x StackInstance) bool {
		return x.AccountID == i.AccountID && x.Region == i.Region && x.Status == "CURRENT"
	}); old >= 0 {
		*i = set.Instances[old]
		return
	}
	admin, e := s.cloud.Admin(i.AccountID)
	if e != nil {
		i.Reason = e.Error()
		return
	}
	st, e := s.createStack(ctx, admin, i.Region, StackInput{
		Name: clipName("StackSet-"+set.Name) + "-" + uuid(), TemplateBody: set.Input.TemplateBody,
		Parameters: set.Input.Parameters, Capabilities: set.Input.Capabilities, OnFailure: "DELETE", stackSetManaged: true,
	})
	switch {
	case e != nil:
		i.Reason = e.Error()
	case st.Status != "CREATE_COMPLETE":
		i.Reason = "ResourceLogicalId:" + failure(st)
	default:
		i.Status, i.DetailedStatus, i.StackID = "CURRENT", "SUCCEEDED", st.ID
	}
}

func clipName(s string) string { return s[:min(len(s), 90)] }

// failure finds the first resource's failure among a stack's events.
func failure(st Stack) string {
	for _, e := range st.Events {
		if e.Status == "CREATE_FAILED" {
			return e.LogicalID + ", ResourceType:" + e.Type + ", ResourceStatusReason:" + e.Reason
		}
	}
	return st.Reason
}

// DeleteStackSet removes a set's instances' stacks, unless they are retained, and the set.
func (s *Service) DeleteStackSet(caller cloud.Principal, region, nameOrID, callAs string, retain bool) *cloud.Error {
	s.change.Lock()
	defer s.change.Unlock()
	return s.deleteSet(caller, region, nameOrID, callAs, retain)
}

func (s *Service) deleteSet(caller cloud.Principal, region, nameOrID, callAs string, retain bool) *cloud.Error {
	org, e := s.administer(caller.AccountID, callAs)
	if e != nil {
		return e
	}
	set, e := s.StackSet(org.ManagementID, region, nameOrID)
	if e != nil {
		return e
	}
	for _, i := range set.Instances {
		if admin, e := s.cloud.Admin(i.AccountID); e == nil && !retain && i.StackID != "" {
			s.deleteStack(admin, i.Region, i.StackID)
		}
	}
	set.Status, set.Instances = "DELETED", nil
	s.putSet(&set)
	return nil
}

// joined deploys the sets with auto-deployment into an account that came into a unit they target.
func (s *Service) joined(a cloud.Account) {
	s.change.Lock()
	defer s.change.Unlock()
	for _, set := range s.autoDeployed(a.OrganizationID) {
		org, ok := s.cloud.OrganizationOf(set.AccountID)
		if !ok || !s.trusted(org.ID) {
			continue
		}
		for _, to := range set.Targets {
			accounts, e := s.targets(org, to)
			if e == nil && slices.ContainsFunc(accounts, func(x cloud.Account) bool { return x.ID == a.ID }) {
				s.deploy(context.Background(), set, []cloud.Account{a}, to)
				break
			}
		}
	}
}

// left removes what the sets with auto-deployment have made in an account that left the organization, unless it is retained.
func (s *Service) left(organizationID string, a cloud.Account) {
	s.change.Lock()
	defer s.change.Unlock()
	admin, e := s.cloud.Admin(a.ID)
	if e != nil {
		return
	}
	for _, set := range s.autoDeployed(organizationID) {
		for _, i := range set.Instances {
			if i.AccountID == a.ID && i.StackID != "" && !set.Input.RetainOnRemoval {
				s.deleteStack(admin, i.Region, i.StackID)
			}
		}
		set.Instances = slices.DeleteFunc(slices.Clone(set.Instances), func(i StackInstance) bool { return i.AccountID == a.ID })
		s.putSet(&set)
	}
}

func (s *Service) autoDeployed(organizationID string) []StackSet {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []StackSet
	for _, list := range s.sets {
		for _, set := range list {
			if set.Status == "ACTIVE" && set.Input.AutoDeployment && set.OrganizationID == organizationID {
				out = append(out, *set)
			}
		}
	}
	return out
}
