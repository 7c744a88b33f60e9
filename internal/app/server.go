package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/cloudcraft"
)

// stopTime is how long a stopping server lets requests come to their end.
const stopTime = 10 * time.Second

// listen takes the address; it explains why an address cannot be had.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	return listenAt(ctx, "addr", addr)
}

// listenAt takes the address that a setting has.
func listenAt(ctx context.Context, setting, addr string) (net.Listener, error) {
	set := setting + " (BURSAR_" + strings.ToUpper(setting) + ")"
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err == nil {
		return l, nil
	}
	hint := "set " + set + " to an address of this machine, for example 127.0.0.1:8440"
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		hint = "another program listens there: stop it, or set " + set + " to a free address; port 0 takes any free one"
	case errors.Is(err, syscall.EACCES):
		hint = "ports below 1024 need a privilege: set " + set + " to a higher one"
	}
	return nil, bursar.Errorf(bursar.Unavailable, "cannot listen on %s: %w", addr, err).WithHint("%s", hint)
}

// serveHTTP serves until ctx ends, then lets requests come to their end.
func serveHTTP(ctx context.Context, l net.Listener, h http.Handler, closing func(), log *slog.Logger) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
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
	log.Info("stopping: requests and runs come to a safe point", slog.Duration("at_most", stopTime))
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	err := srv.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		err = srv.Close()
	}
	<-done
	return err
}

// faces puts the API, the console and the face for clients of the Cloudcraft API behind one address. The last goes first: a mux would redirect
// paths that are not clean, and its clients follow no redirect.
func faces(rest, pages, compatible http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	for _, path := range []string{"/api/", "/healthz", "/readyz"} {
		mux.Handle(path, rest)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if cloudcraft.Serves(r.URL.Path) {
			compatible.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}
