// Package sigv4 verifies the signatures of AWS requests: Signature Version 4 in the Authorization header, in a
// presigned URL, and over the chunks of a streamed S3 upload.
//
// It builds the canonical request itself, from what came over the wire, and never trusts the client's idea of
// it. The SDK's own signer is the oracle of its tests.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	timeFormat = "20060102T150405Z"
	maxSkew    = 15 * time.Minute
)

// Reason says what is wrong with a signature. The server words it in the service's protocol.
type Reason string

// The reasons.
const (
	Missing        Reason = "missing"         // there is no signature
	Incomplete     Reason = "incomplete"      // a part of it is missing or malformed
	Mismatch       Reason = "mismatch"        // another secret, or another request
	Skewed         Reason = "skewed"          // signed more than 15 minutes from now
	Expired        Reason = "expired"         // the presigned URL's time is over
	UnsignedHeader Reason = "unsigned_header" // a header that must be signed is not
	WrongPayload   Reason = "wrong_payload"   // the body is not the one that was hashed
)

// Error is a signature that does not hold.
type Error struct {
	Reason  Reason
	Message string
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

func fail(r Reason, message string) *Error { return &Error{r, message} }

// Signature is what a request claims: who signed it, when and for what.
type Signature struct {
	AccessKeyID string
	Token       string // session token
	Region      string
	Service     string
	Time        time.Time
	Expires     time.Duration // of a presigned URL
	Presigned   bool

	date      string // of the scope
	headers   []string
	signature string
}

// Read finds the signature of a request. It does not verify it.
func Read(r *http.Request) (*Signature, *Error) {
	if auth := r.Header.Get("Authorization"); auth != "" {
		return readHeader(r, auth)
	}
	if q := r.URL.Query(); q.Has("X-Amz-Signature") || q.Has("X-Amz-Algorithm") {
		return readQuery(q)
	}
	return nil, fail(Missing, "Request is missing Authentication Token")
}

func readHeader(r *http.Request, auth string) (*Signature, *Error) {
	fields, ok := strings.CutPrefix(auth, algorithm+" ")
	if !ok {
		return nil, fail(Incomplete, "Authorization header requires the algorithm "+algorithm+".")
	}
	kv := map[string]string{}
	for _, part := range strings.Split(fields, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		kv[k] = v
	}
	s := &Signature{Token: r.Header.Get("X-Amz-Security-Token"), signature: kv["Signature"]}
	return s, s.fill(kv["Credential"], kv["SignedHeaders"], r.Header.Get("X-Amz-Date"))
}

func readQuery(q url.Values) (*Signature, *Error) {
	s := &Signature{Presigned: true, Token: q.Get("X-Amz-Security-Token"), signature: q.Get("X-Amz-Signature")}
	if q.Get("X-Amz-Algorithm") != algorithm {
		return nil, fail(Incomplete, "X-Amz-Algorithm only supports "+algorithm)
	}
	seconds, err := strconv.Atoi(q.Get("X-Amz-Expires"))
	if err != nil || seconds < 1 || seconds > 604800 {
		return nil, fail(Incomplete, "X-Amz-Expires must be between 1 and 604800 seconds")
	}
	s.Expires = time.Duration(seconds) * time.Second
	return s, s.fill(q.Get("X-Amz-Credential"), q.Get("X-Amz-SignedHeaders"), q.Get("X-Amz-Date"))
}

func (s *Signature) fill(credential, headers, date string) *Error {
	scope := strings.Split(credential, "/") // an access key id holds no slash
	t, err := time.Parse(timeFormat, date)
	switch {
	case len(scope) != 5 || scope[4] != "aws4_request":
		return fail(Incomplete, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '"+credential+"'")
	case headers == "" || s.signature == "":
		return fail(Incomplete, "Authorization header requires 'SignedHeaders' and 'Signature' parameters.")
	case err != nil:
		return fail(Incomplete, "Date must be in ISO-8601 'basic format'. Got '"+date+"'.")
	case scope[1] != date[:8]:
		return fail(Mismatch, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '"+scope[1]+"' != '"+date[:8]+"'.")
	}
	s.AccessKeyID, s.date, s.Region, s.Service, s.Time = scope[0], scope[1], scope[2], scope[3], t
	s.headers = strings.Split(strings.ToLower(headers), ";")
	return nil
}

// Verify proves that the request was signed with the secret, not long before now, over everything that matters,
// and returns the payload: the body, without the framing of a streamed upload, whose trailers it puts into
// r.Header.
func (s *Signature) Verify(r *http.Request, body []byte, secret string, now time.Time) ([]byte, *Error) {
	if e := s.checkTime(now); e != nil {
		return nil, e
	}
	if e := s.checkHeaders(r); e != nil {
		return nil, e
	}
	hash, e := s.payloadHash(r, body)
	if e != nil {
		return nil, e
	}
	key := signingKey(secret, s.date, s.Region, s.Service)
	want := s.sign(key, algorithm, hexSHA256([]byte(s.canonical(r, hash))))
	if !hmac.Equal([]byte(want), []byte(s.signature)) {
		return nil, fail(Mismatch, "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	if strings.HasPrefix(hash, "STREAMING-") {
		return unchunk(r, body, hash, s, key)
	}
	return body, nil
}

func (s *Signature) checkTime(now time.Time) *Error {
	text := func(t time.Time) string { return t.UTC().Format(timeFormat) }
	switch {
	case s.Time.After(now.Add(maxSkew)):
		return fail(Skewed, "Signature not yet current: "+text(s.Time)+" is still later than "+text(now.Add(maxSkew))+" ("+text(now)+" + 15 min.)")
	case s.Presigned && now.After(s.Time.Add(s.Expires)):
		return fail(Expired, "Request has expired")
	case !s.Presigned && now.Add(-maxSkew).After(s.Time):
		return fail(Skewed, "Signature expired: "+text(s.Time)+" is now earlier than "+text(now.Add(-maxSkew))+" ("+text(now)+" - 15 min.)")
	}
	return nil
}

// checkHeaders insists that the host and every x-amz- header be signed: an unsigned X-Amz-Target would let
// anyone on the way turn one operation into another.
func (s *Signature) checkHeaders(r *http.Request) *Error {
	if !slices.Contains(s.headers, "host") {
		return fail(UnsignedHeader, "'Host' must be a 'SignedHeader' in the AWS Authorization.")
	}
	for name := range r.Header {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-amz-") && !slices.Contains(s.headers, lower) && !(s.Presigned && lower == "x-amz-content-sha256") {
			return fail(UnsignedHeader, "There were headers present in the request which were not signed: "+lower)
		}
	}
	return nil
}

// payloadHash returns the last line of the canonical request. What the client says about the body must be true.
func (s *Signature) payloadHash(r *http.Request, body []byte) (string, *Error) {
	said := r.Header.Get("X-Amz-Content-Sha256")
	if s.Presigned && s.Service == "s3" {
		if said == "" {
			said = r.URL.Query().Get("X-Amz-Content-Sha256")
		}
		if said == "" {
			said = "UNSIGNED-PAYLOAD"
		}
	}
	if said == "UNSIGNED-PAYLOAD" || strings.HasPrefix(said, "STREAMING-") {
		return said, nil
	}
	have := hexSHA256(body)
	if said != "" && said != have {
		return "", fail(WrongPayload, "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	return have, nil
}

func (s *Signature) scope() string {
	return s.date + "/" + s.Region + "/" + s.Service + "/aws4_request"
}

func (s *Signature) sign(key []byte, alg, hashed string) string {
	text := alg + "\n" + s.Time.Format(timeFormat) + "\n" + s.scope() + "\n" + hashed
	return hex.EncodeToString(mac(key, text))
}

func signingKey(secret, date, region, service string) []byte {
	return mac(mac(mac(mac([]byte("AWS4"+secret), date), region), service), "aws4_request")
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
