package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/bursarhq/bursar"
)

// stopTime is how long a stopping server lets requests come to their end.
const stopTime = 10 * time.Second

// listen takes the address; an address in use is explained.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, bursar.Errorf(bursar.Unavailable, "cannot listen on %s: %w", addr, err).WithHint("set addr to a free address, for example 127.0.0.1:0")
	}
	return l, nil
}

// serveHTTP serves until ctx ends, then lets requests come to their end.
func serveHTTP(ctx context.Context, l net.Listener, h http.Handler, closing func(), log *slog.Logger) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	if closing != nil {
		srv.RegisterOnShutdown(closing)
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	err := srv.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		err = srv.Close()
	}
	<-done
	return err
}
