// Package withdata runs a service that owns data: it opens its database, brings the schema
// to what the service needs, and tells by the probes and the contract how far that got.
package withdata

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// Service is a service that owns data.
type Service struct {
	// Name of the service.
	Name string
	// Schema of its database.
	Schema postgres.Schema
	// Make makes it. What it says of its schema, and when it is started and ready, is filled in.
	Make func(*postgres.DB) httpapi.Service
}

// Run serves, or with the argument "migrate" only migrates. DATABASE_URL names the database.
func (s Service) Run(ctx context.Context, args []string) error {
	db, err := postgres.Open(os.Getenv("DATABASE_URL"), s.Schema) //nolint:contextcheck // the pool lives as long as the process, not as this call
	if err != nil {
		return err
	}
	defer db.Close()
	if len(args) == 1 && args[0] == "migrate" {
		return db.Migrate(ctx)
	}
	cfg, err := httpapi.FromEnv(s.Name)
	if err != nil {
		return err
	}
	svc, err := s.Complete(db)
	if err != nil {
		return err
	}
	go migrate(ctx, db)
	return httpapi.Run(ctx, cfg, svc)
}

// Complete makes the service and fills in what follows from its schema.
func (s Service) Complete(db *postgres.DB) (httpapi.Service, error) {
	version, err := s.Schema.Version()
	svc := s.Make(db)
	svc.Ready, svc.Started = db.Check, db.Check
	svc.Contract.Schema = &httpapi.Schema{Name: s.Schema.Name, Version: version, Floor: s.Schema.Floor}
	return svc, err
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
