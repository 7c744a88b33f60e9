package billing

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/billing/definition"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// answer runs one operation of a JSON service: anything but billing's own region has no endpoint.
func answer(s *Service, w http.ResponseWriter, r *cloud.Request, operations map[string]func(*call) (any, *cloud.Error)) {
	run, ok := operations[r.Action]
	switch {
	case r.Region != s.home():
		r.Fail(w, cloud.Errorf(http.StatusNotFound, "UnknownEndpoint", "%s has no endpoint in %s: use %s", r.Service, r.Region, s.home()))
		return
	case !ok:
		r.Fail(w, cloud.Errorf(http.StatusBadRequest, "UnknownOperationException", "the sandbox's %s has no %s", r.Service, r.Action))
		return
	}
	out, e := run(&call{r, s})
	if e != nil {
		r.Fail(w, e)
		return
	}
	r.ReplyJSON(w, out)
}

// call is one request.
type call struct {
	*cloud.Request
	s *Service
}

// account is the caller's.
func (c *call) account() string { return c.Caller.AccountID }

// may asks one action on a resource.
func (c *call) may(action, resource string) *cloud.Error { return c.Allow(action, resource, nil) }

// tag is a tag as both services spell it.
type tag struct{ Key, Value string }

func tagsOf(list []tag) map[string]string {
	out := map[string]string{}
	for _, t := range list {
		out[t.Key] = t.Value
	}
	return out
}

// page cuts a list. Tokens are positions; those that this service did not make are refused.
func page[T any](all []T, size int, token string) (out []T, next string, e *cloud.Error) {
	from := 0
	if token != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(token, "at-"))
		if err != nil || n < 0 || n > len(all) {
			return nil, "", definition.Invalid("The next token is not valid.")
		}
		from = n
	}
	to := min(from+size, len(all))
	if to < len(all) {
		next = "at-" + strconv.Itoa(to)
	}
	return append([]T{}, all[from:to]...), next, nil
}

// pageInput is what operations with pages have in common.
type pageInput struct {
	MaxResults *int
	NextToken  string
}

// size is the number of results of a page: 100 unless a smaller one is asked for.
func (p pageInput) size() (int, *cloud.Error) {
	if p.MaxResults == nil {
		return 100, nil
	}
	if n := *p.MaxResults; n >= 1 && n <= 100 {
		return n, nil
	}
	return 0, definition.Refused("maxResults", strconv.Itoa(*p.MaxResults), "have value between 1 and 100")
}
