package cloud

import "sort"

// Resource is what CloudFormation gets for a resource that it made.
type Resource struct {
	PhysicalID string            // what Ref gives
	Attributes map[string]string // what Fn::GetAtt gives
}

// ResourceContext says for which stack a resource is made.
type ResourceContext struct {
	AccountID string
	Region    string
	StackName string
	LogicalID string
	Caller    Principal // CloudFormation acts with the rights of whoever called it
}

// ResourceHandler makes the resources of one CloudFormation type ("AWS::IAM::Role"). A service registers one for
// each of its types with [Cloud.HandleResource]; CloudFormation finds it with [Cloud.ResourceHandler]. Handlers
// authorize Caller as the service's API would. Properties are resolved: strings, bools, numbers, lists, maps.
type ResourceHandler interface {
	// Create makes the resource.
	Create(rc ResourceContext, properties map[string]any) (Resource, *Error)
	// Update changes it in place. An Error with code [ReplacementNeeded] asks for a new one instead.
	Update(rc ResourceContext, physicalID string, properties map[string]any) (Resource, *Error)
	// Delete removes it. One that is gone already is no error.
	Delete(rc ResourceContext, physicalID string) *Error
}

// ReplacementNeeded is the code by which a handler's Update says that a property can only change by
// replacement.
const ReplacementNeeded = "ReplacementNeeded"

// HandleResource registers the handler of a CloudFormation type. Call it while the cloud is put together.
func (c *Cloud) HandleResource(typ string, h ResourceHandler) {
	if _, twice := c.handlers[typ]; twice {
		panic("sandbox: two handlers for " + typ)
	}
	c.handlers[typ] = h
}

// ResourceHandler returns the handler of a CloudFormation type.
func (c *Cloud) ResourceHandler(typ string) (ResourceHandler, bool) {
	h, ok := c.handlers[typ]
	return h, ok
}

// ResourceTypes lists the types that have a handler, sorted.
func (c *Cloud) ResourceTypes() []string {
	out := make([]string, 0, len(c.handlers))
	for t := range c.handlers {
		out = append(out, t)
	}
	sort.Strings(out)
	return out
}
