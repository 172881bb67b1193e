package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"hash/fnv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// Version is the newest migration that the release brings.
func (s Schema) Version() (int64, error) {
	cfg, err := pgx.ParseConfig("host=none") // a provider reads files here; it never connects
	if err != nil {
		return 0, fmt.Errorf("making a configuration without a server: %w", err)
	}
	p, err := s.provider(stdlib.OpenDB(*cfg))
	if err != nil {
		return 0, err
	}
	sources := p.ListSources()
	return sources[len(sources)-1].Version, p.Close()
}

// Migrate brings the schema to this release's version. Any number of replicas
// may do so at once: they take turns under an advisory lock, and whoever comes
// later finds nothing to do. It may be called again after an error.
func (db *DB) Migrate(ctx context.Context) error {
	if db.Check(ctx) == nil {
		return nil // spares all but the first start of a release the lock
	}
	cfg := db.config.ConnConfig.Copy()
	// The old release is serving: a migration that waits for a lock makes
	// everyone behind it wait, so it gives up soon and is tried again.
	cfg.RuntimeParams["lock_timeout"] = "1s"
	cfg.RuntimeParams["statement_timeout"] = "0"
	conn := stdlib.OpenDB(*cfg)
	defer conn.Close() // nothing was left to be written
	if err := db.schema.create(ctx, conn); err != nil {
		return err
	}
	p, err := db.schema.provider(conn)
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrating schema %s: %w", db.schema.Name, err)
	}
	return db.schema.raiseFloor(ctx, conn)
}

// create makes the schema, which holds goose's own table, too. Only if it is
// missing: a role that owns its schema need not be allowed to make others.
func (s Schema) create(ctx context.Context, db *sql.DB) error {
	err := inTurn(ctx, db, s.lockID()+1, func(tx *sql.Tx) error {
		var missing bool
		if err := tx.QueryRowContext(ctx, `SELECT to_regnamespace($1) IS NULL`, s.Name).Scan(&missing); err != nil {
			return err
		}
		if missing {
			if _, err := tx.ExecContext(ctx, `CREATE SCHEMA `+s.Name); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS `+s.Name+`.floor (one boolean PRIMARY KEY DEFAULT true CHECK (one), floor bigint NOT NULL)`)
		return err
	})
	if err != nil {
		return fmt.Errorf("creating schema %s: %w", s.Name, err)
	}
	return nil
}

// inTurn runs a transaction that excludes others with the same lock: IF NOT
// EXISTS alone fails when two do it at the same moment.
func inTurn(ctx context.Context, db *sql.DB, lock int64, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, lock); err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func (s Schema) provider(db *sql.DB) (*goose.Provider, error) {
	// A second of waiting a turn, for five minutes.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(s.lockID()), lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, fmt.Errorf("making the lock of schema %s: %w", s.Name, err)
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, s.Files, goose.WithSessionLocker(locker),
		goose.WithTableName(s.Name+".migrations"), goose.WithGoMigrations(s.Steps...), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("reading the migrations of schema %s: %w", s.Name, err)
	}
	return p, nil
}

// raiseFloor tells older releases that the schema no longer serves them.
func (s Schema) raiseFloor(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, `INSERT INTO `+s.Name+`.floor AS f (floor) VALUES ($1)
		ON CONFLICT (one) DO UPDATE SET floor = excluded.floor WHERE f.floor < excluded.floor`, s.Floor)
	if err != nil {
		return fmt.Errorf("writing the floor of schema %s: %w", s.Name, err)
	}
	return nil
}

// lockID keeps the services from waiting for each other.
func (s Schema) lockID() int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte("emporium/" + s.Name)) // never fails
	return int64(h.Sum64() >> 2)                 //nolint:gosec // shifted, so it fits
}
