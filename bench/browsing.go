package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/bursarhq/bursar/client"
)

const (
	firstLimit  = time.Second
	chartLimit  = 200 * time.Millisecond
	filterLimit = 100 * time.Millisecond

	consoleAccounts = 10_000
	accountsAtOnce  = 5_000
)

// console measures in a real browser what a person waits for: the first page, a chart over the month, the list of accounts filtered. It needs
// the console built in, Node and Chromium; where one is missing it says so, and measures nothing.
func (b *bench) console(ctx context.Context) error {
	script, lack := consoleScript()
	if lack != "" {
		b.table.add("console", "left out: %s", lack)
		return nil
	}
	d, err := b.bills(ctx, b.month())
	if err != nil {
		return err
	}
	s, err := b.serveLake(ctx, b.folder("console"), []*delivered{d})
	if err != nil {
		return err
	}
	took, err := s.browse(ctx, script, d)
	if err := errors.Join(err, s.stop()); err != nil {
		return err
	}
	b.waited("console: first page interactive, nothing cached", firstLimit, took["first"])
	b.waited(fmt.Sprintf("console: chart by service and day drawn anew, %d line items", d.Truth.Rows), chartLimit, took["chart"])
	b.waited(fmt.Sprintf("console: list of %d accounts filtered", consoleAccounts), filterLimit, took["filter"])
	return nil
}

// waited judges the median of what a browser measured, and says how it stands to the target.
func (b *bench) waited(what string, limit time.Duration, milliseconds []float64) {
	var all []time.Duration
	for _, m := range milliseconds {
		all = append(all, time.Duration(m*float64(time.Millisecond)))
	}
	middle := median(all)
	b.table.judge(what, fmt.Sprintf("at most %d ms", limit.Milliseconds()), middle <= limit, "%s, %.2f times the target, median of %d", ms(middle), middle.Seconds()/limit.Seconds(), len(all))
}

// consoleScript finds the script that measures, and says what it lacks.
func consoleScript() (path, lack string) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", "the module's folder is not found"
	}
	web := filepath.Join(strings.TrimSpace(string(root)), "web")
	for _, need := range []struct{ file, lack string }{{"dist/index.html", "the console is not built: make build"}, {"node_modules/playwright-core", "the console's packages are not there: make build"}} {
		if _, err := os.Stat(filepath.Join(web, filepath.FromSlash(need.file))); err != nil {
			return "", need.lack
		}
	}
	if _, err := exec.LookPath("node"); err != nil {
		return "", "there is no Node"
	}
	return filepath.Join(web, "e2e", "measure.mjs"), ""
}

// browse registers accounts, and has a browser measure.
func (s *server) browse(ctx context.Context, script string, d *delivered) (took map[string][]float64, err error) {
	c, err := client.New(s.url, client.WithToken(s.token))
	if err != nil {
		return nil, err
	}
	for from := 0; from < consoleAccounts; from += accountsAtOnce {
		var some []client.NewAccount
		for i := from; i < from+accountsAtOnce; i++ {
			some = append(some, client.NewAccount{AccountID: fmt.Sprintf("5%011d", i), Name: fmt.Sprintf("team %05d", i), Method: "console"})
		}
		if _, err := c.AddAccounts(ctx, some); err != nil {
			return nil, err
		}
	}
	cmd := exec.CommandContext(ctx, "node", script, s.url, s.token, d.Period.String())
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("measuring in a browser: %w", err)
	}
	return took, json.Unmarshal(out, &took)
}
