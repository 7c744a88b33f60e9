// Package sts is the Security Token Service of the simulated AWS: AssumeRole, with the evaluation of trust
// policies that everything else rests on, and GetCallerIdentity.
// https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html
package sts

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// Service answers for sts.
type Service struct{ cloud *cloud.Cloud }

// New returns the service.
func New(c *cloud.Cloud) *Service { return &Service{c} }

// Name returns "sts".
func (s *Service) Name() string { return "sts" }

// Protocol returns the query protocol.
func (s *Service) Protocol() cloud.Protocol { return cloud.Query }

// Namespace returns the XML namespace of answers.
func (s *Service) Namespace() string { return "https://sts.amazonaws.com/doc/2011-06-15/" }

var operations = map[string]func(*Service, *cloud.Request) (any, *cloud.Error){
	"GetCallerIdentity": (*Service).getCallerIdentity,
	"AssumeRole":        (*Service).assumeRole,
	"GetAccessKeyInfo":  (*Service).getAccessKeyInfo,
}

// Operations lists what is simulated.
func (s *Service) Operations() []string { return slices.Sorted(maps.Keys(operations)) }

// Serve answers one request.
func (s *Service) Serve(w http.ResponseWriter, r *cloud.Request) {
	run, ok := operations[r.Action]
	if !ok {
		r.Fail(w, cloud.Errorf(http.StatusBadRequest, "InvalidAction", "Could not find operation %s for version 2011-06-15", r.Action))
		return
	}
	result, e := run(s, r)
	if e != nil {
		r.Fail(w, e)
		return
	}
	r.Reply(w, result)
}

type identity struct{ Arn, UserId, Account string }

// getCallerIdentity needs no permission and cannot be denied.
func (s *Service) getCallerIdentity(r *cloud.Request) (any, *cloud.Error) {
	return identity{r.Caller.ARN, r.Caller.UserID(), r.Caller.AccountID}, nil
}

func (s *Service) getAccessKeyInfo(r *cloud.Request) (any, *cloud.Error) {
	if e := r.Allow("sts:GetAccessKeyInfo", "*", nil); e != nil {
		return nil, e
	}
	account, ok := s.cloud.AccountOfKey(r.Form.Get("AccessKeyId"))
	if !ok {
		return nil, cloud.Validation("Invalid or unknown access key id")
	}
	return struct{ Account string }{account}, nil
}

type assumed struct {
	AssumedRoleUser  struct{ AssumedRoleId, Arn string }
	Credentials      credentials
	PackedPolicySize int    `xml:",omitempty"`
	SourceIdentity   string `xml:",omitempty"`
}

type credentials struct {
	AccessKeyId, SecretAccessKey, SessionToken string
	Expiration                                 string
}

// assumeRole gives out a role's credentials. Whatever is wrong on the role's side (it does not exist, has not
// propagated, or its trust policy does not let the caller in) reads the same to the caller, as in AWS.
func (s *Service) assumeRole(r *cloud.Request) (any, *cloud.Error) {
	in, e := parse(r)
	if e != nil {
		return nil, e
	}
	if r.Caller.Kind == cloud.RootUser {
		return nil, cloud.Errorf(http.StatusForbidden, "AccessDenied", "Roles may not be assumed by root accounts.")
	}
	role := s.cloud.RoleInForce(in.roleARN)
	if e := s.allowed(r, in, role); e != nil {
		return nil, e
	}
	if e := in.checkDuration(r.Caller, role); e != nil {
		return nil, e
	}
	docs, e := s.sessionPolicies(role, in)
	if e != nil {
		return nil, e
	}
	p := session(role, in)
	p.Sessions = docs
	creds := s.cloud.NewSession(p, in.duration)
	out := assumed{SourceIdentity: in.sourceIdentity, PackedPolicySize: in.packed()}
	out.AssumedRoleUser.Arn, out.AssumedRoleUser.AssumedRoleId = p.ARN, p.UserID()
	out.Credentials = credentials{creds.AccessKeyID, creds.Secret.Reveal(), creds.SessionToken.Reveal(), creds.Expiration.Format(time.RFC3339)}
	return out, nil
}

func session(role *cloud.Role, in *input) cloud.Principal {
	return cloud.Principal{
		Kind: cloud.RoleSession, AccountID: role.AccountID, Name: role.Name, UniqueID: role.ID, SessionName: in.sessionName,
		ARN:    "arn:" + role.Partition + ":sts::" + role.AccountID + ":assumed-role/" + role.Name + "/" + in.sessionName,
		IAMARN: role.ARN(),
	}
}

// allowed asks both sides: the caller's own policies, and the role's trust policy, for the assumption itself and
// for what goes with it.
func (s *Service) allowed(r *cloud.Request, in *input, role *cloud.Role) *cloud.Error {
	actions := []string{"sts:AssumeRole"}
	if in.sourceIdentity != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	if len(in.tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	for _, action := range actions {
		a := cloud.Access{Action: action, Resource: in.roleARN, ResourceAccount: in.account, Context: in.context(), Region: r.Region}
		d := cloud.Decision{}
		if role != nil {
			a.ResourcePolicy = role.Trust
			d = s.cloud.Decide(r.Caller, a)
		}
		if d.Allowed {
			continue
		}
		if !d.Explicit && d.Layer != cloud.LayerSCP {
			d.Layer = "" // AWS does not say which side is silent
		}
		return cloud.Denied(r.Caller, a, d)
	}
	return nil
}
