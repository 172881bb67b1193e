package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"
)

// Migrate brings the schema to this release's version. Any number of processes
// may do so at once: they take turns under an advisory lock, and whoever comes
// later finds nothing to do. It may be called again after an error.
func (db *DB) Migrate(ctx context.Context) error {
	cfg := db.sessionConfig("migrate")
	// The old release is serving: a migration that waits for a lock makes
	// everyone behind it wait, so it gives up soon and is tried again.
	cfg.RuntimeParams["lock_timeout"] = "1s"
	cfg.RuntimeParams["statement_timeout"] = "0"
	conn := stdlib.OpenDB(*cfg)
	defer conn.Close() // nothing was left to be written
	if err := db.prepare(ctx, conn); err != nil {
		return fmt.Errorf("preparing schema %s: %w", db.schema.Name, err)
	}
	p, err := db.schema.provider(conn, db.guard())
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrating schema %s: %w", db.schema.Name, err)
	}
	// A release may raise the floor without a migration, and one from before the
	// floor was written with its migration may have died in between.
	return inTurn(ctx, conn, db.schema.lockID(), func(tx *sql.Tx) error { return db.guard().raise(ctx, tx, db.schema.Floor) })
}

// prepare makes the schema, which holds goose's own table, too, and the tables
// of shared packages. Each only if it is missing: a role that owns its schema
// need not be allowed to make others.
func (db *DB) prepare(ctx context.Context, conn *sql.DB) error {
	s := db.schema
	return inTurn(ctx, conn, s.lockID(), func(tx *sql.Tx) error {
		var none bool
		if err := tx.QueryRowContext(ctx, `SELECT to_regnamespace($1) IS NULL`, s.Name).Scan(&none); err != nil {
			return err
		}
		if none {
			if _, err := tx.ExecContext(ctx, `CREATE SCHEMA `+s.Name); err != nil {
				return asNotYet(err)
			}
		}
		_, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS `+s.Name+`.floor (one boolean PRIMARY KEY DEFAULT true CHECK (one), floor bigint NOT NULL);
			CREATE TABLE IF NOT EXISTS `+s.Name+`.parts (name text PRIMARY KEY, version bigint NOT NULL);
			SET LOCAL search_path = `+s.Name)
		if err != nil {
			return asNotYet(err) // the schema is there and not ours yet
		}
		for _, p := range s.Parts {
			if err := p.make(ctx, tx); err != nil {
				return fmt.Errorf("making the tables of %s: %w", p.Name, err)
			}
		}
		return nil
	})
}

// make runs the part's SQL where the schema has an older version or none.
func (p Part) make(ctx context.Context, tx *sql.Tx) error {
	var version int64
	err := tx.QueryRowContext(ctx, `SELECT version FROM parts WHERE name = $1`, p.Name).Scan(&version)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if version >= p.Version {
		return nil
	}
	if _, err := tx.ExecContext(ctx, p.SQL); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO parts (name, version) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET version = excluded.version`, p.Name, p.Version)
	return err
}

// inTurn runs a transaction that excludes others with the same lock: IF NOT
// EXISTS alone fails when two do it at the same moment.
func inTurn(ctx context.Context, db *sql.DB, lock int64, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	// Its turn may take as long as somebody else's migration, not a second.
	if _, err := tx.ExecContext(ctx, `SET LOCAL lock_timeout = 0`); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, lock); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `SET LOCAL lock_timeout = '1s'`); err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// provider reads the migrations. With a guard, it writes versions past it.
func (s Schema) provider(db *sql.DB, g *guard) (*goose.Provider, error) {
	// A second of waiting a turn, for five minutes.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(s.lockID()), lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, fmt.Errorf("making the lock of schema %s: %w", s.Name, err)
	}
	store, err := database.NewStore(database.DialectPostgres, s.Name+".migrations")
	if err != nil {
		return nil, fmt.Errorf("naming the table of schema %s: %w", s.Name, err)
	}
	if g != nil {
		if g.floors, err = s.floors(); err != nil {
			return nil, err
		}
		g.Store, store = store, g
	}
	p, err := goose.NewProvider("", db, s.Files, goose.WithStore(store), goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("reading the migrations of schema %s: %w", s.Name, err)
	}
	return p, nil
}

// lockID keeps the services from waiting for each other.
func (s Schema) lockID() int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte("emporium/" + s.Name)) // never fails
	return int64(h.Sum64() >> 2)                 //nolint:gosec // shifted, so it fits
}

// asUnfit tells a server that refuses a session for now from one that does not answer.
func asUnfit(err error) error {
	if refused := new(pgconn.PgError); errors.As(err, &refused) && missing(refused.Code) {
		return unfit{err}
	}
	return err
}
