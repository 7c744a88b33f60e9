package client

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/bursarhq/bursar"
)

// Step is one step of an account's set-up.
type Step struct {
	ID         string      `json:"id"`    // "access", "bucket", "export", "members"
	Title      string      `json:"title"` // for people
	State      string      `json:"state"` // "done", "next", "later", "skipped"
	Why        string      `json:"why,omitempty"`
	StackName  string      `json:"stack_name,omitempty"`
	Region     string      `json:"region,omitempty"` // the stack's
	Links      []Link      `json:"links,omitempty"`
	Template   *Template   `json:"template,omitempty"`
	Parameters []Parameter `json:"parameters,omitempty"`
	Command    string      `json:"command,omitempty"`   // the same with the AWS CLI; for Terraform, what to run
	Terraform  string      `json:"terraform,omitempty"` // a whole main.tf that makes everything up to this step
	Texts      []Text      `json:"texts,omitempty"`     // to copy
}

// Text is something to copy: a policy, a case for AWS Support.
type Text struct {
	Title string `json:"title"`
	Body  string `json:"body"`
}

// Link opens a page of the AWS console.
type Link struct {
	Title string `json:"title"`
	URL   string `json:"url"`
}

// Template is a CloudFormation template of ours.
type Template struct {
	Name     string `json:"name"`
	URL      string `json:"url,omitempty"` // where AWS can read it; empty while no place is published
	Download string `json:"download"`      // path on this server
	SHA256   string `json:"sha256"`
	Version  string `json:"version"`
}

// Parameter is a value to copy into a stack.
type Parameter struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Setup is what to do to finish an account's registration.
type Setup struct {
	AccountID string        `json:"account_id"`
	Method    string        `json:"method"`
	Choice    bursar.Choice `json:"choice"`
	Version   int64         `json:"version"` // the account's; grows with every change
	Steps     []Step        `json:"steps"`
}

// NewSetup is what to choose for an account's set-up. What is nil stays as it is.
type NewSetup struct {
	Capabilities         *[]bursar.Capability `json:"capabilities,omitempty"`
	TargetOrganizationID *string              `json:"target_organization_id,omitempty"`
	PermissionsBoundary  *string              `json:"permissions_boundary,omitempty"`
	Export               *bursar.ExportChoice `json:"export,omitempty"` // as a whole
}

// Candidate is a billing export that an account has in AWS, with what speaks for it and against it.
type Candidate struct {
	Definition bursar.Definition `json:"definition"`
	Verdicts   []Verdict         `json:"verdicts"`
	Usable     bool              `json:"usable"`
	Proposed   bool              `json:"proposed"`
	Chosen     bool              `json:"chosen"`
}

// Verdict is what one property of an export means.
type Verdict struct {
	Property string               `json:"property"`
	Value    string               `json:"value"`
	Status   bursar.FindingStatus `json:"status"`
	Why      string               `json:"why"`
	Remedy   string               `json:"remedy,omitempty"`
}

// Candidates are the billing exports of an account, as they were seen last.
type Candidates struct {
	Items  []Candidate `json:"items"`
	SeenAt time.Time   `json:"seen_at,omitzero"`
}

// Deregistration says what deregistering an account does, or did.
type Deregistration struct {
	AccountID string     `json:"account_id"`
	Name      string     `json:"name"`
	Removed   []string   `json:"removed"`
	Kept      []string   `json:"kept"`
	Bill      Bill       `json:"bill"`
	InAWS     []Teardown `json:"in_aws"`
}

// Bill is what bursar holds of an account's bill.
type Bill struct {
	Exports    int    `json:"exports"`
	Deliveries int64  `json:"deliveries"`
	LineItems  int64  `json:"line_items"`
	First      string `json:"first,omitempty"` // YYYY-MM
	Last       string `json:"last,omitempty"`
}

// Teardown is one command that takes something out of an account.
type Teardown struct {
	Title   string `json:"title"`
	Command string `json:"command"`
	Keeps   string `json:"keeps,omitempty"`
}

func accountAt(id, more string) string { return "/api/v1/accounts/" + url.PathEscape(id) + more }

// Setup returns the steps that finish an account's registration.
func (c *Client) Setup(ctx context.Context, id string) (*Setup, error) {
	var out Setup
	return &out, c.get(ctx, "/api/v1/accounts/"+url.PathEscape(id)+"/setup", nil, &out)
}

// ChangeSetup chooses for an account's set-up and returns the steps that follow.
func (c *Client) ChangeSetup(ctx context.Context, id string, n NewSetup) (*Setup, error) {
	var out Setup
	return &out, c.do(ctx, http.MethodPatch, accountAt(id, "/setup"), nil, n, &out)
}

// AccountExports lists the billing exports that an account has in AWS, as they were seen last.
func (c *Client) AccountExports(ctx context.Context, id string) (*Candidates, error) {
	var out Candidates
	return &out, c.get(ctx, accountAt(id, "/exports"), nil, &out)
}

// RenameAccount gives an account another name.
func (c *Client) RenameAccount(ctx context.Context, id, name string) (*Account, error) {
	var out Account
	return &out, c.do(ctx, http.MethodPatch, accountAt(id, ""), nil, map[string]string{"name": name}, &out)
}

// PlanRemoval says what RemoveAccount would do, and changes nothing.
func (c *Client) PlanRemoval(ctx context.Context, id string, withBill bool) (*Deregistration, error) {
	var out Deregistration
	return &out, c.get(ctx, accountAt(id, "/deregistration"), fate(withBill), &out)
}

// RemoveAccount deregisters an account. Its bill is kept unless withBill says otherwise; then name must be the account's.
func (c *Client) RemoveAccount(ctx context.Context, id string, withBill bool, name string) (*Deregistration, error) {
	var out Deregistration
	q := fate(withBill)
	if name != "" {
		q.Set("name", name)
	}
	return &out, c.do(ctx, http.MethodDelete, accountAt(id, ""), q, nil, &out)
}

func fate(withBill bool) url.Values {
	if withBill {
		return url.Values{"bill": {"delete"}}
	}
	return url.Values{"bill": {"keep"}}
}
