package tracing

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

const (
	firstWait  = 500 * time.Millisecond // before a batch is sent again; it doubles
	warnEvery  = 5 * time.Minute        // of a collector that does not take what it is sent
	mostAnswer = 64 << 10               // bytes of an answer that are read
)

// sender sends batches by OTLP over HTTP. SDK and wire form are OpenTelemetry's own; the transport is ours because theirs links gRPC, and a
// gateway for it, into every bursar: 7 MB that HTTP does not need. It is an otlptrace.Client.
type sender struct {
	settings Settings
	http     *http.Client
	log      *slog.Logger

	mu     sync.Mutex
	warned time.Time
	lost   int // batches since then
}

func newSender(s Settings, log *slog.Logger) *sender {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = s.tls
	return &sender{settings: s, log: log, http: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Start does nothing: a connection is made when there is something to send.
func (s *sender) Start(context.Context) error { return nil }

// Stop lets connections go.
func (s *sender) Stop(context.Context) error {
	s.http.CloseIdleConnections()
	return nil
}

// UploadTraces sends a batch, again when the collector is busy or away, until the settings' timeout. A batch that is lost is told of in the log
// and is no error: the SDK would print one past the log.
func (s *sender) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	ctx, cancel := context.WithTimeout(ctx, s.settings.timeout)
	defer cancel()
	body, err := s.encode(spans)
	if err == nil {
		err = s.send(ctx, body)
	}
	if err != nil {
		s.warn(err)
	}
	return nil
}

// encode writes a batch. TracesData has the wire form of the collector's ExportTraceServiceRequest: both have the spans as their first field.
// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
func (s *sender) encode(spans []*tracepb.ResourceSpans) ([]byte, error) {
	plain, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil || !s.settings.gzip {
		return plain, err
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err = w.Write(plain)
	err = errors.Join(err, w.Close())
	return b.Bytes(), err
}

func (s *sender) send(ctx context.Context, body []byte) error {
	for wait := firstWait; ; wait *= 2 {
		again, after, err := s.once(ctx, body)
		if err == nil || !again {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(max(wait, after)):
		}
	}
}

// once sends a batch. again says that the same may succeed later, after at least a while.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
func (s *sender) once(ctx context.Context, body []byte) (again bool, after time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.settings.address, bytes.NewReader(body))
	if err != nil {
		return false, 0, err
	}
	for name, value := range s.settings.headers {
		req.Header.Set(name, value.Reveal())
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	if s.settings.gzip {
		req.Header.Set("Content-Encoding", "gzip")
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return true, 0, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, mostAnswer)) // so that the connection is used again
	if resp.StatusCode/100 == 2 {
		return false, 0, nil
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		again = true
	}
	seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After")) // without one, our own pace counts
	return again, time.Duration(seconds) * time.Second, fmt.Errorf("the collector answers %s", resp.Status)
}

// warn tells the log, now and then.
func (s *sender) warn(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost++
	if time.Since(s.warned) < warnEvery {
		return
	}
	s.log.Warn("traces cannot be sent", slog.Any("error", err), slog.Int("batches_lost", s.lost))
	s.warned, s.lost = time.Now(), 0
}
