package cfn

import (
	"maps"
	"slices"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

type list[T any] struct {
	Member []T `xml:"member"`
}

func listOf[T any](items []T) list[T] { return list[T]{items} }

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

type stackIDResult struct {
	StackID string `xml:"StackId"`
}

type parameterXML struct {
	ParameterKey, ParameterValue string
}

type outputXML struct {
	OutputKey, OutputValue string
	Description            string `xml:",omitempty"`
}

type tagXML struct{ Key, Value string }

type stackXML struct {
	StackID           string `xml:"StackId"`
	StackName         string
	Description       string `xml:",omitempty"`
	Parameters        list[parameterXML]
	CreationTime      string
	LastUpdatedTime   string `xml:",omitempty"`
	DeletionTime      string `xml:",omitempty"`
	StackStatus       string
	StackStatusReason string `xml:",omitempty"`
	DisableRollback   bool
	Capabilities      list[string]
	Outputs           list[outputXML]
	Tags              list[tagXML]
}

func (st Stack) xml() stackXML {
	x := stackXML{
		StackID: st.ID, StackName: st.Name, Description: st.Description, CreationTime: stamp(st.CreatedAt), LastUpdatedTime: stamp(st.UpdatedAt),
		DeletionTime: stamp(st.DeletedAt), StackStatus: st.Status, StackStatusReason: st.Reason, Capabilities: listOf(st.Capabilities),
	}
	for _, name := range slices.Sorted(maps.Keys(st.Parameters)) {
		v := st.Parameters[name]
		if slices.Contains(st.Hidden, name) {
			v = "****"
		}
		x.Parameters.Member = append(x.Parameters.Member, parameterXML{name, v})
	}
	for _, o := range st.Outputs {
		x.Outputs.Member = append(x.Outputs.Member, outputXML{o.Key, o.Value, o.Description})
	}
	for _, k := range slices.Sorted(maps.Keys(st.Tags)) {
		x.Tags.Member = append(x.Tags.Member, tagXML{k, st.Tags[k]})
	}
	return x
}

func (c *call) createStack() (any, *cloud.Error) {
	st, e := c.s.CreateStack(c.Context(), c.Caller, c.Region, c.stackInput())
	return stackIDResult{st.ID}, e
}

func (c *call) updateStack() (any, *cloud.Error) {
	st, e := c.s.UpdateStack(c.Context(), c.Caller, c.Region, c.stackInput())
	return stackIDResult{st.ID}, e
}

func (c *call) deleteStack() (any, *cloud.Error) {
	return nil, c.s.DeleteStack(c.Caller, c.Region, c.Form.Get("StackName"))
}

func (c *call) describeStacks() (any, *cloud.Error) {
	var stacks []Stack
	if name := c.Form.Get("StackName"); name != "" {
		st, e := c.stack()
		if e != nil {
			return nil, e
		}
		stacks = []Stack{st}
	} else {
		stacks = c.s.Stacks(c.Caller.AccountID, c.Region)
	}
	some, next, e := page(c, stacks, 100)
	var result struct {
		Stacks    list[stackXML]
		NextToken string `xml:",omitempty"`
	}
	for _, st := range some {
		result.Stacks.Member = append(result.Stacks.Member, st.xml())
	}
	result.NextToken = next
	return result, e
}

func (c *call) stack() (Stack, *cloud.Error) {
	if p, ok := c.s.pending(c.Caller.AccountID, c.Region, c.Form.Get("StackName")); ok {
		return p, nil
	}
	return c.s.Stack(c.Caller.AccountID, c.Region, c.Form.Get("StackName"))
}

type eventXML struct {
	StackID              string `xml:"StackId"`
	EventID              string `xml:"EventId"`
	StackName            string
	LogicalResourceID    string `xml:"LogicalResourceId"`
	PhysicalResourceID   string `xml:"PhysicalResourceId"`
	ResourceType         string
	Timestamp            string
	ResourceStatus       string
	ResourceStatusReason string `xml:",omitempty"`
}

func (c *call) describeEvents() (any, *cloud.Error) {
	st, e := c.stack()
	if e != nil {
		return nil, e
	}
	var all []eventXML
	for _, ev := range slices.Backward(st.Events) { // the newest first, as AWS
		all = append(all, eventXML{st.ID, ev.ID, st.Name, ev.LogicalID, ev.PhysicalID, ev.Type, stamp(ev.At), ev.Status, ev.Reason})
	}
	some, next, e := page(c, all, 100)
	return struct {
		StackEvents list[eventXML]
		NextToken   string `xml:",omitempty"`
	}{listOf(some), next}, e
}

type resourceXML struct {
	StackID              string `xml:"StackId,omitempty"`
	StackName            string `xml:",omitempty"`
	LogicalResourceID    string `xml:"LogicalResourceId"`
	PhysicalResourceID   string `xml:"PhysicalResourceId"`
	ResourceType         string
	Timestamp            string `xml:",omitempty"`
	LastUpdatedTimestamp string `xml:",omitempty"`
	ResourceStatus       string
	ResourceStatusReason string `xml:",omitempty"`
}

func (c *call) describeResources() (any, *cloud.Error) {
	st, e := c.stack()
	var result struct{ StackResources list[resourceXML] }
	for _, r := range st.Resources {
		if want := c.Form.Get("LogicalResourceId"); want == "" || want == r.LogicalID {
			result.StackResources.Member = append(result.StackResources.Member, resourceXML{st.ID, st.Name, r.LogicalID, r.PhysicalID, r.Type, stamp(r.At), "", r.Status, r.Reason})
		}
	}
	return result, e
}

func (c *call) listResources() (any, *cloud.Error) {
	st, e := c.stack()
	var result struct{ StackResourceSummaries list[resourceXML] }
	for _, r := range st.Resources {
		result.StackResourceSummaries.Member = append(result.StackResourceSummaries.Member, resourceXML{"", "", r.LogicalID, r.PhysicalID, r.Type, "", stamp(r.At), r.Status, r.Reason})
	}
	return result, e
}

type summaryXML struct {
	StackID             string `xml:"StackId"`
	StackName           string
	TemplateDescription string `xml:",omitempty"`
	CreationTime        string
	LastUpdatedTime     string `xml:",omitempty"`
	DeletionTime        string `xml:",omitempty"`
	StackStatus         string
	StackStatusReason   string `xml:",omitempty"`
}

// listStacks lists deleted stacks too, unless a filter leaves them out.
func (c *call) listStacks() (any, *cloud.Error) {
	filter := c.members("StackStatusFilter")
	var all []summaryXML
	for _, st := range c.s.everStacks(c.Caller.AccountID, c.Region) {
		if len(filter) == 0 || slices.Contains(filter, st.Status) {
			all = append(all, summaryXML{st.ID, st.Name, st.Description, stamp(st.CreatedAt), stamp(st.UpdatedAt), stamp(st.DeletedAt), st.Status, st.Reason})
		}
	}
	some, next, e := page(c, all, 100)
	return struct {
		StackSummaries list[summaryXML]
		NextToken      string `xml:",omitempty"`
	}{listOf(some), next}, e
}

func (c *call) getTemplate() (any, *cloud.Error) {
	st, e := c.stack()
	if e != nil {
		return nil, e
	}
	return struct {
		TemplateBody    string
		StagesAvailable list[string]
	}{st.template.Text, listOf([]string{"Original", "Processed"})}, nil
}

type declaredXML struct {
	ParameterKey  string
	DefaultValue  *string `xml:",omitempty"`
	NoEcho        bool
	ParameterType string `xml:",omitempty"`
	Description   string `xml:",omitempty"`
}

type validationXML struct {
	Parameters         list[declaredXML]
	Description        string `xml:",omitempty"`
	Capabilities       list[string]
	CapabilitiesReason string       `xml:",omitempty"`
	ResourceTypes      list[string] `xml:",omitempty"`
}

// validate answers ValidateTemplate and GetTemplateSummary.
func (c *call) validate() (any, *cloud.Error) {
	var t *Template
	var e *cloud.Error
	if name := c.Form.Get("StackName"); name != "" {
		var st Stack
		if st, e = c.stack(); e == nil {
			t = st.template
		}
	} else {
		t, e = c.s.template(c.Context(), c.stackInput(), nil)
	}
	if e != nil {
		return nil, e
	}
	if e := c.s.known(t, c.Region); e != nil {
		return nil, e
	}
	x := validationXML{Description: t.Description, Capabilities: listOf(t.Capabilities())}
	if len(x.Capabilities.Member) > 0 {
		x.CapabilitiesReason = "The following resource(s) require capabilities: [AWS::IAM::Role]"
	}
	for _, name := range slices.Sorted(maps.Keys(t.Parameters)) {
		p := t.Parameters[name]
		x.Parameters.Member = append(x.Parameters.Member, declaredXML{name, p.Default, p.NoEcho, p.Type, p.Description})
	}
	if c.Action == "GetTemplateSummary" {
		for _, r := range t.Resources {
			x.ResourceTypes.Member = append(x.ResourceTypes.Member, r.Type)
		}
		slices.Sort(x.ResourceTypes.Member)
		x.ResourceTypes.Member = slices.Compact(x.ResourceTypes.Member)
	}
	return x, nil
}
