// Package withdata runs a service that owns data: it opens its database, brings the schema
// to what the service needs, and tells by the probes and the contract how far that got.
package withdata

import (
	"context"
	"os"
	"strconv"
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
	// Seed writes sample data, where a shop has none yet; nil where there is nothing to write.
	Seed func(context.Context, *postgres.DB) error
	// Make makes it. What it says of its schema, and when it is started and ready, is filled in.
	Make func(*postgres.DB) httpapi.Service
}

// Run serves; with the argument "migrate" it migrates, and seeds a shop that asks for it
// by SHOP_SEED=sample; with "seed" it seeds. DATABASE_URL names the database.
func (s Service) Run(ctx context.Context, args []string) error {
	db, err := postgres.Open(options(s.Name), s.Schema) //nolint:contextcheck // the pool lives as long as the process, not as this call
	if err != nil {
		return err
	}
	defer db.Close()
	switch {
	case len(args) == 1 && args[0] == "migrate":
		if err := db.MigrateWhenThere(ctx); err != nil || os.Getenv("SHOP_SEED") != "sample" {
			return err
		}
		return s.seed(ctx, db)
	case len(args) == 1 && args[0] == "seed":
		return s.seed(ctx, db)
	}
	cfg, err := httpapi.FromEnv(s.Name)
	if err != nil {
		return err
	}
	svc, err := s.Complete(db)
	if err != nil {
		return err
	}
	go db.Watch(ctx)
	return httpapi.Run(ctx, cfg, svc)
}

func options(service string) postgres.Options {
	most, _ := strconv.ParseInt(os.Getenv("DB_POOL_MAX"), 10, 32) // 0 for what is no number: the default
	return postgres.Options{URL: os.Getenv("DATABASE_URL"), Service: service, Release: os.Getenv("SHOP_RELEASE"), MaxConns: int32(most)}
}

func (s Service) seed(ctx context.Context, db *postgres.DB) error {
	if s.Seed == nil {
		return nil
	}
	return s.Seed(ctx, db)
}

// Complete makes the service and fills in what follows from its schema.
func (s Service) Complete(db *postgres.DB) (httpapi.Service, error) {
	version, err := s.Schema.Version()
	svc := s.Make(db)
	ready := func(context.Context) error { return db.Seen().Ready(time.Now()) }
	svc.Ready, svc.Started = ready, ready
	svc.Contract.Schema = &httpapi.Schema{Name: s.Schema.Name, Version: version, Floor: s.Schema.Floor}
	return svc, err
}
