package cfn

import (
	"maps"
	"net/http"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// changeSet is an input that waits to be executed: what `aws cloudformation deploy` goes through. The sandbox does
// not work out the changes.
type changeSet struct {
	id, name string
	create   bool // the stack does not exist yet
	stack    Stack
	in       StackInput
	failed   string // why it cannot be executed
}

func changeKey(account, region, stack, name string) string {
	return place(account, region) + "/" + stack + "/" + name
}

// pending finds a stack that exists only as a change set: DescribeStacks shows it in review.
func (s *Service) pending(account, region, stack string) (Stack, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, cs := range s.changeSets {
		if cs.create && cs.stack.AccountID == account && cs.stack.Region == region && (cs.stack.Name == stack || cs.stack.ID == stack) {
			return cs.stack, true
		}
	}
	return Stack{}, false
}

func (c *call) createChangeSet() (any, *cloud.Error) {
	in := c.stackInput()
	name := c.Form.Get("ChangeSetName")
	if !stackNamePattern.MatchString(name) || !stackNamePattern.MatchString(in.Name) {
		return nil, cloud.Invalid("changeSetName", name, "satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*")
	}
	account := c.Caller.AccountID
	old, e := c.s.Stack(account, c.Region, in.Name)
	cs := &changeSet{name: name, create: e != nil, stack: old, in: in}
	if e != nil && c.Form.Get("ChangeSetType") != "CREATE" {
		return nil, cloud.Validation("Stack [%s] does not exist", in.Name)
	}
	previous := &old
	if cs.create {
		previous = nil
	}
	t, params, e := c.s.prepare(c.Context(), account, c.Region, in, previous)
	if e != nil {
		return nil, e
	}
	if cs.create {
		cs.stack = Stack{
			ID: "arn:" + c.Cloud.Partition() + ":cloudformation:" + c.Region + ":" + account + ":stack/" + in.Name + "/" + uuid(), Name: in.Name,
			AccountID: account, Region: c.Region, Status: "REVIEW_IN_PROGRESS", Parameters: params, CreatedAt: c.Cloud.Clock.Now(), template: t,
		}
	} else if t.Text == old.template.Text && maps.Equal(params, old.Parameters) {
		cs.failed = "The submitted information didn't contain changes. Submit different information to create a change set."
	}
	cs.id = "arn:" + c.Cloud.Partition() + ":cloudformation:" + c.Region + ":" + account + ":changeSet/" + name + "/" + uuid()
	c.s.mu.Lock()
	c.s.changeSets[changeKey(account, c.Region, in.Name, name)] = cs
	c.s.mu.Unlock()
	return struct {
		ID      string `xml:"Id"`
		StackID string `xml:"StackId"`
	}{cs.id, cs.stack.ID}, nil
}

// changeSet finds the change set of a request, by its name and stack or by its id.
func (c *call) changeSet() (string, *changeSet, *cloud.Error) {
	c.s.mu.RLock()
	defer c.s.mu.RUnlock()
	name, stack := c.Form.Get("ChangeSetName"), c.Form.Get("StackName")
	for key, cs := range c.s.changeSets {
		mine := cs.stack.AccountID == c.Caller.AccountID && cs.stack.Region == c.Region
		if mine && (cs.id == name || cs.name == name && (stack == cs.stack.Name || stack == cs.stack.ID)) {
			return key, cs, nil
		}
	}
	return "", nil, cloud.Errorf(http.StatusNotFound, "ChangeSetNotFound", "ChangeSet [%s] does not exist", name)
}

func (c *call) describeChangeSet() (any, *cloud.Error) {
	_, cs, e := c.changeSet()
	if e != nil {
		return nil, e
	}
	x := changeSetXML{ChangeSetName: cs.name, ChangeSetID: cs.id, StackID: cs.stack.ID, StackName: cs.stack.Name, Status: "CREATE_COMPLETE", ExecutionStatus: "AVAILABLE"}
	if cs.failed != "" {
		x.Status, x.StatusReason, x.ExecutionStatus = "FAILED", cs.failed, "UNAVAILABLE"
	}
	return x, nil
}

type changeSetXML struct {
	ChangeSetName   string
	ChangeSetID     string `xml:"ChangeSetId"`
	StackID         string `xml:"StackId"`
	StackName       string
	Status          string
	StatusReason    string `xml:",omitempty"`
	ExecutionStatus string
}

func (c *call) executeChangeSet() (any, *cloud.Error) {
	key, cs, e := c.changeSet()
	if e != nil {
		return nil, e
	}
	if cs.failed != "" {
		return nil, cloud.Errorf(http.StatusBadRequest, "InvalidChangeSetStatus", "ChangeSet [%s] cannot be executed in its current status of [FAILED]", cs.id)
	}
	c.forget(key)
	if cs.create {
		_, e = c.s.CreateStack(c.Context(), c.Caller, c.Region, cs.in)
	} else {
		_, e = c.s.UpdateStack(c.Context(), c.Caller, c.Region, cs.in)
	}
	return struct{}{}, e
}

func (c *call) deleteChangeSet() (any, *cloud.Error) {
	if key, _, e := c.changeSet(); e == nil {
		c.forget(key)
	}
	return struct{}{}, nil
}

func (c *call) forget(key string) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	delete(c.s.changeSets, key)
}
