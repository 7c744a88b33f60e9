package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/register"
)

// A bursar without an identity says so, and sets accounts up as soon as it has one.
func TestGuideFindsItsIdentityLater(t *testing.T) {
	var log strings.Builder
	there := make(chan bool)
	g := &guide{log: slog.New(slog.NewTextHandler(&log, nil)), pause: func(context.Context) error { return nil }}
	g.config.Store(&register.Config{DownloadPath: "/templates/"})
	g.ask = func(context.Context) (register.Config, error) {
		if !<-there {
			return register.Config{}, errors.New("no credentials")
		}
		return register.Config{DownloadPath: "/templates/", PrincipalAccountID: "999900001111", PrincipalARN: "arn:aws:iam::999900001111:user/bursar"}, nil
	}
	first, done := make(chan struct{}), make(chan struct{})
	g.first = first
	go func() { defer close(done); g.find(t.Context(), func() { close(first) }) }()
	there <- false
	account := bursar.Account{
		AccountID: "111122223333", Name: "payer", Partition: bursar.PartitionAWS, Method: bursar.MethodConsole,
		ExternalID: bursar.NewExternalID(), RoleARN: "arn:aws:iam::111122223333:role/bursar/bursar-x",
	}
	if steps, err := g.Setup(account, bursar.Status{}, nil); err != nil || !strings.Contains(fmt.Sprint(steps), "no AWS identity") {
		t.Errorf("without an identity the steps are %+v, %v", steps, err)
	}
	if g.identified() {
		t.Error("it has an identity that AWS never told")
	}
	there <- false
	there <- true
	<-done
	if !g.identified() {
		t.Error("it does not know that it has an identity")
	}
	steps, err := g.Setup(account, bursar.Status{}, nil)
	if err != nil || strings.Contains(fmt.Sprint(steps), "no AWS identity") || !strings.Contains(fmt.Sprint(steps), "user/bursar") {
		t.Errorf("with one: %+v, %v", steps, err)
	}
	if n := strings.Count(log.String(), "no AWS identity"); n != 1 {
		t.Errorf("it complains %d times:\n%s", n, log.String())
	}
}
