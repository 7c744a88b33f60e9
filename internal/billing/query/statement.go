package query

import (
	"context"
	"errors"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/billing/table"
)

// Statement is SQL that a person wrote, with all that it may see.
type Statement struct {
	Text      string
	Relations []Relation
	Files     []string // what the relations read
	MaxRows   int
}

// Results takes what a statement answers.
type Results interface {
	Begin(columns []table.Column) error
	Row(cells []any) error
}

// Confined runs people's SQL. Each kind is proven by querytest with hostile statements.
type Confined interface {
	// Run runs one SELECT over the statement's relations and nothing else: no other table, no file, no setting, no network. Memory is
	// limited. more says that there were more rows than MaxRows. What is wrong with the SQL is an Invalid error with the field sql.
	Run(ctx context.Context, s Statement, out Results) (more bool, err error)
}

// Catalog gives consistent states of the lake, and what bursar remembers. [lake.Lake] is one.
type Catalog interface {
	Snapshots
	Records(ctx context.Context, workspaceID string) ([]bursar.Account, []bursar.Export, []bursar.Delivery, error)
}

// SQL runs people's SQL over a workspace's part of the lake.
type SQL struct {
	Lake    Catalog
	Engine  Confined
	Timeout time.Duration // for one statement
}

// Run runs a statement over one snapshot of the lake.
func (s SQL) Run(ctx context.Context, workspaceID, statement string, maxRows int, out Results) (more bool, err error) {
	snap, err := s.Lake.Snapshot(ctx, workspaceID, nil)
	if err != nil {
		return false, err
	}
	defer snap.Release()
	var r Records
	if r.Accounts, r.Exports, r.Deliveries, err = s.Lake.Records(ctx, workspaceID); err != nil {
		return false, err
	}
	limited, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	more, err = s.Engine.Run(limited, Statement{Text: statement, Relations: relations(snap, r), Files: filesOf(snap), MaxRows: maxRows}, out)
	if err != nil && ctx.Err() == nil && errors.Is(limited.Err(), context.DeadlineExceeded) {
		return false, bursar.InvalidField("sql", "the statement took longer than %s", s.Timeout).WithReason("time_limit").
			WithHint("ask costs_daily instead of line_items, name the billing_period, or raise sql_timeout")
	}
	return more, err
}

func filesOf(snap *lake.Snapshot) (paths []string) {
	for _, files := range [][]lake.Files{snap.LineItems, snap.Rollups} {
		for _, f := range files {
			paths = append(paths, f.Paths...)
		}
	}
	return paths
}
