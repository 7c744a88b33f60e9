package cfn

import (
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

func (c *call) callAs() string { return c.Form.Get("CallAs") }

func (c *call) createStackSet() (any, *cloud.Error) {
	st := c.stackInput()
	set, e := c.s.CreateStackSet(c.Context(), c.Caller, c.Region, StackSetInput{
		Name: c.Form.Get("StackSetName"), Description: c.Form.Get("Description"),
		TemplateBody: st.TemplateBody, TemplateURL: st.TemplateURL, Parameters: st.Parameters, Capabilities: st.Capabilities,
		PermissionModel: c.Form.Get("PermissionModel"), AutoDeployment: c.Form.Get("AutoDeployment.Enabled") == "true",
		RetainOnRemoval:  c.Form.Get("AutoDeployment.RetainStacksOnAccountRemoval") == "true",
		ManagedExecution: c.Form.Get("ManagedExecution.Active") == "true", CallAs: c.callAs(),
	})
	return struct {
		StackSetID string `xml:"StackSetId"`
	}{set.ID}, e
}

// set finds the set that a request names, as one who may administer sets.
func (c *call) set() (StackSet, *cloud.Error) {
	org, ok := c.Cloud.OrganizationOf(c.Caller.AccountID)
	if !ok {
		return StackSet{}, cloud.Errorf(http.StatusNotFound, "StackSetNotFoundException", "StackSet %s not found", c.Form.Get("StackSetName"))
	}
	if c.Caller.AccountID != org.ManagementID {
		if _, e := c.s.administer(c.Caller.AccountID, c.callAs()); e != nil {
			return StackSet{}, e
		}
	}
	return c.s.StackSet(org.ManagementID, c.Region, c.Form.Get("StackSetName"))
}

type autoDeploymentXML struct{ Enabled, RetainStacksOnAccountRemoval bool }

type activeXML struct{ Active bool }

type setXML struct {
	StackSetName          string
	StackSetID            string `xml:"StackSetId"`
	StackSetARN           string `xml:",omitempty"`
	Description           string `xml:",omitempty"`
	Status                string
	TemplateBody          string              `xml:",omitempty"`
	Parameters            *list[parameterXML] `xml:",omitempty"`
	Capabilities          *list[string]       `xml:",omitempty"`
	PermissionModel       string
	AutoDeployment        autoDeploymentXML
	ManagedExecution      activeXML
	OrganizationalUnitIDs *list[string] `xml:"OrganizationalUnitIds,omitempty"`
}

func (s StackSet) summary() setXML {
	return setXML{
		StackSetName: s.Name, StackSetID: s.ID, Description: s.Description, Status: s.Status, PermissionModel: s.Input.PermissionModel,
		AutoDeployment: autoDeploymentXML{s.Input.AutoDeployment, s.Input.RetainOnRemoval}, ManagedExecution: activeXML{s.Input.ManagedExecution},
	}
}

func (c *call) describeStackSet() (any, *cloud.Error) {
	set, e := c.set()
	if e != nil {
		return nil, e
	}
	x := set.summary()
	x.StackSetARN, x.TemplateBody = set.ARN(c.Cloud.Partition()), set.Input.TemplateBody
	x.Parameters, x.Capabilities = &list[parameterXML]{}, &list[string]{set.Input.Capabilities}
	for _, k := range slices.Sorted(maps.Keys(set.Input.Parameters)) {
		x.Parameters.Member = append(x.Parameters.Member, parameterXML{k, set.Input.Parameters[k]})
	}
	x.OrganizationalUnitIDs = &list[string]{}
	for _, to := range set.Targets {
		x.OrganizationalUnitIDs.Member = append(x.OrganizationalUnitIDs.Member, to.OrganizationalUnitIDs...)
	}
	return struct{ StackSet setXML }{x}, nil
}

func (c *call) deleteStackSet() (any, *cloud.Error) {
	set, e := c.set()
	if e == nil && slices.ContainsFunc(set.Instances, func(i StackInstance) bool { return i.StackID != "" }) {
		e = cloud.Errorf(http.StatusConflict, "StackSetNotEmptyException", "StackSet is not empty")
	}
	if e != nil {
		return nil, e
	}
	return struct{}{}, c.s.DeleteStackSet(c.Caller, c.Region, set.ID, c.callAs(), false)
}

func (c *call) listStackSets() (any, *cloud.Error) {
	account := c.Caller.AccountID
	if org, ok := c.Cloud.OrganizationOf(account); ok && c.callAs() == "DELEGATED_ADMIN" {
		if _, e := c.s.administer(account, c.callAs()); e != nil {
			return nil, e
		}
		account = org.ManagementID
	}
	var all []setXML
	for _, s := range c.s.StackSets(account, c.Region) {
		if want := c.Form.Get("Status"); want == "" || want == s.Status {
			all = append(all, s.summary())
		}
	}
	some, next, e := page(c, all, 100)
	return struct {
		Summaries list[setXML]
		NextToken string `xml:",omitempty"`
	}{listOf(some), next}, e
}

func (c *call) createStackInstances() (any, *cloud.Error) {
	if len(c.members("Accounts")) > 0 {
		return nil, cloud.Validation("Accounts are given in DeploymentTargets with the SERVICE_MANAGED permission model")
	}
	number := func(name string) int {
		n, _ := strconv.Atoi(c.Form.Get("OperationPreferences." + name)) // absent: none is tolerated
		return n
	}
	op, e := c.s.CreateStackInstances(c.Context(), c.Caller, c.Region, c.Form.Get("StackSetName"), c.callAs(), Targets{
		OrganizationalUnitIDs: c.members("DeploymentTargets.OrganizationalUnitIds"), Accounts: c.members("DeploymentTargets.Accounts"),
		FilterType: c.Form.Get("DeploymentTargets.AccountFilterType"), Regions: c.members("Regions"),
		FailureTolerance: number("FailureToleranceCount"), TolerancePercent: number("FailureTolerancePercentage"),
	})
	return struct {
		OperationID string `xml:"OperationId"`
	}{op.ID}, e
}

type instanceXML struct {
	StackSetID           string `xml:"StackSetId,omitempty"`
	Region               string
	Account              string
	StackID              string `xml:"StackId,omitempty"`
	Status               string
	StatusReason         string             `xml:",omitempty"`
	StackInstanceStatus  *instanceStatusXML `xml:",omitempty"`
	OrganizationalUnitID string             `xml:"OrganizationalUnitId,omitempty"`
	LastOperationID      string             `xml:"LastOperationId,omitempty"`
}

type instanceStatusXML struct{ DetailedStatus string }

func (i StackInstance) xml(set string) instanceXML {
	return instanceXML{
		StackSetID: set, Region: i.Region, Account: i.AccountID, StackID: i.StackID, Status: i.Status, StatusReason: i.Reason,
		StackInstanceStatus: &instanceStatusXML{i.DetailedStatus}, OrganizationalUnitID: i.UnitID, LastOperationID: i.OperationID,
	}
}

func (c *call) describeStackInstance() (any, *cloud.Error) {
	set, e := c.set()
	if e != nil {
		return nil, e
	}
	for _, i := range set.Instances {
		if i.AccountID == c.Form.Get("StackInstanceAccount") && i.Region == c.Form.Get("StackInstanceRegion") {
			return struct{ StackInstance instanceXML }{i.xml(set.ID)}, nil
		}
	}
	return nil, cloud.Errorf(http.StatusNotFound, "StackInstanceNotFoundException", "Stack instance for account %s in %s not found", c.Form.Get("StackInstanceAccount"), c.Form.Get("StackInstanceRegion"))
}

func (c *call) listStackInstances() (any, *cloud.Error) {
	set, e := c.set()
	if e != nil {
		return nil, e
	}
	filters := c.pairs("Filters", "Name", "Values")
	var all []instanceXML
	for _, i := range set.Instances {
		account, region, detailed := c.Form.Get("StackInstanceAccount"), c.Form.Get("StackInstanceRegion"), filters["DETAILED_STATUS"]
		if (account == "" || account == i.AccountID) && (region == "" || region == i.Region) && (detailed == "" || detailed == i.DetailedStatus) {
			all = append(all, i.xml(set.ID))
		}
	}
	some, next, e := page(c, all, 100)
	return struct {
		Summaries list[instanceXML]
		NextToken string `xml:",omitempty"`
	}{list[instanceXML]{some}, next}, e
}

type operationXML struct {
	OperationID       string `xml:"OperationId"`
	StackSetID        string `xml:"StackSetId,omitempty"`
	Action, Status    string
	CreationTimestamp string
	EndTimestamp      string
	StatusDetails     struct{ FailedStackInstancesCount int }
}

func (o Operation) xml(set string) operationXML {
	x := operationXML{OperationID: o.ID, StackSetID: set, Action: o.Action, Status: o.Status, CreationTimestamp: stamp(o.CreatedAt), EndTimestamp: stamp(o.EndedAt)}
	x.StatusDetails.FailedStackInstancesCount = o.Failed()
	return x
}

func (c *call) listOperations() (any, *cloud.Error) {
	set, e := c.set()
	if e != nil {
		return nil, e
	}
	var all []operationXML
	for _, o := range slices.Backward(set.Operations) {
		all = append(all, o.xml(""))
	}
	some, next, e := page(c, all, 100)
	return struct {
		Summaries list[operationXML]
		NextToken string `xml:",omitempty"`
	}{list[operationXML]{some}, next}, e
}

func (c *call) operation() (StackSet, Operation, *cloud.Error) {
	set, e := c.set()
	if e != nil {
		return set, Operation{}, e
	}
	id := c.Form.Get("OperationId")
	i := slices.IndexFunc(set.Operations, func(o Operation) bool { return o.ID == id })
	if i < 0 {
		return set, Operation{}, cloud.Errorf(http.StatusNotFound, "OperationNotFoundException", "Operation %s not found", id)
	}
	return set, set.Operations[i], nil
}

func (c *call) describeOperation() (any, *cloud.Error) {
	set, op, e := c.operation()
	return struct{ StackSetOperation operationXML }{op.xml(set.ID)}, e
}

type resultXML struct {
	Account, Region, Status string
	StatusReason            string `xml:",omitempty"`
	OrganizationalUnitID    string `xml:"OrganizationalUnitId,omitempty"`
}

func (c *call) listOperationResults() (any, *cloud.Error) {
	_, op, e := c.operation()
	if e != nil {
		return nil, e
	}
	var all []resultXML
	for _, r := range op.Results {
		status := r.DetailedStatus
		if status == "SKIPPED_SUSPENDED_ACCOUNT" {
			status = "SUCCEEDED" // AWS reports the skip on the instance
		}
		all = append(all, resultXML{r.AccountID, r.Region, status, r.Reason, r.UnitID})
	}
	some, next, e := page(c, all, 100)
	return struct {
		Summaries list[resultXML]
		NextToken string `xml:",omitempty"`
	}{listOf(some), next}, e
}

// managementOf finds the organization that the caller manages.
func (c *call) managementOf() (cloud.Organization, *cloud.Error) {
	org, ok := c.Cloud.OrganizationOf(c.Caller.AccountID)
	if !ok || org.ManagementID != c.Caller.AccountID {
		return org, cloud.Errorf(http.StatusBadRequest, "InvalidOperationException", "Only the management account of an organization may do this")
	}
	return org, nil
}

func (c *call) describeAccess() (any, *cloud.Error) {
	org, ok := c.Cloud.OrganizationOf(c.Caller.AccountID)
	if !ok {
		return nil, cloud.Errorf(http.StatusBadRequest, "InvalidOperationException", "The account is not a member of an organization")
	}
	status := "DISABLED"
	if c.s.trusted(org.ID) {
		status = "ENABLED"
	}
	return struct{ Status string }{status}, nil
}

func (c *call) activateAccess() (any, *cloud.Error) { return c.setAccess(true) }

func (c *call) deactivateAccess() (any, *cloud.Error) { return c.setAccess(false) }

func (c *call) setAccess(on bool) (any, *cloud.Error) {
	org, e := c.managementOf()
	if e != nil {
		return nil, e
	}
	c.s.SetTrustedAccess(org.ID, on)
	return struct{}{}, nil
}
