package awsapi

import (
	"context"
	"errors"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// traced makes a span for each call, under the span of its context, with an event for each time that it was tried. Without one in the
// context nothing happens.
func traced(s *middleware.Stack) error {
	err := s.Initialize.Add(middleware.InitializeMiddlewareFunc("bursar.Trace",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			parent := trace.SpanFromContext(ctx)
			if !parent.SpanContext().IsValid() {
				return next.HandleInitialize(ctx, in)
			}
			service, operation := awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx)
			ctx, span := parent.TracerProvider().Tracer("github.com/bursarhq/bursar").Start(ctx, "aws "+IAMAction(service, operation), trace.WithSpanKind(trace.SpanKindClient),
				trace.WithAttributes(attribute.String("rpc.system", "aws-api"), attribute.String("rpc.service", service), attribute.String("rpc.method", operation),
					attribute.String("cloud.region", awsmiddleware.GetRegion(ctx))))
			defer span.End()
			out, meta, err := next.HandleInitialize(context.WithValue(ctx, attemptsKey{}, new(int)), in)
			if err != nil {
				span.SetAttributes(attribute.String("error.type", errorCode(err)))
				span.SetStatus(codes.Error, "")
			}
			return out, meta, err
		}), middleware.After)
	if err != nil {
		return err
	}
	// The step "Retry" runs what comes after it once for each attempt.
	return s.Finalize.Insert(middleware.FinalizeMiddlewareFunc("bursar.TraceAttempt", traceAttempt), "Retry", middleware.After)
}

// attemptsKey holds how often the call was tried: an *int, which one goroutine counts up.
type attemptsKey struct{}

func traceAttempt(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	attempts, traced := ctx.Value(attemptsKey{}).(*int)
	if !traced {
		return next.HandleFinalize(ctx, in)
	}
	*attempts++
	out, meta, err := next.HandleFinalize(ctx, in)
	about := []attribute.KeyValue{attribute.Int("aws.attempt", *attempts)}
	if id, ok := awsmiddleware.GetRequestIDMetadata(meta); ok {
		about = append(about, attribute.String("aws.request_id", id))
	}
	if err != nil {
		about = append(about, attribute.String("error.type", errorCode(err)))
	}
	span := trace.SpanFromContext(ctx)
	span.AddEvent("attempt", trace.WithAttributes(about...))
	span.SetAttributes(attribute.Int("aws.attempts", *attempts))
	return out, meta, err
}

// errorCode is what AWS calls the error; the class of one that is not AWS's.
func errorCode(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return string(Classify(err).Class)
}
