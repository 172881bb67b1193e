// Tiny is the smallest service that keeps the contract: it answers every path with
// who it is. Benchmarks make whole shops of it, and a new service can begin as a copy.
package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/emporium-shop/emporium/services/internal/httpapi"
)

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		slog.Error("ending", "error", err)
		os.Exit(1) //nolint:gocritic // the signal handler ends with the process
	}
}

func run(ctx context.Context) error {
	cfg, err := httpapi.FromEnv("tiny")
	if err != nil {
		return err
	}
	return httpapi.Run(ctx, cfg, httpapi.Service{Handler: answer(cfg)})
}

// who is what the service says of itself.
type who struct {
	Service string `json:"service"`
	Release string `json:"release"`
}

func answer(cfg httpapi.Config) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(who{cfg.Service, cfg.Release}) // the client is gone: nobody to tell
	})
}
