package awsapi

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// sdkError is an error as the SDK wraps what comes over the wire.
func sdkError(service, operation string, status int, code, message string) error {
	var inner error = errors.New(message)
	if code != "" {
		inner = &smithy.GenericAPIError{Code: code, Message: message}
	}
	resp := &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: http.Header{}}}
	return fmt.Errorf("do something: %w", &smithy.OperationError{ServiceID: service, OperationName: operation, Err: &awshttp.ResponseError{
		ResponseError: &smithyhttp.ResponseError{Response: resp, Err: inner}, RequestID: "req-1",
	}})
}

func TestClassify(t *testing.T) {
	f, err := os.Open("testdata/errors.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n, seen := 0, map[Class]bool{WrongAccount: true} // an answer that is no error: see below
	for s := bufio.NewScanner(f); s.Scan(); {
		line := strings.TrimSpace(s.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		n++
		p := strings.SplitN(line, "|", 6)
		for i := range p {
			p[i] = strings.TrimSpace(p[i])
		}
		seen[Class(p[0])] = true
		status, err := strconv.Atoi(p[3])
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		service, repeated := strings.CutSuffix(p[1], " after success")
		failure := sdkError(service, p[2], status, p[4], p[5])
		if repeated {
			failure = AfterSuccess(failure)
		}
		c := Classify(failure)
		if c.Class != Class(p[0]) {
			t.Errorf("%s %s %s %q: class %s, want %s", p[1], p[2], p[4], p[5], c.Class, p[0])
		}
		if c.Code != p[4] || p[5] != "" && !strings.Contains(c.Message, p[5]) || c.RequestID != "req-1" || c.Status != status || c.Operation != p[2] {
			t.Errorf("%s: AWS's own words are lost: %+v", line, c)
		}
	}
	if n < 120 {
		t.Errorf("%d fixtures, want at least 120", n)
	}
	for _, class := range []Class{
		OwnIdentity, NotDeployed, Propagating, WrongAccount, DeniedIdentity, DeniedSCP, DeniedBoundary, DeniedSessionPolicy, DeniedResourcePolicy, DeniedVPCEndpoint, Denied,
		RegionDisabled, NotEnabled, Throttled, Missing, BucketGone, WrongRegion, WrongOwnerOrDenied, KMS, ExpiredOwn, ClockSkew, Validation, OrgNotInUse, Unreachable, Unknown,
	} {
		if !seen[class] {
			t.Errorf("no fixture of class %s", class)
		}
	}
}

// TestWrongAccountNamesBoth: AWS answers such a request, and only the answer tells.
func TestWrongAccountNamesBoth(t *testing.T) {
	c := Classify(fmt.Errorf("look: %w", &Mismatch{"111122223333", "444455556666"}))
	if c.Class != WrongAccount || !strings.Contains(c.Message, "111122223333") || !strings.Contains(c.Message, "444455556666") {
		t.Errorf("%+v", c)
	}
	role := AssumeRequest{AccountID: "111122223333", RoleARN: "arn:aws:iam::444455556666:role/bursar/x", ExternalID: "id"}
	if c := Classify(role.check(partitions["aws"])); c.Class != WrongAccount || !strings.Contains(c.Message, "111122223333") || !strings.Contains(c.Message, "444455556666") {
		t.Errorf("%+v", c)
	}
	if AfterSuccess(nil) != nil {
		t.Error("success is an error")
	}
}

func TestClassifyTellsWhoseErrorItIs(t *testing.T) {
	inner := sdkError("STS", "AssumeRole", 403, "AccessDenied", "User: u is not authorized to perform: sts:AssumeRole on resource: r")
	outer := &smithy.OperationError{ServiceID: "Organizations", OperationName: "ListAccounts", Err: fmt.Errorf("get identity: get credentials: %w", inner)}
	if c := Classify(outer); c.Class != NotDeployed || c.Action != "sts:AssumeRole" {
		t.Errorf("got %+v, want the inner AssumeRole", c)
	}
	own := &smithy.OperationError{ServiceID: "STS", OperationName: "AssumeRole", Err: fmt.Errorf("get identity: %w", &ownError{errors.New("no EC2 IMDS role found")})}
	if c := Classify(own); c.Class != OwnIdentity {
		t.Errorf("got %s for missing own credentials", c.Class)
	}
}

func TestClassifyWithoutAnswer(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want Class
	}{
		"nil":       {nil, ""},
		"cancelled": {&smithy.OperationError{ServiceID: "STS", OperationName: "AssumeRole", Err: context.Canceled}, Unknown},
		"deadline":  {&smithy.OperationError{ServiceID: "STS", OperationName: "AssumeRole", Err: context.DeadlineExceeded}, Unreachable},
		"refused":   {&smithy.OperationError{ServiceID: "STS", OperationName: "AssumeRole", Err: &smithyhttp.RequestSendError{Err: errors.New("connection refused")}}, Unreachable},
		"not ours":  {errors.New("something"), Unknown},
	} {
		if got := Classify(tt.err).Class; got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestClassifyNamesAWSsAction(t *testing.T) {
	c := Classify(sdkError("S3", "GetObject", 403, "AccessDenied", "User: u is not authorized to perform: kms:Decrypt on resource: k because no identity-based policy allows the kms:Decrypt action"))
	if c.Action != "kms:Decrypt" || c.Service != "s3" {
		t.Errorf("got %+v", c)
	}
	if c := Classify(sdkError("S3", "ListObjectsV2", 400, "AuthorizationHeaderMalformed", "the region 'us-east-1' is wrong; expecting 'eu-west-1'")); c.Region != "eu-west-1" {
		t.Errorf("region %q, want eu-west-1", c.Region)
	}
}

func FuzzClassify(f *testing.F) {
	f.Add("STS", "AssumeRole", 403, "AccessDenied", "with an explicit deny in a service control policy")
	f.Add("S3", "GetObject", 301, "", "expecting 'x'")
	f.Fuzz(func(t *testing.T, service, operation string, status int, code, message string) {
		if c := Classify(sdkError(service, operation, status, code, message)); c.Class == "" {
			t.Errorf("no class for %q %q", code, message)
		}
	})
}
