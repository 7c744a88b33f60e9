// Command bursar connects AWS accounts safely and owns their bills. See `bursar help`.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/bursarhq/bursar/internal/app"
	"github.com/bursarhq/bursar/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	os.Exit(cli.Main(ctx, app.Local{}, cli.Environment{
		Args: os.Args[1:], Environ: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	}))
}
