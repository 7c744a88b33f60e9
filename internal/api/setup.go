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
	"github.com/bursarhq/bursar/internal/store"
)

// Setup is what to do in AWS to finish an account's registration.
type Setup struct {
	AccountID string        `json:"account_id" doc:"The AWS account: 12 digits."`
	Method    bursar.Method `json:"method" doc:"How it is registered: console, terraform or role."`
	Choice    bursar.Choice `json:"choice" doc:"What was chosen beyond the defaults; kept with the account."`
	Version   int64         `json:"version" doc:"The account's version: grows with every change."`
	Steps     []Step        `json:"steps" doc:"The steps, in their order."`
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
	Command    string      `json:"command,omitempty" doc:"The same with the AWS CLI; for Terraform, what to run."`
	Terraform  string      `json:"terraform,omitempty" doc:"A whole main.tf that makes everything up to this step."`
	Texts      []Text      `json:"texts,omitempty" doc:"Texts to copy: a policy, a case for AWS Support."`
}

// Text is something to copy.
type Text struct {
	Title string `json:"title" doc:"What it is."`
	Body  string `json:"body" doc:"The text."`
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

// setup asks the guide and says it in the API's words. It reads the account's state in a transaction.
func (a *API) setup(tx *store.Tx, account bursar.Account) (Setup, error) {
	newest, err := tx.NewestFindings(account.WorkspaceID, account.ID)
	if err != nil {
		return Setup{}, err
	}
	seen, _, err := tx.Definitions(account.WorkspaceID, account.ID)
	if err != nil {
		return Setup{}, err
	}
	steps, err := a.Guide.Setup(account, bursar.Summarize(newest), seen)
	out := Setup{AccountID: account.AccountID, Method: account.Method, Choice: account.Choice, Version: account.Version, Steps: make([]Step, 0, len(steps))}
	for _, s := range steps {
		step := Step{ID: s.ID, Title: s.Title, State: string(s.State), Why: s.Why, StackName: s.StackName, Region: s.Region, Command: s.Command, Terraform: s.Terraform}
		for _, t := range s.Texts {
			step.Texts = append(step.Texts, Text(t))
		}
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
	var setup Setup
	err := a.Store.View(ctx, func(tx *store.Tx) error {
		account, err := tx.Account(p.WorkspaceID, in.Account)
		if err != nil {
			return err
		}
		setup, err = a.setup(tx, account)
		return err
	})
	return &setupOutput{setup}, err
}

// NewSetup is what a caller chooses for the set-up of an account. What is left out stays as it is.
type NewSetup struct {
	Capabilities         *[]bursar.Capability `json:"capabilities,omitempty"`
	TargetOrganizationID *string              `json:"target_organization_id,omitempty"`
	PermissionsBoundary  *string              `json:"permissions_boundary,omitempty"`
	Export               *bursar.ExportChoice `json:"export,omitempty"`
}

// over puts what was chosen now over what was chosen before. An export is chosen as a whole.
func (n NewSetup) over(before bursar.Choice, account bursar.Account) bursar.Choice {
	c := before
	if n.Capabilities != nil {
		c.Capabilities = *n.Capabilities
	}
	if n.TargetOrganizationID != nil {
		c.TargetOrganizationID = *n.TargetOrganizationID
	}
	if n.PermissionsBoundary != nil {
		c.PermissionsBoundary = *n.PermissionsBoundary
	}
	if n.Export != nil {
		c.Export = *n.Export
		if !c.Export.Chosen() && c.Export.Format == "" {
			c.Export.Format = bursar.DefaultFormat(account.Partition) // said by somebody: it outranks what is followed
		}
	}
	return c
}

func (a *API) changeSetup(ctx context.Context, p auth.Principal, in *struct {
	Account string `path:"account" doc:"The account's id (acc_…) or its 12 digits."`
	Body    NewSetup
},
) (*setupOutput, error) {
	var setup Setup
	err := a.Store.InTx(ctx, func(tx *store.Tx) error {
		account, err := tx.Account(p.WorkspaceID, in.Account)
		if err != nil {
			return err
		}
		if err := unchanged(ctx, versionState(account.Version)); err != nil {
			return err
		}
		if account, err = a.choose(tx, account, in.Body.over(account.Choice, account)); err != nil {
			return err
		}
		setup, err = a.setup(tx, account)
		return err
	})
	return &setupOutput{setup}, err
}

// choose keeps a choice. What was found out about another export does not hold for the one that is chosen now.
func (a *API) choose(tx *store.Tx, account bursar.Account, c bursar.Choice) (bursar.Account, error) {
	if err := register.CheckChoice(account, c); err != nil {
		return account, err
	}
	if c.Export == account.Choice.Export {
		return tx.SetChoice(account.WorkspaceID, account.ID, c)
	}
	if err := a.canRead(tx, account, c.Export); err != nil {
		return account, err
	}
	if err := tx.RetireFindings(account.WorkspaceID, account.ID, "export_definition", "export_bucket", "export_delivery"); err != nil {
		return account, err
	}
	return tx.SetChoice(account.WorkspaceID, account.ID, c)
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
	w.Header().Set("Content-Type", register.Template{Name: name}.ContentType())
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	_, _ = w.Write(text) // the caller has gone when it fails
}
