// Package httpapi runs a service of a shop: it serves the service's own
// handler together with what every service must have, and stops without
// failing a request.
//
// Stopping: not ready, and Connection: close on every answer -> still serving
// for DrainDelay, until no proxy sends new requests -> no new connections,
// requests in flight finish within DrainLimit -> Run returns nil.
package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// Service is what makes one service differ from another.
type Service struct {
	// Handler serves everything but the probes. Routes are its own.
	Handler http.Handler
	// Ready asks the hard dependencies; nil when there are none.
	Ready func(context.Context) error
	// Started tells whether the service is warm; nil when it always is.
	Started func(context.Context) error
	// Contract is what /contract tells.
	Contract Contract
}

type server struct {
	config   Config
	service  Service
	metrics  *metrics
	draining atomic.Bool
}

// Run serves until ctx ends and then drains. It returns nil after a drain in
// which every request was answered.
func Run(ctx context.Context, cfg Config, svc Service) error {
	main, err := net.Listen("tcp", ":"+strconv.Itoa(cfg.Port))
	if err != nil {
		return fmt.Errorf("listening on the service port: %w", err)
	}
	side, err := net.Listen("tcp", ":"+strconv.Itoa(cfg.MetricsPort))
	if err != nil {
		return errors.Join(fmt.Errorf("listening on the metrics port: %w", err), main.Close())
	}
	return serve(ctx, newServer(cfg, svc), main, side)
}

func newServer(cfg Config, svc Service) *server {
	return &server{config: cfg, service: svc, metrics: newMetrics()}
}

func serve(ctx context.Context, s *server, main, side net.Listener) error {
	front := &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 60 * time.Second,
		// Longer than any proxy keeps an idle connection: the side that sends
		// requests closes first, or one would be lost on the wire.
		IdleTimeout: 3 * time.Minute,
		// Above our own limit: net/http answers without sources and not with a problem.
		MaxHeaderBytes: 4 * headerLimit,
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.metrics.handler())
	back := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 2)
	go func() { failed <- front.Serve(main) }()
	go func() { failed <- back.Serve(side) }()
	slog.Info("serving", "service", s.config.Service, "release", s.config.Release, "version", s.config.Version, "address", main.Addr().String())
	defer back.Close() // the process ends: nobody to tell
	select {
	case err := <-failed:
		return errors.Join(fmt.Errorf("serving: %w", err), front.Close())
	case <-ctx.Done():
		return s.drain(front)
	}
}

// drain takes no context: the one that ended is what began it.
func (s *server) drain(front *http.Server) error {
	slog.Info("draining", "delay", s.config.DrainDelay.String(), "limit", s.config.DrainLimit.String())
	s.draining.Store(true)
	time.Sleep(s.config.DrainDelay)
	ctx, cancel := context.WithTimeout(context.Background(), s.config.DrainLimit)
	defer cancel()
	if err := front.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("draining: %w", err), front.Close())
	}
	return nil
}
