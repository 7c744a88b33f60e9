// Package client is the Go client of bursar's REST API.
//
//	c, err := client.New("http://127.0.0.1:8440", client.WithToken(os.Getenv("BURSAR_TOKEN")))
//	account, err := c.AddAccount(ctx, client.NewAccount{AccountID: "123456789012", Name: "Main payer", Method: "console"})
//	run, err := c.CheckAccount(ctx, account.ID)
//	run, err = c.WatchRun(ctx, run.ID, func(e client.RunEvent) { fmt.Println(e) })
//
// What the server refuses is an [*Error] with the fields of its problem document (RFC 9457). Reads are tried again while the server is
// unavailable. So is what makes or starts something: each call carries an Idempotency-Key of its own, by which the server knows a request
// whose answer was lost and does it once. Other changes are not tried again.
package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
)

// Client talks to one server as one person or program. It is safe for concurrent use.
type Client struct {
	base  *url.URL
	token bursar.Secret
	http  *http.Client
	pause func(ctx context.Context, attempt int) error
}

// Option changes a client.
type Option func(*Client)

// WithToken sets the API key that every request carries, in its Authorization header.
func WithToken(token string) Option { return func(c *Client) { c.token = bursar.NewSecret(token) } }

// WithHTTPClient sets the HTTP client to use instead of one of the client's own.
func WithHTTPClient(h *http.Client) Option { return func(c *Client) { c.http = h } }

// WithPause sets what is done before a read is tried again, for the first time with attempt 1. An error ends the attempts.
func WithPause(pause func(ctx context.Context, attempt int) error) Option {
	return func(c *Client) { c.pause = pause }
}

// New makes a client of the server at an http or https address.
func New(server string, options ...Option) (*Client, error) {
	u, err := url.Parse(strings.TrimSuffix(server, "/"))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, bursar.Errorf(bursar.Invalid, "%q is not the address of a server", server).WithHint("it looks like http://127.0.0.1:8440")
	}
	c := &Client{base: u, http: &http.Client{}, pause: backOff}
	for _, o := range options {
		o(c)
	}
	return c, nil
}

// Server returns the server's address.
func (c *Client) Server() string { return c.base.String() }

// Error is a problem document of the server.
type Error struct {
	Status    int    `json:"status"`
	Title     string `json:"title"`
	Detail    string `json:"detail"`
	Code      string `json:"code"`   // see bursar.Code
	Reason    string `json:"reason"` // stable and finer: "account_id_taken"
	Field     string `json:"field"`  // the field that is wrong
	Hint      string `json:"hint"`   // what to do
	Line      int    `json:"line"`   // where in the field's text, from 1; 0 where it says nothing about a place
	Column    int    `json:"column"` // the character in that line
	RequestID string `json:"request_id"`
}

// Error says what the server said.
func (e *Error) Error() string {
	msg := e.Detail
	if msg == "" {
		msg = e.Title
	}
	if e.Line > 0 {
		msg = fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, msg)
	}
	if e.Field != "" && !strings.HasPrefix(msg, e.Field) {
		msg = e.Field + ": " + msg
	}
	return msg
}

// Unwrap gives the error in bursar's own words, so that bursar.CodeOf tells its code.
func (e *Error) Unwrap() error {
	return &bursar.Error{Code: bursar.Code(e.Code), Reason: e.Reason, Field: e.Field, Message: e.Detail, Hint: e.Hint, Line: e.Line, Column: e.Column}
}

const attempts = 3

func backOff(ctx context.Context, attempt int) error {
	t := time.NewTimer(time.Duration(attempt) * 300 * time.Millisecond)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// request is what is asked of the server.
type request struct {
	method, path string // path is escaped already
	query        url.Values
	in           any    // the body; nil for none
	accept       string // media type; JSON when empty
	key          string // makes it safe to send again
}

func (c *Client) get(ctx context.Context, path string, query url.Values, out any) error {
	return c.again(ctx, func() error { return c.do(ctx, http.MethodGet, path, query, nil, out) }, func(err error) bool {
		var e *Error
		return !errors.As(err, &e) || e.Status >= http.StatusInternalServerError
	})
}

func (c *Client) post(ctx context.Context, path string, in, out any) error {
	return c.postTo(ctx, path, nil, in, out)
}

// postTo sends a request that makes or starts something, with one key over all its attempts.
func (c *Client) postTo(ctx context.Context, path string, query url.Values, in, out any) error {
	r := request{method: http.MethodPost, path: path, query: query, in: in, key: keyOf(ctx)}
	return c.again(ctx, func() error { return c.ask(ctx, r, out) }, lost)
}

// lost says whether a request may have been done without an answer that tells of it.
func lost(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return bursar.CodeOf(err) == bursar.Unavailable
	}
	return e.Status == http.StatusBadGateway || e.Status == http.StatusServiceUnavailable || e.Status == http.StatusGatewayTimeout || e.Reason == underWay
}

// underWay is the reason of a refusal to a request whose first copy is being answered.
const underWay = "idempotency_in_flight"

// mostWaits is how often a request that is under way is asked for.
const mostWaits = 60

// again tries until it succeeds, or fails in a way that the next attempt would not mend.
func (c *Client) again(ctx context.Context, try func() error, mends func(error) bool) error {
	err := try()
	for tried, waited := 1, 0; err != nil && ctx.Err() == nil && mends(err); {
		var e *Error
		if errors.As(err, &e) && e.Reason == underWay {
			waited++
		} else {
			tried++
		}
		if tried > attempts || waited > mostWaits {
			return err
		}
		if pause := c.pause(ctx, max(tried-1, min(waited, attempts))); pause != nil {
			return pause
		}
		err = try()
	}
	return err
}

func (c *Client) do(ctx context.Context, method, path string, query url.Values, in, out any) error {
	return c.ask(ctx, request{method: method, path: path, query: query, in: in}, out)
}

// ask sends a request and reads the answer into out.
func (c *Client) ask(ctx context.Context, r request, out any) error {
	resp, err := c.send(ctx, r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if out == nil {
		return nil
	}
	decoder := json.NewDecoder(resp.Body)
	decoder.UseNumber() // no number of an answer becomes a float
	if err := decoder.Decode(out); err != nil {
		return bursar.Errorf(bursar.Unavailable, "the answer of %s cannot be read: %w", c.base, err).WithReason("answer_broken").WithHint("try again")
	}
	return nil
}

// send answers with a response of status below 400; its body is the caller's to close.
func (c *Client) send(ctx context.Context, r request) (*http.Response, error) {
	req, err := c.request(ctx, r)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		defer resp.Body.Close()
		return nil, problem(resp)
	}
	return resp, nil
}

func (c *Client) request(ctx context.Context, r request) (*http.Request, error) {
	body, kind, err := bodyOf(r.in)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(strings.TrimSuffix(c.base.String(), "/") + r.path)
	if err != nil {
		return nil, err
	}
	u.RawQuery = r.query.Encode()
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", cmp.Or(r.accept, "application/json")+", application/problem+json")
	for name, value := range map[string]string{"Content-Type": kind, "Idempotency-Key": r.key, "If-Match": ifMatch(ctx, r.method)} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	if !c.token.IsZero() {
		req.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	}
	return req, nil
}

// csvText is a body that is CSV already, jsonText one that is JSON.
type (
	csvText  []byte
	jsonText []byte
)

// bodyOf writes a body, and says of which type it is.
func bodyOf(in any) (body io.Reader, kind string, err error) {
	switch in := in.(type) {
	case nil:
		return nil, "", nil
	case csvText:
		return bytes.NewReader(in), "text/csv", nil
	case jsonText:
		return bytes.NewReader(in), "application/json", nil
	}
	b, err := json.Marshal(in)
	return bytes.NewReader(b), "application/json", err
}

func (c *Client) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return bursar.Errorf(bursar.Unavailable, "no bursar server answers at %s: %w", c.base, err).
		WithReason("server_unreachable").WithHint("start one with \"bursar serve\", or name another with --server or BURSAR_SERVER")
}

func problem(resp *http.Response) error {
	e := &Error{}
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil {
		err = json.Unmarshal(b, e)
	}
	if err != nil || e.Title == "" {
		e = &Error{Title: http.StatusText(resp.StatusCode), Detail: "the server answered " + resp.Status, Code: string(bursar.Unavailable)}
	}
	e.Status = resp.StatusCode
	return e
}
