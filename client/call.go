package client

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/bursarhq/bursar"
)

// Call sends a request that this package has no method for, and writes what is answered to w as it comes. path begins with a slash and may
// have a query; body is JSON, or nothing. Nothing is tried again; a POST has an Idempotency-Key.
func (c *Client) Call(ctx context.Context, method, path string, body []byte, w io.Writer) error {
	u, err := url.Parse(path)
	if err != nil || u.Host != "" || !strings.HasPrefix(path, "/") {
		return bursar.InvalidField("path", "%q is no path of a server", path).WithHint("it looks like /api/v1/accounts?limit=10")
	}
	r := request{method: method, path: u.EscapedPath(), query: u.Query(), accept: "*/*"}
	if len(body) > 0 {
		r.in = jsonText(body)
	}
	if method == http.MethodPost {
		r.key = keyOf(ctx)
	}
	resp, err := c.send(ctx, r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(w, resp.Body); err != nil {
		return bursar.Errorf(bursar.Unavailable, "the answer of %s is cut short: %w", c.base, err).WithReason("answer_broken").WithHint("try again")
	}
	return nil
}
