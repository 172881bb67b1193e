package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3/database"
)

// ErrInUse is a migration that would take away what a release that is running
// still needs. Nothing of it was done. It is no error that passes by itself: a
// person retires that release first.
var ErrInUse = errors.New("the schema is in use by an older release")

// guard writes versions and floors. A contracting migration, its version and its
// floor are one transaction, and that transaction fails while another release
// from below the floor has a session: so there is no moment at which a running
// release has lost what it needs, and none at which a release could start on
// what has gone.
type guard struct {
	database.Store
	schema string
	own    session
	// floors holds the floor that a migration declares, by its version.
	floors map[int64]int64
}

func (db *DB) guard() *guard {
	return &guard{schema: db.schema.Name, own: session{service: db.options.Service, release: db.options.Release, needs: db.needs}}
}

// Insert is called in the migration's own transaction, after its statements.
func (g *guard) Insert(ctx context.Context, tx database.DBTxConn, req database.InsertRequest) error {
	if floor := g.floors[req.Version]; floor > 0 {
		if err := g.raise(ctx, tx, floor); err != nil {
			return err
		}
	}
	return g.Store.Insert(ctx, tx, req)
}

// raise writes the floor, if it is above the one that is there.
func (g *guard) raise(ctx context.Context, tx database.DBTxConn, floor int64) error {
	var there int64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(floor), 0) FROM `+g.schema+`.floor`).Scan(&there); err != nil {
		return fmt.Errorf("reading the floor: %w", err)
	}
	if there >= floor {
		return nil
	}
	if err := g.unused(ctx, tx, floor); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO `+g.schema+`.floor (floor) VALUES ($1) ON CONFLICT (one) DO UPDATE SET floor = excluded.floor`, floor)
	if err != nil {
		return fmt.Errorf("writing the floor: %w", err)
	}
	return nil
}

// unused looks at the sessions of this role, which a role may see of its own.
func (g *guard) unused(ctx context.Context, tx database.DBTxConn, floor int64) error {
	found, err := tx.QueryContext(ctx, `SELECT application_name FROM pg_stat_activity WHERE usename = current_user AND datname = current_database()`)
	if err != nil {
		return fmt.Errorf("looking who uses the schema: %w", err)
	}
	defer found.Close()
	var names []string
	for found.Next() {
		var name string
		if err := found.Scan(&name); err != nil {
			return fmt.Errorf("looking who uses the schema: %w", err)
		}
		names = append(names, name)
	}
	if err := found.Err(); err != nil {
		return fmt.Errorf("looking who uses the schema: %w", err)
	}
	if by := users(names, g.own, floor); len(by) > 0 {
		return fmt.Errorf("%w: release %s needs a version before %d; migrate again when it is retired", ErrInUse, strings.Join(by, ", "), floor)
	}
	return nil
}

// contract is the first line of a migration that takes something away.
var contract = regexp.MustCompile(`^--\s*contract:\s*floor\s+(\d+)\s*$`)

// floors reads what the migrations declare, by version.
func (s Schema) floors() (map[int64]int64, error) {
	names, err := fs.Glob(s.Files, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("listing the migrations of schema %s: %w", s.Name, err)
	}
	floors := map[int64]int64{}
	for _, name := range names {
		text, err := fs.ReadFile(s.Files, name)
		if err != nil {
			return nil, fmt.Errorf("reading migration %s: %w", name, err)
		}
		number, _, _ := strings.Cut(name, "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if floor := declared(string(text)); err == nil && floor > 0 {
			floors[version] = floor
		}
	}
	return floors, nil
}

// declared is the floor of a contracting migration, 0 for one that expands.
func declared(text string) int64 {
	first, _, _ := strings.Cut(text, "\n")
	m := contract.FindStringSubmatch(strings.TrimSpace(first))
	if m == nil {
		return 0
	}
	floor, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return 0
	}
	return floor
}
