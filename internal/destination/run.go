package destination

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/bursarhq/bursar"
)

// Dataset is something that can be delivered. Each is one line in the app's list.
type Dataset interface {
	// Name is the dataset's name: tables and folders are called so.
	Name() string
	// Parts tells every part that counts now, of one consistent state of a workspace. Their rows can be read until release is called.
	Parts(ctx context.Context, workspaceID string) (parts []*Part, release func(), err error)
}

// Plan says what is delivered.
type Plan struct {
	WorkspaceID string
	Datasets    []Dataset
	Full        bool // every part again; otherwise those whose version is not what the target holds
	// Delivered are the manifests that bursar remembers, for targets that cannot be asked.
	Delivered []Manifest
	// Run is the run's id: parts that it has delivered before it was cut off are not delivered again, with Full too.
	Run string

	Began     func(p *Part, done, total int)         // is told before each part; may be nil
	Delivery  func(m Manifest, withdrawn bool) error // is told of each part that was replaced or withdrawn; an error ends the run
	Unchanged func(n int)                            // is told how many parts were left as they are; may be nil
}

// Run delivers: what does not count any more is withdrawn first, so that nothing counts twice; then what is new or has changed is replaced,
// part by part. It ends at the first error, with the parts before it delivered.
func Run(ctx context.Context, t Target, p Plan) error {
	held, err := t.Held(ctx)
	if errors.Is(err, ErrForgets) {
		held, err = p.Delivered, nil
	}
	if err == nil {
		err = catchUp(p, held)
	}
	if err != nil {
		return err
	}
	for _, d := range p.Datasets {
		if err := deliver(ctx, t, p, d, held); err != nil {
			return fmt.Errorf("%s: %w", d.Name(), err)
		}
	}
	return nil
}

// catchUp tells of what a run that was cut off has delivered or withdrawn, and could not tell.
func catchUp(p Plan, held []Manifest) error {
	for _, m := range held {
		if at(p.Delivered, m.Key) != m.Version {
			if err := p.Delivery(m, false); err != nil {
				return err
			}
		}
	}
	for _, m := range p.Delivered {
		if at(held, m.Key) == "" {
			if err := p.Delivery(m, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// at is the version of a part among manifests; "" where there is none.
func at(manifests []Manifest, k Key) string {
	i := slices.IndexFunc(manifests, func(m Manifest) bool { return m.Key == k })
	if i < 0 {
		return ""
	}
	return manifests[i].Version
}

func deliver(ctx context.Context, t Target, p Plan, d Dataset, held []Manifest) error {
	parts, release, err := d.Parts(ctx, p.WorkspaceID)
	if err != nil {
		return err
	}
	defer release()
	if err := withdraw(ctx, t, p, d.Name(), parts, held); err != nil {
		return err
	}
	due := changed(p, parts, held)
	if p.Unchanged != nil {
		p.Unchanged(len(parts) - len(due))
	}
	if len(due) == 0 {
		return nil
	}
	var columns [][]Column
	for _, part := range due {
		columns = append(columns, part.Columns)
	}
	if err := t.Prepare(ctx, d.Name(), Union(columns...)); err != nil {
		return err
	}
	for i, part := range due {
		if p.Began != nil {
			p.Began(part, i, len(due))
		}
		m, err := t.Deliver(ctx, part)
		if err != nil {
			return fmt.Errorf("%s of %s: %w", part.Period, part.Source, err)
		}
		if err := p.Delivery(m, false); err != nil {
			return err
		}
	}
	return nil
}

// withdraw removes what the target holds of a dataset and what does not count any more.
func withdraw(ctx context.Context, t Target, p Plan, dataset string, parts []*Part, held []Manifest) error {
	for _, m := range held {
		if m.Dataset != dataset || slices.ContainsFunc(parts, func(q *Part) bool { return q.Key == m.Key }) {
			continue
		}
		if err := t.Withdraw(ctx, m.Key); err != nil {
			return fmt.Errorf("withdrawing %s of %s: %w", m.Period, m.Source, err)
		}
		if err := p.Delivery(m, true); err != nil {
			return err
		}
	}
	return nil
}

// changed are the parts that have to be delivered.
func changed(p Plan, parts []*Part, held []Manifest) (due []*Part) {
	for _, part := range parts {
		i := slices.IndexFunc(held, func(m Manifest) bool { return m.Key == part.Key })
		if i >= 0 && held[i].Version == part.Version && (!p.Full || p.Run != "" && held[i].Run == p.Run) {
			continue
		}
		due = append(due, part)
	}
	return due
}

// Refused is an error that trying again does not mend.
func Refused(reason, format string, args ...any) *bursar.Error {
	return bursar.Errorf(bursar.Invalid, format, args...).WithReason(reason)
}

// Away is an error that may pass by itself.
func Away(reason, format string, args ...any) *bursar.Error {
	return bursar.Errorf(bursar.Unavailable, format, args...).WithReason(reason)
}
