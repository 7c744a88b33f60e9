package cfn

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// StackInput is what CreateStack and UpdateStack are given.
type StackInput struct {
	Name            string
	TemplateBody    string // one of these two
	TemplateURL     string
	UsePrevious     bool // UpdateStack: keep the template
	Parameters      map[string]string
	KeepParameters  []string // UpdateStack: keep the values of these
	Capabilities    []string // acknowledged
	Tags            map[string]string
	OnFailure       string // CreateStack: ROLLBACK (when empty), DELETE or DO_NOTHING
	stackSetManaged bool
}

// Stack is a stack, as it was at one moment.
type Stack struct {
	ID           string
	Name         string
	AccountID    string
	Region       string
	Description  string
	Status       string // CREATE_COMPLETE, ROLLBACK_COMPLETE, …
	Reason       string // why the status is no better
	Parameters   map[string]string
	Hidden       []string // names of parameters with NoEcho
	Outputs      []Output
	Resources    []StackResource // in the order in which they were made
	Events       []Event         // oldest first
	Tags         map[string]string
	Capabilities []string
	CreatedAt    time.Time
	UpdatedAt    time.Time // zero until the first update
	DeletedAt    time.Time // zero while it stands

	template *Template
}

// Output is a stack's output.
type Output struct {
	Key, Value, Description, Export string
}

// StackResource is a resource of a stack.
type StackResource struct {
	LogicalID, PhysicalID, Type string
	Status, Reason              string
	At                          time.Time

	attributes map[string]string
	properties map[string]any
	policy     string // DeletionPolicy
}

// Event is something that happened to a stack or a resource of it.
type Event struct {
	ID, LogicalID, PhysicalID, Type string
	Status, Reason                  string
	At                              time.Time
}

// Options put CloudFormation together.
type Options struct {
	// Fetch reads a template from its URL. nil = by HTTP, from this machine alone.
	Fetch func(ctx context.Context, url string) ([]byte, error)
}

// Service is CloudFormation. It is safe for concurrent use; changes of stacks are made one after the other.
type Service struct {
	cloud *cloud.Cloud
	fetch func(context.Context, string) ([]byte, error)
	off   map[string]bool // organizations whose trusted access is off

	change sync.Mutex // held while stacks are changed

	mu         sync.RWMutex
	stacks     map[string][]*Stack // by account and region; deleted ones too. Stacks are replaced, never changed
	sets       map[string][]*StackSet
	changeSets map[string]*changeSet
}

// Types that exist in the region of billing alone; elsewhere a template that names one is refused, even when a
// condition leaves it out.
var homeOnly = []string{"AWS::CUR::ReportDefinition", "AWS::BCMDataExports::Export"}

func place(account, region string) string { return account + "/" + region }

// Stacks lists the stacks of an account in a region that stand, the newest first.
func (s *Service) Stacks(account, region string) []Stack {
	var out []Stack
	for _, st := range s.everStacks(account, region) {
		if st.DeletedAt.IsZero() {
			out = append(out, st)
		}
	}
	return out
}

func (s *Service) everStacks(account, region string) []Stack {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []Stack
	for _, st := range slices.Backward(s.stacks[place(account, region)]) {
		out = append(out, *st)
	}
	return out
}

// Stack finds a stack by name or id; deleted ones by id only. It fails with the ValidationError that
// DescribeStacks answers.
func (s *Service) Stack(account, region, nameOrID string) (Stack, *cloud.Error) {
	for _, st := range s.everStacks(account, region) {
		if st.ID == nameOrID || st.Name == nameOrID && st.DeletedAt.IsZero() {
			return st, nil
		}
	}
	return Stack{}, cloud.Validation("Stack with id %s does not exist", nameOrID)
}

// put keeps a stack's new state.
func (s *Service) put(st *Stack) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := place(st.AccountID, st.Region)
	list := slices.Clone(s.stacks[key])
	i := slices.IndexFunc(list, func(x *Stack) bool { return x.ID == st.ID })
	if i < 0 {
		list = append(list, st)
	} else {
		list[i] = st
	}
	s.stacks[key] = list
}

// prepare finds the template of an input, binds its parameters and proves what can be proven before anything is
// made.
func (s *Service) prepare(ctx context.Context, account, region string, in StackInput, previous *Stack) (*Template, map[string]string, *cloud.Error) {
	t, e := s.template(ctx, in, previous)
	if e != nil {
		return nil, nil, e
	}
	if e := s.known(t, region); e != nil {
		return nil, nil, e
	}
	given := map[string]string{}
	for k, v := range in.Parameters {
		given[k] = v
	}
	for _, k := range in.KeepParameters {
		v, ok := "", false
		if previous != nil {
			v, ok = previous.Parameters[k]
		}
		if !ok {
			return nil, nil, cloud.Validation("Invalid input for parameter key %s. Cannot specify usePreviousValue as true for a parameter key not in the previous template", k)
		}
		given[k] = v
	}
	params, e := t.Bind(given)
	if e != nil {
		return nil, nil, e
	}
	for _, c := range t.Capabilities() {
		if !acknowledged(in.Capabilities, c) {
			return nil, nil, cloud.Errorf(http.StatusBadRequest, "InsufficientCapabilitiesException", "Requires capabilities : [%s]", c)
		}
	}
	env := Environment{AccountID: account, Region: region, Partition: s.cloud.Partition(), StackName: in.Name, Parameters: params}
	return t, params, newEvaluation(t, env).rules()
}

func acknowledged(given []string, needed string) bool {
	return slices.Contains(given, needed) || needed == "CAPABILITY_IAM" && slices.Contains(given, "CAPABILITY_NAMED_IAM")
}

func (s *Service) template(ctx context.Context, in StackInput, previous *Stack) (*Template, *cloud.Error) {
	switch {
	case in.UsePrevious && previous != nil:
		return previous.template, nil
	case in.TemplateBody != "" && in.TemplateURL != "", in.TemplateBody == "" && in.TemplateURL == "":
		return nil, cloud.Validation("Either Template URL or Template Body must be specified.")
	case len(in.TemplateBody) > MaxBody && !in.stackSetManaged:
		return nil, cloud.Invalid("templateBody", "(too long)", "have length less than or equal to 51200")
	case in.TemplateBody != "":
		return Parse(in.TemplateBody)
	}
	text, err := s.fetch(ctx, in.TemplateURL)
	if err != nil {
		return nil, cloud.Validation("S3 error: Access Denied (%v)", err)
	}
	if len(text) > MaxURL {
		return nil, cloud.Validation("Template may not exceed 1000000 bytes in size.")
	}
	return Parse(string(text))
}

// known proves that the region has every type of a template.
func (s *Service) known(t *Template, region string) *cloud.Error {
	var unknown []string
	for _, r := range t.Resources {
		_, ok := s.cloud.ResourceHandler(r.Type)
		if slices.Contains(homeOnly, r.Type) && region != home(s.cloud.Partition()) {
			ok = false
		}
		if !ok && !slices.Contains(unknown, r.Type) {
			unknown = append(unknown, r.Type)
		}
	}
	if unknown != nil {
		slices.Sort(unknown)
		return malformed("Unrecognized resource types: [%s]", strings.Join(unknown, ", "))
	}
	return nil
}

func home(partition string) string {
	if partition == "aws-cn" {
		return "cn-northwest-1"
	}
	return "us-east-1"
}

// Read finds and parses a template as CreateStack would: from its text, or from its URL.
func (s *Service) Read(ctx context.Context, body, url string) (*Template, *cloud.Error) {
	return s.template(ctx, StackInput{TemplateBody: body, TemplateURL: url}, nil)
}
