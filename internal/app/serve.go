package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/cli"
)

// Serve runs the server until ctx ends.
func (Local) Serve(ctx context.Context, o cli.ServeOptions, out, log io.Writer) error {
	c, err := LoadConfig(o.ConfigFile, o.Environ)
	if err != nil {
		return err
	}
	logger := newLog(log, c)
	started := startSmall()
	a, err := New(ctx, c, logger)
	started()
	if err != nil {
		return err
	}
	defer a.Close()
	if !a.Owner.IsZero() {
		fmt.Fprintf(out, "This is the first start. The owner's token, which is shown this once:\n\n  %s\n\n\"bursar login %s\" keeps it, or put it in BURSAR_TOKEN. Then: bursar account add 123456789012 \"Main payer\"\n\n", a.Owner.Reveal(), a.URL())
		fmt.Fprintf(out, "In a browser, the owner is whoever opens this link first, within a day:\n\n  %s\n\n", a.SetupLink.Reveal())
	}
	fmt.Fprintf(out, "bursar listens on %s\n", a.URL())
	if err := errors.Join(a.Run(ctx), a.Close()); err != nil {
		return err
	}
	logger.Info("stopped")
	return nil
}

// newLog makes the log. Whatever looks like a secret of bursar's, and the secrets of the settings, are taken out of every line, wherever the
// text comes from: an error of a library, a panic, a name that somebody gave.
func newLog(w io.Writer, c Config) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: c.redact}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// redact takes secrets out of an attribute of a line in the log.
func (c Config) redact(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString, slog.KindAny:
		if _, isTime := a.Value.Any().(time.Time); isTime {
			return a
		}
		text := a.Value.String()
		clean := bursar.Redact(text)
		for _, secret := range []bursar.Secret{c.SecretAccessKey, c.SessionToken, c.OIDC.ClientSecret} {
			if !secret.IsZero() {
				clean = strings.ReplaceAll(clean, secret.Reveal(), "[redacted]")
			}
		}
		if clean != text {
			a.Value = slog.StringValue(clean)
		}
	}
	return a
}
