// Command console is the web console in a cluster, in token mode: whoever comes brings a token, every request to the API
// server carries it, and the console has no right of its own.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"

	"github.com/emporium-shop/emporium/internal/console"
	"github.com/emporium-shop/emporium/internal/console/kube"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], log); err != nil {
		log.Error("running the console", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, log *slog.Logger) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	var c net.ListenConfig
	pages, err := c.Listen(ctx, "tcp", o.listen)
	if err != nil {
		return fmt.Errorf("listening for browsers: %w", err)
	}
	health, err := c.Listen(ctx, "tcp", o.health)
	if err != nil {
		return fmt.Errorf("listening for probes: %w", err)
	}
	return serve(ctx, o, pages, health, log)
}

// serve answers browsers and probes until ctx ends.
func serve(ctx context.Context, o options, pages, health net.Listener, log *slog.Logger) error {
	hosts, secure := o.hosts(pages.Addr())
	_, port, err := net.SplitHostPort(pages.Addr().String())
	if err != nil {
		return err
	}
	api := &rest.Config{Host: o.server, TLSClientConfig: rest.TLSClientConfig{CAFile: o.ca}}
	server, err := console.New(ctx, console.Options{
		Login: kube.Login(api, time.Now), Hosts: hosts, Secure: secure, Port: port, Log: log, Now: time.Now,
	})
	if err != nil {
		return err
	}
	log.Info("starting the console", "hosts", hosts, "apiServer", o.server)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return server.Serve(ctx, pages) })
	group.Go(func() error { return probes(ctx, health) })
	return group.Wait()
}

// probes answers what the kubelet and Prometheus ask, at a port of its own: browsers do not reach it.
func probes(ctx context.Context, listener net.Listener) error {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	fine := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }
	mux.HandleFunc("GET /healthz", fine)
	mux.HandleFunc("GET /readyz", fine)
	server := &http.Server{Handler: mux, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); ctx.Err() == nil {
		return fmt.Errorf("serving probes: %w", err)
	}
	return nil
}
