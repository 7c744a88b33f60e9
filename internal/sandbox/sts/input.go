package sts

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/sandbox/policy"
)

// input is a validated AssumeRole request.
type input struct {
	roleARN, account string
	sessionName      string
	externalID       *string
	duration         time.Duration
	policy           string
	policyARNs       []string
	sourceIdentity   string
	tags             map[string]string
}

const (
	nameRule     = `[\w+=,.@-]*`
	externalRule = `[\w+=,.@:\/-]*`
)

var (
	namePattern     = regexp.MustCompile(`^` + nameRule + `$`)
	externalPattern = regexp.MustCompile(`^` + externalRule + `$`)
	rolePattern     = regexp.MustCompile(`^arn:[a-z-]+:iam::([0-9]{12}):role/[\x21-\x7e]+$`)
)

func parse(r *cloud.Request) (*input, *cloud.Error) {
	f := r.Form
	in := &input{roleARN: f.Get("RoleArn"), sessionName: f.Get("RoleSessionName"), policy: f.Get("Policy"), sourceIdentity: f.Get("SourceIdentity"), duration: time.Hour, tags: map[string]string{}}
	m := rolePattern.FindStringSubmatch(in.roleARN)
	if len(in.roleARN) < 20 {
		return nil, cloud.Invalid("roleArn", in.roleARN, "have length greater than or equal to 20")
	}
	if m == nil {
		return nil, cloud.Validation("%s is invalid", in.roleARN)
	}
	in.account = m[1]
	if e := checkName("roleSessionName", in.sessionName); e != nil {
		return nil, e
	}
	if in.sourceIdentity != "" {
		if e := checkName("sourceIdentity", in.sourceIdentity); e != nil {
			return nil, e
		}
	}
	for i := 1; f.Has(fmt.Sprintf("PolicyArns.member.%d.arn", i)); i++ {
		in.policyARNs = append(in.policyARNs, f.Get(fmt.Sprintf("PolicyArns.member.%d.arn", i)))
	}
	for i := 1; f.Has(fmt.Sprintf("Tags.member.%d.Key", i)); i++ {
		in.tags[f.Get(fmt.Sprintf("Tags.member.%d.Key", i))] = f.Get(fmt.Sprintf("Tags.member.%d.Value", i))
	}
	if e := in.externalIDOf(r); e != nil {
		return nil, e
	}
	return in, in.durationOf(f.Get("DurationSeconds"))
}

func checkName(member, v string) *cloud.Error {
	switch {
	case len(v) < 2:
		return cloud.Invalid(member, v, "have length greater than or equal to 2")
	case len(v) > 64:
		return cloud.Invalid(member, v, "have length less than or equal to 64")
	case !namePattern.MatchString(v):
		return cloud.Invalid(member, v, "satisfy regular expression pattern: "+nameRule)
	}
	return nil
}

// externalIDOf takes the external id. An empty one that was sent is too short; one that was not sent is absent
// from the context of the trust policy.
func (in *input) externalIDOf(r *cloud.Request) *cloud.Error {
	if !r.Form.Has("ExternalId") {
		return nil
	}
	v := r.Form.Get("ExternalId")
	switch {
	case len(v) < 2:
		return cloud.Invalid("externalId", v, "have length greater than or equal to 2")
	case len(v) > 1224:
		return cloud.Invalid("externalId", v, "have length less than or equal to 1224")
	case !externalPattern.MatchString(v):
		return cloud.Invalid("externalId", v, "satisfy regular expression pattern: "+externalRule)
	}
	in.externalID = &v
	return nil
}

func (in *input) durationOf(text string) *cloud.Error {
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	switch {
	case err != nil:
		return cloud.Errorf(http.StatusBadRequest, "MalformedInput", "DurationSeconds is not a number")
	case n < 900:
		return cloud.Invalid("durationSeconds", text, "have value greater than or equal to 900")
	case n > 43200:
		return cloud.Invalid("durationSeconds", text, "have value less than or equal to 43200")
	}
	in.duration = time.Duration(n) * time.Second
	return nil
}

func (in *input) checkDuration(caller cloud.Principal, role *cloud.Role) *cloud.Error {
	if caller.Kind == cloud.RoleSession && in.duration > time.Hour {
		return cloud.Validation("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	}
	if in.duration > time.Duration(role.MaxSession)*time.Second {
		return cloud.Validation("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return nil
}

// context holds the condition keys of this call.
func (in *input) context() map[string][]string {
	m := map[string][]string{"sts:RoleSessionName": {in.sessionName}}
	if in.externalID != nil {
		m["sts:ExternalId"] = []string{*in.externalID}
	}
	if in.sourceIdentity != "" {
		m["sts:SourceIdentity"] = []string{in.sourceIdentity}
	}
	for k, v := range in.tags {
		m["aws:RequestTag/"+k] = []string{v}
		m["aws:TagKeys"] = append(m["aws:TagKeys"], k)
	}
	return m
}

// maxPolicy bounds the session policies: 2,048 characters in plain, and AWS packs them into a binary form with a
// limit of its own, of which PackedPolicySize tells the percentage.
const maxPolicy = 2048

func (in *input) packed() int {
	return (len(in.policy) + 50*len(in.policyARNs)) * 100 / (2 * maxPolicy)
}

func (s *Service) sessionPolicies(role *cloud.Role, in *input) ([]*policy.Document, *cloud.Error) {
	if len(in.policy) > maxPolicy {
		return nil, cloud.Invalid("policy", in.policy, "have length less than or equal to 2048")
	}
	if len(in.policyARNs) > 10 {
		return nil, cloud.Invalid("policyArns", strings.Join(in.policyARNs, ", "), "have length less than or equal to 10")
	}
	var docs []*policy.Document
	if in.policy != "" {
		d, e := cloud.ParsePolicy(in.policy, policy.Identity)
		if e != nil {
			return nil, e
		}
		docs = append(docs, d)
	}
	for _, arn := range in.policyARNs {
		p, e := s.cloud.Policy(role.AccountID, arn)
		if e != nil {
			return nil, cloud.Validation("Policy %s does not exist or is not attachable.", arn)
		}
		docs = append(docs, p.Doc)
	}
	return docs, nil
}
