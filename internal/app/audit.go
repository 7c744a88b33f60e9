package app

import (
	"context"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/store"
)

// assumed is what the audit log says of a role that bursar assumed, or tried to.
type assumed struct {
	RoleARN    string            `json:"role_arn"`
	Capability bursar.Capability `json:"capability,omitempty"`
	Probe      string            `json:"probe,omitempty"`
}

// auditAssumed writes each role that is assumed into the audit log of its workspace.
func auditAssumed(q *store.AuditQueue) func(context.Context, awsapi.AssumeRequest, error) error {
	return func(ctx context.Context, r awsapi.AssumeRequest, refused error) error {
		after := assumed{RoleARN: r.RoleARN, Capability: r.Capability}
		if r.WithoutExternalID {
			after.Probe = "without an external id, which must be refused"
		}
		c := store.Change{WorkspaceID: r.WorkspaceID, Action: "assumeRole", Target: r.RecordID, After: after}
		if refused != nil {
			c.Outcome, c.Reason = bursar.OutcomeFailed, string(awsapi.Classify(refused).Class)
		}
		return q.Add(ctx, c)
	}
}
