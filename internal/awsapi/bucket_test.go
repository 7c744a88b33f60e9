package awsapi_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
)

// bucketServer answers as S3 does, path style, for one bucket "b" of account 111122223333.
func bucketServer(w http.ResponseWriter, r *http.Request) {
	fail := func(status int, code, message string) {
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			fmt.Fprintf(w, `<Error><Code>%s</Code><Message>%s</Message><RequestId>q1</RequestId></Error>`, code, message)
		}
	}
	q := r.URL.Query()
	switch {
	case strings.HasPrefix(r.URL.Path, "/elsewhere"):
		w.Header().Set("X-Amz-Bucket-Region", "eu-west-1")
		w.Header().Set("Location", "http://127.0.0.1:1/")
		fail(http.StatusMovedPermanently, "PermanentRedirect", "The bucket must be addressed using the specified endpoint.")
	case r.Header.Get("X-Amz-Expected-Bucket-Owner") != payer:
		fail(http.StatusForbidden, "AccessDenied", "Access Denied")
	case !strings.HasPrefix(r.URL.Path, "/b"):
		fail(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
	case q.Has("location"):
		fmt.Fprint(w, `<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></LocationConstraint>`)
	case q.Has("policy"):
		fail(http.StatusNotFound, "NoSuchBucketPolicy", "The bucket policy does not exist")
	case strings.HasSuffix(r.URL.Path, "/secret") || strings.HasSuffix(r.URL.Path, "/absent"):
		fail(http.StatusForbidden, "AccessDenied", "Access Denied")
	case q.Get("prefix") == "secret":
		fmt.Fprint(w, `<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>secret</Key><Size>1</Size></Contents></ListBucketResult>`)
	case q.Get("prefix") == "absent":
		fmt.Fprint(w, `<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>absent-not</Key><Size>1</Size></Contents></ListBucketResult>`)
	case q.Has("list-type") && q.Get("continuation-token") == "":
		fmt.Fprint(w, `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken><Contents><Key>p//a b</Key><Size>5</Size><ETag>"e"</ETag><LastModified>2026-07-01T00:00:00Z</LastModified></Contents></ListBucketResult>`)
	case q.Has("list-type"):
		fmt.Fprint(w, `<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>p/z</Key><Size>1</Size></Contents></ListBucketResult>`)
	case strings.HasSuffix(r.URL.Path, "/short"):
		w.Header().Set("Content-Length", "10")
		fmt.Fprint(w, "short")
	case strings.HasSuffix(r.URL.Path, "/none"):
		fail(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
	case r.Header.Get("If-None-Match") == `"e"`:
		w.WriteHeader(http.StatusNotModified)
	default:
		w.Header().Set("ETag", `"e"`)
		fmt.Fprint(w, "hello")
	}
}

func bucket(t *testing.T, name, owner string) *awsapi.Bucket {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(bucketServer))
	t.Cleanup(srv.Close)
	c, err := awsapi.New(t.Context(), awsapi.Config{Endpoint: srv.URL, AccessKeyID: "AKIA", SecretAccessKey: bursar.NewSecret("x"), HTTPClient: srv.Client()})
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Own().Bucket(name, "us-east-1", owner)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBucketReads(t *testing.T) {
	b := bucket(t, "b", payer)
	var keys []string
	for o, err := range b.List(t.Context(), "p/") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, o.Key)
	}
	if strings.Join(keys, ",") != "p//a b,p/z" {
		t.Errorf("keys %q", keys)
	}
	o, body, err := b.Get(t.Context(), "p//a b", "")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(body)
	if err != nil || string(text) != "hello" || o.Size != 5 || o.ETag != `"e"` {
		t.Errorf("%q %+v %v", text, o, err)
	}
	if err := body.Close(); err != nil {
		t.Error(err)
	}
	if _, _, err := b.Get(t.Context(), "k", o.ETag); !errors.Is(err, bursar.ErrNotModified) {
		t.Errorf("unchanged object: %v", err)
	}
	if _, _, err := b.Get(t.Context(), "none", ""); !errors.Is(err, bursar.ErrNoObject) {
		t.Errorf("missing object: %v", err)
	}
	if _, _, err := b.Get(t.Context(), "absent", ""); !errors.Is(err, bursar.ErrNoObject) {
		t.Errorf("an object that is refused because it is not there: %v", err)
	}
	if _, _, err := b.Get(t.Context(), "secret", ""); err == nil || errors.Is(err, bursar.ErrNoObject) {
		t.Errorf("an object that is refused although it is there: %v", err)
	}
	if region, err := b.Location(t.Context()); err != nil || region != "us-east-1" {
		t.Errorf("location %q %v", region, err)
	}
	if policy, err := b.Policy(t.Context()); err != nil || policy != "" {
		t.Errorf("policy %q %v", policy, err)
	}
}

func TestShortBodyIsAnError(t *testing.T) {
	_, body, err := bucket(t, "b", payer).Get(t.Context(), "short", "")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if _, err := io.ReadAll(body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a body that ends early gives %v", err)
	}
}

func TestBucketTrouble(t *testing.T) {
	for name, tt := range map[string]struct {
		bucket, owner string
		want          awsapi.Class
	}{
		"gone":      {"gone", payer, awsapi.BucketGone},
		"stranger":  {"b", "000000000000", awsapi.WrongOwnerOrDenied},
		"elsewhere": {"elsewhere", payer, awsapi.WrongRegion},
	} {
		t.Run(name, func(t *testing.T) {
			b := bucket(t, tt.bucket, tt.owner)
			for _, err := range b.List(t.Context(), "p") {
				c := awsapi.Classify(err)
				if c.Class != tt.want || tt.want == awsapi.WrongRegion && c.Region != "eu-west-1" {
					t.Errorf("list: %+v", c)
				}
			}
			if _, err := b.Head(t.Context()); awsapi.Classify(err).Class != tt.want {
				t.Errorf("head: %+v", awsapi.Classify(err))
			}
			if _, _, err := b.Get(t.Context(), "k", ""); awsapi.Classify(err).Class != tt.want {
				t.Errorf("get: %+v", awsapi.Classify(err))
			}
		})
	}
}

func TestCustomersBucketNeedsItsOwner(t *testing.T) {
	s := start(t)
	x, err := client(t, s).Assume(t.Context(), request(payer, makeRole(t, s, payer, "bursar-a", "")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Bucket("b", "us-east-1", ""); err == nil {
		t.Error("a customer's bucket could be read without pinning its owner")
	}
	if _, err := x.Bucket("b", "evil.example/", payer); err == nil {
		t.Error("a region that is none was taken")
	}
}
