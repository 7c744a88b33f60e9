package ce

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// cursor is what a token says: where the next page begins, and which question it belongs to.
type cursor struct {
	At       int    `json:"at"`
	Question string `json:"q"`
}

// fingerprint tells one question from another: the body without its token.
func (c *call) fingerprint() string {
	var m map[string]json.RawMessage
	_ = json.Unmarshal(c.Body, &m) // it has been read before
	delete(m, "NextPageToken")
	delete(m, "NextToken")
	body, _ := json.Marshal(m) // sorted by key
	return fmt.Sprintf("%x", sha256.Sum256(append([]byte(c.Action), body...)))[:16]
}

// paged cuts a list at a token and returns the next one, "" at the end. A token of another question, or of nobody's, is refused.
func paged[T any](c *call, all []T, size int, token string) ([]T, string, *cloud.Error) {
	at := cursor{Question: c.fingerprint()}
	if token != "" {
		text, err := base64.RawURLEncoding.DecodeString(token)
		got := cursor{}
		if err != nil || json.Unmarshal(text, &got) != nil || got.At < 0 || got.At > len(all) {
			return nil, "", cloud.Errorf(http.StatusBadRequest, "InvalidNextTokenException", "Invalid token received")
		}
		if got.Question != at.Question {
			return nil, "", cloud.Errorf(http.StatusBadRequest, "RequestChangedException", "The request parameters changed between pages")
		}
		at = got
	}
	end := min(at.At+size, len(all))
	out := all[at.At:end]
	if _, ok := c.Cloud.Faults.Take("repeated_token", "ce", c.Action, c.account(), ""); ok && token != "" {
		return out, token, nil
	}
	if end == len(all) {
		return out, "", nil
	}
	at.At = end
	next, _ := json.Marshal(at)
	return out, base64.RawURLEncoding.EncodeToString(next), nil
}

// size is the number of results that was asked for, or the operation's own.
func size(asked, otherwise, most int) (int, *cloud.Error) {
	switch {
	case asked == 0:
		return otherwise, nil
	case asked < 0 || asked > most:
		return 0, invalid("1 validation error detected: Value '%d' at 'maxResults' failed to satisfy constraint: Member must have value between 1 and %d", asked, most)
	}
	return asked, nil
}
