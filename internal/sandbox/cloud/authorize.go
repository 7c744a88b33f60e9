package cloud

import (
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/policy"
)

// The kinds of policy that a denial names, in AWS's words.
const (
	LayerSCP      = "service control policy"
	LayerIdentity = "identity-based policy"
	LayerBoundary = "permissions boundary"
	LayerSession  = "session policy"
	LayerResource = "resource-based policy"
)

// Decision is the outcome of policy evaluation, with what SimulatePrincipalPolicy tells of it.
type Decision struct {
	Allowed  bool
	Explicit bool   // denied by a statement, not by silence
	Layer    string // which kind of policy denied
	SCP      *bool  // allowed by the organization; nil when no SCP applies
	Boundary *bool  // allowed by the boundary; nil when there is none
}

// Authorize decides whether a principal may do something: nil, or AccessDenied in AWS's words.
func (c *Cloud) Authorize(p Principal, a Access) *Error {
	d := c.Decide(p, a)
	if d.Allowed {
		return nil
	}
	return Denied(p, a, d)
}

// Denied words a denial as AWS does:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html.
// Denials from another account's side, and of anonymous callers, carry no kind of policy.
func Denied(p Principal, a Access, d Decision) *Error {
	if p.Kind == Anonymous {
		return Errorf(http.StatusForbidden, "AccessDenied", "Access Denied")
	}
	text := fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s", p.ARN, a.Action, a.Resource)
	indefinite := "a"
	if strings.HasPrefix(d.Layer, "i") {
		indefinite = "an"
	}
	switch {
	case d.Layer == "":
	case d.Explicit, d.Layer == LayerSCP:
		text += fmt.Sprintf(" with an explicit deny in %s %s", indefinite, d.Layer)
	default:
		text += fmt.Sprintf(" because no %s allows the %s action", d.Layer, a.Action)
	}
	return Errorf(http.StatusForbidden, "AccessDenied", "%s", text)
}

// Decide evaluates every policy that bears on the request, in AWS's order: any explicit deny; then the
// organization must allow; then the resource's policy, which in the caller's own account is enough if it names
// the caller, and in another account is necessary; then identity, boundary and session policies.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func (c *Cloud) Decide(p Principal, a Access) Decision {
	e := c.evaluation(p, a)
	if d, denied := e.explicitDeny(); denied {
		return d
	}
	return e.implicit()
}

// evaluation is one decision in the making. A nil slice of documents is a layer that does not apply.
type evaluation struct {
	p        Principal
	cross    bool
	identity policy.Verdict
	boundary *policy.Verdict
	scps     []policy.Verdict // one for each level of the organization
	sessions *policy.Verdict
	resource *policy.Verdict
}

func (c *Cloud) evaluation(p Principal, a Access) evaluation {
	e := evaluation{p: p, cross: a.ResourceAccount != "" && a.ResourceAccount != p.AccountID}
	r := policy.Request{Principal: p.caller(), Action: a.Action, Resource: a.Resource, Context: c.context(p, a)}
	if a.ResourcePolicy != nil {
		v := a.ResourcePolicy.Evaluate(r)
		e.resource = &v
	}
	if p.Kind == ServiceCaller || p.Kind == Anonymous {
		return e
	}
	docs, boundary := c.documents(p)
	docs = append(docs, a.Extra...)
	e.identity = policy.Evaluate(docs, r)
	if p.Kind == RootUser {
		e.identity.Effect = policy.Allow
	}
	if boundary != nil {
		v := boundary.Evaluate(r)
		e.boundary = &v
	}
	if p.Sessions != nil {
		v := policy.Evaluate(p.Sessions, r)
		e.sessions = &v
	}
	for _, level := range c.scps(p.AccountID) {
		e.scps = append(e.scps, policy.Evaluate(level, r))
	}
	return e
}

func (e evaluation) explicitDeny() (Decision, bool) {
	for _, v := range e.scps {
		if v.Effect == policy.Deny {
			return e.denied(LayerSCP, true), true
		}
	}
	switch {
	case e.resource != nil && e.resource.Effect == policy.Deny:
		return e.denied(LayerResource, true), true
	case e.identity.Effect == policy.Deny:
		return e.denied(LayerIdentity, true), true
	case e.boundary != nil && e.boundary.Effect == policy.Deny:
		return e.denied(LayerBoundary, true), true
	case e.sessions != nil && e.sessions.Effect == policy.Deny:
		return e.denied(LayerSession, true), true
	}
	return Decision{}, false
}

// implicit decides when nothing denies: who must allow, and does.
func (e evaluation) implicit() Decision {
	granted := e.resource != nil && e.resource.Effect == policy.Allow
	if e.p.Kind == ServiceCaller || e.p.Kind == Anonymous {
		if granted {
			return Decision{Allowed: true}
		}
		return e.denied(LayerResource, false)
	}
	for _, v := range e.scps {
		if v.Effect != policy.Allow {
			return e.denied(LayerSCP, false)
		}
	}
	direct := granted && !e.cross && e.resource.Direct
	switch {
	case e.cross && !granted:
		return e.denied(LayerResource, false)
	case direct && (e.resource.ByARN || e.p.Kind == User):
	case !direct && e.identity.Effect != policy.Allow:
		return e.denied(LayerIdentity, false)
	case e.boundary != nil && e.boundary.Effect != policy.Allow:
		return e.denied(LayerBoundary, false)
	case e.sessions != nil && e.sessions.Effect != policy.Allow:
		return e.denied(LayerSession, false)
	}
	d := e.denied("", false)
	d.Allowed = true
	return d
}

func (e evaluation) denied(layer string, explicit bool) Decision {
	d := Decision{Layer: layer, Explicit: explicit}
	if e.scps != nil {
		all := true
		for _, v := range e.scps {
			all = all && v.Effect == policy.Allow
		}
		d.SCP = &all
	}
	if e.boundary != nil {
		ok := e.boundary.Effect == policy.Allow
		d.Boundary = &ok
	}
	return d
}

func (p Principal) caller() policy.Caller {
	c := policy.Caller{AccountID: p.AccountID, ARN: p.ARN, UniqueID: p.UniqueID, Service: p.ServiceName, IsRootUser: p.Kind == RootUser}
	if p.Kind == RoleSession {
		c.RoleARN = p.IAMARN
	}
	return c
}

// documents returns the identity policies of a principal that are in force, and its boundary.
func (c *Cloud) documents(p Principal) (docs []*policy.Document, boundary *policy.Document) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var id *Identity
	switch p.Kind {
	case User:
		if v, e := c.userEntry(p.AccountID, p.Name); e == nil {
			if u := v.inForce(c.now); u != nil && u.ID == p.UniqueID {
				id = &u.Identity
			}
		}
	case RoleSession:
		if v, e := c.roleEntry(p.AccountID, p.Name); e == nil {
			if r := v.inForce(c.now); r != nil && r.ID == p.UniqueID {
				id = &r.Identity
			}
		}
	}
	if id == nil {
		return nil, nil // deleted since, or the root user
	}
	for _, n := range id.Inline {
		docs = append(docs, n.Doc)
	}
	for _, arn := range id.Attached {
		if m := c.managed(p.AccountID, arn); m != nil {
			docs = append(docs, m.Doc)
		}
	}
	if id.Boundary != "" {
		if m := c.managed(p.AccountID, id.Boundary); m != nil {
			boundary = m.Doc
		}
	}
	return docs, boundary
}

// scps returns the service control policies that bind an account, level by level: none for a management account,
// a standalone one, or an organization without all features.
func (c *Cloud) scps(accountID string) [][]*policy.Document {
	c.mu.RLock()
	defer c.mu.RUnlock()
	o := c.orgOf(accountID)
	if o == nil || o.ManagementID == accountID || o.FeatureSet != "ALL" {
		return nil
	}
	var out [][]*policy.Document
	for _, id := range append([]string{accountID}, c.path(o, c.accounts[accountID].Account)...) {
		if docs := o.attached[id]; docs != nil {
			out = append(out, docs)
		}
	}
	return out
}

// context sets the global condition keys. aws:SecureTransport is true although the sandbox speaks HTTP: policies
// that insist on TLS are right to, and a loopback simulation should not teach people to drop them.
func (c *Cloud) context(p Principal, a Access) map[string][]string {
	now := c.Clock.Now()
	m := map[string][]string{
		"aws:securetransport": {"true"}, "aws:currenttime": {now.Format(time.RFC3339)}, "aws:epochtime": {strconv.FormatInt(now.Unix(), 10)},
		"aws:principalisawsservice": {strconv.FormatBool(p.Kind == ServiceCaller)}, "aws:viaawsservice": {"false"},
	}
	set := func(key, value string) {
		if value != "" {
			m[key] = []string{value}
		}
	}
	set("aws:requestedregion", a.Region)
	set("aws:principalarn", p.IAMARN)
	set("aws:principalaccount", p.AccountID)
	set("aws:userid", p.UserID())
	set("aws:principaltype", map[PrincipalKind]string{RootUser: "Account", User: "User", RoleSession: "AssumedRole", Anonymous: "Anonymous"}[p.Kind])
	set("aws:principalservicename", p.ServiceName)
	set("aws:sourcearn", p.SourceARN)
	set("aws:sourceaccount", p.SourceAcct)
	if p.Kind == User {
		set("aws:username", p.Name)
	}
	if o, ok := c.OrganizationOf(p.AccountID); ok {
		set("aws:principalorgid", o.ID)
	}
	owner := a.ResourceAccount
	if owner == "" {
		owner = p.AccountID
	}
	set("aws:resourceaccount", owner)
	if o, ok := c.OrganizationOf(owner); ok {
		set("aws:resourceorgid", o.ID)
	}
	more := map[string][]string{}
	for k, v := range a.Context {
		more[strings.ToLower(k)] = v
	}
	maps.Copy(m, more)
	return m
}
