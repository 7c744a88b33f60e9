// Package tracingtest is an OpenTelemetry collector for tests: a real HTTP server that takes OTLP, decodes it and keeps every span.
package tracingtest

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Collector keeps what it is sent. It is safe for concurrent use.
type Collector struct {
	URL string

	mu       sync.Mutex
	spans    []Span
	requests []*http.Request
	text     strings.Builder
	refuse   []int
}

// Span is a span as the wire has it.
type Span struct {
	*tracepb.Span
	Resource map[string]string
	Has      map[string]string // its attributes, as text
	Events   []map[string]string
}

// Start starts a collector that ends with the test. It answers the first requests with the given statuses, and takes the others.
func Start(t testing.TB, refuse ...int) *Collector {
	c := &Collector{refuse: refuse}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.URL = server.URL
	return c
}

// ServeHTTP takes a batch. What is no OTLP gets 400.
func (c *Collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = append(c.requests, r)
	if len(c.refuse) > 0 {
		w.WriteHeader(c.refuse[0])
		c.refuse = c.refuse[1:]
		return
	}
	var batch tracepb.TracesData
	body, err := plain(r)
	if err == nil {
		err = proto.Unmarshal(body, &batch)
	}
	if err != nil || r.Header.Get("Content-Type") != "application/x-protobuf" {
		http.Error(w, fmt.Sprintf("%s: %v", r.Header.Get("Content-Type"), err), http.StatusBadRequest)
		return
	}
	c.text.Write(body)
	c.keep(&batch)
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func plain(r *http.Request) ([]byte, error) {
	if r.Header.Get("Content-Encoding") != "gzip" {
		return io.ReadAll(r.Body)
	}
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

func (c *Collector) keep(batch *tracepb.TracesData) {
	for _, rs := range batch.GetResourceSpans() {
		about := texts(rs.GetResource().GetAttributes())
		for _, ss := range rs.GetScopeSpans() {
			for _, s := range ss.GetSpans() {
				span := Span{Span: s, Resource: about, Has: texts(s.GetAttributes())}
				for _, e := range s.GetEvents() {
					span.Events = append(span.Events, texts(e.GetAttributes()))
				}
				c.spans = append(c.spans, span)
			}
		}
	}
}

func texts(attributes []*commonpb.KeyValue) map[string]string {
	out := map[string]string{}
	for _, a := range attributes {
		switch v := a.GetValue().GetValue().(type) {
		case *commonpb.AnyValue_StringValue:
			out[a.GetKey()] = v.StringValue
		case *commonpb.AnyValue_IntValue:
			out[a.GetKey()] = fmt.Sprint(v.IntValue)
		case *commonpb.AnyValue_BoolValue:
			out[a.GetKey()] = fmt.Sprint(v.BoolValue)
		default:
			out[a.GetKey()] = a.GetValue().String()
		}
	}
	return out
}

// Spans returns every span of a name that has arrived.
func (c *Collector) Spans(name string) (out []Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if s.GetName() == name {
			out = append(out, s)
		}
	}
	return out
}

// Names returns the names of the spans that have arrived, in the order in which they came.
func (c *Collector) Names() (out []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		out = append(out, s.GetName())
	}
	return out
}

// Requests returns what was sent to the collector, refused or not. The bodies have been read.
func (c *Collector) Requests() []*http.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*http.Request(nil), c.requests...)
}

// Text returns all that has arrived, as it was on the wire, decompressed: texts stand in it as they are.
func (c *Collector) Text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}
