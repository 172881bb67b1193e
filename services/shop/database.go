package shop

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgserver"
)

// database is the shop's: a server of its own, or somebody's address.
type database struct {
	own *pgserver.Server
	url string
}

func open(url string, fsync bool) (*database, error) {
	if url != "" {
		return &database{url: url}, nil
	}
	var settings []string
	if fsync {
		settings = []string{"fsync=on", "synchronous_commit=on", "full_page_writes=on"}
	}
	own, err := pgserver.Start(settings...)
	if err != nil {
		return nil, err
	}
	d := &database{own: own}
	if err := own.Exec("postgres", "CREATE DATABASE "+Name); err != nil {
		d.close()
		return nil, fmt.Errorf("making the shop's database: %w", err)
	}
	return d, nil
}

func (d *database) close() {
	if d.own != nil {
		d.own.Stop()
	}
}

// prepare makes a service's schema, migrates it and writes its sample data, and returns the service's address. On a server of
// the shop's own the service has a role of its own, as in a real shop.
func (d *database) prepare(ctx context.Context, s app.Service) (string, error) {
	url, err := d.room(ctx, s.Schema.Name)
	if err != nil {
		return "", fmt.Errorf("making its schema: %w", err)
	}
	db, err := postgres.Open(postgres.Options{URL: url, Service: s.Name, Release: Release}, s.Schema)
	if err != nil {
		return "", err
	}
	defer db.Close()
	if err := db.Migrate(ctx); err != nil {
		return "", err
	}
	if s.Seed != nil {
		err = s.Seed(ctx, db)
	}
	return url, err
}

// room gives a service its schema.
func (d *database) room(ctx context.Context, schema string) (string, error) {
	if d.own == nil {
		conn, err := pgx.Connect(ctx, d.url)
		if err != nil {
			return "", err
		}
		defer conn.Close(ctx) //nolint:errcheck // nothing was left to be written
		_, err = conn.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+pgx.Identifier{schema}.Sanitize())
		return d.url, err
	}
	if err := d.own.Exec("postgres", "CREATE ROLE "+schema+" LOGIN"); err != nil { //nolint:contextcheck // statements on the shop's own server, which end at once
		return "", err
	}
	if err := d.own.Allow(Name, schema); err != nil { //nolint:contextcheck // statements on the shop's own server, which end at once
		return "", err
	}
	return d.own.URL(Name, schema), d.own.Own(Name, schema) //nolint:contextcheck // statements on the shop's own server, which end at once
}
