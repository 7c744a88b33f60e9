package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"golang.org/x/term"
)

// progress shows how far something has come, on one line of a terminal that is written over and over. Where nobody looks, in a
// pipe or a log, it shows nothing.
type progress struct {
	w     io.Writer // nil shows nothing
	width func() int
	shown bool
}

func newProgress(w io.Writer, quiet bool) *progress {
	f, ok := w.(*os.File)
	if quiet || !ok || !term.IsTerminal(int(f.Fd())) {
		return &progress{}
	}
	return &progress{w: w, width: func() int {
		width, _, err := term.GetSize(int(f.Fd()))
		if err != nil || width < 20 {
			return 80
		}
		return width
	}}
}

const eraseLine = "\r\x1b[K"

func (p *progress) show(now bursar.Progress) {
	if p.w == nil {
		return
	}
	line := []rune(progressLine(now))
	if most := p.width() - 1; len(line) > most {
		line = append(line[:most-1], '…')
	}
	fmt.Fprintf(p.w, "%s%s", eraseLine, string(line))
	p.shown = true
}

// clear makes room for something else.
func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.w, eraseLine)
		p.shown = false
	}
}

const barWidth = 20

// progressLine is a bar where the end is known, then what is being done.
func progressLine(p bursar.Progress) string {
	var b strings.Builder
	if p.Total > 0 {
		done := min(p.Done, p.Total)
		full := int(float64(done) / float64(p.Total) * barWidth)
		fmt.Fprintf(&b, "%s%s %3d%%  ", strings.Repeat("█", full), strings.Repeat("░", barWidth-full), int(float64(done)/float64(p.Total)*100))
	}
	b.WriteString(printable(p.Step))
	if p.Unit != "" && p.Unit != "bytes" && p.Total > 0 {
		fmt.Fprintf(&b, "  %d of %d %s", p.Done, p.Total, p.Unit)
	}
	if p.Rows > 0 {
		fmt.Fprintf(&b, "  %d rows", p.Rows)
	}
	if p.RowsPerSecond > 0 {
		fmt.Fprintf(&b, " (%d/s)", p.RowsPerSecond)
	}
	if p.SecondsLeft > 0 {
		fmt.Fprintf(&b, "  %s left", time.Duration(p.SecondsLeft)*time.Second)
	}
	return b.String()
}
