// The catalog: which products the shop has, and what they cost.
package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stdout, nil)))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		slog.Error("ending", "error", err)
		os.Exit(1) //nolint:gocritic // the signal handler ends with the process
	}
}

func run(ctx context.Context, args []string) error {
	db, err := postgres.Open(os.Getenv("DATABASE_URL"), schema()) //nolint:contextcheck // the pool lives as long as the process, not as this call
	if err != nil {
		return err
	}
	defer db.Close()
	if len(args) == 1 && args[0] == "migrate" {
		return db.Migrate(ctx)
	}
	cfg, err := httpapi.FromEnv("catalog")
	if err != nil {
		return err
	}
	svc, err := service(db)
	if err != nil {
		return err
	}
	go migrate(ctx, db)
	return httpapi.Run(ctx, cfg, svc)
}

func service(db *postgres.DB) (httpapi.Service, error) {
	version, err := schema().Version()
	return httpapi.Service{
		Handler: newAPI(&store{db}),
		Ready:   db.Check,
		Started: db.Check,
		Contract: httpapi.Contract{
			Schema:   &httpapi.Schema{Name: schema().Name, Version: version, Floor: schema().Floor},
			Provides: []string{"catalog/v1"},
		},
	}, err
}

// migrate tries until it works: the database may come up after us. Meanwhile
// /startupz says what is missing.
func migrate(ctx context.Context, db *postgres.DB) {
	for wait := 200 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		err := db.Migrate(ctx)
		if err == nil || errors.Is(err, context.Canceled) {
			return
		}
		slog.Warn("migrating again soon", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}
