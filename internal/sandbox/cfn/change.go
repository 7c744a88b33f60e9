package cfn

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

var stackNamePattern = regexp.MustCompile(`^[a-zA-Z][-a-zA-Z0-9]{0,127}$`)

// CreateStack makes a stack with the rights of a caller, whose account it comes into. When a resource fails, what was
// made is taken away again and the stack is ROLLBACK_COMPLETE: that is no error of CreateStack, as in AWS.
func (s *Service) CreateStack(ctx context.Context, caller cloud.Principal, region string, in StackInput) (Stack, *cloud.Error) {
	if !stackNamePattern.MatchString(in.Name) {
		return Stack{}, cloud.Invalid("stackName", in.Name, "satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*")
	}
	s.change.Lock()
	defer s.change.Unlock()
	return s.createStack(ctx, caller, region, in)
}

func (s *Service) createStack(ctx context.Context, caller cloud.Principal, region string, in StackInput) (Stack, *cloud.Error) {
	if _, e := s.Stack(caller.AccountID, region, in.Name); e == nil {
		return Stack{}, cloud.Errorf(http.StatusBadRequest, "AlreadyExistsException", "Stack [%s] already exists", in.Name)
	}
	t, params, e := s.prepare(ctx, caller.AccountID, region, in, nil)
	if e != nil {
		return Stack{}, e
	}
	id := fmt.Sprintf("arn:%s:cloudformation:%s:%s:stack/%s/%s", s.cloud.Partition(), region, caller.AccountID, in.Name, uuid())
	st := &Stack{ID: id, Name: in.Name, AccountID: caller.AccountID, Region: region, CreatedAt: s.cloud.Clock.Now(), Tags: in.Tags}
	w := &work{s: s, st: st, caller: caller}
	w.adopt(t, params, in.Capabilities)
	w.event("CREATE_IN_PROGRESS", "User Initiated")
	if err := w.build("CREATE"); err != nil {
		w.undoCreate(err, cmp.Or(in.OnFailure, "ROLLBACK"))
	} else {
		w.event("CREATE_COMPLETE", "")
	}
	s.put(st)
	return *st, nil
}

// UpdateStack changes a stack: resources are made, changed in place, replaced or removed. When one fails, the stack
// is put back as it was and is UPDATE_ROLLBACK_COMPLETE.
func (s *Service) UpdateStack(ctx context.Context, caller cloud.Principal, region string, in StackInput) (Stack, *cloud.Error) {
	s.change.Lock()
	defer s.change.Unlock()
	old, e := s.Stack(caller.AccountID, region, in.Name)
	if e != nil {
		return Stack{}, e
	}
	if !slices.Contains([]string{"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}, old.Status) {
		return Stack{}, cloud.Validation("Stack:%s is in %s state and can not be updated.", old.ID, old.Status)
	}
	in.Name = old.Name
	t, params, e := s.prepare(ctx, caller.AccountID, region, in, &old)
	if e != nil {
		return Stack{}, e
	}
	if t.Text == old.template.Text && maps.Equal(params, old.Parameters) {
		return Stack{}, cloud.Validation("No updates are to be performed.")
	}
	st := old
	st.Resources, st.Events = slices.Clone(old.Resources), slices.Clone(old.Events)
	w := &work{s: s, st: &st, caller: caller}
	w.adopt(t, params, in.Capabilities)
	st.UpdatedAt = s.cloud.Clock.Now()
	w.event("UPDATE_IN_PROGRESS", "User Initiated")
	if err := w.build("UPDATE"); err != nil {
		w.undoUpdate(old, err)
	} else {
		w.clean(old)
		w.event("UPDATE_COMPLETE", "")
	}
	s.put(&st)
	return st, nil
}

// DeleteStack removes a stack and its resources, but those that the template retains. One that does not exist is no
// error, as in AWS.
func (s *Service) DeleteStack(caller cloud.Principal, region, nameOrID string) *cloud.Error {
	s.change.Lock()
	defer s.change.Unlock()
	s.deleteStack(caller, region, nameOrID)
	return nil
}

func (s *Service) deleteStack(caller cloud.Principal, region, nameOrID string) {
	old, e := s.Stack(caller.AccountID, region, nameOrID)
	if e != nil || !old.DeletedAt.IsZero() {
		return
	}
	st := old
	st.Resources, st.Events = slices.Clone(old.Resources), slices.Clone(old.Events)
	w := &work{s: s, st: &st, caller: caller}
	w.event("DELETE_IN_PROGRESS", "User Initiated")
	if failed := w.remove(false); failed != nil {
		w.event("DELETE_FAILED", "The following resource(s) failed to delete: ["+strings.Join(failed, ", ")+"]. ")
	} else {
		st.DeletedAt = s.cloud.Clock.Now()
		w.event("DELETE_COMPLETE", "")
	}
	s.put(&st)
}

// work is one change of one stack.
type work struct {
	s      *Service
	st     *Stack
	caller cloud.Principal
	made   []string // logical ids made by this change, in their order
}

func (w *work) adopt(t *Template, params map[string]string, capabilities []string) {
	w.st.template, w.st.Parameters, w.st.Description, w.st.Capabilities = t, params, t.Description, capabilities
	w.st.Hidden = nil
	for name, p := range t.Parameters {
		if p.NoEcho {
			w.st.Hidden = append(w.st.Hidden, name)
		}
	}
}

func (w *work) now() time.Time { return w.s.cloud.Clock.Now() }

func (w *work) event(status, reason string) {
	w.st.Status, w.st.Reason = status, reason
	if reason == "User Initiated" {
		w.st.Reason = ""
	}
	w.note(StackResource{LogicalID: w.st.Name, PhysicalID: w.st.ID, Type: "AWS::CloudFormation::Stack"}, status, reason)
}

func (w *work) note(r StackResource, status, reason string) {
	w.st.Events = append(w.st.Events, Event{ID: r.LogicalID + "-" + uuid(), LogicalID: r.LogicalID, PhysicalID: r.PhysicalID, Type: r.Type, Status: status, Reason: reason, At: w.now()})
}

func (w *work) find(logical string) (StackResource, bool) {
	i := slices.IndexFunc(w.st.Resources, func(r StackResource) bool { return r.LogicalID == logical })
	if i < 0 {
		return StackResource{}, false
	}
	return w.st.Resources[i], true
}

// keep records a resource in its new state.
func (w *work) keep(r StackResource, status, reason string) {
	r.Status, r.Reason, r.At = status, reason, w.now()
	w.note(r, status, reason)
	i := slices.IndexFunc(w.st.Resources, func(x StackResource) bool { return x.LogicalID == r.LogicalID })
	if i < 0 {
		w.st.Resources = append(w.st.Resources, r)
		return
	}
	w.st.Resources[i] = r
}

func (w *work) environment() Environment {
	return Environment{
		AccountID: w.st.AccountID, Region: w.st.Region, Partition: w.s.cloud.Partition(), StackName: w.st.Name, StackID: w.st.ID, Parameters: w.st.Parameters,
		Resource: func(logical string) (cloud.Resource, bool) {
			r, ok := w.find(logical)
			return cloud.Resource{PhysicalID: r.PhysicalID, Attributes: r.attributes}, ok && r.Status != "CREATE_FAILED"
		},
	}
}

func (w *work) context(logical string) cloud.ResourceContext {
	return cloud.ResourceContext{AccountID: w.st.AccountID, Region: w.st.Region, StackName: w.st.Name, LogicalID: logical, Caller: w.caller}
}

// build makes or changes every resource of the template in order, then works out the outputs.
func (w *work) build(verb string) error {
	ev := newEvaluation(w.st.template, w.environment())
	order, e := w.st.template.order()
	if e != nil {
		return e
	}
	for _, logical := range order {
		spec := w.st.template.Resources[logical]
		if spec.Condition != "" {
			if yes, err := ev.named(spec.Condition); err != nil || !yes {
				if err != nil {
					return err
				}
				continue
			}
		}
		if err := w.one(ev, verb, logical, spec); err != nil {
			return err
		}
	}
	return w.outputs(ev)
}

func (w *work) one(ev *evaluation, verb, logical string, spec ResourceSpec) error {
	v, err := ev.value(spec.Properties)
	if err != nil {
		return err
	}
	properties, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("Properties of %s must be an object", logical)
	}
	handler, ok := w.s.cloud.ResourceHandler(spec.Type)
	if !ok {
		return fmt.Errorf("there is no handler for %s", spec.Type)
	}
	old, exists := w.find(logical)
	r := StackResource{LogicalID: logical, Type: spec.Type, properties: properties, policy: spec.DeletionPolicy, PhysicalID: old.PhysicalID, attributes: old.attributes}
	if exists && old.Type == spec.Type {
		if reflect.DeepEqual(old.properties, properties) {
			return nil
		}
		w.note(r, "UPDATE_IN_PROGRESS", "")
		made, e := handler.Update(w.context(logical), old.PhysicalID, properties)
		if e == nil || e.Code != cloud.ReplacementNeeded {
			return w.settle(r, made, e, "UPDATE")
		}
		w.note(r, "UPDATE_IN_PROGRESS", "Requested update requires the creation of a new physical resource; hence creating one.")
	}
	r.PhysicalID = ""
	w.note(r, "CREATE_IN_PROGRESS", "")
	made, e := handler.Create(w.context(logical), properties)
	if e == nil {
		w.made = append(w.made, logical)
	}
	return w.settle(r, made, e, verb)
}

func (w *work) settle(r StackResource, made cloud.Resource, e *cloud.Error, verb string) error {
	if e != nil {
		reason := fmt.Sprintf("%s (Service: %s, Status Code: %d, Error Code: %s)", e.Message, serviceOf(r.Type), cmp.Or(e.Status, 400), e.Code)
		if verb == "CREATE" {
			w.keep(r, "CREATE_FAILED", reason)
		} else {
			w.note(r, verb+"_FAILED", reason)
		}
		return fmt.Errorf("The following resource(s) failed to %s: [%s]. %w", strings.ToLower(verb), r.LogicalID, e)
	}
	r.PhysicalID, r.attributes = made.PhysicalID, made.Attributes
	w.keep(r, verb+"_COMPLETE", "")
	return nil
}

func serviceOf(typ string) string {
	parts := strings.Split(typ, "::")
	return parts[min(1, len(parts)-1)]
}

func (w *work) outputs(ev *evaluation) error {
	w.st.Outputs = nil
	for _, name := range slices.Sorted(maps.Keys(ev.t.Outputs)) {
		m, ok := ev.t.Outputs[name].(map[string]any)
		if !ok {
			return fmt.Errorf("the output %s is no object", name)
		}
		if c := scalar(m["Condition"]); c != "" {
			if yes, err := ev.named(c); err != nil || !yes {
				if err != nil {
					return err
				}
				continue
			}
		}
		v, err := ev.value(m["Value"])
		if err != nil {
			return fmt.Errorf("output %s: %w", name, err)
		}
		s, err := text("output "+name, v)
		if err != nil {
			return err
		}
		w.st.Outputs = append(w.st.Outputs, Output{Key: name, Value: s, Description: scalar(m["Description"])})
	}
	return nil
}

// undoCreate takes away what was made.
func (w *work) undoCreate(cause error, onFailure string) {
	reason := summary(cause)
	if onFailure == "DO_NOTHING" {
		w.event("CREATE_FAILED", reason)
		return
	}
	verb := "ROLLBACK"
	if onFailure == "DELETE" {
		verb = "DELETE"
	}
	w.event(verb+"_IN_PROGRESS", reason+" Rollback requested by user.")
	if failed := w.remove(true); failed != nil {
		w.event(verb+"_FAILED", "The following resource(s) failed to delete: ["+strings.Join(failed, ", ")+"]. ")
		return
	}
	w.st.Outputs = nil
	w.event(verb+"_COMPLETE", reason)
	if verb == "DELETE" {
		w.st.DeletedAt = w.now()
	}
}

// summary words a failure for the stack's status.
func summary(cause error) string {
	s := cause.Error()
	var e *cloud.Error
	if errors.As(cause, &e) {
		s = strings.TrimSuffix(s, e.Error())
	}
	return strings.TrimSpace(s)
}

// remove deletes the stack's resources, the last first, and lists those that would not go.
func (w *work) remove(rollback bool) (failed []string) {
	for _, r := range slices.Backward(slices.Clone(w.st.Resources)) {
		if r.Status == "DELETE_COMPLETE" || r.PhysicalID == "" {
			continue
		}
		if r.policy == "Retain" || r.policy == "RetainExceptOnCreate" && !rollback {
			w.keep(r, "DELETE_SKIPPED", "")
			continue
		}
		if e := w.delete(r); e != nil {
			w.keep(r, "DELETE_FAILED", e.Message)
			failed = append(failed, r.LogicalID)
			continue
		}
		w.keep(r, "DELETE_COMPLETE", "")
	}
	return failed
}

func (w *work) delete(r StackResource) *cloud.Error {
	handler, ok := w.s.cloud.ResourceHandler(r.Type)
	if !ok {
		return cloud.Validation("there is no handler for %s", r.Type)
	}
	return handler.Delete(w.context(r.LogicalID), r.PhysicalID)
}

// undoUpdate puts the resources back as they were, and the stack's record with them.
func (w *work) undoUpdate(old Stack, cause error) {
	w.event("UPDATE_ROLLBACK_IN_PROGRESS", summary(cause))
	for _, logical := range slices.Backward(w.made) {
		if r, ok := w.find(logical); ok {
			_ = w.delete(r) // what will not go is left over, as in AWS
		}
	}
	var failed []string
	for _, before := range old.Resources {
		now, ok := w.find(before.LogicalID)
		if !ok || slices.Contains(w.made, before.LogicalID) || reflect.DeepEqual(now.properties, before.properties) {
			continue
		}
		handler, ok := w.s.cloud.ResourceHandler(before.Type)
		if !ok {
			continue
		}
		if _, e := handler.Update(w.context(before.LogicalID), before.PhysicalID, before.properties); e != nil {
			failed = append(failed, before.LogicalID)
		}
	}
	w.st.Resources, w.st.Outputs = slices.Clone(old.Resources), old.Outputs
	w.adopt(old.template, old.Parameters, old.Capabilities)
	if failed != nil {
		w.event("UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update: ["+strings.Join(failed, ", ")+"]. ")
		return
	}
	w.event("UPDATE_ROLLBACK_COMPLETE", "")
}

// clean removes, after a successful update, what the new template has no more and what was replaced.
func (w *work) clean(old Stack) {
	ev := newEvaluation(w.st.template, w.environment())
	for _, before := range slices.Backward(old.Resources) {
		now, _ := w.find(before.LogicalID)
		spec, declared := w.st.template.Resources[before.LogicalID]
		if declared && spec.Condition != "" {
			yes, err := ev.named(spec.Condition)
			declared = err == nil && yes
		}
		replaced := now.PhysicalID != before.PhysicalID
		if declared && !replaced {
			continue
		}
		retained := before.policy == "Retain" || before.policy == "RetainExceptOnCreate"
		if !retained {
			_ = w.delete(before) // AWS completes the update even when the clean-up fails
		}
		if !declared {
			w.note(before, map[bool]string{true: "DELETE_SKIPPED", false: "DELETE_COMPLETE"}[retained], "")
			w.st.Resources = slices.DeleteFunc(w.st.Resources, func(r StackResource) bool { return r.LogicalID == before.LogicalID })
		}
	}
}

// uuid makes up an id in the form that stacks and operations have.
func uuid() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
