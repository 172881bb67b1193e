// Storefront serves the pages of a shop, made from what catalog and cart
// tell. It holds no data. This file only wires the parts.
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/launch"
)

func main() { launch.Main(run) }

func run(ctx context.Context) error {
	cfg, err := httpapi.FromEnv("storefront")
	if err != nil {
		return err
	}
	set, err := readSettings(os.Getenv)
	if err != nil {
		return err
	}
	return httpapi.Run(ctx, cfg, service(cfg, set, slog.Default()))
}

func service(cfg httpapi.Config, set settings, log *slog.Logger) httpapi.Service {
	s := newShop(cfg, set, log)
	return httpapi.Service{
		Handler: s.routes(),
		Started: (&warmth{catalog: s.catalog}).check,
		Contract: httpapi.Contract{
			Provides: []string{"storefront/v1"},
			Consumes: consumes(set),
		},
	}
}

// consumes names reviews only in a shop that has them.
func consumes(set settings) []string {
	names := []string{"catalog/v1", "cart/v1"}
	if set.ReviewsURL != "" {
		names = append(names, "reviews/v1")
	}
	return names
}
