// Command bench measures bursar's speed and memory beside a peer's, on the same files, in the same run, in turns: `make bench`.
//
// Absolute times depend on the machine and on what else it does; ratios hardly do. A figure below its target is printed as such and is no
// error. Wrong totals are: everything that is imported is held against what the generator says, to the last decimal.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/bursarhq/bursar/internal/app"
)

// tasks run in processes of their own.
var tasks = map[string]task{
	"bills":          makeBills,
	"bursar-import":  bursarImport,
	"duckdb-csv":     duckdbCSV,
	"duckdb-parquet": duckdbParquet,
	"gunzip":         gunzip,
	"poll":           poll,

	"deliver":         deliver,
	"copy-postgres":   copyPostgres,
	"copy-clickhouse": copyClickHouse,
}

// part is one thing that is measured.
type part struct {
	name, what string
	do         func(*bench, context.Context) error
	big        bool // only with -large, or when it is named
}

// parts are what -only chooses from, in the order in which they are measured.
var parts = []part{
	{"import", "a month of csv.gz in five files", (*bench).importCSV, false},
	{"random", "the same rows in random order", (*bench).importRandom, false},
	{"single", "a csv.gz of 320 MB as one file", (*bench).importSingle, false},
	{"parquet", "the month as AWS's Parquet", (*bench).importParquet, false},
	{"poll", "an export where nothing changed", (*bench).pollUnchanged, false},
	{"start", "the program's start on empty data", (*bench).start, false},
	{"serve", "the API with 10,000 accounts", (*bench).serveAPI, false},
	{"ask", "cost by service and day over one month", (*bench).ask, false},
	{"ask-many", "the same over ten months of two million line items", (*bench).askMany, false},
	{"organization", "an organization of 1,000 linked accounts", (*bench).organization, false},
	{"requests", "what the default Cost Explorer streams ask and cost", (*bench).requests, false},
	{"console", "what a person waits for in a browser", (*bench).console, false},
	{"postgres", "the month's line items delivered to PostgreSQL", (*bench).deliverPostgres, false},
	{"clickhouse", "the month's line items delivered to ClickHouse", (*bench).deliverClickHouse, false},
	{"large", "memory on 20 million line items in one month", (*bench).importLarge, true},
}

// bench is one run of the bench.
type bench struct {
	rows    int
	turns   int
	cache   string // generated bills, kept from run to run
	scratch string // everything else, removed at the end
	profile string
	table   table
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	var b bench
	name := flag.String("task", "", "run one task in this process (the bench itself uses it)")
	only := flag.String("only", "", "measure these parts, comma-separated: "+partNames())
	large := flag.Bool("large", false, "also measure memory on a month of 20 million line items")
	flag.IntVar(&b.rows, "rows", 1_000_000, "line items of the month; targets hold for a million")
	flag.IntVar(&b.turns, "turns", 3, "how often each of two things is measured, in turns; the best of each counts")
	flag.StringVar(&b.cache, "cache", filepath.Join(os.TempDir(), "bursar-bench"), "`folder` where generated bills are kept from run to run")
	flag.StringVar(&b.profile, "cpuprofile", "", "write the processor profile of the last import to this `file`")
	flag.Parse()
	if *name != "" {
		app.BoundMemory() // as the server does
		return runTask(ctx, *name, flag.Args())
	}
	chosen, err := choose(*only, *large)
	if err != nil {
		return err
	}
	if b.scratch, err = os.MkdirTemp("", "bursar-bench-run-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.scratch)
	fmt.Fprintln(os.Stderr, machine())
	for _, i := range chosen {
		fmt.Fprintf(os.Stderr, "measuring %s: %s\n", parts[i].name, parts[i].what)
		if err = parts[i].do(&b, ctx); err != nil {
			err = fmt.Errorf("%s: %w", parts[i].name, err)
			break
		}
	}
	fmt.Println(machine())
	b.table.print(os.Stdout)
	return err
}

func partNames() string {
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	return strings.Join(names, ", ")
}

// choose returns the parts to measure.
func choose(only string, large bool) (chosen []int, err error) {
	for i, p := range parts {
		if only == "" && (!p.big || large) {
			chosen = append(chosen, i)
		}
	}
	for _, name := range strings.FieldsFunc(only, func(r rune) bool { return r == ',' }) {
		i := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no part %q; there are: %s", name, partNames())
		}
		chosen = append(chosen, i)
	}
	return chosen, nil
}
