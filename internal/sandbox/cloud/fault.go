package cloud

import (
	"slices"
	"sync"
	"time"
)

// The kinds of fault that the server itself plays. A service may look for kinds of its own with [Faults.Take].
const (
	FaultThrottle = "throttle"   // 400 or 503 in the service's words; retryable
	FaultSCP      = "denied_scp" // AccessDenied "with an explicit deny in a service control policy"
	FaultDrop     = "drop"       // the connection ends without an answer
	FaultError    = "error"      // a 500
	FaultLatency  = "latency"    // the answer waits Latency, then is the ordinary one
	FaultSkew     = "clock_skew" // AWS's clock is 20 minutes ahead of the caller's. It knows no action
)

// Fault is one trouble on request. Empty fields match everything.
type Fault struct {
	Kind     string        `json:"kind"`
	Service  string        `json:"service,omitempty"`
	Action   string        `json:"action,omitempty"`
	Account  string        `json:"account,omitempty"`  // the caller's account
	Resource string        `json:"resource,omitempty"` // what a service compares for its own kinds
	Times    int           `json:"times,omitempty"`    // how often; 0 = until cleared
	Latency  time.Duration `json:"latency,omitempty"`  // nanoseconds in JSON
	Message  string        `json:"message,omitempty"`
}

// Faults is the list of troubles to come. The zero value has none.
type Faults struct {
	mu   sync.Mutex
	list []Fault
}

// Add plans a fault.
func (f *Faults) Add(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, fault)
}

// Clear forgets all of them.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = nil
}

// List returns those that are still to come.
func (f *Faults) List() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.list)
}

// Take returns the first fault of the kind that matches, and uses one of its times up.
func (f *Faults) Take(kind, service, action, account, resource string) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, x := range f.list {
		if x.Kind != kind || !fits(x.Service, service) || !fits(x.Action, action) || !fits(x.Account, account) || !fits(x.Resource, resource) {
			continue
		}
		switch x.Times {
		case 0:
		case 1:
			f.list = slices.Delete(f.list, i, i+1)
		default:
			f.list[i].Times--
		}
		return x, true
	}
	return Fault{}, false
}

func fits(want, have string) bool { return want == "" || want == have }
