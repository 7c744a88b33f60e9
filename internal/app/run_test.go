package app_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/bursarhq/bursar/internal/app"
)

// TestRunThatIsToldToStopAtOnce ends without an error, as any other run that was told to stop.
func TestRunThatIsToldToStopAtOnce(t *testing.T) {
	c, err := app.LoadConfig("", []string{"BURSAR_DATA_DIR=" + t.TempDir(), "BURSAR_ADDR=127.0.0.1:0", "BURSAR_AWS_ENDPOINT=http://127.0.0.1:1", "BURSAR_AWS_ACCESS_KEY_ID=AKIAEXAMPLE", "BURSAR_AWS_SECRET_ACCESS_KEY=none"})
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := a.Run(ctx); err != nil {
		t.Error(err)
	}
}
