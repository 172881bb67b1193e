package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// arrival is how long a migration waits for its database, role and schema: what
// is applied together comes in no order, and a Job that failed stays failed.
const arrival = 5 * time.Minute

// notYet says that what was refused will be allowed when somebody else has done
// his part.
type notYet struct{ error }

func (n notYet) Unwrap() error { return n.error }

// asNotYet marks a missing right as such: whoever makes the schema may be on the way.
func asNotYet(err error) error {
	if refused := new(pgconn.PgError); errors.As(err, &refused) && refused.Code == "42501" {
		return notYet{err}
	}
	return err
}

// MigrateWhenThere migrates, and begins again for up to five minutes while the
// database, the role or the schema is not there yet, or somebody holds a lock. A
// migration that is wrong fails at once.
func (db *DB) MigrateWhenThere(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, arrival)
	defer cancel()
	for wait := 200 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		err := db.Migrate(ctx)
		if err == nil || !arriving(err) {
			return err
		}
		slog.WarnContext(ctx, "migrating again soon", "schema", db.schema.Name, "error", err)
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the database: %w", err)
		case <-time.After(wait):
		}
	}
}

// arriving tells whether the same migration may succeed in a moment.
func arriving(err error) bool {
	var connect *pgconn.ConnectError
	var sql *pgconn.PgError
	switch {
	// Nobody to connect to, or not allowed yet: no role, no password, no right to this database.
	case errors.As(err, &connect), errors.As(err, new(notYet)):
		return true
	case errors.As(err, &sql):
		return arrivingState(sql.Code)
	}
	return false
}

func arrivingState(code string) bool {
	switch code {
	case "3F000", // no schema yet
		"55P03",          // a lock was not had in time
		"40001", "40P01": // broken off for another's sake
		return true
	}
	// A connection broke, PostgreSQL is full, starts or stops.
	return strings.HasPrefix(code, "08") || strings.HasPrefix(code, "53") || strings.HasPrefix(code, "57P")
}
