// Package cloud is the state that the services of the simulated AWS share, and the contract that they plug into:
// accounts and organizations, IAM's users and roles and who may do what, the clock, the faults and the meter.
//
// A service implements [Service]; if CloudFormation can make its resources it registers a [ResourceHandler] for
// each type. Services never import each other: what one needs of another goes through this package.
package cloud

import (
	"fmt"
	"sync"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/world"
)

// Cloud is one simulated AWS. All methods are safe for concurrent use.
type Cloud struct {
	Clock  *Clock
	Meter  *Meter
	Faults *Faults
	World  *world.World // as it was loaded; read only. Services read their sections of it

	handlers map[string]ResourceHandler

	mu       sync.RWMutex
	accounts map[string]*account
	orgs     map[string]*organization
	keys     map[string]*key     // access keys of users
	sessions map[string]*session // temporary credentials
	sweepAt  int                 // number of sessions at which expired ones are thrown away
	delay    Propagation
	joined   []func(Account)
	left     []func(organizationID string, a Account)
}

// Propagation says how long a change of IAM takes until it is in force.
type Propagation struct {
	Delay     time.Duration `json:"delay"`     // nanoseconds in JSON; 0 = at once
	Simulated bool          `json:"simulated"` // Delay passes on the movable clock, not on the real one
}

// Options put a cloud together.
type Options struct {
	Start       time.Time // when the clock begins; zero = what the world says, or now
	Frozen      bool      // the clock stands still between moves
	Propagation Propagation
}

// New makes a cloud of a world. It fails when a policy in the world is malformed.
func New(w *world.World, o Options) (*Cloud, error) {
	start := o.Start
	if start.IsZero() {
		start = w.Clock
	}
	if start.IsZero() {
		start = time.Now()
	}
	c := &Cloud{
		Clock: NewClock(start, o.Frozen), Meter: &Meter{}, Faults: &Faults{}, World: w,
		handlers: map[string]ResourceHandler{},
		accounts: map[string]*account{}, orgs: map[string]*organization{},
		keys: map[string]*key{}, sessions: map[string]*session{}, sweepAt: 10_000,
	}
	if err := c.load(w); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	c.delay = o.Propagation // what the world holds is in force already
	return c, nil
}

// Partition returns the partition of every ARN, "aws".
func (c *Cloud) Partition() string { return c.World.Partition }

// SetPropagation changes how long changes of IAM take from now on.
func (c *Cloud) SetPropagation(p Propagation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.delay = p
}

// Propagation tells how long changes of IAM take.
func (c *Cloud) Propagation() Propagation {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.delay
}
