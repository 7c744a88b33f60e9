package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bursarhq/bursar/client"
)

// What is measured of the API, and what it must reach.
const (
	listAccounts = 10_000
	listPage     = "200"
	listAsked    = 600

	listLimit  = 20 * time.Millisecond
	bulkLimit  = 5 * time.Second
	leastRate  = 1000 // requests a second
	callers    = 8    // connections at once
	loadLasts  = 5 * time.Second
	bulkAtOnce = 5_000
)

// serveAPI measures the API at 10,000 accounts: registering them, reading any page of them, and as many requests as the server takes.
func (b *bench) serveAPI(ctx context.Context) error {
	s, err := b.serve(ctx, b.folder("serving"))
	if err != nil {
		return err
	}
	return errors.Join(b.askAPI(ctx, s), s.stop())
}

func (b *bench) askAPI(ctx context.Context, s *server) error {
	c, err := client.New(s.url, client.WithToken(s.token))
	if err != nil {
		return err
	}
	if err := b.bulk(ctx, s, c); err != nil {
		return err
	}
	load := &load{s: s, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: callers}}}
	defer load.http.CloseIdleConnections()
	if err := b.pages(ctx, load); err != nil {
		return err
	}
	for _, of := range []struct{ what, path string }{
		{"who the key belongs to", "/api/v1/me"}, {"a list of accounts, 20 to a page", "/api/v1/accounts?limit=20"},
	} {
		if err := b.rate(ctx, load, of.what, of.path); err != nil {
			return err
		}
	}
	return nil
}

// bulk registers accounts, 5,000 with each request.
func (b *bench) bulk(ctx context.Context, s *server, c *client.Client) error {
	var slowest, cpu time.Duration
	for from := 0; from < listAccounts; from += bulkAtOnce {
		var some []client.NewAccount
		for i := from; i < from+bulkAtOnce; i++ {
			some = append(some, client.NewAccount{AccountID: fmt.Sprintf("5%011d", i), Name: fmt.Sprintf("team %05d", i), Method: "console"})
		}
		before, began := s.processorTime(), time.Now()
		answer, err := c.AddAccounts(ctx, some)
		if err != nil {
			return err
		}
		if answer.Added != bulkAtOnce {
			return fmt.Errorf("%d of %d accounts were registered", answer.Added, bulkAtOnce)
		}
		slowest, cpu = max(slowest, time.Since(began)), max(cpu, s.processorTime()-before)
	}
	b.table.judge("5,000 accounts registered with one request", "at most 5 s", slowest <= bulkLimit, "%.2f s, the slower of %d", slowest.Seconds(), listAccounts/bulkAtOnce)
	b.table.add("  server's processor time", "%.2f s", cpu.Seconds())
	return nil
}

// filters are what lists are narrowed and sorted by.
var filters = []string{
	"", "", "sort=-name", "sort=-kind", "sort=method", "sort=payer_id", "sort=-data", "sort=checked_at", "q=nothing+like+it", "sort=account_id", "sort=-created_at", "sort=state", "q=team+0", "q=77", "name=9", "kind=unknown", "state=pending", "data=none", "top=true",
	"capability=access:not_set_up", "method=console&partition=aws", "state=!connected&sort=-account_id",
}

// pages reads pages from random places, by random filters.
func (b *bench) pages(ctx context.Context, l *load) error {
	random := rand.New(rand.NewPCG(1, 2))
	cursors := map[string]string{}
	before := l.s.processorTime()
	var all []time.Duration
	took := map[string][]time.Duration{}
	for range listAsked {
		filter := filters[random.IntN(len(filters))]
		if random.IntN(8) == 0 {
			delete(cursors, filter) // begins again
		}
		path := "/api/v1/accounts?limit=" + listPage + "&" + filter
		if c := cursors[filter]; c != "" {
			path += "&cursor=" + url.QueryEscape(c)
		}
		began := time.Now()
		next, err := l.page(ctx, path)
		if err != nil {
			return err
		}
		took[filter] = append(took[filter], time.Since(began))
		all, cursors[filter] = append(all, time.Since(began)), next
	}

	cpu := (l.s.processorTime() - before) / listAsked
	slowest, its := "", time.Duration(0)
	for filter, some := range took {
		if m := median(some); m > its {
			slowest, its = filter, m
		}
	}
	middle := median(all) // sorts them
	p99 := all[len(all)*99/100]
	b.table.judge("page of 200 of 10,000 accounts, any filter and place, p99", "at most 20 ms", p99 <= listLimit, "%s (median %s, most %s), of %d", ms(p99), ms(middle), ms(slices.Max(all)), len(all))
	b.table.add("  the slowest filter or order", "%s, median of %s", ms(its), slowest)
	b.table.add("  server's processor time for each", "%s", ms(cpu))
	return nil
}

// rate sends the same request over several connections for some time.
func (b *bench) rate(ctx context.Context, l *load, what, path string) error {
	ctx, stop := context.WithTimeout(ctx, 2*loadLasts)
	defer stop()
	var asked atomic.Int64
	failed := make(chan error, callers)
	before, began := l.s.processorTime(), time.Now()
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for time.Since(began) < loadLasts {
				if _, err := l.get(ctx, path); err != nil {
					failed <- err
					return
				}
				asked.Add(1)
			}
		})
	}
	all.Wait()
	took, cpu := time.Since(began), l.s.processorTime()-before
	select {
	case err := <-failed:
		return err
	default:
	}
	n := float64(asked.Load())
	rate := n / took.Seconds()
	b.table.judge("requests a second: "+what, "at least 1,000", rate >= leastRate, "%.0f, over %d connections", rate, callers)
	b.table.add("  server's processor time for each", "%.2f ms: %.0f a second on two cores that do nothing else", 1000*cpu.Seconds()/n, 2*n/cpu.Seconds())
	return nil
}

// load sends requests with the owner's key.
type load struct {
	s    *server
	http *http.Client
}

func (l *load) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.s.url+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+l.s.token)
	resp, err := l.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s: %s", path, resp.Status, body)
	}
	return body, err
}

// page reads one page and returns the next one's cursor. It is found without parsing all of the page: the two share the machine with the server.
func (l *load) page(ctx context.Context, path string) (next string, err error) {
	body, err := l.get(ctx, path)
	_, rest, _ := strings.Cut(string(body), `"next_cursor":"`)
	next, _, _ = strings.Cut(rest, `"`)
	return next, err
}

// processorTime is what the server's process has used; 0 where the system does not say.
func (s *server) processorTime() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var user, system int64
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		return 0
	}
	return time.Duration(user+system) * (time.Second / 100) // of 1/100 s
}
