package api

import (
	"context"
	"time"

	"github.com/bursarhq/bursar/internal/auth"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// changeEvery is the least time between two events of a stream of changes: much that happens at once is told at once.
const changeEvery = 250 * time.Millisecond

// Changes tells which nouns have changed.
type Changes struct {
	Topics []string `json:"topics"`
}

// watchChanges tells a caller what changes in the workspace, so that nobody has to ask again and again. It begins with an event without
// topics: from then on nothing is missed.
func (a *API) watchChanges(_ context.Context, p auth.Principal, _ *struct{}) (func(huma.Context), error) {
	return func(hc huma.Context) {
		watch, stop := a.Store.Watch(p.WorkspaceID)
		defer stop()
		_, w := humago.Unwrap(hc)
		e := newEventStream(w)
		defer e.close()
		e.send("changes", Changes{Topics: []string{}})
		beat := time.NewTicker(heartbeat)
		defer beat.Stop()
		for e.err == nil {
			select {
			case <-hc.Context().Done():
				return
			case <-a.stopping:
				return
			case <-beat.C:
				if now, err := a.who(hc); err != nil || now.WorkspaceID != p.WorkspaceID { // whoever may not hear any more, or looks elsewhere by now
					return
				}
				e.write(": still here\n\n")
			case <-watch.C:
				if topics := watch.Changed(); len(topics) > 0 {
					e.send("changes", Changes{topics})
				}
				pauseOr(hc.Context().Done(), a.stopping)
			}
		}
	}, nil
}

func pauseOr(ends ...<-chan struct{}) {
	t := time.NewTimer(changeEvery)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ends[0]:
	case <-ends[1]:
	}
}
