package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Parse reads a document and proves it against its kind. An error says, in IAM's manner, what is malformed: it
// is the message of a MalformedPolicyDocument.
func Parse(text string, kind Kind) (*Document, error) {
	var raw struct {
		Version   *string
		ID        *string `json:"Id"`
		Statement json.RawMessage
	}
	if err := strict(text, &raw); err != nil {
		return nil, err
	}
	d := &Document{Kind: kind, Version: "2008-10-17", text: text}
	if raw.Version != nil {
		d.Version = *raw.Version
	}
	if d.Version != "2012-10-17" && d.Version != "2008-10-17" {
		return nil, fmt.Errorf("The policy must contain a valid version string")
	}
	if raw.ID != nil {
		d.ID = *raw.ID
	}
	list, err := listOf(raw.Statement)
	if err != nil || len(list) == 0 {
		return nil, errors.New("Syntax errors in policy. (Missing required field Statement)")
	}
	sids := map[string]bool{}
	for _, item := range list {
		s, err := parseStatement(item, kind)
		if err != nil {
			return nil, err
		}
		if s.Sid != "" && sids[s.Sid] {
			return nil, errors.New("Statement IDs (SID) in a single policy must be unique.")
		}
		sids[s.Sid] = true
		d.Statements = append(d.Statements, s)
	}
	return d, nil
}

// strict decodes one JSON value, refusing unknown members and what follows the value.
func strict(text string, into any) error {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("Syntax errors in policy. (%w)", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("Syntax errors in policy. (data after the document)")
	}
	return nil
}

// listOf takes a JSON object or an array of objects.
func listOf(raw json.RawMessage) ([]json.RawMessage, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return nil, errors.New("empty")
	}
	if raw[0] == '{' {
		return []json.RawMessage{raw}, nil
	}
	var out []json.RawMessage
	err := json.Unmarshal(raw, &out)
	return out, err
}

// words is a JSON string, number or bool, or a list of them.
type words []string

// UnmarshalJSON reads one value or a list.
func (s *words) UnmarshalJSON(b []byte) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return err
	}
	list, many := v.([]any)
	if !many {
		list = []any{v}
	}
	*s = make(words, 0, len(list))
	for _, x := range list {
		switch x := x.(type) {
		case string:
			*s = append(*s, x)
		case json.Number:
			*s = append(*s, x.String())
		case bool:
			*s = append(*s, fmt.Sprint(x))
		default:
			return fmt.Errorf("%T where a string is expected", x)
		}
	}
	return nil
}

type rawStatement struct {
	Sid, Effect             string
	Principal, NotPrincipal json.RawMessage
	Action, NotAction       words
	Resource, NotResource   words
	Condition               map[string]map[string]words
}

func parseStatement(text json.RawMessage, kind Kind) (Statement, error) {
	var raw rawStatement
	if err := strict(string(text), &raw); err != nil {
		return Statement{}, err
	}
	s := Statement{Sid: raw.Sid}
	switch raw.Effect {
	case "Allow":
		s.Effect = Allow
	case "Deny":
		s.Effect = Deny
	default:
		return s, fmt.Errorf("Syntax errors in policy. (Effect must be Allow or Deny, not %q)", raw.Effect)
	}
	for _, step := range []func(*Statement, rawStatement, Kind) error{setActions, setResources, setPrincipal, setConditions} {
		if err := step(&s, raw, kind); err != nil {
			return s, err
		}
	}
	return s, nil
}

func setActions(s *Statement, raw rawStatement, kind Kind) error {
	s.Actions, s.NotAction = raw.Action, raw.NotAction != nil
	if s.NotAction {
		s.Actions = raw.NotAction
	}
	if len(s.Actions) == 0 || raw.Action != nil && raw.NotAction != nil {
		return errors.New("Policy statement must contain actions.")
	}
	for _, a := range s.Actions {
		service, name, ok := strings.Cut(a, ":")
		if a != "*" && (!ok || service == "" || name == "") {
			return fmt.Errorf("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. (%q)", a)
		}
		if kind == Trust && !trustAction(a) {
			return errors.New("AssumeRole policy may only specify STS AssumeRole actions.")
		}
	}
	return nil
}

func trustAction(a string) bool {
	return a == "*" || strings.HasPrefix(strings.ToLower(a), "sts:")
}

func setResources(s *Statement, raw rawStatement, kind Kind) error {
	s.Resources, s.NotResource = raw.Resource, raw.NotResource != nil
	if s.NotResource {
		s.Resources = raw.NotResource
	}
	switch {
	case raw.Resource != nil && raw.NotResource != nil:
		return errors.New("Syntax errors in policy. (Resource and NotResource in one statement)")
	case kind == Trust && s.Resources != nil:
		return errors.New("Has prohibited field Resource")
	case kind != Trust && len(s.Resources) == 0:
		return errors.New("Policy statement must contain resources.")
	}
	for _, r := range s.Resources {
		if r != "*" && !strings.HasPrefix(r, "arn:") && !strings.HasPrefix(r, "*") {
			return fmt.Errorf(`Resource %s must be in ARN format or "*".`, r)
		}
	}
	return nil
}

func setPrincipal(s *Statement, raw rawStatement, kind Kind) error {
	text := raw.Principal
	if raw.NotPrincipal != nil {
		s.NotPrincipal, text = true, raw.NotPrincipal
	}
	switch {
	case raw.Principal != nil && raw.NotPrincipal != nil:
		return errors.New("Syntax errors in policy. (Principal and NotPrincipal in one statement)")
	case kind == Identity && text != nil:
		return errors.New("Policy document should not specify a principal.")
	case kind != Identity && text == nil:
		return errors.New("Missing required field Principal")
	case text == nil:
		return nil
	case kind == Trust && s.NotPrincipal && s.Effect == Allow:
		return errors.New("Allow with NotPrincipal is not allowed.")
	}
	p, err := parsePrincipal(text)
	s.Principal = p
	return err
}

func parsePrincipal(text json.RawMessage) (*PrincipalSet, error) {
	var any string
	if json.Unmarshal(text, &any) == nil {
		if any != "*" {
			return nil, fmt.Errorf("Invalid principal in policy: %q", any)
		}
		return &PrincipalSet{Any: true}, nil
	}
	var kinds map[string]words
	if err := json.Unmarshal(text, &kinds); err != nil || len(kinds) == 0 {
		return nil, errors.New("Invalid principal in policy")
	}
	p := &PrincipalSet{}
	for kind, names := range kinds {
		if len(names) == 0 {
			return nil, errors.New("Invalid principal in policy: the list is empty")
		}
		switch kind {
		case "AWS":
			p.AWS = names
		case "Service":
			p.Service = names
		case "Federated":
			p.Federated = names
		case "CanonicalUser":
		default:
			return nil, fmt.Errorf("Invalid principal in policy: %q", kind)
		}
	}
	return p, checkPrincipals(p)
}

// checkPrincipals refuses what IAM refuses: names that are no ARN, and wildcards in an ARN.
func checkPrincipals(p *PrincipalSet) error {
	for _, name := range p.AWS {
		switch {
		case name == "*", accountID(name), strings.HasPrefix(name, "AIDA"), strings.HasPrefix(name, "AROA"):
		case !strings.HasPrefix(name, "arn:"), strings.ContainsAny(name, "*?"), len(strings.SplitN(name, ":", 6)) != 6:
			return fmt.Errorf(`Invalid principal in policy: "AWS":"%s"`, name)
		}
	}
	return nil
}

func accountID(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

func setConditions(s *Statement, raw rawStatement, _ Kind) error {
	for name, keys := range raw.Condition {
		op, err := parseOperator(name)
		if err != nil {
			return err
		}
		for key, values := range keys {
			if !strings.Contains(key, ":") {
				return fmt.Errorf("Condition keys must be prefaced by a vendor, e.g., aws:%s", key)
			}
			if err := op.check(values); err != nil {
				return err
			}
			s.Conditions = append(s.Conditions, Condition{Operator: name, Key: strings.ToLower(key), Values: values, op: op})
		}
	}
	return nil
}

// Pin replaces each user and role that a Principal names by its unique id, as IAM does when a policy is saved:
// a role that is deleted and made again under its old name is another principal. id returns false for one that
// does not exist, which makes the policy malformed.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func (d *Document) Pin(id func(arn string) (string, bool)) error {
	for _, s := range d.Statements {
		if s.Principal == nil {
			continue
		}
		s.Principal.pinned = map[string]string{}
		for _, name := range s.Principal.AWS {
			if !strings.Contains(name, ":iam::") || strings.HasSuffix(name, ":root") {
				continue
			}
			unique, ok := id(name)
			if !ok {
				return fmt.Errorf(`Invalid principal in policy: "AWS":"%s"`, name)
			}
			s.Principal.pinned[name] = unique
		}
	}
	return nil
}
