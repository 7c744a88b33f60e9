package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/destination"
)

// tries is how often a message is posted before the run gives it up for now; the run itself is tried again, more slowly.
const tries = 4

// longestPause is how long an answer may ask to wait.
const longestPause = time.Minute

// poster posts messages.
type poster struct {
	http  *http.Client
	pause func(context.Context, time.Duration) error
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// post posts a body until it is taken. header is asked for each try.
func (p poster) post(ctx context.Context, url string, body []byte, header func() map[string]string) error {
	for try := 1; ; try++ {
		after, err := p.once(ctx, url, body, header())
		if err == nil || bursar.CodeOf(err) != bursar.Unavailable || try == tries {
			return err
		}
		if err := p.pause(ctx, max(after, time.Second<<(try-1))); err != nil {
			return err
		}
	}
}

// once posts a body; after is how long the answer asks to wait.
func (p poster) once(ctx context.Context, url string, body []byte, header map[string]string) (after time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := p.http.Do(req)
	if err != nil {
		return 0, unreachable(ctx, url, err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection is used again
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		after = min(time.Duration(seconds)*time.Second, longestPause)
	}
	return after, refused(url, resp.StatusCode)
}

func refused(url string, status int) error {
	switch {
	case status >= 200 && status < 300:
		return nil
	case status >= 300 && status < 400:
		return destination.Refused("redirected", "%s answers with a redirect (HTTP %d), and none is followed", url, status).WithHint("give the address that it leads to")
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status >= 500:
		return destination.Away("receiver_trouble", "%s answers with HTTP %d", url, status).WithHint("it is tried again; the receiver's log says why")
	case status == http.StatusGone:
		return destination.Refused("gone", "%s wants no messages any more (HTTP 410)", url).WithHint("pause or remove the destination, or give another address")
	}
	return destination.Refused("message_refused", "%s refuses the message (HTTP %d)", url, status).WithHint("look whether it verifies with this destination's signing secret, and what its log says")
}

func unreachable(ctx context.Context, url string, err error) error {
	var ours *bursar.Error
	var certificate *tls.CertificateVerificationError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &ours):
		return ours
	case errors.As(err, &certificate):
		return destination.Refused("certificate_refused", "the certificate of %s does not prove who it is: %w", url, err).WithHint("use a certificate that a public authority has signed")
	}
	return destination.Away("unreachable", "%s does not answer: %w", url, err).WithHint("look whether the receiver runs, and lets this machine through its firewall")
}
