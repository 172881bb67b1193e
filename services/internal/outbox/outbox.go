// Package outbox tells what happened, if and only if it did: the event is a row
// that is committed with the effect, and a relay publishes rows and then marks
// them. A relay that dies in between publishes again; who takes events knows them
// by their ids.
package outbox

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

//go:embed schema.sql
var tables string

// Tables belong into the schema of a service that emits events.
var Tables = postgres.Part{Name: "outbox", Version: 1, SQL: tables}

// Put adds an event to the transaction of its effect. Take the lock of what the
// event is about first, such as that of the order's row: then the order of a
// subject's events is that of its changes.
//
// It wakes the relay when that sleeps, and only then. NOTIFY takes a lock that
// all commits of the server wait for which do the same, so a shop under load must
// do without. A relay that sleeps has the lock of idle; one that is about to must
// get it first, and so waits until everybody has committed who did not notify.
func Put(ctx context.Context, tx pgx.Tx, schema string, e events.Event) error {
	text, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("writing %s: %w", e.Type, err)
	}
	_, err = tx.Exec(ctx, `WITH put AS (INSERT INTO `+table(schema)+` (event) VALUES ($1))
		SELECT CASE WHEN NOT pg_try_advisory_xact_lock_shared($2) THEN pg_notify($3, '') END`, text, idle(schema), channel(schema))
	if err != nil {
		return fmt.Errorf("putting %s into the outbox: %w", e.Type, err)
	}
	return nil
}

func table(schema string) string { return schema + ".outbox" }

func channel(schema string) string { return schema + "_outbox" }

// idle is the lock that the relay has while it waits to be woken.
func idle(schema string) int64 { return postgres.LockID(schema + "/outbox idle") }
