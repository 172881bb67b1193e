// Package launch starts the process of a service: its log and its signals. Package
// withdata beneath it adds what a service needs that owns data.
package launch

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// Main runs a service until SIGTERM, and exits with 1 where it fails. It logs JSON to
// the standard error.
func Main(run func(context.Context) error) {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		slog.Error("ending", "error", err)
		os.Exit(1) //nolint:gocritic // the signal handler ends with the process
	}
	slog.Info("ended")
}
