package app

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
)

// TestTheLogTakesSecretsOut writes them the ways that a careless line, a library or a panic would.
func TestTheLogTakesSecretsOut(t *testing.T) {
	c := Config{LogLevel: "debug", SecretAccessKey: bursar.NewSecret("aws/canary"), SessionToken: bursar.NewSecret("token-canary")}
	c.OIDC.ClientSecret = bursar.NewSecret("oidc-canary")
	key := "bur_" + strings.Repeat("canary", 8)
	external := bursar.NewExternalID()
	for _, format := range []string{"text", "json"} {
		c.LogFormat = format
		var out bytes.Buffer
		log := newLog(&out, c)
		for _, secret := range []string{key, external, "aws/canary", "token-canary", "oidc-canary"} {
			log.Info("said "+secret, "text", "a "+secret, "error", errors.New("b "+secret), "panic", slog.AnyValue(fmt.Errorf("c: %w", errors.New(secret))),
				"struct", struct{ Field string }{secret}, slog.Group("g", "in", secret), "number", 7)
			log.With("kept", secret).WithGroup("h").Warn("x", "bytes", strings.NewReplacer().Replace(secret))
		}
		if got := out.String(); strings.Contains(got, "canary") || strings.Contains(got, external) || strings.Count(got, "[redacted]") < 5*6 || !strings.Contains(got, "number") {
			t.Errorf("%s: %s", format, got)
		}
	}
}
