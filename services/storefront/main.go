// Storefront serves the pages of a shop, made from what catalog and cart
// tell. It holds no data. This file only wires the parts.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/emporium-shop/emporium/services/internal/httpapi"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	slog.SetDefault(log)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, log); err != nil {
		log.Error("ending", "error", err)
		os.Exit(1)
	}
	log.Info("ended")
}

func run(ctx context.Context, log *slog.Logger) error {
	cfg, err := httpapi.FromEnv("storefront")
	if err != nil {
		return err
	}
	set, err := readSettings(os.Getenv)
	if err != nil {
		return err
	}
	return httpapi.Run(ctx, cfg, service(cfg, set, log))
}

func service(cfg httpapi.Config, set settings, log *slog.Logger) httpapi.Service {
	s := newShop(cfg, set, log)
	return httpapi.Service{
		Handler: s.routes(),
		Started: (&warmth{catalog: s.catalog}).check,
		Contract: httpapi.Contract{
			Provides: []string{"storefront/v1"},
			Consumes: []string{"catalog/v1", "cart/v1"},
		},
	}
}
