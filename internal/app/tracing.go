package app

import (
	"context"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/api"
	"github.com/bursarhq/bursar/internal/billing/export"
	"github.com/bursarhq/bursar/internal/billing/ingest"
	"github.com/bursarhq/bursar/internal/billing/query"
	"github.com/bursarhq/bursar/internal/job/kind"
	"github.com/bursarhq/bursar/internal/tracing"
	"go.opentelemetry.io/otel/attribute"
)

// Traced sends what has been traced and not been sent yet.
func (a *App) Traced() error { return a.tracer.Flush() }

// tracedImports gives each import of a delivery a span.
type tracedImports struct{ kind.Importer }

// Import imports, and says how much.
func (t tracedImports) Import(ctx context.Context, c export.Candidate, b bursar.Bucket, progress func(ingest.Progress)) (bursar.Delivery, error) {
	ctx, span := tracing.Start(ctx, "import", attribute.String("bursar.export.id", c.Export.ID), attribute.String("bursar.period", c.Period.String()))
	d, err := t.Importer.Import(ctx, c, b, progress)
	span.Set(attribute.String("bursar.delivery.id", d.ID), attribute.String("bursar.delivery.state", string(d.State)),
		attribute.Int("bursar.files", d.Files), attribute.Int64("bursar.rows", d.Rows), attribute.Int64("bursar.bytes", d.SourceBytes))
	span.End(err)
	return d, err
}

// tracedCosts gives each question a span.
type tracedCosts struct{ api.Costs }

// Ask answers, and says how many rows there are.
func (t tracedCosts) Ask(ctx context.Context, workspaceID string, q query.Question) (query.Answer, error) {
	ctx, span := tracing.Start(ctx, "question", attribute.Int("bursar.groups", len(q.GroupBy)))
	answer, err := t.Costs.Ask(ctx, workspaceID, q)
	span.Set(attribute.Int("bursar.rows", len(answer.Rows)))
	span.End(err)
	return answer, err
}

// tracedStatements gives each statement of people's SQL a span. What they ask is not in it.
type tracedStatements struct{ api.Statements }

// Run runs it, and says whether there was more.
func (t tracedStatements) Run(ctx context.Context, workspaceID, statement string, maxRows int, out query.Results) (more bool, err error) {
	ctx, span := tracing.Start(ctx, "statement")
	more, err = t.Statements.Run(ctx, workspaceID, statement, maxRows, out)
	span.Set(attribute.Bool("bursar.more", more))
	span.End(err)
	return more, err
}
