// Package world reads the file that describes a simulated AWS: accounts, organizations, who exists in them, and
// sections that the services own (how much is spent on what, which exports there are). The file is YAML, made to
// be read and edited by people; see demo.yaml beside this file.
package world

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"time"

	"gopkg.in/yaml.v3"
)

// World is the whole file.
type World struct {
	Clock         time.Time            `yaml:"clock"`         // when the simulated time begins; absent = now
	Partition     string               `yaml:"partition"`     // "aws" when absent
	Bursar        Bursar               `yaml:"bursar"`        // the account that bursar itself runs in
	Organizations []Organization       `yaml:"organizations"` //
	Accounts      []Account            `yaml:"accounts"`      // the customers' accounts
	Sections      map[string]yaml.Node `yaml:",inline"`       // what services read with Section
}

// Bursar is the identity that bursar itself runs as: an IAM user that may assume the roles of customers.
type Bursar struct {
	Account string `yaml:"account"`
	Name    string `yaml:"name"` // the account's name; "bursar" when absent
	User    User   `yaml:"user"` // "bursar" when it has no name; its policy is AssumeCustomerRoles when it has none
}

// Organization groups accounts under a management account, which pays for all.
type Organization struct {
	ID         string     `yaml:"id"`          // "o-" and 10 to 32 characters
	Management string     `yaml:"management"`  // account id
	FeatureSet string     `yaml:"feature_set"` // ALL (when absent) or CONSOLIDATED_BILLING
	Root       string     `yaml:"root"`        // root id, "r-" and 4 to 32 characters; derived when absent
	Members    []string   `yaml:"members"`     // account ids directly under the root
	Units      []Unit     `yaml:"units"`       // organizational units under the root
	SCPs       []SCP      `yaml:"scps"`        // beside FullAWSAccess, which is attached everywhere unless Only is set
	Delegated  []Delegate `yaml:"delegated_administrators"`
	Transfers  []Transfer `yaml:"responsibility_transfers"`
}

// Unit is an organizational unit.
type Unit struct {
	ID      string   `yaml:"id"` // "ou-…"; derived from the root and the name when absent
	Name    string   `yaml:"name"`
	Members []string `yaml:"members"`
	Units   []Unit   `yaml:"units"`
}

// SCP is a service control policy.
type SCP struct {
	Name    string   `yaml:"name"`
	Targets []string `yaml:"targets"` // root, unit (id or name) or account
	Only    bool     `yaml:"only"`    // takes FullAWSAccess off its targets: what it does not allow is denied
	Policy  Policy   `yaml:"policy"`
}

// Delegate is a member account that may administer one service for the organization.
type Delegate struct {
	Account string `yaml:"account"`
	Service string `yaml:"service"` // service principal
}

// Transfer is a billing responsibility transfer between management accounts.
type Transfer struct {
	Direction string `yaml:"direction"` // inbound or outbound, as this organization sees it
	Account   string `yaml:"account"`   // the other management account
	Status    string `yaml:"status"`    // ACCEPTED when absent
}

// Account is one AWS account.
type Account struct {
	ID           string `yaml:"id"`
	Name         string `yaml:"name"`
	Email        string `yaml:"email"`
	State        string `yaml:"state"`         // ACTIVE when absent
	LoosensTrust bool   `yaml:"loosens_trust"` // an automation of the customer's removes sts:ExternalId from the trust policy of every new role
	Users        []User `yaml:"users"`         // beside "admin", whom every account has
	Roles        []Role `yaml:"roles"`
}

// User is an IAM user. Access keys are made up when the world is loaded unless they are given.
type User struct {
	Name      string            `yaml:"name"`
	Path      string            `yaml:"path"`
	AccessKey string            `yaml:"access_key_id"`
	SecretKey string            `yaml:"secret_access_key"`
	Policies  map[string]Policy `yaml:"policies"`
	Attached  []string          `yaml:"attached"` // ARNs of managed policies
	Boundary  string            `yaml:"boundary"` // ARN of a managed policy
}

// Role is an IAM role that exists before anybody does anything.
type Role struct {
	Name       string            `yaml:"name"`
	Path       string            `yaml:"path"`
	Trust      Policy            `yaml:"trust"`
	Policies   map[string]Policy `yaml:"policies"`
	Attached   []string          `yaml:"attached"`
	Boundary   string            `yaml:"boundary"`
	MaxSession int               `yaml:"max_session"` // seconds; 3600 when absent
}

// Policy is a policy document, as JSON text. In the file it may be written as YAML.
type Policy string

// UnmarshalYAML takes a mapping, or a string of JSON.
func (p *Policy) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*p = Policy(n.Value)
		return nil
	}
	var v any
	if err := n.Decode(&v); err != nil {
		return err
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("line %d: the policy is not a document: %w", n.Line, err)
	}
	*p = Policy(text)
	return nil
}

// Parse reads a world and proves it: ids well formed and unique, every account that is named exists, each in one
// place. The error lists everything that is wrong.
func Parse(text []byte) (*World, error) {
	w := &World{}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(w); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("world: %w", err)
	}
	w.complete()
	if err := w.check(); err != nil {
		return nil, err
	}
	return w, nil
}

// Section decodes the top-level section of a name into v, strictly, and says whether the world has one.
func (w *World) Section(name string, v any) (bool, error) {
	node, ok := w.Sections[name]
	if !ok {
		return false, nil
	}
	text, err := yaml.Marshal(&node)
	if err != nil {
		return true, fmt.Errorf("world: section %s: %w", name, err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(v); err != nil {
		return true, fmt.Errorf("world: section %s (line %d): %w", name, node.Line, err)
	}
	return true, nil
}

// Unknown lists the sections beyond those that services know, sorted.
func (w *World) Unknown(known ...string) []string {
	var out []string
	for name := range w.Sections {
		if !contains(known, name) {
			out = append(out, name)
		}
	}
	sort.Strings(out)
	return out
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
