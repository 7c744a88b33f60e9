package client

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/bursarhq/bursar"
)

// RunEvent is one thing that happened in a run: exactly one field is set.
type RunEvent struct {
	Run     *bursar.Run     // its state or progress changed
	Finding *bursar.Finding // a check saw something
}

// Run returns one run.
func (c *Client) Run(ctx context.Context, id string) (*bursar.Run, error) {
	var out bursar.Run
	return &out, c.get(ctx, "/api/v1/runs/"+url.PathEscape(id), nil, &out)
}

// Runs lists runs, the newest first, as many as there are or as limit says; limit 0 is all of them. An empty account ("acc_…") means every
// account's.
func (c *Client) Runs(ctx context.Context, account string, limit int) ([]bursar.Run, error) {
	q := url.Values{"limit": {"200"}}
	if account != "" {
		q.Set("account", account)
	}
	if limit <= 0 || limit > 200 {
		runs, err := all[bursar.Run](ctx, c, "/api/v1/runs", q)
		if limit > 0 && len(runs) > limit {
			runs = runs[:limit]
		}
		return runs, err
	}
	q.Set("limit", strconv.Itoa(limit))
	var p page[bursar.Run]
	err := c.get(ctx, "/api/v1/runs", q, &p)
	return p.Items, err
}

// CancelRun ends a run. One that has ended already stays as it is.
func (c *Client) CancelRun(ctx context.Context, id string) (*bursar.Run, error) {
	var out bursar.Run
	return &out, c.post(ctx, "/api/v1/runs/"+url.PathEscape(id)+"/cancel", nil, &out)
}

// WatchRun calls each for everything that happens in a run, from its beginning, and returns the run when it has ended. When the
// connection breaks it asks for the run until it is final.
func (c *Client) WatchRun(ctx context.Context, id string, each func(RunEvent)) (*bursar.Run, error) {
	if err := c.follow(ctx, id, each); err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	for {
		run, err := c.Run(ctx, id)
		if err != nil || run.State.Final() {
			return run, err
		}
		if err := c.pause(ctx, 1); err != nil {
			return run, err
		}
	}
}

func (c *Client) follow(ctx context.Context, id string, each func(RunEvent)) error {
	resp, err := c.send(ctx, request{method: http.MethodGet, path: "/api/v1/runs/" + url.PathEscape(id) + "/events", accept: "text/event-stream"})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	event := ""
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			event = value
		case "data":
			e, err := decodeEvent(event, value)
			if err != nil {
				return err
			}
			if e != (RunEvent{}) {
				each(e)
			}
		}
	}
	return lines.Err()
}

func decodeEvent(event, data string) (e RunEvent, err error) {
	switch event {
	case "run":
		err = json.Unmarshal([]byte(data), &e.Run)
	case "finding":
		err = json.Unmarshal([]byte(data), &e.Finding)
	}
	if err != nil {
		err = fmt.Errorf("an event of the run cannot be read: %w", err)
	}
	return e, err
}
