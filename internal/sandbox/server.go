package sandbox

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/sandbox/sigv4"
)

// maxBody bounds what one request may hold in memory.
const maxBody = 512 << 20

// ServeHTTP answers AWS requests by the service that their signature names, and the sandbox's own pages.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/_sandbox/"):
		s.control.ServeHTTP(w, r)
	case r.URL.Path == "/console" || strings.HasPrefix(r.URL.Path, "/console/"):
		s.parts.console.ServeHTTP(w, r)
	default:
		s.serveAWS(w, r)
	}
}

func (s *Sandbox) serveAWS(w http.ResponseWriter, r *http.Request) {
	req := &cloud.Request{Request: r, Cloud: s.cloud, ID: requestID()}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		req.Fail(w, cloud.Errorf(http.StatusRequestEntityTooLarge, "EntityTooLarge", "the sandbox takes at most %d bytes", maxBody))
		return
	}
	s.cloud.Clock.Settle()
	service, sig, e := s.route(req, body)
	if e != nil {
		req.Fail(w, e)
		return
	}
	rec := &recorder{ResponseWriter: w}
	defer func() {
		s.cloud.Meter.Add(req.Service, req.Action, rec.status >= http.StatusBadRequest || rec.status == 0)
		s.log.Debug("sandbox request", "service", req.Service, "action", req.Action, "caller", req.Caller.ARN, "status", rec.status)
	}()
	if e := s.authenticate(rec, req, sig, body); e != nil {
		s.name(req, service)
		req.Fail(rec, e)
		return
	}
	s.name(req, service)
	if s.fault(rec, req) {
		return
	}
	service.Serve(rec, req)
}

// route finds the service that a request is for: the one in its credential scope, or S3 when it is not signed
// and asks no other service's question.
func (s *Sandbox) route(req *cloud.Request, body []byte) (cloud.Service, *sigv4.Signature, *cloud.Error) {
	sig, problem := sigv4.Read(req.Request)
	if problem == nil {
		req.Service, req.Region = sig.Service, sig.Region
	} else if problem.Reason == sigv4.Missing && !asksByName(req.Request, body) {
		req.Service, req.Region = "s3", "us-east-1"
	}
	service := s.services[req.Service]
	if service != nil {
		req.Protocol, req.Namespace = service.Protocol(), service.Namespace()
		return service, sig, nil
	}
	if req.Header.Get("X-Amz-Target") != "" {
		req.Protocol = cloud.JSON11
	}
	if problem != nil {
		return nil, nil, s.wordSignature(req, problem)
	}
	return nil, nil, cloud.Errorf(http.StatusNotFound, "UnknownService", "the sandbox does not simulate the service %q", req.Service)
}

// asksByName says whether a request names an action as the query and JSON protocols do.
func asksByName(r *http.Request, body []byte) bool {
	return r.Header.Get("X-Amz-Target") != "" || r.URL.Query().Has("Action") || strings.HasPrefix(string(body), "Action=") || strings.Contains(string(body), "&Action=")
}

// authenticate verifies the signature and fills in the caller and the payload.
func (s *Sandbox) authenticate(w http.ResponseWriter, req *cloud.Request, sig *sigv4.Signature, body []byte) *cloud.Error {
	if sig == nil {
		req.Body = body
		return nil // anonymous: S3 decides by the bucket's policy
	}
	secret, caller, e := s.cloud.Credential(sig.AccessKeyID, sig.Token)
	if e != nil {
		return wordCredential(req, e)
	}
	payload, problem := sig.Verify(req.Request, body, secret.Reveal(), s.clock(w, req, caller))
	if problem != nil {
		return s.wordSignature(req, problem)
	}
	req.Caller, req.Body = caller, payload
	return nil
}

// skew is more than signatures bear.
const skew = 20 * time.Minute

// clock is the time that signatures are held against. Where it is skewed the answer's date says so: clients correct
// theirs by it.
func (s *Sandbox) clock(w http.ResponseWriter, req *cloud.Request, caller cloud.Principal) time.Time {
	now := s.now()
	if _, ok := s.cloud.Faults.Take(cloud.FaultSkew, req.Service, "", caller.AccountID, ""); ok {
		now = now.Add(skew)
		w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	}
	return now
}

// name finds out which action is asked for.
func (s *Sandbox) name(req *cloud.Request, service cloud.Service) {
	if req.Body == nil {
		req.Body = []byte{}
	}
	switch req.Protocol {
	case cloud.Query:
		form, err := url.ParseQuery(string(req.Body))
		if err != nil || form.Get("Action") == "" {
			form = req.URL.Query()
		}
		req.Form, req.Action = form, form.Get("Action")
	case cloud.JSON11:
		target := req.Header.Get("X-Amz-Target")
		req.Action = target[strings.LastIndexByte(target, '.')+1:]
	}
	if n, ok := service.(cloud.Namer); ok && req.Action == "" {
		req.Action = n.ActionName(req.Request)
	}
}

// fault plays the trouble that was asked for, and says whether the request is answered with it.
func (s *Sandbox) fault(w http.ResponseWriter, req *cloud.Request) bool {
	take := func(kind string) (cloud.Fault, bool) {
		return s.cloud.Faults.Take(kind, req.Service, req.Action, req.Caller.AccountID, "")
	}
	if f, ok := take(cloud.FaultLatency); ok && !wait(req, f.Latency) {
		return true
	}
	if _, ok := take(cloud.FaultDrop); ok {
		panic(http.ErrAbortHandler) // net/http closes the connection and says nothing
	}
	if f, ok := take(cloud.FaultThrottle); ok {
		req.Fail(w, throttled(req, f.Message))
		return true
	}
	if f, ok := take(cloud.FaultError); ok {
		req.Fail(w, cloud.Errorf(http.StatusInternalServerError, "InternalFailure", "%s", or(f.Message, "The request processing has failed because of an unknown error, exception or failure.")))
		return true
	}
	if _, ok := take(cloud.FaultSCP); ok {
		action := req.Service + ":" + req.Action
		req.Fail(w, cloud.Denied(req.Caller, cloud.Access{Action: action, Resource: "*"}, cloud.Decision{Explicit: true, Layer: cloud.LayerSCP}))
		return true
	}
	return false
}

// wait lets time pass unless the client goes away first.
func wait(req *cloud.Request, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-req.Context().Done():
		return false
	}
}

// throttled is each service's own way of saying: slower.
func throttled(req *cloud.Request, message string) *cloud.Error {
	switch {
	case req.Service == "s3":
		return cloud.Errorf(http.StatusServiceUnavailable, "SlowDown", "%s", or(message, "Please reduce your request rate."))
	case req.Service == "organizations":
		return cloud.Errorf(http.StatusBadRequest, "TooManyRequestsException", "%s", or(message, "AWS Organizations can't complete your request because another request is already in progress. Try again later."))
	case req.Service == "ce":
		return cloud.Errorf(http.StatusBadRequest, "LimitExceededException", "%s", or(message, "Rate exceeded"))
	case req.Protocol == cloud.Query:
		return cloud.Errorf(http.StatusBadRequest, "Throttling", "%s", or(message, "Rate exceeded"))
	}
	return cloud.Errorf(http.StatusBadRequest, "ThrottlingException", "%s", or(message, "Rate exceeded"))
}

func or(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}

// requestID makes an id in the form of a UUID.
func requestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader remembers the status and passes it on.
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write is a WriteHeader of 200 when there was none.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap gives http.ResponseController the writer beneath.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
