package costexplorer

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/source/costexplorer/paid"
)

// maxPages is more than any question has pages: an answer that goes on for ever must not be paid for ever.
const maxPages = 500

// each asks a question page by page. A token that comes a second time is an error, and so is a question without end. Where AWS says that its
// tokens are not valid any more, what was kept is forgotten and the question asked from its beginning, once.
func each(ctx context.Context, t *paid.Teller, o *Operation, body map[string]any, visit func(begin bool, page []byte) error) error {
	question := t.Hash(o.Action, body)
	err := pages(ctx, t, o, body, question, visit)
	switch awsapi.Classify(err).Code {
	case "InvalidNextTokenException", "RequestChangedException":
		if err := t.Forget(ctx, question); err != nil {
			return err
		}
		return pages(ctx, t, o, body, question, visit)
	}
	return err
}

func pages(ctx context.Context, t *paid.Teller, o *Operation, body map[string]any, question string, visit func(begin bool, page []byte) error) error {
	seen := map[string]bool{}
	for n := 1; ; n++ {
		page, err := t.Page(ctx, o.Action, body, question, n)
		if err != nil {
			return err
		}
		if err := visit(n == 1, page); err != nil {
			return errors.Join(err, t.Forget(ctx, question))
		}
		token, err := o.tokenOf(page)
		switch {
		case err != nil:
			return err
		case token == "":
			return nil
		case seen[token] || n == maxPages:
			return errors.Join(endless(o, n), t.Forget(ctx, question))
		}
		seen[token] = true
		body = o.after(body, token)
	}
}

func endless(o *Operation, page int) error {
	return bursar.Errorf(bursar.Unavailable, "%s repeats itself after page %d: it was stopped before more was paid", o.Action, page).WithReason("answer_endless").
		WithHint("what was held before is kept; ask for less at once (fewer groups, fewer months) when it happens again")
}

// tokenOf finds the token of the next page, "" at the end.
func (o *Operation) tokenOf(page []byte) (string, error) {
	if o.token == "" {
		return "", nil
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(page, &m); err != nil {
		return "", unreadable("%w", err)
	}
	var token string
	if raw := m[o.token]; raw != nil {
		if err := json.Unmarshal(raw, &token); err != nil {
			return "", unreadable("the token of the next page is none: %w", err)
		}
	}
	return token, nil
}

// after is a question's next page. Nothing but the token differs.
func (o *Operation) after(body map[string]any, token string) map[string]any {
	out := map[string]any{o.token: token}
	for k, v := range body {
		if k != o.token {
			out[k] = v
		}
	}
	return out
}
