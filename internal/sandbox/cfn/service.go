package cfn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// Section is CloudFormation's section of a world file, under the key "cloudformation".
type Section struct {
	TrustedAccessOff []string `yaml:"trusted_access_off"` // organizations that have not let StackSets in
}

// New puts CloudFormation together and registers what it makes itself: AWS::CloudFormation::StackSet.
func New(c *cloud.Cloud, o Options) (*Service, error) {
	var section Section
	if _, err := c.World.Section("cloudformation", &section); err != nil {
		return nil, err
	}
	s := &Service{cloud: c, fetch: o.Fetch, off: map[string]bool{}, stacks: map[string][]*Stack{}, sets: map[string][]*StackSet{}, changeSets: map[string]*changeSet{}}
	if s.fetch == nil {
		s.fetch = fetchLocal
	}
	for _, id := range section.TrustedAccessOff {
		s.off[id] = true
	}
	c.HandleResource("AWS::CloudFormation::StackSet", setHandler{s})
	c.OnJoin(s.joined)
	c.OnLeave(s.left)
	return s, nil
}

// Name is the signing name.
func (s *Service) Name() string { return "cloudformation" }

// Protocol is the form and XML protocol.
func (s *Service) Protocol() cloud.Protocol { return cloud.Query }

// Namespace is that of the answers.
func (s *Service) Namespace() string { return "http://cloudformation.amazonaws.com/doc/2010-05-15/" }

// fetchLocal reads a template by HTTP from this machine: a simulation does not go out into the network because a
// link says so.
func fetchLocal(ctx context.Context, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("TemplateURL must be a supported URL")
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("the sandbox reads templates from this machine alone, not from %s", u.Host)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s", address, res.Status)
	}
	return io.ReadAll(io.LimitReader(res.Body, MaxURL+1))
}

// call is one request.
type call struct {
	*cloud.Request
	s *Service
}

// operation is one action: what it is asked on, and what it does.
type operation struct {
	resource func(*call) string
	run      func(*call) (any, *cloud.Error)
}

var operations = map[string]operation{
	"CreateStack":            {aStack, (*call).createStack},
	"UpdateStack":            {aStack, (*call).updateStack},
	"DeleteStack":            {aStack, (*call).deleteStack},
	"DescribeStacks":         {aStack, (*call).describeStacks},
	"DescribeStackEvents":    {aStack, (*call).describeEvents},
	"DescribeStackResources": {aStack, (*call).describeResources},
	"ListStackResources":     {aStack, (*call).listResources},
	"ListStacks":             {everything, (*call).listStacks},
	"GetTemplate":            {aStack, (*call).getTemplate},
	"GetTemplateSummary":     {everything, (*call).validate},
	"ValidateTemplate":       {everything, (*call).validate},
	"CreateChangeSet":        {aStack, (*call).createChangeSet},
	"DescribeChangeSet":      {aStack, (*call).describeChangeSet},
	"ExecuteChangeSet":       {aStack, (*call).executeChangeSet},
	"DeleteChangeSet":        {aStack, (*call).deleteChangeSet},

	"CreateStackSet":               {aSet, (*call).createStackSet},
	"DescribeStackSet":             {aSet, (*call).describeStackSet},
	"DeleteStackSet":               {aSet, (*call).deleteStackSet},
	"ListStackSets":                {everything, (*call).listStackSets},
	"CreateStackInstances":         {aSet, (*call).createStackInstances},
	"DescribeStackInstance":        {aSet, (*call).describeStackInstance},
	"ListStackInstances":           {aSet, (*call).listStackInstances},
	"ListStackSetOperations":       {aSet, (*call).listOperations},
	"DescribeStackSetOperation":    {aSet, (*call).describeOperation},
	"ListStackSetOperationResults": {aSet, (*call).listOperationResults},

	"DescribeOrganizationsAccess":   {everything, (*call).describeAccess},
	"ActivateOrganizationsAccess":   {everything, (*call).activateAccess},
	"DeactivateOrganizationsAccess": {everything, (*call).deactivateAccess},
}

func everything(*call) string { return "*" }

func aStack(c *call) string {
	name := c.Form.Get("StackName")
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	if name == "" {
		return "*"
	}
	if st, e := c.s.Stack(c.Caller.AccountID, c.Region, name); e == nil {
		return st.ID
	}
	return "arn:" + c.Cloud.Partition() + ":cloudformation:" + c.Region + ":" + c.Caller.AccountID + ":stack/" + name + "/*"
}

func aSet(c *call) string {
	name := c.Form.Get("StackSetName")
	id, found := name+":*", false
	if org, ok := c.Cloud.OrganizationOf(c.Caller.AccountID); ok {
		if set, e := c.s.StackSet(org.ManagementID, c.Region, name); e == nil {
			id, found = set.ID, true
		}
	}
	if !found && strings.Contains(name, ":") {
		id = name
	}
	return "arn:" + c.Cloud.Partition() + ":cloudformation:" + c.Region + ":" + c.Caller.AccountID + ":stackset/" + id
}

// Operations lists what is simulated.
func (s *Service) Operations() []string { return slices.Sorted(maps.Keys(operations)) }

// Serve answers one request.
func (s *Service) Serve(w http.ResponseWriter, r *cloud.Request) {
	op, ok := operations[r.Action]
	if !ok {
		r.Fail(w, cloud.Errorf(http.StatusBadRequest, "InvalidAction", "Could not find operation %s for version 2010-05-15", r.Action))
		return
	}
	c := &call{r, s}
	if e := r.Allow("cloudformation:"+r.Action, op.resource(c), nil); e != nil {
		r.Fail(w, e)
		return
	}
	result, e := op.run(c)
	if e != nil {
		r.Fail(w, e)
		return
	}
	r.Reply(w, result)
}

// members reads a list of the query protocol: "Capabilities.member.1", "….2", as far as they follow each other.
func (c *call) members(name string) []string {
	var out []string
	for i := 1; ; i++ {
		v, ok := c.Form[name+".member."+strconv.Itoa(i)]
		if !ok {
			return out
		}
		out = append(out, v[0])
	}
}

// pairs reads a list of structures with a key and a value.
func (c *call) pairs(list, key, value string) map[string]string {
	out := map[string]string{}
	for i := 1; ; i++ {
		at := list + ".member." + strconv.Itoa(i) + "."
		k, ok := c.Form[at+key]
		if !ok {
			return out
		}
		out[k[0]] = c.Form.Get(at + value)
	}
}

func (c *call) stackInput() StackInput {
	in := StackInput{
		Name: c.Form.Get("StackName"), TemplateBody: c.Form.Get("TemplateBody"), TemplateURL: c.Form.Get("TemplateURL"),
		UsePrevious: c.Form.Get("UsePreviousTemplate") == "true", Capabilities: c.members("Capabilities"), OnFailure: c.Form.Get("OnFailure"),
		Parameters: map[string]string{}, Tags: c.pairs("Tags", "Key", "Value"),
	}
	if c.Form.Get("DisableRollback") == "true" {
		in.OnFailure = "DO_NOTHING"
	}
	for i := 1; ; i++ {
		at := "Parameters.member." + strconv.Itoa(i) + "."
		k, ok := c.Form[at+"ParameterKey"]
		if !ok {
			return in
		}
		if c.Form.Get(at+"UsePreviousValue") == "true" {
			in.KeepParameters = append(in.KeepParameters, k[0])
		} else {
			in.Parameters[k[0]] = c.Form.Get(at + "ParameterValue")
		}
	}
}

// page cuts a list into pages. Tokens are positions; those that this service did not make are refused.
func page[T any](c *call, all []T, size int) (out []T, next string, e *cloud.Error) {
	from := 0
	if token := c.Form.Get("NextToken"); token != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(token, "at-"))
		if err != nil || n < 0 || n > len(all) {
			return nil, "", cloud.Validation("Invalid NextToken")
		}
		from = n
	}
	if m := c.Form.Get("MaxResults"); m != "" {
		n, err := strconv.Atoi(m)
		if err != nil || n < 1 || n > 100 {
			return nil, "", cloud.Invalid("maxResults", m, "have value less than or equal to 100")
		}
		size = n
	}
	to := min(from+size, len(all))
	if to < len(all) {
		next = "at-" + strconv.Itoa(to)
	}
	return all[from:to], next, nil
}
