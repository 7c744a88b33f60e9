package console

import (
	"net/http"

	"github.com/bursarhq/bursar/internal/sandbox/cfn"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

func (k *Console) stackSets(_ *http.Request, v *view) {
	v.Name, v.Title, v.Data = "stacksets", "StackSets", k.cfn.StackSets(v.Account.ID, v.Region)
}

func (k *Console) reviewSet(r *http.Request, v *view) {
	data, _, e := k.read(r.Context(), r.Form)
	k.showSet(v, data, e)
}

func (k *Console) showSet(v *view, data review, e *cloud.Error) {
	data.Heading = "Create StackSet"
	if org, ok := k.cloud.OrganizationOf(v.Account.ID); ok && data.Units == "" {
		data.Units = org.RootID
	}
	v.Name, v.Title, v.Data = "stackset_create", "Create StackSet", data
	v.problem(e)
}

// createSet makes a StackSet with automatic deployment and deploys it to the units of the form.
func (k *Console) createSet(r *http.Request, v *view) {
	data, t, e := k.read(r.Context(), r.PostForm)
	data.Units, data.Active = r.PostFormValue("units"), r.PostFormValue("execution") == "active"
	if e != nil || t == nil {
		k.showSet(v, data, e)
		return
	}
	in := data.input(t)
	admin, e := k.cloud.Admin(v.Account.ID)
	if e == nil {
		_, e = k.cfn.CreateStackSet(r.Context(), admin, v.Region, cfn.StackSetInput{
			Name: in.Name, TemplateBody: in.TemplateBody, TemplateURL: in.TemplateURL,
			Parameters: in.Parameters, Capabilities: in.Capabilities, PermissionModel: "SERVICE_MANAGED", AutoDeployment: true, ManagedExecution: data.Active,
		})
	}
	if e == nil {
		_, e = k.cfn.CreateStackInstances(r.Context(), admin, v.Region, in.Name, "", cfn.Targets{OrganizationalUnitIDs: []string{data.Units}, Regions: []string{v.Region}, TolerancePercent: 100})
	}
	if e != nil {
		k.showSet(v, data, e)
		return
	}
	v.To = "/console/cloudformation/home/stacksets?region=" + v.Region
}

// redeploy makes the stack of one account again: the way out after whatever kept AWS from making it was mended.
func (k *Console) redeploy(r *http.Request, v *view) {
	to := cfn.Targets{
		OrganizationalUnitIDs: []string{r.PostFormValue("unit")}, Accounts: []string{r.PostFormValue("account")}, FilterType: "INTERSECTION",
		Regions: []string{v.Region},
	}
	admin, e := k.cloud.Admin(v.Account.ID)
	if e == nil {
		_, e = k.cfn.CreateStackInstances(r.Context(), admin, v.Region, r.PostFormValue("stackSetName"), "", to)
	}
	k.stackSets(r, v)
	v.problem(e)
}

// setAccess activates or deactivates the trusted access of StackSets with the organization.
func (k *Console) setAccess(r *http.Request, v *view) {
	org, ok := k.cloud.OrganizationOf(v.Account.ID)
	k.stackSets(r, v)
	if !ok || org.ManagementID != v.Account.ID {
		v.problem(cloud.Validation("Only the management account of an organization may do this"))
		return
	}
	k.cfn.SetTrustedAccess(org.ID, r.PostFormValue("on") == "true")
}
