// Package service keeps destinations: it adds, changes, checks and removes them, and opens the targets that runs deliver to.
package service

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/destination"
	"github.com/bursarhq/bursar/internal/seal"
	"github.com/bursarhq/bursar/internal/store"
)

// Sealer seals secrets. [seal.Sealer] does.
type Sealer interface {
	Seal(ctx context.Context, at seal.Scope, secret bursar.Secret) (seal.Sealed, error)
	Open(ctx context.Context, at seal.Scope, sealed seal.Sealed) (bursar.Secret, error)
	KeyID() string
}

// Service keeps the destinations of every workspace.
type Service struct {
	Store    *store.Store
	Sealer   Sealer
	Kinds    []destination.Kind
	Datasets []destination.Dataset
	Now      func() time.Time
}

// checkTimeout is how long a check may take.
const checkTimeout = 25 * time.Second

// Wish is what somebody wants of a destination. What is nil stays as it is, or has its default.
type Wish struct {
	Name     *string
	Kind     bursar.DestinationKind // of a new one
	Datasets *[]string
	Trigger  *bursar.Trigger
	Full     *bool
	Paused   *bool
	Target   *bursar.TargetSettings // as a whole
	Secret   *bursar.Secret         // the password or signing secret; one that is empty removes it
}

// DatasetNames are what can be delivered.
func (s *Service) DatasetNames() (names []string) {
	for _, d := range s.Datasets {
		names = append(names, d.Name())
	}
	return names
}

func (s *Service) kind(name bursar.DestinationKind) (destination.Kind, error) {
	var names []string
	for _, k := range s.Kinds {
		if k.Name == name {
			return k, nil
		}
		names = append(names, string(k.Name))
	}
	return destination.Kind{}, bursar.InvalidField("kind", "there is no kind of destination %q", name).WithReason("unknown_kind").WithHint("use one of %s", strings.Join(names, ", "))
}

// Add adds a destination. Where bursar made its signing secret, that is returned: this once.
func (s *Service) Add(ctx context.Context, workspaceID string, w Wish) (d bursar.Destination, made bursar.Secret, err error) {
	d = bursar.Destination{ID: bursar.NewID("dst"), WorkspaceID: workspaceID, Kind: w.Kind, Trigger: bursar.TriggerPublication, Datasets: s.DatasetNames()[:1]}
	kind, err := s.kind(w.Kind)
	if err != nil {
		return d, made, err
	}
	if w.Target == nil {
		w.Target = &bursar.TargetSettings{}
	}
	if kind.Secret == destination.MakesItself && w.Secret == nil {
		made = destination.NewSigningSecret()
		w.Secret = &made
	}
	if d, err = s.apply(kind, d, w); err != nil {
		return d, made, err
	}
	err = s.save(ctx, d, w.Secret, func(tx *store.Tx, version int) error {
		d.SecretVersion = version
		d, err = tx.AddDestination(d)
		return err
	})
	return d, made, err
}

// Change changes a destination. allow is asked, in the transaction that makes the change, whether the one that is there may be changed.
func (s *Service) Change(ctx context.Context, workspaceID, id string, w Wish, allow func(bursar.Destination) error) (d bursar.Destination, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error { d, err = tx.Destination(workspaceID, id); return err })
	if err != nil {
		return d, err
	}
	kind, err := s.kind(d.Kind)
	if err != nil {
		return d, err
	}
	seen := d.Version
	if d, err = s.apply(kind, d, w); err != nil {
		return d, err
	}
	err = s.save(ctx, d, w.Secret, func(tx *store.Tx, version int) error {
		if err := still(tx, d, seen, allow); err != nil {
			return err
		}
		if w.Secret != nil {
			d.SecretVersion = version
		}
		d, err = tx.ChangeDestination(d, w.Target != nil || w.Secret != nil)
		return err
	})
	return d, err
}

// still says why a destination that was read in a version may not be changed.
func still(tx *store.Tx, d bursar.Destination, version int64, allow func(bursar.Destination) error) error {
	now, err := tx.Destination(d.WorkspaceID, d.ID)
	if err != nil {
		return err
	}
	if err := allow(now); err != nil {
		return err
	}
	if now.Version != version {
		return bursar.Errorf(bursar.Conflict, "the destination was changed by somebody else meanwhile").WithReason("destination_changed").WithHint("look at it, and change it again if need be")
	}
	return nil
}

// apply puts what is wanted into a destination, and says what is wrong with it.
func (s *Service) apply(k destination.Kind, d bursar.Destination, w Wish) (_ bursar.Destination, err error) {
	set(&d.Name, w.Name)
	set(&d.Datasets, w.Datasets)
	set(&d.Trigger, w.Trigger)
	set(&d.Full, w.Full)
	set(&d.Paused, w.Paused)
	set(&d.Target, w.Target)
	if d.Target, err = k.Settle(d.Target); err != nil {
		return d, err
	}
	d.Name = strings.TrimSpace(d.Name)
	switch {
	case d.Name == "" || len([]rune(d.Name)) > bursar.MaxAccountName || strings.ContainsFunc(d.Name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return d, bursar.InvalidField("name", "a destination has a name of 1 to %d characters", bursar.MaxAccountName).WithReason("name_invalid")
	case strings.HasPrefix(d.Name, "dst_"):
		return d, bursar.InvalidField("name", "names do not begin with dst_, as ids do").WithReason("name_invalid")
	case !slices.Contains(bursar.Triggers, d.Trigger):
		return d, bursar.InvalidField("trigger", "there is no trigger %q", d.Trigger).WithReason("unknown_trigger").WithHint("use one of publication, hourly, daily, manual")
	case w.Secret != nil && !w.Secret.IsZero() && k.Secret == destination.NoSecret:
		return d, bursar.InvalidField("secret", "a destination of kind %s has no secret", k.Name).WithReason("secret_not_wanted").WithHint("leave it out")
	case w.Secret != nil && w.Secret.IsZero() && k.Secret == destination.MakesItself:
		return d, bursar.InvalidField("secret", "messages are always signed").WithReason("secret_wanted").WithHint("give a secret of the form whsec_…")
	}
	if k.Secret == destination.MakesItself && w.Secret != nil {
		if _, err := destination.SigningKey(*w.Secret); err != nil {
			return d, err
		}
	}
	return d, s.datasets(&d)
}

func set[T any](to *T, wish *T) {
	if wish != nil {
		*to = *wish
	}
}

func (s *Service) datasets(d *bursar.Destination) error {
	known := s.DatasetNames()
	if len(d.Datasets) == 0 {
		return bursar.InvalidField("datasets", "nothing would be delivered").WithReason("datasets_missing").WithHint("use one or more of %s", strings.Join(known, ", "))
	}
	for _, name := range d.Datasets {
		if !slices.Contains(known, name) {
			return bursar.InvalidField("datasets", "there is no dataset %q", name).WithReason("unknown_dataset").WithHint("use one or more of %s", strings.Join(known, ", "))
		}
	}
	slices.Sort(d.Datasets)
	d.Datasets = slices.Compact(d.Datasets)
	return nil
}

const secretField = "secret"

// save seals a secret for the destination's next version of it, and calls keep in the transaction that keeps both.
func (s *Service) save(ctx context.Context, d bursar.Destination, secret *bursar.Secret, keep func(tx *store.Tx, version int) error) error {
	if secret == nil || secret.IsZero() {
		return s.Store.InTx(ctx, func(tx *store.Tx) error { return keep(tx, 0) })
	}
	at := seal.Scope{Workspace: d.WorkspaceID, Owner: d.ID, Field: secretField, Version: d.SecretVersion + 1}
	sealed, err := s.Sealer.Seal(ctx, at, *secret)
	if err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(tx *store.Tx) error {
		if err := keep(tx, at.Version); err != nil {
			return err
		}
		return tx.AddSecret(store.Secret{WorkspaceID: d.WorkspaceID, Owner: d.ID, Field: secretField, Version: at.Version, Sealed: sealed, KeyID: s.Sealer.KeyID()})
	})
}

// Remove forgets a destination. What it holds stays there.
func (s *Service) Remove(ctx context.Context, workspaceID, id string, allow func(bursar.Destination) error) error {
	return s.Store.InTx(ctx, func(tx *store.Tx) error {
		d, err := tx.Destination(workspaceID, id)
		if err != nil {
			return err
		}
		if err := allow(d); err != nil {
			return err
		}
		return tx.RemoveDestination(workspaceID, d.ID)
	})
}

// Check looks whether data could be delivered to a destination, and keeps what it saw.
func (s *Service) Check(ctx context.Context, workspaceID, id string) (d bursar.Destination, err error) {
	err = s.Store.View(ctx, func(tx *store.Tx) error { d, err = tx.Destination(workspaceID, id); return err })
	if err != nil {
		return d, err
	}
	found := s.look(ctx, d)
	if ctx.Err() != nil {
		return d, ctx.Err()
	}
	err = s.Store.InTx(ctx, func(tx *store.Tx) error {
		if err := tx.SetChecks(d, found); err != nil {
			return err
		}
		d, err = tx.Destination(workspaceID, d.ID)
		return err
	})
	return d, err
}

func (s *Service) look(ctx context.Context, d bursar.Destination) []bursar.Probe {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	t, err := s.Open(ctx, d, "")
	if err != nil {
		return []bursar.Probe{destination.ProbeOf("open", err)}
	}
	defer t.Close()
	found := t.Check(ctx)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		found = append(found, destination.ProbeOf("time", destination.Away("timeout", "the check took longer than %s", checkTimeout).WithHint("look whether the destination answers from the machine that bursar runs on")))
	}
	return found
}

// Open opens the target of a destination, for a run.
func (s *Service) Open(ctx context.Context, d bursar.Destination, runID string) (destination.Target, error) {
	kind, err := s.kind(d.Kind)
	if err != nil {
		return nil, err
	}
	var secret bursar.Secret
	if d.SecretVersion > 0 {
		if secret, err = s.secret(ctx, d); err != nil {
			return nil, err
		}
	}
	now := s.Now
	if now == nil {
		now = time.Now
	}
	return kind.Open(ctx, d, secret, destination.Origin{Destination: d.ID, Run: runID, Now: now})
}

func (s *Service) secret(ctx context.Context, d bursar.Destination) (secret bursar.Secret, err error) {
	var row store.Secret
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		row, err = tx.Secret(d.WorkspaceID, d.ID, secretField, d.SecretVersion)
		return err
	})
	if err != nil {
		return secret, err
	}
	return s.Sealer.Open(ctx, seal.Scope{Workspace: d.WorkspaceID, Owner: d.ID, Field: secretField, Version: d.SecretVersion}, row.Sealed)
}
