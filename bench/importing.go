package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/bursarhq/bursar"
)

const (
	memoryLimit = 512 << 20
	itemLimit   = 80 // bytes of the lake for each line item
)

// bursarImport is a task: it imports generated bills into a home and publishes them. Its arguments are the home, where the
// processor profile goes ("" for none), and the bills' folders.
func bursarImport(ctx context.Context, args []string) (_ map[string]float64, err error) {
	if args[1] != "" {
		stop, err := startProfile(args[1])
		if err != nil {
			return nil, err
		}
		defer stop()
	}
	h, err := openHome(ctx, args[0])
	if err != nil {
		return nil, err
	}
	defer h.close()
	rows := int64(0)
	for _, dir := range args[2:] {
		d, err := readDelivered(dir)
		if err != nil {
			return nil, err
		}
		if err := h.take(ctx, d); err != nil {
			return nil, err
		}
		rows += d.Truth.Rows
	}
	size, err := h.size()
	return map[string]float64{"rows": float64(rows), "bytes": float64(size)}, err
}

func startProfile(name string) (stop func(), err error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		f.Close()
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}, nil
}

// gunzip is a task: it unpacks csv.gz files, one on each core, and throws the text away. No import can be faster.
func gunzip(ctx context.Context, args []string) (map[string]float64, error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var total int64
	var failed error
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for _, name := range args {
		free <- struct{}{}
		wg.Go(func() {
			n, err := gunzipOne(name)
			mu.Lock()
			defer mu.Unlock()
			total += n
			if err != nil {
				failed = err
			}
			<-free
		})
	}
	wg.Wait()
	return map[string]float64{"bytes": float64(total)}, failed
}

func gunzipOne(name string) (int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return 0, err
	}
	return io.Copy(io.Discard, z)
}

// ours measures an import, each time into a new home.
func (b *bench) ours(ctx context.Context, d *delivered) func() (cost, error) {
	return func() (cost, error) {
		dir, err := os.MkdirTemp(b.scratch, "home-")
		if err != nil {
			return cost{}, err
		}
		defer os.RemoveAll(dir)
		return measure(ctx, "bursar-import", dir, b.profile, d.Dir)
	}
}

// theirs measures the peer, which writes one file.
func (b *bench) theirs(ctx context.Context, name string, d *delivered) func() (cost, error) {
	return func() (cost, error) {
		out := filepath.Join(b.scratch, "peer.parquet")
		defer os.Remove(out)
		c, err := measure(ctx, name, append([]string{out}, d.paths()...)...)
		if err == nil && int64(c.Out["rows"]) != d.Truth.Rows {
			err = fmt.Errorf("DuckDB read %.0f line items, not %d", c.Out["rows"], d.Truth.Rows)
		}
		return c, err
	}
}

// month is the bill of most measurements.
func (b *bench) month() bill {
	return bill{Rows: b.rows, Files: 5, Format: bursar.FileCSV, Period: benchMonth}
}

func (b *bench) importCSV(ctx context.Context) error {
	us, duck, err := b.compare(ctx, b.month(), fmt.Sprintf("%d line items, csv.gz, 5 files", b.rows))
	if err != nil {
		return err
	}
	each := us.Out["bytes"] / us.Out["rows"]
	b.table.judge("  lake, bytes per line item", fmt.Sprintf("at most %d", itemLimit), each <= itemLimit, "%.1f (DuckDB's Parquet %.1f)", each, duck.Out["bytes"]/duck.Out["rows"])
	return nil
}

// importRandom takes the same rows in, in an order in which no two neighbours are alike.
func (b *bench) importRandom(ctx context.Context) error {
	of := b.month()
	of.Order = random
	us, duck, err := b.compare(ctx, of, fmt.Sprintf("%d line items in random order, csv.gz, 5 files", b.rows))
	if err == nil {
		b.table.add("  lake, bytes per line item", "%.1f (DuckDB's Parquet %.1f)", us.Out["bytes"]/us.Out["rows"], duck.Out["bytes"]/duck.Out["rows"])
	}
	return err
}

// importSingle takes in one file of some 320 MB: a gzip stream cannot be unpacked by two cores.
func (b *bench) importSingle(ctx context.Context) error {
	rows := b.rows * 33 / 10
	_, _, err := b.compare(ctx, bill{Rows: rows, Files: 1, Format: bursar.FileCSV, Period: benchMonth}, fmt.Sprintf("%d line items, csv.gz, 1 file", rows))
	return err
}

func (b *bench) importParquet(ctx context.Context) error {
	_, _, err := b.compare(ctx, bill{Rows: b.rows, Files: 5, Format: bursar.FileParquet, Period: benchMonth}, fmt.Sprintf("%d line items, Parquet, 5 files", b.rows))
	return err
}

// compare imports a bill in turns with DuckDB and, where it is packed, with plain gunzip.
func (b *bench) compare(ctx context.Context, of bill, what string) (us, duck cost, err error) {
	d, err := b.bills(ctx, of)
	if err != nil {
		return us, duck, err
	}
	peer, wanted, target := "duckdb-parquet", 1.0, "DuckDB's rows/s"
	things := []func() (cost, error){b.ours(ctx, d), nil}
	if of.Format == bursar.FileCSV {
		peer, wanted, target = "duckdb-csv", 2, "2 times DuckDB's rows/s"
		things = append(things, func() (cost, error) { return measure(ctx, "gunzip", d.paths()...) })
	}
	things[1] = b.theirs(ctx, peer, d)
	c, err := inTurns(ctx, b.turns, things...)
	if err != nil {
		return us, duck, err
	}
	us, duck = c[0], c[1]
	b.table.add(what, "%s", mb(d.Bytes))
	ratio := us.rate() / duck.rate()
	b.table.judge("  import to published", target, ratio >= wanted, "%.0f rows/s: %.2f times DuckDB's %.0f", us.rate(), ratio, duck.rate())
	b.table.add("  processor time", "%.2f s: DuckDB's %.2f s is %.2f times that", us.CPU.Seconds(), duck.CPU.Seconds(), duck.CPU.Seconds()/us.CPU.Seconds())
	if len(c) > 2 {
		floor := c[2]
		b.table.add("  plain gunzip", "%s in %.2f s: the import takes %.1f times that", mb(int64(floor.Out["bytes"])), floor.Wall.Seconds(), us.Wall.Seconds()/floor.Wall.Seconds())
	}
	b.memory(us)
	b.table.add("  DuckDB's peak memory", "%d MiB", duck.PeakB>>20)
	return us, duck, nil
}

func (b *bench) memory(c cost) {
	b.table.judge("  peak memory", "at most 512 MiB", c.PeakB <= memoryLimit, "%d MiB", c.PeakB>>20)
}

// importLarge is about memory: the import alone, once.
func (b *bench) importLarge(ctx context.Context) error {
	rows := 20 * b.rows
	d, err := b.bills(ctx, bill{Rows: rows, Files: 80, Format: bursar.FileCSV, Period: benchMonth})
	if err != nil {
		return err
	}
	us, err := b.ours(ctx, d)()
	if err != nil {
		return err
	}
	b.table.add(fmt.Sprintf("%d line items, csv.gz, 80 files", rows), "%s packed, %.1f s, %.0f rows/s", mb(d.Bytes), us.Wall.Seconds(), us.rate())
	b.memory(us)
	return nil
}
