package console

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/cfn"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// field is one parameter on a review page.
type field struct {
	Name, Description, Value string
	Allowed                  []string
}

// review is what the pages that create and update stacks and stack sets show.
type review struct {
	Heading      string
	TemplateURL  string
	TemplateBody string
	StackName    string
	Description  string
	Fields       []field
	Acknowledge  bool // the template needs a capability
	Acknowledged bool
	Known        bool // the template could be read
	Units        string
	AutoDeploy   bool
	Active       bool
}

// read fills a review in from a form or a link: values of parameters that the template does not have are ignored, as
// AWS does, and those that are not given get their defaults.
func (k *Console) read(ctx context.Context, q url.Values) (review, *cfn.Template, *cloud.Error) {
	v := review{TemplateURL: q.Get("templateURL"), TemplateBody: q.Get("templateBody"), StackName: q.Get("stackName"), Acknowledged: q.Get("acknowledge") != ""}
	if v.TemplateURL == "" && v.TemplateBody == "" {
		return v, nil, nil
	}
	t, e := k.cfn.Read(ctx, v.TemplateBody, v.TemplateURL)
	if e != nil {
		return v, nil, e
	}
	v.Known, v.Description, v.Acknowledge = true, t.Description, len(t.Capabilities()) > 0
	for _, name := range slices.Sorted(maps.Keys(t.Parameters)) {
		p := t.Parameters[name]
		f := field{Name: name, Description: p.Description, Allowed: p.AllowedValues}
		if p.Default != nil {
			f.Value = *p.Default
		}
		if given, ok := q["param_"+name]; ok && !p.NoEcho {
			f.Value = given[0]
		}
		v.Fields = append(v.Fields, f)
	}
	return v, t, nil
}

func (v review) parameters() map[string]string {
	out := map[string]string{}
	for _, f := range v.Fields {
		out[f.Name] = f.Value
	}
	return out
}

func (v review) input(t *cfn.Template) cfn.StackInput {
	in := cfn.StackInput{Name: v.StackName, TemplateBody: v.TemplateBody, TemplateURL: v.TemplateURL, Parameters: v.parameters()}
	if v.Acknowledged && t != nil {
		in.Capabilities = t.Capabilities()
	}
	return in
}

// CreateStackFromLink does what a person does who opens a quick-create link signed in to an account, acknowledges the
// IAM capability and presses Create stack. A stack that is rolled back is returned as it is, without an error.
func (k *Console) CreateStackFromLink(ctx context.Context, link, asAccount string) (cfn.Stack, error) {
	u, err := url.Parse(link)
	if err != nil {
		return cfn.Stack{}, fmt.Errorf("console: %w", err)
	}
	route, query, _ := strings.Cut(u.EscapedFragment(), "?")
	if !strings.HasSuffix(u.Path, "/cloudformation/home") || route != "/stacks/create/review" && route != "/stacks/quickcreate" {
		return cfn.Stack{}, fmt.Errorf("console: %q opens no page that creates a stack", link)
	}
	q, err := url.ParseQuery(query)
	if err != nil {
		return cfn.Stack{}, fmt.Errorf("console: %w", err)
	}
	q.Set("acknowledge", "on")
	where := u.Query().Get("region")
	if !regionPattern.MatchString(where) {
		return cfn.Stack{}, fmt.Errorf("console: %q names no region", link)
	}
	_, st, e := k.create(ctx, asAccount, where, q)
	if e != nil {
		return st, e
	}
	return st, nil
}

// create makes the stack of a form: the page and CreateStackFromLink have it in common.
func (k *Console) create(ctx context.Context, account, region string, q url.Values) (review, cfn.Stack, *cloud.Error) {
	v, t, e := k.read(ctx, q)
	if e != nil {
		return v, cfn.Stack{}, e
	}
	admin, e := k.cloud.Admin(account)
	if e != nil {
		return v, cfn.Stack{}, e
	}
	st, e := k.cfn.CreateStack(ctx, admin, region, v.input(t))
	return v, st, e
}

func (v *view) problem(e *cloud.Error) {
	if e != nil {
		v.Problem, v.Status = e.Code+": "+e.Message, http.StatusBadRequest
	}
}

func (k *Console) reviewStack(r *http.Request, v *view) {
	data, _, e := k.read(r.Context(), r.Form)
	data.Heading = "Quick create stack"
	v.Name, v.Title, v.Data = "review", "Create stack", data
	v.problem(e)
}

func (k *Console) createStack(r *http.Request, v *view) {
	if !reviewed(r) {
		k.reviewStack(r, v)
		return
	}
	data, st, e := k.create(r.Context(), v.Account.ID, v.Region, r.PostForm)
	if e != nil {
		data.Heading = "Quick create stack"
		v.Name, v.Title, v.Data = "review", "Create stack", data
		v.problem(e)
		return
	}
	v.To = stackPage(st)
}

// reviewed says whether the form is that of a page which has shown the template's parameters.
func reviewed(r *http.Request) bool { return r.PostFormValue("reviewed") != "" }

func stackPage(st cfn.Stack) string {
	return "/console/cloudformation/home/stacks/stackinfo?" + url.Values{"region": {st.Region}, "stackId": {st.ID}}.Encode()
}

func (k *Console) stacks(r *http.Request, v *view) {
	v.Name, v.Title = "stacks", "Stacks"
	var list []cfn.Stack
	for _, st := range k.cfn.Stacks(v.Account.ID, v.Region) {
		if strings.Contains(st.Name, r.FormValue("filteringText")) {
			list = append(list, st)
		}
	}
	v.Data = list
}

func (k *Console) stack(r *http.Request, v *view) {
	v.Name, v.Title = "stack", "Stack"
	st, e := k.cfn.Stack(v.Account.ID, v.Region, r.FormValue("stackId"))
	st.Events = slices.Clone(st.Events) // stacks are shared
	slices.Reverse(st.Events)           // the newest first
	v.Data = st
	v.problem(e)
	if e != nil {
		v.Status = http.StatusNotFound
	}
}

func (k *Console) deleteStack(r *http.Request, v *view) {
	admin, e := k.cloud.Admin(v.Account.ID)
	if e == nil {
		e = k.cfn.DeleteStack(admin, v.Region, r.PostFormValue("stackId"))
	}
	k.stacks(r, v)
	v.problem(e)
}

// reviewUpdate shows the values that the stack has, under the new template.
func (k *Console) reviewUpdate(r *http.Request, v *view) {
	st, e := k.cfn.Stack(v.Account.ID, v.Region, r.FormValue("stackId"))
	q := url.Values{"templateURL": {r.FormValue("templateURL")}, "templateBody": {r.FormValue("templateBody")}, "stackName": {st.Name}}
	for name, value := range st.Parameters {
		q.Set("param_"+name, value)
	}
	var data review
	if e == nil {
		data, _, e = k.read(r.Context(), q)
	}
	data.Heading, data.StackName = "Update stack", st.Name
	v.Name, v.Title, v.Data = "review", "Update stack", data
	v.problem(e)
}

func (k *Console) updateStack(r *http.Request, v *view) {
	if !reviewed(r) {
		k.reviewUpdate(r, v)
		return
	}
	data, t, e := k.read(r.Context(), r.PostForm)
	var st cfn.Stack
	if e == nil {
		var admin cloud.Principal
		if admin, e = k.cloud.Admin(v.Account.ID); e == nil {
			st, e = k.cfn.UpdateStack(r.Context(), admin, v.Region, data.input(t))
		}
	}
	if e != nil {
		data.Heading = "Update stack"
		v.Name, v.Title, v.Data = "review", "Update stack", data
		v.problem(e)
		return
	}
	v.To = stackPage(st)
}
