package checktest

import "strings"

// The outcomes of a trust policy.
const (
	Trusted  = "trusted"  // bursar gets in with its external id, and nobody without it
	Insecure = "insecure" // somebody gets in through bursar without the right external id
	Refused  = "refused"  // bursar does not get in
)

// TrustPolicy is what somebody made of a role's trust policy, and what must come out.
type TrustPolicy struct{ Name, Document, Want string }

// TrustPolicies returns what people make of trust policies for bursar's account own, of which id is the external id, another somebody
// else's, and stranger an account that has nothing to do with it.
func TrustPolicies(own, stranger, id, another string) []TrustPolicy {
	statement := func(condition string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + own + `:root"},"Action":"sts:AssumeRole"` + condition + `}]}`
	}
	when := func(text string) string { return statement(`,"Condition":` + text) }
	like := func(pattern string) string { return when(`{"StringLike":{"sts:ExternalId":"` + pattern + `"}}`) }
	equals := when(`{"StringEquals":{"sts:ExternalId":"` + id + `"}}`)
	template := when(`{"StringEquals":{"sts:ExternalId":"` + id + `"},"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::` + own + `:user/bursar"}}`)
	two := func(first, second string) string {
		return `{"Version":"2012-10-17","Statement":[` + first + `,` + second + `]}`
	}
	bare := `{"Effect":"Allow","Principal":{"AWS":"` + own + `"},"Action":"sts:AssumeRole"}`
	return []TrustPolicy{
		{"the template's", template, Trusted},
		{"StringEquals alone", equals, Trusted},
		{"key in capitals", when(`{"StringEquals":{"STS:EXTERNALID":"` + id + `"}}`), Trusted},
		{"StringLike without a wildcard", like(id), Trusted},
		{"Null false and the id", when(`{"Null":{"sts:ExternalId":"false"},"StringEquals":{"sts:ExternalId":"` + id + `"}}`), Trusted},
		{"PrincipalAccount too", when(`{"StringEquals":{"sts:ExternalId":"` + id + `","aws:PrincipalAccount":"` + own + `"}}`), Trusted},
		{"account id as principal", strings.Replace(equals, "arn:aws:iam::"+own+":root", own, 1), Trusted},
		{"the user as principal", strings.Replace(equals, own+":root", own+":user/bursar", 1), Trusted},
		{"deny of all others", two(bare, `{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringNotEquals":{"sts:ExternalId":"`+id+`"}}}`), Trusted},
		{"several ids, one of them ours", when(`{"StringEquals":{"sts:ExternalId":["somebody-elses-id","` + id + `"]}}`), Trusted},
		{"the same twice", two(bare[:len(bare)-1]+`,"Condition":{"StringEquals":{"sts:ExternalId":"`+id+`"}}}`, bare[:len(bare)-1]+`,"Condition":{"StringEquals":{"sts:ExternalId":"`+id+`"}}}`), Trusted},

		{"no condition", statement(""), Insecure},
		{"StringEqualsIfExists", when(`{"StringEqualsIfExists":{"sts:ExternalId":"` + id + `"}}`), Insecure},
		{"StringLikeIfExists", when(`{"StringLikeIfExists":{"sts:ExternalId":"` + id + `"}}`), Insecure},
		{"StringEqualsIgnoreCaseIfExists", when(`{"StringEqualsIgnoreCaseIfExists":{"sts:ExternalId":"` + id + `"}}`), Insecure},
		{"StringLike star", like("*"), Insecure},
		{"StringLike prefix", like("bur-*"), Insecure},
		{"StringLike long prefix", like(id[:20] + "*"), Insecure},
		{"StringLike all but one", like(id[:len(id)-1] + "?"), Insecure},
		{"StringLike suffix", like("*" + id[10:]), Insecure},
		{"StringLike beginning free", like("bur-?" + id[5:]), Insecure},
		{"StringLike middle free", like(id[:8] + "*" + id[len(id)-5:]), Insecure},
		{"StringLike question marks", like(strings.Repeat("?", len(id))), Insecure},
		{"wrong key, IfExists", when(`{"StringEqualsIfExists":{"aws:ExternalId":"` + id + `"}}`), Insecure},
		{"StringNotEquals another", when(`{"StringNotEquals":{"sts:ExternalId":"x-other"}}`), Insecure},
		{"Null false: any id", when(`{"Null":{"sts:ExternalId":"false"}}`), Insecure},
		{"ForAllValues", when(`{"ForAllValues:StringEquals":{"sts:ExternalId":"` + id + `"}}`), Insecure},
		{"ForAnyValue like", when(`{"ForAnyValue:StringLike":{"sts:ExternalId":"b*"}}`), Insecure},
		{"list with a wildcard", when(`{"StringLike":{"sts:ExternalId":["` + id + `","bur-*"]}}`), Insecure},
		{"Principal star, no condition", strings.Replace(statement(""), `{"AWS":"arn:aws:iam::`+own+`:root"}`, `{"AWS":"*"}`, 1), Insecure},
		{"PrincipalArn alone", when(`{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::` + own + `:user/bursar"}}`), Insecure},
		{"two statements, one loose", two(bare[:len(bare)-1]+`,"Condition":{"StringEquals":{"sts:ExternalId":"`+id+`"}}}`, bare), Insecure},
		{"deny of one other alone", two(bare, `{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"`+another+`"}}}`), Insecure},

		{"another's id", when(`{"StringEquals":{"sts:ExternalId":"` + another + `"}}`), Refused},
		{"a star is no wildcard in StringEquals", when(`{"StringEquals":{"sts:ExternalId":"*"}}`), Refused},
		{"wrong key", when(`{"StringEquals":{"aws:ExternalId":"` + id + `"}}`), Refused},
		{"value in capitals", when(`{"StringEquals":{"sts:ExternalId":"` + strings.ToUpper(id) + `"}}`), Refused},
		{"empty id", when(`{"StringEquals":{"sts:ExternalId":""}}`), Refused},
		{"Null true: only without", when(`{"Null":{"sts:ExternalId":"true"}}`), Refused},
		{"another account", strings.Replace(equals, own, stranger, 1), Refused},
		{"another PrincipalArn", when(`{"StringEquals":{"sts:ExternalId":"` + id + `"},"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::` + own + `:user/other"}}`), Refused},
		{"a service", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`, Refused},
	}
}
