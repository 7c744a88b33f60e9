package deploy

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

// Policy is one inline policy of the access role, as the template has it.
type Policy struct {
	Name       string
	Statements []Statement
}

// Statement is one statement of a policy. Resources may hold the template's placeholders: ${AWS::Partition}, ${AWS::AccountId} and ${RoleName}.
type Statement struct {
	Sid       string
	Effect    string
	Actions   []string
	Resources []string
}

// AccessPolicies reads the policies of the access role from its template, so that whoever brings a role of their own is told of the same
// permissions, to the letter.
func AccessPolicies() ([]Policy, error) {
	text, err := Template(Access)
	if err != nil {
		return nil, err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", Access, err)
	}
	list := child(doc.Content[0], "Resources", "Role", "Properties", "Policies")
	if list == nil {
		return nil, fmt.Errorf("%s: the role has no policies", Access)
	}
	var out []Policy
	for _, entry := range list.Content {
		if entry.Tag == "!If" {
			entry = entry.Content[1]
		}
		p := Policy{Name: child(entry, "PolicyName").Value}
		for _, s := range child(entry, "PolicyDocument", "Statement").Content {
			p.Statements = append(p.Statements, Statement{child(s, "Sid").Value, child(s, "Effect").Value, values(child(s, "Action")), values(child(s, "Resource"))})
		}
		out = append(out, p)
	}
	return out, nil
}

// child walks down mappings by key; nil when one is missing.
func child(n *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		var next *yaml.Node
		for i := 0; n != nil && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				next = n.Content[i+1]
			}
		}
		n = next
	}
	return n
}

// values reads a text, or a list of texts.
func values(n *yaml.Node) (out []string) {
	if n.Kind != yaml.SequenceNode {
		return []string{n.Value}
	}
	for _, item := range n.Content {
		out = append(out, item.Value)
	}
	return out
}
