package lake_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/bursarhq/bursar"
	"pgregory.net/rapid"
)

// Whatever AWS does in whatever order, what is published is the last complete delivery of each period that was there when somebody
// looked.
func TestPublishedIsTheLastCompleteDelivery(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		defer w.close()
		there, published := map[string]string{}, map[string]string{} // totals by month; "" where a half delivery lies
		for n := range rapid.IntRange(1, 7).Draw(rt, "steps") {
			d := draw(rt, n)
			switch rapid.SampledFrom([]string{"whole", "whole", "again", "half"}).Draw(rt, "what") {
			case "half": // the manifest names a file that is not there
				d.mode, d.files = bursar.CreateNew, 2
				manifest := d.writeFiles(t, w.objects())
				check(t, os.Remove(filepath.Join(w.objects(), filepath.FromSlash(d.folder()), "e-00002.csv.gz")))
				write(t, w.objects(), d.manifestKey(), manifest)
				there[d.period.String()] = ""
			case "again": // the same delivery is written twice, and looked at between
				d.put(t, w.objects())
				there[d.period.String()] = d.total(t).String()
				w.mustPoll(t)
				complete(there, published)
				fallthrough
			default:
				d.put(t, w.objects())
				there[d.period.String()] = d.total(t).String()
			}
			if rapid.Bool().Draw(rt, "nobody looks") {
				continue
			}
			w.mustPoll(t)
			complete(there, published)
			if got, want := joined(w.totals(t)), joined(published); got != want {
				rt.Fatalf("published %s, want %s", got, want)
			}
			w.tidy(t)
		}
	})
}

// complete publishes what is complete.
func complete(there, published map[string]string) {
	for month, total := range there {
		if total != "" {
			published[month] = total
		}
	}
}

func draw(rt *rapid.T, n int) delivery {
	d := delivery{
		period: february.Add(rapid.IntRange(0, 1).Draw(rt, "month")), version: fmt.Sprintf("v%d", n), files: rapid.IntRange(1, 3).Draw(rt, "files"),
		mode: rapid.SampledFrom([]bursar.Versioning{bursar.Overwrite, bursar.CreateNew}).Draw(rt, "mode"),
	}
	for range rapid.IntRange(1, 12).Draw(rt, "lines") {
		cost := bursar.DecimalFromInt64(rapid.Int64Range(-1_000_000, 1_000_000_000).Draw(rt, "cost"), rapid.IntRange(0, 10).Draw(rt, "scale"))
		day := fmt.Sprintf("%s-%02d", d.period, rapid.IntRange(1, 28).Draw(rt, "day"))
		d.lines = append(d.lines, line{day, rapid.SampledFrom([]string{"AmazonEC2", "AmazonS3", "AWSLambda"}).Draw(rt, "service"), cost.String()})
	}
	return d
}
