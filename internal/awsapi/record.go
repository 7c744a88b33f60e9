package awsapi

import (
	"context"
	"slices"
	"sync"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// Recorder notes the IAM action of each AWS operation that is called under its context. It is safe for concurrent use.
type Recorder struct {
	mu      sync.Mutex
	actions map[string]int
}

type recorderKey struct{}

// Record returns a context under which every call to AWS is noted, and the recorder that notes them. The calls of
// bursar's own identity (sts:AssumeRole) are noted too. A request that is tried again counts once.
func Record(ctx context.Context) (context.Context, *Recorder) {
	r := &Recorder{actions: map[string]int{}}
	return context.WithValue(ctx, recorderKey{}, r), r
}

// Actions returns the IAM actions that were called ("s3:ListBucket"), sorted, each once.
func (r *Recorder) Actions() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]string, 0, len(r.actions))
	for a := range r.actions {
		out = append(out, a)
	}
	slices.Sort(out)
	return out
}

// Count returns how often an action was called.
func (r *Recorder) Count(action string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.actions[action]
}

func (r *Recorder) add(action string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.actions[action]++
}

// recording is put into every service client: no call can be forgotten.
var recording = []func(*middleware.Stack) error{func(s *middleware.Stack) error {
	return s.Initialize.Add(middleware.InitializeMiddlewareFunc("bursar.Record",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			if r, ok := ctx.Value(recorderKey{}).(*Recorder); ok {
				r.add(IAMAction(awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx)))
			}
			return next.HandleInitialize(ctx, in)
		}), middleware.After)
}}

// telling tells called of every call.
func telling(called func(action, outcome string)) func(*middleware.Stack) error {
	return func(s *middleware.Stack) error {
		if called == nil {
			return nil
		}
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("bursar.Tell",
			func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				out, meta, err := next.HandleInitialize(ctx, in)
				service, operation, outcome := awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx), "ok"
				if err != nil { // named as the SDK names it further out: what a refusal means depends on the operation
					outcome = string(Classify(&smithy.OperationError{ServiceID: service, OperationName: operation, Err: err}).Class)
				}
				called(IAMAction(service, operation), outcome)
				return out, meta, err
			}), middleware.After)
	}
}

// iamPrefix gives the prefix of a service's IAM actions by the SDK's name of the service.
var iamPrefix = map[string]string{
	"STS": "sts", "IAM": "iam", "Organizations": "organizations", "Account": "account", "S3": "s3",
	"Cost and Usage Report Service": "cur", "BCM Data Exports": "bcm-data-exports", "Cost Explorer": "ce",
	"CloudFormation": "cloudformation", "KMS": "kms", "EC2": "ec2", "Billing": "billing",
}

// iamActions names the operations whose IAM action has another name.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
var iamActions = map[string]string{
	"s3:ListObjectsV2": "s3:ListBucket", "s3:HeadBucket": "s3:ListBucket", "s3:HeadObject": "s3:GetObject",
	"s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
}

// IAMAction returns the IAM action that allows an operation, by the SDK's name of the service: ("S3", "ListObjectsV2")
// is "s3:ListBucket".
func IAMAction(service, operation string) string {
	prefix, ok := iamPrefix[service]
	if !ok {
		prefix = service
	}
	action := prefix + ":" + operation
	if other, ok := iamActions[action]; ok {
		return other
	}
	return action
}
