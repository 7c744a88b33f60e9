// Package sandbox is a simulated AWS over real HTTP with the real wire protocols, so that unmodified AWS clients
// use it with an endpoint override and nothing else.
//
// It verifies signatures, evaluates trust, identity and resource policies with their conditions, pages and words
// its errors as AWS does, and has a clock that can be moved, faults on request, and a meter of what each request
// would have cost. It exists because no emulator evaluates trust policies and because a newcomer has no AWS
// account at hand. It keeps nothing: a sandbox that is closed is gone.
//
// One host answers for all services and regions: a request goes to the service that its credential scope names.
// S3 is path style. Beside AWS it serves /_sandbox/ (the control API) and /console/ (pages for people).
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/cfn"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/sandbox/world"
)

// Config says what is simulated. The zero value is the demo world with a running clock.
type Config struct {
	World       *world.World      // nil = world.Load("demo")
	Start       time.Time         // when the clock begins; zero = what the world says, or now
	Frozen      bool              // the clock stands still between moves
	Propagation cloud.Propagation // how long changes of IAM take; zero = at once
	Latency     time.Duration     // how long each AWS request takes at least
	Now         func() time.Time  // the real time, for signatures; nil = time.Now
	Log         *slog.Logger      // nil = nothing is logged
	Dir         string            // the folder that S3's objects are kept in until Close; "" = the system's temporary folder
}

// Sandbox is one simulated AWS.
type Sandbox struct {
	cloud    *cloud.Cloud
	services map[string]cloud.Service
	parts    parts
	control  http.Handler
	now      func() time.Time
	log      *slog.Logger

	server   *http.Server
	listener net.Listener
	done     chan error
}

// New puts a sandbox together. It fails when the world is not sound: a malformed policy, a section that no
// service knows.
func New(cfg Config) (*Sandbox, error) {
	w := cfg.World
	if w == nil {
		var err error
		if w, err = world.Load("demo"); err != nil {
			return nil, err
		}
	}
	c, err := cloud.New(w, cloud.Options{Start: cfg.Start, Frozen: cfg.Frozen, Propagation: cfg.Propagation})
	if err != nil {
		return nil, err
	}
	if cfg.Latency > 0 {
		c.Faults.Add(cloud.Fault{Kind: cloud.FaultLatency, Latency: cfg.Latency})
	}
	s := &Sandbox{cloud: c, services: map[string]cloud.Service{}, now: cfg.Now, log: cfg.Log}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if unknown := w.Unknown(sections...); unknown != nil {
		return nil, fmt.Errorf("world: unknown section %s: the world has clock, partition, bursar, organizations, accounts, %s", strings.Join(unknown, ", "), strings.Join(sections, ", "))
	}
	if err := s.wire(cfg.Dir); err != nil {
		return nil, errors.Join(err, s.removeObjects())
	}
	s.control = s.controlAPI()
	return s, nil
}

// Cloud gives the simulated state: the clock, the faults, the meter, and who exists.
func (s *Sandbox) Cloud() *cloud.Cloud { return s.cloud }

// CreateStackFromLink does what a person does who opens a link to the console's "create stack" page, signed in to an
// account, and confirms it. A stack that is rolled back is returned as it is, without an error.
func (s *Sandbox) CreateStackFromLink(ctx context.Context, link, asAccount string) (cfn.Stack, error) {
	return s.parts.console.CreateStackFromLink(ctx, link, asAccount)
}

// Accounts lists the accounts of customers, by id.
func (s *Sandbox) Accounts() []cloud.Account { return s.cloud.Accounts() }

// Start listens on an address ("127.0.0.1:0" for a free port) and serves until Close, or until ctx ends.
func (s *Sandbox) Start(ctx context.Context, addr string) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	s.listener, s.done = l, make(chan error, 1)
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)}
	context.AfterFunc(ctx, func() { _ = s.server.Close() })
	go func() { s.done <- s.server.Serve(l) }()
	return nil
}

// URL returns where it listens: "http://127.0.0.1:40123". Empty before Start.
func (s *Sandbox) URL() string {
	if s.listener == nil {
		return ""
	}
	return "http://" + s.listener.Addr().String()
}

// Close stops serving, waits for the server's end, and removes what S3 has stored. It may be called twice, and
// without Start.
func (s *Sandbox) Close() error {
	return errors.Join(s.stop(), s.removeObjects())
}

func (s *Sandbox) removeObjects() error {
	if s.parts.s3 == nil {
		return nil
	}
	return s.parts.s3.Close()
}

func (s *Sandbox) stop() error {
	if s.server == nil {
		return nil
	}
	err := s.server.Close()
	if served, ok := <-s.done; ok {
		close(s.done)
		if !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
	}
	return err
}
