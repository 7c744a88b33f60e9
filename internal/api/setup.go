package api

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"strconv"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/register"
)

// Setup is what to do in AWS to finish an account's registration.
type Setup struct {
	AccountID string `json:"account_id" doc:"The AWS account: 12 digits."`
	Steps     []Step `json:"steps" doc:"The steps, in their order."`
}

// Step is one step.
type Step struct {
	ID         string      `json:"id" doc:"access, bucket, export or members."`
	Title      string      `json:"title" doc:"What it does, for people."`
	State      string      `json:"state" enum:"done,next,later,skipped" doc:"Where it stands."`
	Why        string      `json:"why,omitempty" doc:"What it is for, or why it is skipped."`
	StackName  string      `json:"stack_name,omitempty" doc:"The name of the CloudFormation stack that it makes."`
	Region     string      `json:"region,omitempty" doc:"The region of that stack."`
	Links      []Link      `json:"links,omitempty" doc:"Pages of the AWS console, filled in."`
	Template   *Template   `json:"template,omitempty" doc:"The CloudFormation template to apply."`
	Parameters []Parameter `json:"parameters,omitempty" doc:"Its parameters, to copy."`
	Command    string      `json:"command,omitempty" doc:"The same with the AWS CLI."`
}

// Link opens a page of the AWS console.
type Link struct {
	Title string `json:"title" doc:"What the page is."`
	URL   string `json:"url" doc:"Its address, with everything filled in."`
}

// Template is a CloudFormation template of ours.
type Template struct {
	Name     string `json:"name" doc:"access.yaml, export.yaml…"`
	URL      string `json:"url,omitempty" doc:"Where AWS can read it. Absent while no place is published."`
	Download string `json:"download" doc:"Its path on this server."`
	SHA256   string `json:"sha256" doc:"Of its bytes, in hexadecimal."`
	Version  string `json:"version" doc:"Its version."`
}

// Parameter is a value to copy into a stack.
type Parameter struct {
	Key   string `json:"key" doc:"The parameter's name."`
	Value string `json:"value" doc:"Its value."`
}

// TemplatesPath is where the templates can be downloaded, by their names.
const TemplatesPath = "/api/v1/templates/"

// setup asks the guide and says it in the API's words.
func (a *API) setup(account bursar.Account, newest []bursar.Finding) (Setup, error) {
	steps, err := a.Guide.Setup(account, bursar.Summarize(newest), register.Choice{})
	out := Setup{AccountID: account.AccountID, Steps: make([]Step, 0, len(steps))}
	for _, s := range steps {
		step := Step{ID: s.ID, Title: s.Title, State: string(s.State), Why: s.Why, StackName: s.StackName, Region: s.Region, Command: s.Command}
		for _, l := range s.Links {
			step.Links = append(step.Links, Link(l))
		}
		for _, p := range s.Parameters {
			step.Parameters = append(step.Parameters, Parameter(p))
		}
		if t := s.Template; t != nil {
			step.Template = &Template{Name: t.Name, URL: t.URL, Download: TemplatesPath + t.Name, SHA256: t.SHA256, Version: t.Version}
		}
		out.Steps = append(out.Steps, step)
	}
	return out, err
}

type setupOutput struct{ Body Setup }

func (a *API) getSetup(ctx context.Context, p auth.Principal, in *accountPath) (*setupOutput, error) {
	account, newest, err := a.account(ctx, p, in.Account)
	if err != nil {
		return nil, err
	}
	setup, err := a.setup(account, newest)
	return &setupOutput{setup}, err
}

// serveTemplate gives a template to whoever asks: they hold no secret, and a browser has no key to send.
func (a *API) serveTemplate(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	text, err := register.TemplateText(name)
	if errors.Is(err, fs.ErrNotExist) {
		err = bursar.Errorf(bursar.NotFound, "there is no template of that name").WithReason("no_template").WithHint("an account's set-up names them")
	}
	if err != nil {
		writeProblem(w, r, 0, err)
		return
	}
	w.Header().Set("Content-Type", "application/yaml")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	_, _ = w.Write(text) // the caller has gone when it fails
}
