package policy

import "strings"

// Verdict is what one document, or a set of them, says about a request.
type Verdict struct {
	Effect Effect
	Direct bool   // the allow names the caller itself (its ARN, or everyone), not merely its account
	ByARN  bool   // the allow names the caller's session ARN
	Sid    string // of the statement that decided
	Index  int    // of that statement
}

// Evaluate says what the document makes of a request: Deny if any statement denies it, else Allow if one
// allows it, else Silent.
func (d *Document) Evaluate(r Request) Verdict {
	best := Verdict{}
	for i, s := range d.Statements {
		naming, ok := s.matches(r, d)
		if !ok {
			continue
		}
		v := Verdict{Effect: s.Effect, Direct: naming >= namedDirectly, ByARN: naming == namedSession, Sid: s.Sid, Index: i}
		if s.Effect == Deny {
			return v
		}
		if best.Effect == Silent || v.Direct && !best.Direct || v.ByARN {
			best = v
		}
	}
	return best
}

// Evaluate joins the verdicts of several documents: a deny of any, else an allow of any.
func Evaluate(docs []*Document, r Request) Verdict {
	best := Verdict{}
	for _, d := range docs {
		v := d.Evaluate(r)
		if v.Effect == Deny {
			return v
		}
		if v.Effect == Allow && (best.Effect == Silent || v.Direct && !best.Direct || v.ByARN) {
			best = v
		}
	}
	return best
}

// How a Principal element names the caller.
type naming int

const (
	notNamed       naming = iota
	namedByAccount        // the account: its own identity policies must allow too
	namedDirectly         // the user, the role, everyone
	namedSession          // the very role session
)

// matches says whether the statement speaks about the request, and how it names the caller.
func (s Statement) matches(r Request, d *Document) (naming, bool) {
	variables := d.Version == "2012-10-17"
	if !s.speaksOfAction(r.Action) || !s.speaksOfResource(r, variables) {
		return notNamed, false
	}
	how := namedDirectly
	if s.Principal != nil {
		how = s.Principal.names(r.Principal)
		if s.NotPrincipal {
			how = invert(how)
		}
		if how == notNamed {
			return notNamed, false
		}
	}
	for _, c := range s.Conditions {
		if !c.holds(r, variables) {
			return notNamed, false
		}
	}
	return how, true
}

func invert(how naming) naming {
	if how == notNamed {
		return namedDirectly
	}
	return notNamed
}

func (s Statement) speaksOfAction(action string) bool {
	for _, a := range s.Actions {
		if a == "*" || globFold(action, a) {
			return !s.NotAction
		}
	}
	return s.NotAction
}

func (s Statement) speaksOfResource(r Request, variables bool) bool {
	if s.Resources == nil {
		return true
	}
	for _, pattern := range s.Resources {
		want, ok := expand(pattern, r.Context, variables, true)
		if ok && resourceLike(r.Resource, want) {
			return !s.NotResource
		}
	}
	return s.NotResource
}

// names says how the element names a caller, the closest way that it does.
func (p *PrincipalSet) names(c Caller) naming {
	if p.Any {
		return namedDirectly
	}
	if c.Service != "" || c.Federated != "" {
		return namesOther(p, c)
	}
	best := notNamed
	for _, name := range p.AWS {
		best = max(best, p.namesAWS(name, c))
	}
	return best
}

func namesOther(p *PrincipalSet, c Caller) naming {
	for _, s := range p.Service {
		if c.Service != "" && s == c.Service {
			return namedDirectly
		}
	}
	for _, s := range p.Federated {
		if c.Federated != "" && s == c.Federated {
			return namedDirectly
		}
	}
	for _, s := range p.AWS {
		if s == "*" {
			return namedDirectly
		}
	}
	return notNamed
}

func (p *PrincipalSet) namesAWS(name string, c Caller) naming {
	switch {
	case name == "*":
		return namedDirectly
	case c.AccountID == "":
		return notNamed // anonymous: only everyone names it
	case name == c.AccountID, rootOf(name, c.AccountID):
		return namedByAccount
	case name == c.ARN && c.RoleARN != "":
		return namedSession
	case name == c.UniqueID && name != "":
		return namedDirectly
	case name == c.ARN || name == c.RoleARN && c.RoleARN != "":
		if id, ok := p.pinned[name]; ok && id != c.UniqueID {
			return notNamed // another principal that took the name of the deleted one
		}
		return namedDirectly
	}
	return notNamed
}

// rootOf says whether name is the account's root ARN, of any partition.
func rootOf(name, account string) bool {
	return strings.HasPrefix(name, "arn:") && strings.HasSuffix(name, ":iam::"+account+":root")
}
