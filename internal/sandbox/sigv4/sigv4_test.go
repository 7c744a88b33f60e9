package sigv4

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"pgregory.net/rapid"
)

const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

var creds = aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: secret}

// send puts a request on the wire and verifies what arrives.
func send(r *http.Request, body []byte, change func(*http.Request)) (payload []byte, e *Error) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var got bytes.Buffer
		_, _ = got.ReadFrom(r.Body)
		if change != nil {
			change(r)
		}
		var s *Signature
		if s, e = Read(r); e == nil {
			payload, e = s.Verify(r, got.Bytes(), secret, time.Now())
		}
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	r.Host, r.URL.Scheme = r.URL.Host, "http"
	r.URL.Host = host // the signed Host header stays
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, fail(Missing, err.Error())
	}
	_ = resp.Body.Close()
	return payload, e
}

func request(t interface{ Fatal(...any) }, method, target string, body []byte) *http.Request {
	r, err := http.NewRequest(method, target, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sign(t interface{ Fatal(...any) }, r *http.Request, body []byte, service string, at time.Time) {
	s3 := service == "s3"
	if s3 {
		r.Header.Set("X-Amz-Content-Sha256", hexSHA256(body))
	}
	err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = s3 }).
		SignHTTP(context.Background(), creds, r, hexSHA256(body), service, "eu-west-1", at)
	if err != nil {
		t.Fatal(err)
	}
}

// TestAgreesWithTheSDK signs arbitrary requests with the SDK's signer.
func TestAgreesWithTheSDK(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		service := rapid.SampledFrom([]string{"s3", "iam"}).Draw(rt, "service")
		method := rapid.SampledFrom([]string{"GET", "PUT", "POST", "DELETE"}).Draw(rt, "method")
		path := rapid.StringMatching(`(/[a-zA-Z0-9 +=&$@,;:*'()!~_.é%-]{1,8}){1,3}`).Draw(rt, "path")
		key := rapid.StringMatching(`[a-zA-Z0-9 =&;+~*/é-]{1,6}`).Draw(rt, "key")
		value := rapid.StringMatching(`[a-zA-Z0-9 =&;+~*/%é-]{0,6}`).Draw(rt, "value")
		body := []byte(rapid.StringMatching(`.{0,20}`).Draw(rt, "body"))
		if strings.Contains(path, "/.") {
			rt.Skip("net/http cleans such paths")
		}
		// as SDK clients do, the path goes out in S3's escaping, not in Go's
		u := url.URL{Scheme: "http", Host: "service.example.com", Path: path, RawPath: escape(path, true), RawQuery: url.Values{key: {value, "2"}, "z": {""}}.Encode()}
		r := request(rt, method, u.String(), body)
		r.Header.Set("X-Amz-Meta-Note", rapid.StringMatching(`[a-z]( {1,3}[a-z]){0,3}`).Draw(rt, "header"))
		r.Header.Set("Content-Type", "text/plain")
		sign(rt, r, body, service, time.Now())
		got, e := send(r, body, nil)
		if e != nil || !bytes.Equal(got, body) {
			rt.Fatalf("%s %s %s: %v", service, method, u.String(), e)
		}
	})
}

func TestTampering(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*http.Request)
		want   Reason
	}{
		{"nothing", func(*http.Request) {}, ""},
		{"method", func(r *http.Request) { r.Method = "PUT" }, Mismatch},
		{"query", func(r *http.Request) { r.URL.RawQuery = "a=2" }, Mismatch},
		{"host", func(r *http.Request) { r.Host = "other.example.com" }, Mismatch},
		{"signed header", func(r *http.Request) { r.Header.Set("Content-Type", "x/y") }, Mismatch},
		{"unsigned target", func(r *http.Request) { r.Header.Set("X-Amz-Target", "Other") }, UnsignedHeader},
		{"no signature", func(r *http.Request) { r.Header.Del("Authorization") }, Missing},
		{"another scheme", func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, Incomplete},
		{"half a signature", func(r *http.Request) {
			r.Header.Set("Authorization", strings.Split(r.Header.Get("Authorization"), ", Signature=")[0])
		}, Incomplete},
		{"no date", func(r *http.Request) { r.Header.Del("X-Amz-Date") }, Incomplete},
		{"scope's region", func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "eu-west-1", "us-east-1", 1))
		}, Mismatch},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := request(t, "POST", "http://iam.example.com/?a=1", []byte("body"))
			r.Header.Set("Content-Type", "text/plain")
			sign(t, r, []byte("body"), "iam", time.Now())
			_, e := send(r, nil, tt.change)
			if got := reason(e); got != tt.want {
				t.Errorf("got %q (%v), want %q", got, e, tt.want)
			}
		})
	}
}

func reason(e *Error) Reason {
	if e == nil {
		return ""
	}
	return e.Reason
}

func TestBodyIsCovered(t *testing.T) {
	for _, service := range []string{"iam", "s3"} {
		r := request(t, "POST", "http://x.example.com/", []byte("other"))
		sign(t, r, []byte("signed"), service, time.Now())
		want := map[string]Reason{"iam": Mismatch, "s3": WrongPayload}[service]
		if _, e := send(r, nil, nil); reason(e) != want {
			t.Errorf("%s: %v", service, e)
		}
	}
}

func TestSkew(t *testing.T) {
	for _, tt := range []struct {
		off  time.Duration
		want Reason
	}{{-16 * time.Minute, Skewed}, {-14 * time.Minute, ""}, {14 * time.Minute, ""}, {16 * time.Minute, Skewed}} {
		r := request(t, "GET", "http://x.example.com/", nil)
		sign(t, r, nil, "iam", time.Now().Add(tt.off))
		if _, e := send(r, nil, nil); reason(e) != tt.want {
			t.Errorf("%v: %v", tt.off, e)
		}
	}
}

func TestPresigned(t *testing.T) {
	for _, tt := range []struct {
		at   time.Duration
		want Reason
	}{{0, ""}, {-59 * time.Second, ""}, {-61 * time.Second, Expired}} {
		r := request(t, "GET", "http://s3.example.com/bucket/a%20key%2Bx?X-Amz-Expires=60", nil)
		signed, _, err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).
			PresignHTTP(context.Background(), creds, r, "UNSIGNED-PAYLOAD", "s3", "eu-west-1", time.Now().Add(tt.at))
		if err != nil {
			t.Fatal(err)
		}
		if _, e := send(request(t, "GET", signed, nil), nil, nil); reason(e) != tt.want {
			t.Errorf("%v: %v", tt.at, e)
		}
		if tt.want == "" {
			if _, e := send(request(t, "GET", strings.Replace(signed, "key", "kez", 1), nil), nil, nil); reason(e) != Mismatch {
				t.Errorf("another key: %v", e)
			}
		}
	}
}

// TestStreamedExample is AWS's own example of a signed, chunked upload.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
func TestStreamedExample(t *testing.T) {
	at := time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)
	first, second := strings.Repeat("a", 65536), strings.Repeat("a", 1024)
	body := fmt.Sprintf("10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n%s\r\n"+
		"400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n%s\r\n"+
		"0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n", first, second)
	r := httptest.NewRequest("PUT", "http://s3.amazonaws.com/examplebucket/chunkObject.txt", strings.NewReader(body))
	for k, v := range map[string]string{
		"X-Amz-Date": "20130524T000000Z", "X-Amz-Storage-Class": "REDUCED_REDUNDANCY", "Content-Encoding": "aws-chunked", "Content-Length": "66824",
		"X-Amz-Content-Sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "X-Amz-Decoded-Content-Length": "66560",
		"Authorization": "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
	} {
		r.Header.Set(k, v)
	}
	s, e := Read(r)
	if e != nil {
		t.Fatal(e)
	}
	const example = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	got, e := s.Verify(r, []byte(body), example, at)
	if e != nil || string(got) != first+second {
		t.Fatalf("%d bytes, %v", len(got), e)
	}
	tampered := strings.Replace(body, "aaaa\r\n0;", "aaab\r\n0;", 1)
	if _, e := s.Verify(r, []byte(tampered), example, at); reason(e) != Mismatch {
		t.Errorf("tampered chunk: %v", e)
	}
}

func TestUnsignedTrailer(t *testing.T) {
	const body = "5\r\nhello\r\n3\r\n, x\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\nauthorization:no\r\n\r\n"
	r := request(t, "PUT", "http://s3.example.com/b/k", []byte(body))
	r.Header.Set("X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
	r.Header.Set("X-Amz-Decoded-Content-Length", "8")
	err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).
		SignHTTP(context.Background(), creds, r, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "s3", "eu-west-1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var arrived *http.Request
	got, e := send(r, nil, func(r *http.Request) { arrived = r })
	if e != nil || string(got) != "hello, x" {
		t.Fatalf("%q %v", got, e)
	}
	if arrived.Header.Get("X-Amz-Checksum-Crc32") != "AAAAAA==" || arrived.Header.Get("Authorization") == "no" {
		t.Errorf("trailers: %v", arrived.Header)
	}
}

func FuzzUnchunk(f *testing.F) {
	f.Add([]byte("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"))
	f.Add([]byte("0\r\n\r\n"))
	f.Add([]byte("7fffffffffffffff\r\nx"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest("PUT", "/", nil)
		got, e := unchunk(r, body, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", &Signature{}, nil)
		if e == nil && len(got) > len(body) {
			t.Fatal("more came out than went in")
		}
	})
}
