package app

import (
	"cmp"
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/api"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/register"
)

// How long, from the start, those who need it wait for AWS to say who bursar is, and how long until it is asked again while it does not say.
const (
	firstAnswer = 2 * time.Second
	askAgain    = 30 * time.Second
)

// guide says what to do in AWS, for the identity that bursar has by then. The server does not wait for it: who asks in the first moments
// does. While there is none it keeps asking: a server that starts before its network does, or before its role is there, needs no second start.
type guide struct {
	ask   func(context.Context) (register.Config, error)
	pause func(context.Context) error // before it is asked again
	log   *slog.Logger
	first <-chan struct{} // closed when AWS has answered once, or has had enough time to

	config atomic.Pointer[register.Config]
}

// Setup gives the steps for an account, as [register.Config] does.
func (g *guide) Setup(a bursar.Account, s bursar.Status, seen []bursar.Definition) ([]register.Step, error) {
	return g.Config().Setup(a, s, seen)
}

// Config is what the operator has set, and the identity that bursar has by now.
func (g *guide) Config() register.Config {
	<-g.first
	return *g.config.Load()
}

// identified says whether AWS has said who bursar is.
func (g *guide) identified() bool { return g.config.Load().PrincipalARN != "" }

// find asks until there is an answer, and calls answered when it has asked once.
func (g *guide) find(ctx context.Context, answered func()) {
	for n := 1; ; n++ {
		config, err := g.ask(ctx)
		if err == nil {
			g.config.Store(&config)
			g.log.Info("bursar's AWS identity", slog.String("arn", config.PrincipalARN))
		}
		if n == 1 {
			if err != nil && ctx.Err() == nil {
				g.log.Warn("bursar has no AWS identity: accounts cannot be set up or checked. It goes on asking", slog.Any("error", err),
					slog.String("hint", "run where an identity is ambient, or set aws_access_key_id and start again"))
			}
			answered()
		}
		if err == nil || g.pause(ctx) != nil {
			return
		}
	}
}

// guide asks AWS who bursar is.
func (a *App) guide(ctx context.Context, aws *awsapi.Client) *guide {
	base := register.Config{
		TemplateBaseURL: a.config.TemplateBaseURL, ConsoleBaseURL: a.config.ConsoleBaseURL, PublicURL: cmp.Or(a.config.PublicURL, a.URL()), DownloadPath: api.TemplatesPath,
	}
	g := &guide{log: a.log, pause: pauseFor(askAgain)}
	g.config.Store(&base)
	g.ask = func(ctx context.Context) (register.Config, error) {
		id, err := aws.Identity(ctx)
		c := base
		c.PrincipalAccountID, c.PrincipalARN = id.AccountID, id.PrincipalARN
		if err == nil && !id.PrincipalExact {
			a.log.Warn("the exact ARN of bursar's own role is not known: AWS hides its path", slog.String("assumed", id.PrincipalARN), slog.String("hint", "set aws_principal_arn"))
		}
		return c, err
	}
	asking, stop := context.WithCancel(context.WithoutCancel(ctx))
	waiting, answered := context.WithTimeout(asking, firstAnswer)
	g.first = waiting.Done()
	done := make(chan struct{})
	go func() { defer close(done); g.find(asking, answered) }()
	a.onClose(func() error { stop(); <-done; return nil })
	return g
}

func pauseFor(d time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
			return nil
		}
	}
}
