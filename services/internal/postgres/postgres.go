// Package postgres is a service's own part of the shop's database: one schema,
// which no other service reads, with the migrations that make it.
//
// During a switch the old release and the new one use one schema. So migrations
// only expand; what the old release needs is taken away a release later, by a
// migration that raises the floor, and that refuses to run while a release from
// below it is connected. A release is ready when its own migrations are in and
// the floor is not above them.
package postgres

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// defaultConns is how many connections a replica has, unless DB_POOL_MAX says
// otherwise. It is small: all replicas of both stacks of every service share one
// server, and a query is much shorter than a request.
const defaultConns, leastConns = 4, 2

const (
	// idle is for how long a connection of the pool is kept that nobody uses. Each is a process of the server with some
	// 2 MB of its own, and at rest there would be one for every process of the shop. What it costs to make one anew, a
	// few milliseconds, is paid by the first request after a rest.
	idle = 30 * time.Second
	// idleCheck is how often the pool looks for them. Each look turns the order around in which the pool hands them out:
	// where it came more often than idle, two would take turns in a process that needs one, and both be kept.
	idleCheck = time.Minute
)

// Options say where the database is, and who asks.
type Options struct {
	// URL of the database: postgres://catalog:…@db:5432/shop.
	URL string
	// Service and Release are told to the server, by the name of each session.
	Service, Release string
	// MaxConns is how many connections the process has at most, the one of Watch
	// included: DB_POOL_MAX. 0 is 4; fewer than 2 are 2.
	MaxConns int32
	// ConnectTimeout is how long a connection may take to be made: 0 is 2 s.
	ConnectTimeout time.Duration
}

// DB is a pool of connections to the service's schema.
type DB struct {
	*pgxpool.Pool
	schema  Schema
	needs   int64
	options Options
	config  *pgxpool.Config
	watched
}

// Open returns a pool that connects when it is used: a database that is not
// there yet is a reason to be not ready, not a reason to die.
func Open(o Options, schema Schema) (*DB, error) {
	needs, err := schema.Version()
	if err != nil {
		return nil, err
	}
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("reading DATABASE_URL: %w", err) // pgx leaves the password out
	}
	o.Service = cmp.Or(o.Service, schema.Name)
	// One is the watcher's: readiness is not asked through the pool, where it would wait behind customers.
	cfg.MaxConns = max(cmp.Or(o.MaxConns, defaultConns), leastConns) - 1
	cfg.MinConns, cfg.MinIdleConns = 0, 0
	cfg.MaxConnIdleTime, cfg.HealthCheckPeriod = idle, idleCheck
	cfg.MaxConnLifetime, cfg.MaxConnLifetimeJitter = 30*time.Minute, 5*time.Minute
	cfg.ConnConfig.ConnectTimeout = cmp.Or(o.ConnectTimeout, 2*time.Second)
	params := cfg.ConnConfig.RuntimeParams
	params["application_name"] = session{o.Service, o.Release, needs, ""}.String()
	// No request waits longer than this, so nothing in the database should.
	params["statement_timeout"] = "5s"
	params["idle_in_transaction_session_timeout"] = "10s"
	pool, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		return nil, fmt.Errorf("making the pool: %w", err)
	}
	db := &DB{Pool: pool, schema: schema, needs: needs, options: o, config: cfg}
	db.every = lookEvery
	return db, nil
}

// Schema is the service's part of the database.
func (db *DB) Schema() Schema { return db.schema }

// Connect opens a connection outside the pool, for work that holds one for long,
// such as an advisory lock. The purpose is shown in pg_stat_activity.
func (db *DB) Connect(ctx context.Context, purpose string) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, db.sessionConfig(purpose))
	if err != nil {
		return nil, fmt.Errorf("connecting to the database to %s: %w", purpose, err)
	}
	return conn, nil
}

func (db *DB) sessionConfig(purpose string) *pgx.ConnConfig {
	cfg := db.config.ConnConfig.Copy()
	cfg.RuntimeParams["application_name"] = session{db.options.Service, db.options.Release, db.needs, purpose}.String()
	return cfg
}
