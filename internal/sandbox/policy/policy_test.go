package policy

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func mustParse(t testing.TB, text string, kind Kind) *Document {
	t.Helper()
	d, err := Parse(text, kind)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// conditional evaluates an allow under one condition.
func conditional(t *testing.T, version, condition string, context map[string][]string) Effect {
	t.Helper()
	d := mustParse(t, `{"Version":"`+version+`","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":`+condition+`}}`, Identity)
	return d.Evaluate(Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", Context: context}).Effect
}

func TestOperators(t *testing.T) {
	ctx := map[string][]string{
		"aws:username": {"ann"}, "aws:sourceip": {"10.1.2.3"}, "aws:currenttime": {"2026-07-03T09:00:00Z"}, "aws:epochtime": {"1783069200"},
		"s3:max-keys": {"10"}, "aws:securetransport": {"true"}, "aws:tagkeys": {"a", "b"}, "aws:sourcearn": {"arn:aws:cur:us-east-1:111122223333:definition/x"},
		"aws:principalarn": {"arn:aws:iam::111122223333:role/bursar/a"}, "s3:prefix": {"home/ann/x"}, "aws:star": {"a*"},
	}
	for _, tt := range []struct {
		condition string
		want      bool
	}{
		{`{"StringEquals":{"aws:username":"ann"}}`, true},
		{`{"StringEquals":{"aws:username":["bob","ann"]}}`, true},
		{`{"StringNotEquals":{"aws:username":["bob","ann"]}}`, false},
		{`{"StringNotEquals":{"aws:nothing":"x"}}`, true},
		{`{"StringNotLike":{"aws:username":"b*"}}`, true},
		{`{"StringEqualsIgnoreCase":{"aws:username":"ANN"}}`, true},
		{`{"StringNotEqualsIgnoreCase":{"aws:username":"ANN"}}`, false},
		{`{"StringLike":{"s3:prefix":"home/${aws:username}/*"}}`, true},
		{`{"StringLike":{"s3:prefix":"home/${aws:nothing}/*"}}`, false},
		{`{"StringLike":{"s3:prefix":"home/${aws:nothing, 'ann'}/*"}}`, true},
		{`{"StringEquals":{"aws:star":"a${*}"}}`, true},
		{`{"StringEquals":{"aws:username":"a${*}"}}`, false},
		{`{"StringLike":{"aws:username":"a??"}}`, true},
		{`{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b","c"]}}`, true},
		{`{"ForAllValues:StringEquals":{"aws:TagKeys":["a"]}}`, false},
		{`{"ForAllValues:StringEquals":{"aws:none":["a"]}}`, true},
		{`{"ForAnyValue:StringEquals":{"aws:TagKeys":["b"]}}`, true},
		{`{"ForAnyValue:StringEquals":{"aws:none":["b"]}}`, false},
		{`{"ForAnyValue:StringNotEquals":{"aws:TagKeys":["a"]}}`, true},
		{`{"ForAnyValue:StringNotEquals":{"aws:none":["a"]}}`, false},
		{`{"ForAllValues:StringNotEquals":{"aws:TagKeys":["a"]}}`, false},
		{`{"NumericLessThan":{"s3:max-keys":"11"}}`, true},
		{`{"NumericLessThan":{"s3:max-keys":9.5}}`, false},
		{`{"NumericGreaterThanEquals":{"s3:max-keys":"10"}}`, true},
		{`{"NumericNotEquals":{"s3:max-keys":"10"}}`, false},
		{`{"NumericEqualsIfExists":{"s3:none":"10"}}`, true},
		{`{"DateGreaterThan":{"aws:CurrentTime":"2026-07-01T00:00:00Z"}}`, true},
		{`{"DateLessThan":{"aws:CurrentTime":"2026-07-03T09:00:00Z"}}`, false},
		{`{"DateLessThanEquals":{"aws:EpochTime":"2026-07-03T09:00:00Z"}}`, true},
		{`{"Bool":{"aws:SecureTransport":true}}`, true},
		{`{"Bool":{"aws:SecureTransport":"FALSE"}}`, false},
		{`{"BoolIfExists":{"aws:none":"false"}}`, true},
		{`{"Null":{"aws:username":"true"}}`, false},
		{`{"Null":{"aws:none":true}}`, true},
		{`{"IpAddress":{"aws:SourceIp":["192.168.0.0/16","10.0.0.0/8"]}}`, true},
		{`{"NotIpAddress":{"aws:SourceIp":"10.1.2.3"}}`, false},
		{`{"IpAddress":{"aws:SourceIp":"10.1.2.4"}}`, false},
		{`{"ArnEquals":{"aws:SourceArn":"arn:aws:cur:*:111122223333:definition/*"}}`, true},
		{`{"ArnLike":{"aws:SourceArn":"arn:*"}}`, false},
		{`{"ArnLike":{"aws:SourceArn":"arn:aws:cur:*:definition/*"}}`, false},
		{`{"ArnNotLike":{"aws:SourceArn":"arn:aws:s3:*:*:*"}}`, true},
		{`{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"}}`, true},
		{`{"StringEquals":{"aws:username":"ann","s3:prefix":"no"}}`, false},
		{`{"StringEquals":{"aws:username":"ann"},"StringLike":{"s3:prefix":"no"}}`, false},
		{`{}`, true},
	} {
		if got := conditional(t, "2012-10-17", tt.condition, ctx) == Allow; got != tt.want {
			t.Errorf("%s: %v, want %v", tt.condition, got, tt.want)
		}
	}
	if conditional(t, "2008-10-17", `{"StringLike":{"s3:prefix":"home/${aws:username}/*"}}`, ctx) == Allow {
		t.Error("policies of 2008 have no variables")
	}
}

func TestUnknownOperatorsAreMalformed(t *testing.T) {
	for _, op := range []string{"StringMatches", "NullIfExists", "ForSomeValues:StringEquals", "String", "Arn", "Numeric", "DateBefore", "stringEquals", "StringNotLikes", "IpAddresses", ""} {
		text := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"` + op + `":{"aws:x":"true"}}}}`
		if _, err := Parse(text, Identity); err == nil {
			t.Errorf("%q is taken for an operator", op)
		}
	}
}

func TestResources(t *testing.T) {
	for _, tt := range []struct {
		pattern, arn string
		want         bool
	}{
		{"*", "arn:aws:s3:::b", true},
		{"arn:aws:s3:::b/*", "arn:aws:s3:::b/k/l", true},
		{"arn:aws:s3:::b/*", "arn:aws:s3:::b", false},
		{"arn:aws:s3:::b*", "arn:aws:s3:::bucket", true},
		{"arn:aws:iam::*:role/bursar/*", "arn:aws:iam::111122223333:role/bursar/a", true},
		{"arn:aws:iam::*:role/bursar/*", "arn:aws:iam::111122223333:role/a", false},
		{"arn:aws:iam::1*3:role/a", "arn:aws:iam::1:x3:role/a", false},
		{"arn:aws:s3:*", "arn:aws:s3:::b/k", true},
		{"arn:aws:logs:us-east-1:1:log-group:*", "arn:aws:logs:us-east-1:1:log-group:a:b", true},
		{"arn:aws:s3:::?", "arn:aws:s3:::ab", false},
		{"arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::ann/k", true},
		{"arn:aws:s3:::${aws:none}/*", "arn:aws:s3:::/k", false},
	} {
		d := mustParse(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"`+tt.pattern+`"}}`, Identity)
		got := d.Evaluate(Request{Action: "s3:GetObject", Resource: tt.arn, Context: map[string][]string{"aws:username": {"ann"}}}).Effect == Allow
		if got != tt.want {
			t.Errorf("%s on %s: %v", tt.pattern, tt.arn, got)
		}
	}
}

func TestActionsAndNots(t *testing.T) {
	for _, tt := range []struct {
		statement string
		want      Effect
	}{
		{`"Action":"S3:getobject","Resource":"*"`, Allow},
		{`"Action":"s3:Get*","Resource":"*"`, Allow},
		{`"Action":"s3:Put*","Resource":"*"`, Silent},
		{`"NotAction":"iam:*","Resource":"*"`, Allow},
		{`"NotAction":["iam:*","s3:*"],"Resource":"*"`, Silent},
		{`"Action":"*","NotResource":"arn:aws:s3:::b/*"`, Silent},
		{`"Action":"*","NotResource":"arn:aws:s3:::c/*"`, Allow},
	} {
		d := mustParse(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow",`+tt.statement+`}}`, Identity)
		if got := d.Evaluate(Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k"}).Effect; got != tt.want {
			t.Errorf("%s: %v, want %v", tt.statement, got, tt.want)
		}
	}
}

func TestPrincipals(t *testing.T) {
	user := Caller{AccountID: "111122223333", ARN: "arn:aws:iam::111122223333:user/ann", UniqueID: "AIDA1"}
	role := Caller{AccountID: "111122223333", ARN: "arn:aws:sts::111122223333:assumed-role/r/s", RoleARN: "arn:aws:iam::111122223333:role/p/r", UniqueID: "AROA1"}
	service := Caller{Service: "bcm-data-exports.amazonaws.com"}
	for _, tt := range []struct {
		principal string
		who       Caller
		allow     bool
		direct    bool
	}{
		{`"Principal":"*"`, user, true, true},
		{`"Principal":"*"`, Caller{}, true, true},
		{`"Principal":{"AWS":"111122223333"}`, user, true, false},
		{`"Principal":{"AWS":"arn:aws:iam::111122223333:root"}`, role, true, false},
		{`"Principal":{"AWS":"arn:aws:iam::111122223333:user/ann"}`, user, true, true},
		{`"Principal":{"AWS":"arn:aws:iam::111122223333:role/p/r"}`, role, true, true},
		{`"Principal":{"AWS":"arn:aws:iam::111122223333:role/r"}`, role, false, false},
		{`"Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/r/s"}`, role, true, true},
		{`"Principal":{"AWS":"222233334444"}`, user, false, false},
		{`"Principal":{"Service":"bcm-data-exports.amazonaws.com"}`, service, true, true},
		{`"Principal":{"Service":"bcm-data-exports.amazonaws.com"}`, user, false, false},
		{`"Principal":{"AWS":"111122223333"}`, Caller{}, false, false},
		{`"NotPrincipal":{"AWS":"arn:aws:iam::111122223333:user/ann"}`, user, false, false},
		{`"NotPrincipal":{"AWS":"arn:aws:iam::111122223333:user/bob"}`, user, true, true},
	} {
		d := mustParse(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*",`+tt.principal+`}}`, Resource)
		v := d.Evaluate(Request{Principal: tt.who, Action: "s3:GetObject", Resource: "arn:aws:s3:::b"})
		if (v.Effect == Allow) != tt.allow || v.Direct != tt.direct {
			t.Errorf("%s for %v: %+v", tt.principal, tt.who, v)
		}
	}
}

func TestDenyWins(t *testing.T) {
	allow := mustParse(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, Identity)
	deny := mustParse(t, `{"Version":"2012-10-17","Statement":{"Sid":"No","Effect":"Deny","Action":"s3:*","Resource":"*"}}`, Identity)
	r := Request{Action: "s3:GetObject", Resource: "*"}
	for _, docs := range [][]*Document{{allow, deny}, {deny, allow}} {
		if v := Evaluate(docs, r); v.Effect != Deny || v.Sid != "No" {
			t.Errorf("%+v", v)
		}
	}
	if v := Evaluate(nil, r); v.Effect != Silent {
		t.Errorf("no documents: %+v", v)
	}
}

// TestGlob compares the matcher with a plain recursive one.
func TestGlob(t *testing.T) {
	var slow func(s, p string) bool
	slow = func(s, p string) bool {
		switch {
		case p == "":
			return s == ""
		case p[0] == '*':
			return slow(s, p[1:]) || s != "" && slow(s[1:], p)
		}
		return s != "" && (p[0] == '?' || p[0] == s[0]) && slow(s[1:], p[1:])
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.StringMatching(`[ab:]{0,10}`).Draw(rt, "s")
		p := rapid.StringMatching(`[ab:*?]{0,8}`).Draw(rt, "p")
		if glob(s, p) != slow(s, p) {
			rt.Fatalf("glob(%q, %q) = %v", s, p, glob(s, p))
		}
	})
	if glob(strings.Repeat("a", 5000), strings.Repeat("a*", 500)+"b") {
		t.Error("matches")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x"}}}]}`)
	f.Add(`{"Statement":{"Effect":"Deny","NotAction":["a:b"],"NotResource":"*","Condition":{"ForAllValues:StringLikeIfExists":{"a:b":["${aws:x}"]}}}}`)
	f.Add(`{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${aws:username,'x'}${*}","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"},"Null":{"a:b":true}}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range []Kind{Identity, Trust, Resource} {
			d, err := Parse(text, kind)
			if err != nil {
				continue
			}
			_ = d.Evaluate(Request{Action: "sts:AssumeRole", Resource: "arn:aws:iam::111122223333:role/x", Context: map[string][]string{"a:b": {"x", "y"}, "aws:sourceip": {"10.0.0.1"}}})
			if d.Text() != text {
				t.Fatal("the text is not kept")
			}
		}
	})
}
