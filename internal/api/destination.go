package api

import (
	"context"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/destination/service"
	"github.com/bursarhq/bursar/internal/store"
)

// Destinations keeps destinations. [service.Service] does. What another workspace has is NotFound.
type Destinations interface {
	// Add adds one. Where bursar made its signing secret, that is returned: this once.
	Add(ctx context.Context, workspaceID string, w service.Wish) (bursar.Destination, bursar.Secret, error)
	// Change changes one. allow is asked, in the transaction that makes the change, whether the one that is there may be changed.
	Change(ctx context.Context, workspaceID, id string, w service.Wish, allow func(bursar.Destination) error) (bursar.Destination, error)
	// Remove forgets one. What it holds stays there.
	Remove(ctx context.Context, workspaceID, id string, allow func(bursar.Destination) error) error
	// Check looks whether data could be delivered, and keeps what it saw.
	Check(ctx context.Context, workspaceID, id string) (bursar.Destination, error)
}

// destinationRoutes are about where data is delivered to.
func (a *API) destinationRoutes() {
	tag := "Destinations"
	handle(a, "GET /api/v1/destinations", auth.ReadDestinations, a.listDestinations, about{"listDestinations", tag, 200, "List the destinations that data is delivered to, by name."})
	handle(a, "POST /api/v1/destinations", auth.ManageDestinations, a.addDestination, about{"addDestination", tag, 201, "Add a destination. Nothing is delivered before a check has found that it can be; a run checks by itself. A webhook's signing secret, when bursar has made it, is in the answer and nowhere else."})
	handle(a, "GET /api/v1/destinations/{destination}", auth.ReadDestinations, a.getDestination, about{"getDestination", tag, 200, "Show a destination."})
	handle(a, "PATCH /api/v1/destinations/{destination}", auth.ManageDestinations, a.changeDestination, about{"changeDestination", tag, 200, "Change a destination. What is left out stays as it is; the target is given as a whole, and checked again then."}, unlessChanged)
	handle(a, "DELETE /api/v1/destinations/{destination}", auth.ManageDestinations, a.removeDestination, about{"removeDestination", tag, 200, "Forget a destination and its secret. What it holds stays there."}, unlessChanged)
	handle(a, "POST /api/v1/destinations/{destination}/check", auth.Deliver, a.checkDestination, about{"checkDestination", tag, 200, "Look whether data could be delivered to a destination. Nothing is delivered, and nothing is left there."})
	handle(a, "POST /api/v1/destinations/{destination}/run", auth.Deliver, a.runDestination, about{"runDestination", tag, 202, "Deliver now what a destination does not hold yet. A run that is under way is answered instead of a second one."})
	handle(a, "GET /api/v1/destinations/{destination}/deliveries", auth.ReadDestinations, a.listHandovers, about{"listDestinationDeliveries", tag, 200, "List what was delivered to a destination and withdrawn from it, part by part, the newest first."})
}

// Destination is a destination as the API shows it.
type Destination struct {
	bursar.Destination
	Usable        bool   `json:"usable" doc:"The newest check found nothing that would keep data from being delivered."`
	SigningSecret string `json:"signing_secret,omitempty" doc:"What messages are signed with. Present in the answer that made it, and never again."`
}

func showDestination(d bursar.Destination) Destination {
	return Destination{Destination: d, Usable: d.Usable()}
}

// NewDestination is what a caller says to add a destination.
type NewDestination struct {
	Name     string                 `json:"name"`
	Kind     bursar.DestinationKind `json:"kind"`
	Datasets *[]string              `json:"datasets,omitempty"`
	Trigger  *bursar.Trigger        `json:"trigger,omitempty"`
	Full     *bool                  `json:"full,omitempty"`
	Paused   *bool                  `json:"paused,omitempty"`
	Target   *bursar.TargetSettings `json:"target"`
	Secret   *string                `json:"secret,omitempty"`
}

// DestinationChange is what can be changed of a destination.
type DestinationChange struct {
	Name     *string                `json:"name,omitempty"`
	Datasets *[]string              `json:"datasets,omitempty"`
	Trigger  *bursar.Trigger        `json:"trigger,omitempty"`
	Full     *bool                  `json:"full,omitempty"`
	Paused   *bool                  `json:"paused,omitempty"`
	Target   *bursar.TargetSettings `json:"target,omitempty"`
	Secret   *string                `json:"secret,omitempty"`
}

func secretOf(s *string) *bursar.Secret {
	if s == nil {
		return nil
	}
	secret := bursar.NewSecret(*s)
	return &secret
}

type destinationPath struct {
	Destination string `path:"destination" doc:"The destination's id (dst_…) or its name."`
}

type destinationOutput struct{ Body Destination }

func (o *destinationOutput) state() string { return versionState(o.Body.Version) }

func (a *API) listDestinations(ctx context.Context, p auth.Principal, in *struct{ Paging }) (*listOutput[Destination], error) {
	return paged(ctx, a, in.Paging, func(tx *store.Tx, page store.Page) ([]Destination, string, error) {
		list, next, err := tx.Destinations(p.WorkspaceID, page)
		return each(list, showDestination), next, err
	})
}

func (a *API) addDestination(ctx context.Context, p auth.Principal, in *struct{ Body NewDestination }) (*destinationOutput, error) {
	b := in.Body
	d, made, err := a.Destinations.Add(ctx, p.WorkspaceID, service.Wish{
		Name: &b.Name, Kind: b.Kind, Datasets: b.Datasets, Trigger: b.Trigger, Full: b.Full, Paused: b.Paused, Target: b.Target, Secret: secretOf(b.Secret),
	})
	out := &destinationOutput{showDestination(d)}
	out.Body.SigningSecret = made.Reveal()
	return out, err
}

func (a *API) destination(ctx context.Context, p auth.Principal, id string) (d bursar.Destination, err error) {
	err = a.Store.View(ctx, func(tx *store.Tx) error { d, err = tx.Destination(p.WorkspaceID, id); return err })
	return d, err
}

func (a *API) getDestination(ctx context.Context, p auth.Principal, in *destinationPath) (*destinationOutput, error) {
	d, err := a.destination(ctx, p, in.Destination)
	return &destinationOutput{showDestination(d)}, err
}

func (a *API) changeDestination(ctx context.Context, p auth.Principal, in *struct {
	Destination string `path:"destination" doc:"The destination's id (dst_…) or its name."`
	Body        DestinationChange
},
) (*destinationOutput, error) {
	b := in.Body
	d, err := a.Destinations.Change(ctx, p.WorkspaceID, in.Destination, service.Wish{
		Name: b.Name, Datasets: b.Datasets, Trigger: b.Trigger, Full: b.Full, Paused: b.Paused, Target: b.Target, Secret: secretOf(b.Secret),
	}, unchangedDestination(ctx))
	return &destinationOutput{showDestination(d)}, err
}

// unchangedDestination compares with what the caller has read, where it says what that was.
func unchangedDestination(ctx context.Context) func(bursar.Destination) error {
	return func(d bursar.Destination) error { return unchanged(ctx, versionState(d.Version)) }
}

func (a *API) removeDestination(ctx context.Context, p auth.Principal, in *destinationPath) (*destinationOutput, error) {
	d, err := a.destination(ctx, p, in.Destination)
	if err != nil {
		return nil, err
	}
	return &destinationOutput{showDestination(d)}, a.Destinations.Remove(ctx, p.WorkspaceID, d.ID, unchangedDestination(ctx))
}

func (a *API) checkDestination(ctx context.Context, p auth.Principal, in *destinationPath) (*destinationOutput, error) {
	d, err := a.Destinations.Check(ctx, p.WorkspaceID, in.Destination)
	return &destinationOutput{showDestination(d)}, err
}

func (a *API) runDestination(ctx context.Context, p auth.Principal, in *destinationPath) (*startedOutput, error) {
	d, err := a.destination(ctx, p, in.Destination)
	if err != nil {
		return nil, err
	}
	run, err := a.Runs.Enqueue(ctx, p.WorkspaceID, KindDeliver, d.ID)
	return &startedOutput{"/api/v1/runs/" + run.ID, run}, err
}

func (a *API) listHandovers(ctx context.Context, p auth.Principal, in *struct {
	Destination string `path:"destination" doc:"The destination's id (dst_…) or its name."`
	Paging
},
) (*listOutput[bursar.Handover], error) {
	return paged(ctx, a, in.Paging, func(tx *store.Tx, page store.Page) ([]bursar.Handover, string, error) {
		d, err := tx.Destination(p.WorkspaceID, in.Destination)
		if err != nil {
			return nil, "", err
		}
		return tx.Handovers(p.WorkspaceID, d.ID, page)
	})
}
