package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
)

// statement writes a trust policy of one statement for bursar's account root.
func statement(condition string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + own + `:root"},"Action":"sts:AssumeRole"` + condition + `}]}`
}

func when(text string) string { return statement(`,"Condition":` + text) }

// id is the external id that the account was given, and wrong another of the same form.
const (
	id    = "bur-abcdefghijklmnopqrstuvwxyz"
	wrong = "bur-zyxwvutsrqponmlkjihgfedcba"
)

// trusts is what people make of trust policies, and whom AWS lets in by them: with the right id, without one,
// and with a wrong one.
var trusts = []struct {
	name, trust               string
	right, without, withWrong bool
}{
	{"the template's", goodTrust(id), true, false, false},
	{"StringEquals alone", when(`{"StringEquals":{"sts:ExternalId":"` + id + `"}}`), true, false, false},
	{"no condition", statement(""), true, true, true},
	{"StringEqualsIfExists", when(`{"StringEqualsIfExists":{"sts:ExternalId":"` + id + `"}}`), true, true, false},
	{"StringLike star", when(`{"StringLike":{"sts:ExternalId":"*"}}`), true, false, true},
	{"StringLike prefix", when(`{"StringLike":{"sts:ExternalId":"bur-*"}}`), true, false, true},
	{"StringLike exact", when(`{"StringLike":{"sts:ExternalId":"` + id + `"}}`), true, false, false},
	{"StringLike question marks", when(`{"StringLike":{"sts:ExternalId":"` + strings.Repeat("?", len(id)) + `"}}`), true, false, true},
	{"StringLikeIfExists exact", when(`{"StringLikeIfExists":{"sts:ExternalId":"` + id + `"}}`), true, true, false},
	{"a star is no wildcard in StringEquals", when(`{"StringEquals":{"sts:ExternalId":"*"}}`), false, false, false},
	{"wrong key", when(`{"StringEquals":{"aws:ExternalId":"` + id + `"}}`), false, false, false},
	{"wrong key, IfExists", when(`{"StringEqualsIfExists":{"aws:ExternalId":"` + id + `"}}`), true, true, true},
	{"key in capitals", when(`{"StringEquals":{"STS:EXTERNALID":"` + id + `"}}`), true, false, false},
	{"value in capitals", when(`{"StringEquals":{"sts:ExternalId":"` + strings.ToUpper(id) + `"}}`), false, false, false},
	{"IgnoreCase", when(`{"StringEqualsIgnoreCase":{"sts:ExternalId":"` + strings.ToUpper(id) + `"}}`), true, false, false},
	{"StringNotEquals another", when(`{"StringNotEquals":{"sts:ExternalId":"x-other"}}`), true, true, true},
	{"Null false: any id", when(`{"Null":{"sts:ExternalId":"false"}}`), true, false, true},
	{"Null true: only without", when(`{"Null":{"sts:ExternalId":"true"}}`), false, true, false},
	{"Null false and the id", when(`{"Null":{"sts:ExternalId":"false"},"StringEquals":{"sts:ExternalId":"` + id + `"}}`), true, false, false},
	{"ForAnyValue", when(`{"ForAnyValue:StringEquals":{"sts:ExternalId":"` + id + `"}}`), true, false, false},
	{"ForAllValues", when(`{"ForAllValues:StringEquals":{"sts:ExternalId":"` + id + `"}}`), true, true, false},
	{"ForAnyValue like", when(`{"ForAnyValue:StringLike":{"sts:ExternalId":"b*"}}`), true, false, true},
	{"list of ids", when(`{"StringEquals":{"sts:ExternalId":["other-id","` + id + `"]}}`), true, false, false},
	{"list with the wrong one", when(`{"StringEquals":{"sts:ExternalId":["` + wrong + `","` + id + `"]}}`), true, false, true},
	{"empty id", when(`{"StringEquals":{"sts:ExternalId":""}}`), false, false, false},
	{"Principal star with the id", strings.Replace(when(`{"StringEquals":{"sts:ExternalId":"`+id+`"}}`), `{"AWS":"arn:aws:iam::`+own+`:root"}`, `"*"`, 1), true, false, false},
	{"Principal star, no condition", strings.Replace(statement(""), `{"AWS":"arn:aws:iam::`+own+`:root"}`, `{"AWS":"*"}`, 1), true, true, true},
	{"another account", strings.Replace(when(`{"StringEquals":{"sts:ExternalId":"`+id+`"}}`), own, loner, 1), false, false, false},
	{"account id as principal", strings.Replace(when(`{"StringEquals":{"sts:ExternalId":"`+id+`"}}`), "arn:aws:iam::"+own+":root", own, 1), true, false, false},
	{"the user as principal", strings.Replace(when(`{"StringEquals":{"sts:ExternalId":"`+id+`"}}`), own+":root", own+":user/bursar", 1), true, false, false},
	{"another PrincipalArn", when(`{"StringEquals":{"sts:ExternalId":"` + id + `"},"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::` + own + `:user/other"}}`), false, false, false},
	{"PrincipalArn by pattern", when(`{"StringEquals":{"sts:ExternalId":"` + id + `"},"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/bur*"}}`), true, false, false},
	{"PrincipalAccount", when(`{"StringEquals":{"sts:ExternalId":"` + id + `","aws:PrincipalAccount":"` + own + `"}}`), true, false, false},
	{"PrincipalOrgID of nobody", when(`{"StringEquals":{"sts:ExternalId":"` + id + `","aws:PrincipalOrgID":"o-example1234"}}`), false, false, false},
	{"two statements, one loose", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"` + own + `"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"` + id + `"}}},
		{"Effect":"Allow","Principal":{"AWS":"` + own + `"},"Action":"sts:AssumeRole"}]}`, true, true, true},
	{"two statements, deny without", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"` + own + `"},"Action":"sts:AssumeRole"},
		{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringNotEquals":{"sts:ExternalId":"` + id + `"}}}]}`, true, false, false},
	{"deny with IfExists lets the absent in", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"` + own + `"},"Action":"sts:AssumeRole"},
		{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"` + wrong + `"}}}]}`, true, true, false},
	{"only TagSession", strings.Replace(when(`{"StringEquals":{"sts:ExternalId":"`+id+`"}}`), "sts:AssumeRole", "sts:TagSession", 1), false, false, false},
	{"action by wildcard", strings.Replace(when(`{"StringEquals":{"sts:ExternalId":"`+id+`"}}`), "sts:AssumeRole", "sts:Assume*", 1), true, false, false},
	{"a service", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`, false, false, false},
	{"variable of the caller", when(`{"StringEquals":{"sts:ExternalId":"${aws:username}"}}`), false, false, false},
	{"literal star variable", when(`{"StringLike":{"sts:ExternalId":"bur-${*}"}}`), false, false, false},
	{"no statement allows", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}]}`, false, false, false},
}

// TestTrustPolicies proves, over the wire, that each policy lets in exactly whom AWS lets in, and that no two
// refusals can be told apart.
func TestTrustPolicies(t *testing.T) {
	if len(trusts) < 24 {
		t.Fatalf("%d policies", len(trusts))
	}
	s := start(t)
	bursar := asBursar(s)
	for i, tt := range trusts {
		t.Run(tt.name, func(t *testing.T) {
			role := makeRole(t, s, payer, fmt.Sprintf("bursar-%d", i), tt.trust, "")
			for _, try := range []struct {
				with string
				want bool
			}{{id, tt.right}, {"-", tt.without}, {wrong, tt.withWrong}} {
				_, err := assume(t, bursar, role, try.with)
				if got := err == nil; got != try.want {
					t.Errorf("external id %q: assumed %v, want %v (%v)", try.with, got, try.want, err)
				}
				if err != nil && code(err) != "AccessDenied" {
					t.Errorf("external id %q: code %q, want AccessDenied", try.with, code(err))
				}
			}
		})
	}
}

func TestRefusalsReadTheSame(t *testing.T) {
	s := start(t)
	bursar := asBursar(s)
	role := makeRole(t, s, payer, "bursar-a", goodTrust(id), "")
	gone := strings.Replace(role, "bursar-a", "bursar-b", 1)
	for _, try := range []struct{ role, id string }{{role, "-"}, {role, wrong}, {gone, id}} {
		_, err := assume(t, bursar, try.role, try.id)
		want := "User: arn:aws:iam::" + own + ":user/bursar is not authorized to perform: sts:AssumeRole on resource: " + try.role
		if message(err) != want {
			t.Errorf("got  %q\nwant %q", message(err), want)
		}
	}
	// our own policy's silence reads the same; its explicit deny does not
	outside := strings.Replace(role, "/bursar/", "/", 1)
	if _, err := assume(t, bursar, outside, id); !strings.HasSuffix(message(err), outside) {
		t.Errorf("silent identity policy: %q", message(err))
	}
	_, err := assume(t, bursar, "arn:aws:iam::"+own+":role/bursar/any", id)
	if code(err) != "AccessDenied" {
		t.Errorf("own account: %v", err)
	}
}

func TestMalformedTrust(t *testing.T) {
	s := start(t)
	for name, trust := range map[string]string{
		"unknown operator":    when(`{"StringEqual":{"sts:ExternalId":"x1"}}`),
		"operator lower case": when(`{"stringequals":{"sts:ExternalId":"x1"}}`),
		"resource":            statement(`,"Resource":"*"`),
		"no principal":        `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]}`,
		"unknown element":     statement(`,"Conditions":{}`),
		"no such user":        strings.Replace(statement(""), own+":root", own+":user/nobody", 1),
		"wildcard principal":  strings.Replace(statement(""), own+":root", own+":user/*", 1),
		"foreign action":      strings.Replace(statement(""), "sts:AssumeRole", "s3:GetObject", 1),
		"not JSON":            `{"Version"`,
		"two documents":       statement("") + statement(""),
		"bad version":         strings.Replace(statement(""), "2012-10-17", "2012-10-18", 1),
		"effect":              strings.Replace(statement(""), `"Allow"`, `"allow"`, 1),
		"no statement":        `{"Version":"2012-10-17","Statement":[]}`,
		"condition key":       when(`{"StringEquals":{"ExternalId":"x1"}}`),
		"Null value":          when(`{"Null":{"sts:ExternalId":"maybe"}}`),
		"allow NotPrincipal":  strings.Replace(statement(""), `"Principal"`, `"NotPrincipal"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			_, e := s.Cloud().CreateRole(roleNamed(payer, "x"), trust)
			if e == nil || e.Code != "MalformedPolicyDocument" {
				t.Errorf("got %v, want MalformedPolicyDocument", e)
			}
		})
	}
}
