// Broken is a service that keeps every rule of the contract, and with
// -break ID breaks exactly that one: each rule's check is shown to see a
// service that is wrong in nothing else. It uses none of the packages that the
// shop's own services share, so it is also a second reading of the text.
//
//	broken [-break E-07] [serve | migrate]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stdout, nil)))
	id := flag.String("break", "", "id of the rule to break: E-07")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, *id, flag.Arg(0)); err != nil {
		slog.Error("ending", "error", err)
		os.Exit(1) //nolint:gocritic // the signal handler ends with the process
	}
	if *id == "D-05" && flag.Arg(0) != "migrate" {
		os.Exit(3)
	}
}

func run(ctx context.Context, id, command string) error {
	s, err := newServer(id)
	if err != nil {
		return err
	}
	defer s.store.pool.Close()
	if command == "migrate" {
		return s.store.migrate(ctx)
	}
	if s.breaks("G-01") {
		fmt.Println("Starting up...") // the fault
	}
	if err := s.lockFile(); err != nil {
		return err
	}
	go s.store.watch(ctx)
	return s.serve(ctx)
}

// serve runs both ports until ctx ends, and drains.
func (s *server) serve(ctx context.Context) error {
	main, err1 := net.Listen("tcp", ":"+strconv.Itoa(s.env.port))
	side, err2 := net.Listen("tcp", ":"+strconv.Itoa(s.env.metricsPort))
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	front := s.frontServer()
	back := &http.Server{Handler: s.metrics.handler(), ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 2)
	go func() { failed <- front.Serve(s.wrap(main)) }()
	go func() { failed <- back.Serve(side) }()
	slog.Info("serving", "release", s.env.release)
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
		return s.drain(front)
	}
}

func (s *server) frontServer() *http.Server {
	front := &http.Server{
		Handler: s, MaxHeaderBytes: 1 << 20, IdleTimeout: time.Minute, ConnContext: noteBirth,
		ReadHeaderTimeout: s.env.patience, ReadTimeout: s.env.patience,
	}
	switch {
	case s.breaks("W-06"):
		front.IdleTimeout = s.env.patience / 12
	case s.breaks("B-01"):
		front.ReadTimeout = 0
	case s.breaks("B-04"):
		front.ReadHeaderTimeout = time.Hour
	}
	return front
}

// drain takes no context: the one that ended is what began it.
func (s *server) drain(front *http.Server) error {
	slog.Info("draining")
	s.draining.Store(true)
	time.Sleep(s.env.drainDelay)
	if s.breaks("D-02") {
		return front.Close()
	}
	if s.breaks("D-06") {
		time.Sleep(time.Hour)
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.env.drainLimit)
	defer cancel()
	s.unlockFile()
	return front.Shutdown(ctx)
}
