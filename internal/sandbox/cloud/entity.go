package cloud

import (
	"cmp"
	"crypto/rand"
	"slices"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/policy"
)

// NamedPolicy is an inline policy.
type NamedPolicy struct {
	Name string
	Doc  *policy.Document
}

// Identity is what users and roles have in common.
type Identity struct {
	Partition string
	AccountID string
	Path      string // "/" or "/bursar/"
	Name      string
	ID        string // AIDA… or AROA…
	Inline    []NamedPolicy
	Attached  []string // ARNs of managed policies
	Boundary  string   // ARN of a managed policy; "" = none
	Tags      map[string]string
	CreatedAt time.Time // simulated
}

// Role is an IAM role. Values that the cloud hands out are shared and read only.
type Role struct {
	Identity
	Trust       *policy.Document
	Description string
	MaxSession  int // seconds
}

// IAMUser is an IAM user. Values that the cloud hands out are shared and read only.
type IAMUser struct {
	Identity
}

// ManagedPolicy is a managed policy: AWS's own, or a customer's.
type ManagedPolicy struct {
	ARN         string
	ID          string
	Name        string
	Path        string
	Description string
	Doc         *policy.Document // the default version
	CreatedAt   time.Time
	UpdatedAt   time.Time
	Version     int // of the default version, from 1
}

// ARN returns the role's ARN, with its path.
func (r *Role) ARN() string { return r.arn("role") }

// ARN returns the user's ARN, with its path.
func (u *IAMUser) ARN() string { return u.arn("user") }

func (i *Identity) arn(kind string) string {
	return "arn:" + i.Partition + ":iam::" + i.AccountID + ":" + kind + cmp.Or(i.Path, "/") + i.Name
}

// SetInline puts an inline policy in, or replaces the one of the same name. Call it on a copy (see
// [Cloud.ChangeRole]).
func (i *Identity) SetInline(name string, doc *policy.Document) {
	i.DeleteInline(name)
	i.Inline = append(slices.Clone(i.Inline), NamedPolicy{name, doc})
	slices.SortFunc(i.Inline, func(a, b NamedPolicy) int { return cmp.Compare(a.Name, b.Name) })
}

// DeleteInline removes an inline policy and says whether there was one.
func (i *Identity) DeleteInline(name string) bool {
	n := len(i.Inline)
	i.Inline = slices.DeleteFunc(slices.Clone(i.Inline), func(p NamedPolicy) bool { return p.Name == name })
	return len(i.Inline) < n
}

// InlinePolicy returns the inline policy of a name.
func (i *Identity) InlinePolicy(name string) (*policy.Document, bool) {
	for _, p := range i.Inline {
		if p.Name == name {
			return p.Doc, true
		}
	}
	return nil, false
}

// versioned keeps an entity's present and the pasts that are still in force somewhere.
type versioned[T any] struct {
	present *T
	past    []version[T] // oldest first; the last one is the present
}

type version[T any] struct {
	from      time.Time
	simulated bool // from is a time of the movable clock
	is        *T
}

// clocks tells the time of the simulated or of the real clock.
type clocks func(simulated bool) time.Time

// set makes is the present, in force once the delay has passed.
func (v *versioned[T]) set(is *T, now clocks, p Propagation) {
	keep := 0
	for i, old := range v.past {
		if old.inForce(now) {
			keep = i // the newest that is in force
		}
	}
	v.present = is
	v.past = append(slices.Clone(v.past[keep:]), version[T]{now(p.Simulated).Add(p.Delay), p.Simulated, is})
}

func (v version[T]) inForce(now clocks) bool { return !v.from.After(now(v.simulated)) }

// inForce returns what holds now; nil before the first version does.
func (v *versioned[T]) inForce(now clocks) *T {
	for i := len(v.past) - 1; i >= 0; i-- {
		if v.past[i].inForce(now) {
			return v.past[i].is
		}
	}
	return nil
}

// NewID makes up an id in AWS's form: a prefix such as "AROA" and 17 more characters.
func NewID(prefix string) string { return prefix + rand.Text()[:17] }
