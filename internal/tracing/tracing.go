// Package tracing tells an OpenTelemetry collector what bursar spends its time on: a trace for each request and for each attempt at a run, and in
// it the checks, the calls to AWS, the imports, the publications and the questions.
//
// It is off until an endpoint is set, and costs next to nothing then: [Start] makes a span under the one that its context holds, and does
// nothing where there is none. A span holds names that the code decides, ids of bursar's own, counts and codes: no path with what a caller wrote
// into it, no query, no header, no text of an error.
//
// https://opentelemetry.io/docs/specs/otel/trace/
package tracing

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/bursarhq/bursar"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// scope names what made the spans.
const scope = "github.com/bursarhq/bursar"

// flushTime is how long Close waits for a collector that takes its time.
const flushTime = 5 * time.Second

// Tracer begins traces. A nil one begins none. It is safe for concurrent use.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	carried  propagation.TextMapPropagator
}

// Open makes a tracer that sends what it sees as the settings say; nil when they say nothing. It sends nothing yet.
func Open(ctx context.Context, s Settings, version string, log *slog.Logger) (*Tracer, error) {
	if !s.On() {
		return nil, nil
	}
	exporter, err := otlptrace.New(ctx, newSender(s, log))
	if err != nil {
		return nil, err
	}
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "bursar"), attribute.String("service.version", version)), resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, bursar.Errorf(bursar.Invalid, "OTEL_RESOURCE_ATTRIBUTES cannot be read: %w", err).WithHint("write key=value, with commas between them")
	}
	p := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))
	return &Tracer{provider: p, tracer: p.Tracer(scope, trace.WithInstrumentationVersion(version)), carried: propagation.TraceContext{}}, nil
}

// Close sends what has not been sent, for at most 5 seconds.
func (t *Tracer) Close() error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	return nil // a collector that does not answer keeps nothing from stopping; what it missed was logged
}

// Flush sends what has not been sent, for at most 5 seconds.
func (t *Tracer) Flush() error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	return t.provider.ForceFlush(ctx)
}

// HTTP begins a span for each request that next answers, under the caller's where it names one (W3C traceparent). Whoever answers tells with
// [Answered] what it was. Requests that only ask whether bursar lives have none.
func (t *Tracer) HTTP(next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" {
			next.ServeHTTP(w, r)
			return
		}
		ctx := t.carried.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := t.tracer.Start(ctx, knownMethod(r.Method), trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// Answered says what became of the request of a context: the route that matched ("" where none did), the request's id and the answer's status.
func Answered(ctx context.Context, method, route, requestID string, status int) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	method, status = knownMethod(method), cmp.Or(status, http.StatusOK)
	span.SetName(method + " " + cmp.Or(route, "other"))
	span.SetAttributes(attribute.String("http.request.method", method), attribute.Int("http.response.status_code", status))
	if route != "" {
		span.SetAttributes(attribute.String("http.route", route))
	}
	if requestID != "" {
		span.SetAttributes(attribute.String("bursar.request_id", requestID))
	}
	if status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
}

// knownMethod keeps callers from making up names.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "_OTHER"
}

// Begin begins a trace of its own, for work that nobody waits for.
func (t *Tracer) Begin(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, Span) {
	if t == nil {
		return ctx, Span{trace.SpanFromContext(ctx)}
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithNewRoot(), trace.WithAttributes(attributes...))
	return ctx, Span{span}
}

// Start begins a span under the one of the context. Where that has none, it does nothing.
func Start(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, Span) {
	ctx, span := trace.SpanFromContext(ctx).TracerProvider().Tracer(scope).Start(ctx, name, trace.WithAttributes(attributes...))
	return ctx, Span{span}
}

// Span is a piece of work.
type Span struct{ span trace.Span }

// Set tells more of it.
func (s Span) Set(attributes ...attribute.KeyValue) { s.span.SetAttributes(attributes...) }

// End ends it: with err, it has failed, and carries the error's reason or code. The error's text is the log's.
func (s Span) End(err error) {
	if err != nil {
		s.span.SetAttributes(attribute.String("error.type", reason(err)))
		s.span.SetStatus(codes.Error, "")
	}
	s.span.End()
}

func reason(err error) string {
	var e *bursar.Error
	switch {
	case errors.As(err, &e):
		return cmp.Or(e.Reason, string(e.Code))
	case errors.Is(err, context.Canceled):
		return "cancelled"
	}
	return string(bursar.Internal)
}
