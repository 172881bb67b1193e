// Package postgres is a service's own part of the shop's database: one schema,
// which no other service reads, with the migrations that make it.
//
// During a switch the old release and the new one use one schema. So migrations
// only expand; what the old release needs is taken away a release later, and
// then Schema.Floor rises. A release is ready when its own migrations are in and
// no newer release has raised the floor above it.
package postgres

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pressly/goose/v3"
)

// poolSize bounds the connections of one replica, unless DATABASE_URL says
// pool_max_conns. It is small: all replicas of both stacks share one server,
// and a query is much shorter than a request.
const poolSize = 6

// Schema is a service's part of the database.
type Schema struct {
	// Name of the PostgreSQL schema; tables are always written catalog.products.
	Name string
	// Files holds the migrations, goose's SQL files: 00001_products.sql.
	Files fs.FS
	// Steps are migrations that are written in Go, such as sample data.
	Steps []*goose.Migration
	// Floor is the oldest version whose release still works with this schema; see httpapi.Schema.
	Floor int64
}

// DB is a pool of connections to the service's schema.
type DB struct {
	*pgxpool.Pool
	schema Schema
	needs  int64
	config *pgxpool.Config
}

// Open returns a pool that connects when it is used: a database that is not
// there yet is a reason to be not ready, not a reason to die.
func Open(url string, schema Schema) (*DB, error) {
	needs, err := schema.Version()
	if err != nil {
		return nil, err
	}
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("reading DATABASE_URL: %w", err) // pgx leaves the password out
	}
	if !strings.Contains(url, "pool_max_conns") {
		cfg.MaxConns = poolSize
		// Warm connections: a login costs the database milliseconds of CPU, and is
		// needed most when there is none to spare.
		cfg.MinConns = poolSize
	}
	cfg.MaxConnIdleTime = 5 * time.Minute
	cfg.MaxConnLifetime, cfg.MaxConnLifetimeJitter = 30*time.Minute, 5*time.Minute
	cfg.ConnConfig.ConnectTimeout = 2 * time.Second
	params := cfg.ConnConfig.RuntimeParams
	params["application_name"] = schema.Name
	// No request waits longer than this, so nothing in the database should.
	params["statement_timeout"] = "5s"
	params["idle_in_transaction_session_timeout"] = "10s"
	pool, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		return nil, fmt.Errorf("making the pool: %w", err)
	}
	return &DB{Pool: pool, schema: schema, needs: needs, config: cfg}, nil
}

// Check tells whether the database answers and its schema fits this release.
func (db *DB) Check(ctx context.Context) error {
	var version, floor int64
	name := db.schema.Name
	err := db.QueryRow(ctx, `SELECT (SELECT coalesce(max(version_id), 0) FROM `+name+`.migrations WHERE is_applied),
		(SELECT coalesce(max(floor), 0) FROM `+name+`.floor)`).Scan(&version, &floor)
	if err != nil {
		return fmt.Errorf("reading the version of schema %s: %w", name, err)
	}
	switch {
	case version < db.needs:
		return fmt.Errorf("schema %s has version %d, this release needs %d", name, version, db.needs)
	case floor > db.needs:
		return fmt.Errorf("schema %s serves releases from version %d on, this one has %d", name, floor, db.needs)
	}
	return nil
}
