package api

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
	"github.com/danielgtaylor/huma/v2"
)

const (
	idempotencyHeader = "Idempotency-Key"
	replayedHeader    = "Idempotency-Replayed"
	idempotencyTime   = 24 * time.Hour
)

var idempotencyPattern = regexp.MustCompile(`^[!-~]{1,255}$`)

// repeatable lets a POST with an Idempotency-Key be sent again: the same request is answered the same and done once. The key belongs to
// the caller's credential and workspace. What was answered is sealed with a key made of both, as it may hold a secret that is shown once.
func (a *API) repeatable(ctx huma.Context, next func(huma.Context)) {
	key := ctx.Header(idempotencyHeader)
	if key == "" {
		next(ctx)
		return
	}
	if !idempotencyPattern.MatchString(key) {
		_ = huma.WriteErr(a.huma, ctx, http.StatusBadRequest, "", (&bursar.Error{Code: bursar.Malformed, Field: idempotencyHeader, Message: "it is not a key"}).
			WithReason("idempotency_key_malformed").WithHint("send 1 to 255 visible ASCII characters, such as a random UUID"))
		return
	}
	body, ok := a.wholeBody(ctx)
	if !ok {
		return
	}
	ctx = &rewritten{ctx, bytes.NewReader(body), ctx.Header("Content-Type")}
	r := newRepeat(ctx, key, body)
	if !a.underWay.begin(r.Scope) {
		_ = huma.WriteErr(a.huma, ctx, http.StatusConflict, "", bursar.Errorf(bursar.Conflict, "the request with this key is under way").
			WithReason("idempotency_in_flight").WithHint("send it again when it has ended"))
		return
	}
	defer a.underWay.end(r.Scope)
	was, first, err := a.begun(ctx.Context(), r)
	if err == nil && !first {
		err = a.replay(ctx, r, was)
	}
	switch {
	case err != nil:
		_ = huma.WriteErr(a.huma, ctx, http.StatusInternalServerError, "", err)
	case first:
		a.doOnce(ctx, r, next)
	}
}

// wholeBody reads the body, as long as the operation allows. It has answered when that fails.
func (a *API) wholeBody(ctx huma.Context) (body []byte, ok bool) {
	most := ctx.Operation().MaxBodyBytes
	_ = ctx.SetReadDeadline(time.Now().Add(bodyTimeout)) // not every connection has deadlines
	if r := ctx.BodyReader(); r != nil {
		var err error
		if body, err = io.ReadAll(io.LimitReader(r, most+1)); err != nil {
			_ = huma.WriteErr(a.huma, ctx, http.StatusRequestTimeout, "")
			return nil, false
		}
	}
	if int64(len(body)) > most {
		_ = huma.WriteErr(a.huma, ctx, http.StatusRequestEntityTooLarge, "")
		return nil, false
	}
	return body, true
}

// repeat is a request that may be sent again, with the key that seals its answer.
type repeat struct {
	store.Repeatable
	seal   cipher.AEAD
	public bool // no credential is needed for it
}

func newRepeat(ctx huma.Context, key string, body []byte) repeat {
	request := callOf(ctx.Context()).http
	credential := bearer(request.Header.Get("Authorization"))
	if credential.IsZero() {
		credential = sessionCookie(request)
	}
	ws := principalOf(ctx.Context()).WorkspaceID
	public := len(ctx.Operation().Security) == 0
	if public { // what lets its caller in is in the body
		credential = bursar.NewSecret(credential.Reveal() + string(body))
	}
	secret := digest([]byte(credential.Reveal()), "idempotency", ws, key)
	block, err := aes.NewCipher(digest(secret, "answer"))
	if err != nil {
		panic(err) // a digest has the length of a key
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // AES has GCM's block size
	}
	asked := digest(secret, "request", request.Method, request.URL.RequestURI(), ctx.Header("Content-Type"), string(body))
	return repeat{store.Repeatable{Scope: hex.EncodeToString(digest(secret, "scope")), WorkspaceID: ws, Request: hex.EncodeToString(asked)}, seal, public}
}

// digest is an HMAC of parts, none of which holds a zero byte save the last.
func digest(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(strings.Join(parts, "\x00"))) // a hash takes everything
	return h.Sum(nil)
}

// begun says what became of the request before, and whether this is the first one. It is kept before it is done; one that needs no credential
// only when it has succeeded, as callers whom nobody knows could fill the store otherwise.
func (a *API) begun(ctx context.Context, r repeat) (was store.Repeatable, first bool, err error) {
	if !r.public {
		return a.claim(ctx, r)
	}
	err = a.Store.View(ctx, func(tx *store.Tx) error { was, err = tx.Repeatable(r.WorkspaceID, r.Scope); return err })
	if bursar.CodeOf(err) == bursar.NotFound {
		return was, true, nil
	}
	return was, false, err
}

// claim keeps the request. It is no change that somebody asked for, so the audit log has no line of it.
func (a *API) claim(ctx context.Context, r repeat) (was store.Repeatable, first bool, err error) {
	err = a.Store.InTx(store.WithOrigin(ctx, store.Origin{}), func(tx *store.Tx) error {
		was, first, err = tx.ClaimRepeatable(r.Repeatable, idempotencyTime)
		return err
	})
	return was, first, err
}

// answer is what a request was answered.
type answer struct {
	Header map[string][]string
	Body   []byte
}

// replay answers what was answered before.
func (a *API) replay(ctx huma.Context, r repeat, was store.Repeatable) error {
	switch {
	case was.Request != r.Request:
		return (&bursar.Error{Code: bursar.Invalid, Field: idempotencyHeader, Message: "the key was sent before with another request"}).
			WithReason("idempotency_key_reused").WithHint("send another key with each request that is not the same")
	case was.Status == 0:
		return bursar.Errorf(bursar.Conflict, "the server was ended while it worked on the request with this key").
			WithReason("idempotency_outcome_unknown").WithHint("look whether it was done; if not, send it with another key")
	}
	var said answer
	sealed, err := base64.StdEncoding.DecodeString(was.Answer)
	if err != nil {
		return err
	}
	plain, err := r.seal.Open(nil, nil, sealed, []byte(r.Scope))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(plain, &said); err != nil {
		return err
	}
	ctx.SetHeader(replayedHeader, "true")
	said.write(ctx, was.Status)
	return nil
}

func (s answer) write(ctx huma.Context, status int) {
	for name, values := range s.Header {
		for _, v := range values {
			ctx.AppendHeader(name, v)
		}
	}
	ctx.SetStatus(status)
	if len(s.Body) > 0 {
		_, _ = ctx.BodyWriter().Write(s.Body) // the caller has gone when it fails
	}
}

// doOnce does the request, keeps what it is answered, and only then answers. A failure of ours is not kept: it may be tried again.
func (a *API) doOnce(ctx huma.Context, r repeat, next func(huma.Context)) {
	kept := &recorded{humaContext: ctx, header: http.Header{}, status: http.StatusInternalServerError}
	next(kept)
	said := answer{kept.header, kept.body.Bytes()}
	if err := a.keep(context.WithoutCancel(ctx.Context()), r, said, kept.status); err != nil {
		a.Log.ErrorContext(ctx.Context(), "the answer to a request with an Idempotency-Key cannot be kept", slog.Any("error", err))
	}
	said.write(ctx, kept.status)
}

// keep keeps what a request was answered, so that it is answered again; or forgets the request, so that it can be tried again.
func (a *API) keep(ctx context.Context, r repeat, said answer, status int) error {
	again := status >= http.StatusInternalServerError || status == http.StatusRequestTimeout || status == http.StatusTooManyRequests
	if r.public && status >= http.StatusBadRequest {
		return nil
	}
	return a.Store.InTx(store.WithOrigin(ctx, store.Origin{}), func(tx *store.Tx) error {
		if again {
			return tx.DropRepeatable(r.WorkspaceID, r.Scope)
		}
		if r.public {
			if _, _, err := tx.ClaimRepeatable(r.Repeatable, idempotencyTime); err != nil {
				return err
			}
		}
		plain, err := json.Marshal(said)
		if err != nil {
			return err
		}
		r.Status, r.Answer = status, base64.StdEncoding.EncodeToString(r.seal.Seal(nil, nil, plain, []byte(r.Scope)))
		return tx.AnswerRepeatable(r.Repeatable)
	})
}

// onceDescribed adds the header to what the document says of an operation. What changes nothing needs none, and takes it all the same.
func onceDescribed(op *huma.Operation, changes bool) {
	what := "Makes the request safe to send again for 24 hours: the same key with the same request is answered the same, with " + replayedHeader + ": true, and done once. The key belongs to the credential that sends it. With another request it is refused (422)."
	if !changes {
		what = "Not needed: the request changes nothing, and is run again when it is sent again."
	}
	op.Parameters = append(op.Parameters, &huma.Param{Name: idempotencyHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString}, Description: what})
}
