package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/danielgtaylor/huma/v2"
)

// An entity tag (RFC 9110, 8.8.3) is "state.content". The state is that of the thing, which a change moves; the content is a digest of what
// was answered, so that the whole tag is a strong one. An answer about what has no state of its own has the digest alone. If-None-Match
// looks at the whole, If-Match at the state: what a check finds in between does not keep a person from renaming an account.

// stated is an answer about one thing that can be changed. Its state has letters and digits, and differs when the thing was changed.
type stated interface{ state() string }

func versionState(version int64) string { return fmt.Sprint("v", version) }

// contentState is the state of what has no version: of what can be changed about it.
func contentState(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "c" + hex.EncodeToString(sum[:8])
}

func (o *accountOutput) state() string    { return versionState(o.Body.Version) }
func (o *addAccountOutput) state() string { return versionState(o.Body.Version) }
func (o *setupOutput) state() string      { return versionState(o.Body.Version) }
func (o *userOutput) state() string       { return o.Body.state() }
func (o *workspaceOutput) state() string  { return o.Body.state() }
func (o *meOutput) state() string         { return o.Body.state() }
func (u User) state() string              { return contentState(u.ID, string(u.Role)) }
func (w Workspace) state() string         { return contentState(w.ID, w.Name) }
func (m Me) state() string                { return contentState(m.ID, m.Name) }

// zipped is what the tag of a compressed answer ends with: it has other bytes than the plain one.
const zipped = "-gzip"

// tagged gives answers their entity tags, and answers 304 to a GET whose caller has it already.
func (a *API) tagged(ctx huma.Context, next func(huma.Context)) {
	said := &recorded{humaContext: ctx, header: http.Header{}, status: http.StatusInternalServerError}
	next(said)
	state := callOf(ctx.Context()).state
	reads := ctx.Method() == http.MethodGet || ctx.Method() == http.MethodHead
	if said.status < http.StatusOK || said.status >= http.StatusMultipleChoices || !reads && state == "" {
		said.send()
		return
	}
	tag := etag(state, said.body.Bytes())
	said.SetHeader("ETag", tag)
	if reads && ctx.Header("Authorization") != "" {
		// A program with a key may keep what it was answered, and asks whether it still holds. A browser keeps nothing on its disk.
		ctx.SetHeader("Cache-Control", "private, no-cache")
	}
	if known := knows(ctx.Header("If-None-Match"), tag); reads && known != "" {
		said.SetHeader("ETag", known)
		said.header.Del("Content-Type")
		said.status = http.StatusNotModified
		said.body.Reset()
	}
	said.send()
}

func etag(state string, body []byte) string {
	sum := sha256.Sum256(body)
	content := hex.EncodeToString(sum[:16])
	if state == "" {
		return `"` + content + `"`
	}
	return `"` + state + "." + content + `"`
}

var tagPattern = regexp.MustCompile(`^[ \t]*(W/)?"([!#-~]*)"[ \t]*(?:,|$)`)

// tagsOf reads a list of entity tags. ok is false when it is none.
func tagsOf(header string) (tags []entityTag, ok bool) {
	for rest := strings.TrimSpace(header); rest != ""; {
		m := tagPattern.FindStringSubmatch(rest)
		if m == nil {
			return nil, false
		}
		tags = append(tags, entityTag{weak: m[1] != "", text: m[2]})
		rest = rest[len(m[0]):]
	}
	return tags, len(tags) > 0
}

type entityTag struct {
	weak bool
	text string // without its quotes
}

// knows returns the tag of If-None-Match that stands for the answer, "" when none does. It compares weakly: RFC 9110, 13.1.2.
func knows(header, tag string) string {
	if strings.TrimSpace(header) == "*" {
		return tag
	}
	tags, _ := tagsOf(header) // one that cannot be read is not known
	for _, t := range tags {
		if `"`+strings.TrimSuffix(t.text, zipped)+`"` == tag {
			return `"` + t.text + `"`
		}
	}
	return ""
}

// tagDescribed says it in the document.
func tagDescribed(op *huma.Operation) {
	op.Parameters = append(op.Parameters, &huma.Param{
		Name: "If-None-Match", In: "header", Schema: &huma.Schema{Type: huma.TypeString}, Description: "The ETag of an answer that the caller has. When it still holds, the answer is 304, without a body.",
	})
	op.Responses["200"].Headers = map[string]*huma.Param{"ETag": {Schema: &huma.Schema{Type: huma.TypeString}, Description: "Differs as soon as the answer does."}}
	op.Responses["304"] = &huma.Response{Description: "What the caller has still holds."}
}

const ifMatchHeader = "If-Match"

// unlessChanged is for a route that changes something which GET answers with a state: its handler calls [unchanged].
func unlessChanged(op *huma.Operation) {
	op.Metadata = map[string]any{ifMatchHeader: true}
	op.Parameters = append(op.Parameters, &huma.Param{
		Name: ifMatchHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString},
		Description: "The ETag of an answer. The request is refused (412) when somebody has changed the thing since then.",
	})
}

// preconditioned reads If-Match. It is never passed over: where nothing can be compared, it is refused.
func (a *API) preconditioned(ctx huma.Context, next func(huma.Context)) {
	header := strings.TrimSpace(ctx.Header(ifMatchHeader))
	if header == "" || header == "*" { // what is not there is not found
		next(ctx)
		return
	}
	tags, ok := tagsOf(header)
	var err error
	switch {
	case !ok:
		err = (&bursar.Error{Code: bursar.Malformed, Field: ifMatchHeader, Message: "it is no list of entity tags"}).
			WithReason("if_match_malformed").WithHint("send the ETag of an answer as it is, with its quotes")
	case ctx.Operation().Metadata[ifMatchHeader] == nil:
		err = (&bursar.Error{Code: bursar.Changed, Field: ifMatchHeader, Message: "what this changes has no entity tag that could be compared"}).
			WithReason("if_match_unsupported").WithHint("leave If-Match out")
	}
	if err != nil {
		_ = huma.WriteErr(a.huma, ctx, http.StatusInternalServerError, "", err)
		return
	}
	callOf(ctx.Context()).ifMatch = tags
	next(ctx)
}

// unchanged refuses a change of something whose state is none of those that the caller has named. It is asked in the transaction that
// makes the change, so that of two who have read the same, one wins.
func unchanged(ctx context.Context, state string) error {
	wanted := callOf(ctx).ifMatch
	for _, t := range wanted {
		was, _, _ := strings.Cut(t.text, ".")
		if !t.weak && was == state {
			return nil
		}
	}
	if wanted == nil {
		return nil
	}
	return (&bursar.Error{Code: bursar.Changed, Field: ifMatchHeader, Message: "somebody has changed it since you read it"}).
		WithReason("changed_meanwhile").WithHint("read it again, and send the change with the new ETag if you still want it")
}
