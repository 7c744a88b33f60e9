package console

import (
	"cmp"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

var (
	namePattern = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)
	pathPattern = regexp.MustCompile(`^/([!-~]+/)?$`)
)

// roleForm is the page that creates a role for another AWS account.
type roleForm struct {
	Account, ExternalID, Principal, Name, Path, Policies string
}

func readRole(r *http.Request) roleForm {
	f := func(names ...string) string {
		for _, n := range names {
			if s := r.FormValue(n); s != "" {
				return strings.TrimSpace(s)
			}
		}
		return ""
	}
	return roleForm{
		Account: f("awsAccount", "accountID"), ExternalID: f("externalId", "externalID"), Principal: f("principalArn"), Name: f("roleName"),
		Path: cmp.Or(f("path"), "/"), Policies: f("policies"),
	}
}

// trust writes the policy that AWS's page writes: the account's root, with the external id when there is one.
func (f roleForm) trust(partition string) (string, error) {
	condition := map[string]any{}
	if f.ExternalID != "" {
		condition["StringEquals"] = map[string]string{"sts:ExternalId": f.ExternalID}
	}
	if f.Principal != "" {
		condition["ArnEquals"] = map[string]string{"aws:PrincipalArn": f.Principal}
	}
	statement := map[string]any{"Effect": "Allow", "Principal": map[string]string{"AWS": "arn:" + partition + ":iam::" + f.Account + ":root"}, "Action": "sts:AssumeRole"}
	if len(condition) > 0 {
		statement["Condition"] = condition
	}
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{statement}})
	return string(text), err
}

func (k *Console) roles(_ *http.Request, v *view) {
	v.Name, v.Title, v.Data = "roles", "Roles", k.cloud.Roles(v.Account.ID)
}

// deleteRole removes a role with its policies, as AWS's page does.
func (k *Console) deleteRole(r *http.Request, v *view) {
	e := k.cloud.DeleteRole(v.Account.ID, r.PostFormValue("roleName"), true)
	k.roles(r, v)
	v.problem(e)
}

func (k *Console) reviewRole(r *http.Request, v *view) {
	v.Name, v.Title, v.Data = "role_create", "Create role", readRole(r)
}

func (k *Console) createRole(r *http.Request, v *view) {
	form := readRole(r)
	v.Name, v.Title, v.Data = "role_create", "Create role", form
	trust, err := form.trust(k.cloud.Partition())
	if err != nil {
		v.Problem, v.Status = err.Error(), http.StatusBadRequest
		return
	}
	role := cloud.Role{Identity: cloud.Identity{AccountID: v.Account.ID, Name: form.Name, Path: form.Path, Attached: strings.Fields(form.Policies)}}
	switch {
	case !namePattern.MatchString(form.Name):
		v.problem(cloud.Invalid("roleName", form.Name, `satisfy regular expression pattern: [\w+=,.@-]{1,64}`))
		return
	case !pathPattern.MatchString(form.Path):
		v.problem(cloud.Invalid("path", form.Path, "begin and end with /"))
		return
	}
	if _, e := k.cloud.CreateRole(role, trust); e != nil {
		v.problem(e)
		return
	}
	v.To = "/console/iam/home/roles"
}
