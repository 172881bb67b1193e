package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// Schema is a service's part of the database.
type Schema struct {
	// Name of the PostgreSQL schema; tables are always written catalog.products.
	Name string
	// Files holds the migrations, goose's SQL files: 00001_products.sql.
	Files fs.FS
	// Floor is the oldest version whose release still works with this schema. It is
	// what the newest contracting migration declares: "-- contract: floor 3".
	Floor int64
	// Parts are tables that shared packages need in this schema.
	Parts []Part
}

// Part is a shared package's tables in the schema of each service that uses it.
type Part struct {
	// Name is one in the shop: "idempotency".
	Name string
	// Version rises with each change of SQL.
	Version int64
	// SQL makes the tables, in a transaction and with the schema as search path.
	// It is run on a schema that has any older version or none: CREATE TABLE IF
	// NOT EXISTS, ADD COLUMN IF NOT EXISTS. It only ever expands.
	SQL string
}

// Version is the newest migration that the release brings.
func (s Schema) Version() (int64, error) {
	cfg, err := pgx.ParseConfig("host=none") // a provider reads files here; it never connects
	if err != nil {
		return 0, fmt.Errorf("making a configuration without a server: %w", err)
	}
	p, err := s.provider(stdlib.OpenDB(*cfg), nil)
	if err != nil {
		return 0, err
	}
	sources := p.ListSources()
	return sources[len(sources)-1].Version, p.Close()
}

// unfit says that the database answered, and that its schema is not what the
// release needs.
type unfit struct{ error }

func (u unfit) Unwrap() error { return u.error }

func unfitf(format string, args ...any) error { return unfit{fmt.Errorf(format, args...)} }

// rows is a pool or a connection.
type rows interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Check asks once whether the database answers and its schema fits this release.
// Readiness does not ask, it looks at Seen.
func (db *DB) Check(ctx context.Context) error { return db.schema.check(ctx, db, db.needs) }

// check tells whether the database answers and its schema fits this release.
func (s Schema) check(ctx context.Context, db rows, needs int64) error {
	var version, floor int64
	parts := map[string]int64{}
	err := db.QueryRow(ctx, s.question()).Scan(&version, &floor, &parts)
	switch refused := new(pgconn.PgError); {
	case errors.As(err, &refused) && missing(refused.Code):
		return unfitf("schema %s is not there: %w", s.Name, err)
	case err != nil:
		return fmt.Errorf("reading the version of schema %s: %w", s.Name, err)
	case version < needs:
		return unfitf("schema %s has version %d, this release needs %d", s.Name, version, needs)
	case floor > needs:
		return unfitf("schema %s serves releases from version %d on, this one has %d", s.Name, floor, needs)
	}
	for _, p := range s.Parts {
		if parts[p.Name] < p.Version {
			return unfitf("schema %s has version %d of the tables of %s, this release needs %d", s.Name, parts[p.Name], p.Name, p.Version)
		}
	}
	return nil
}

// question reads all of it at once. A schema without parts need not have their table.
func (s Schema) question() string {
	parts := `'{}'::json`
	if len(s.Parts) > 0 {
		parts = `(SELECT coalesce(json_object_agg(name, version), '{}') FROM ` + s.Name + `.parts)`
	}
	return `SELECT (SELECT coalesce(max(version_id), 0) FROM ` + s.Name + `.migrations WHERE is_applied),
		(SELECT coalesce(max(floor), 0) FROM ` + s.Name + `.floor), ` + parts
}

// missing are the SQLSTATEs of a server that answers and has not what is asked
// for: no table, schema, right, database or role yet.
func missing(code string) bool {
	switch code {
	case "42P01", "3F000", "42501", "3D000", "28P01", "28000":
		return true
	}
	return false
}
