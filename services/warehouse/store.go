package warehouse

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the SQL of tasks; shelf.go has that of bins.
type store struct{ db *postgres.DB }

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

const taskSelect = `SELECT t.id, t.order_id, t.number, t.zone, t.state, t.worker, t.version,
	(SELECT coalesce(json_agg(json_build_object('SKU', l.sku, 'Name', l.name, 'Place', l.place, 'Quantity', l.quantity, 'Picked', l.picked, 'Short', l.short) ORDER BY l.place, l.sku), '[]')
		FROM warehouse.lines l WHERE l.task = t.id) FROM warehouse.tasks t `

func tasks(ctx context.Context, db querier, where string, args ...any) ([]Task, error) {
	rows, err := db.Query(ctx, taskSelect+where, args...)
	if err != nil {
		return nil, fmt.Errorf("reading tasks: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t Task, err error) {
		return t, row.Scan(&t.ID, &t.Order, &t.Number, &t.Zone, &t.State, &t.Worker, &t.Version, &t.Lines)
	})
	if err != nil {
		return nil, fmt.Errorf("reading tasks: %w", err)
	}
	return list, nil
}

func task(ctx context.Context, db querier, id uuid.UUID) (Task, error) {
	found, err := tasks(ctx, db, `WHERE t.id = $1`, id)
	switch {
	case err != nil:
		return Task{}, err
	case len(found) == 0:
		return Task{}, fault.NotFound("task", id.String())
	}
	return found[0], nil
}

// list returns up to limit tasks in a state, the oldest first, after one of them; the zero id is before all. An empty state is any.
func (s *store) list(ctx context.Context, state string, after uuid.UUID, limit int) ([]Task, error) {
	if state == "" {
		return tasks(ctx, s.db, `WHERE t.id > $1 ORDER BY t.id LIMIT $2`, after, limit)
	}
	return tasks(ctx, s.db, `WHERE t.id > $1 AND t.state = $3 ORDER BY t.id LIMIT $2`, after, limit, state)
}

// locked reads a task that nobody else changes until the transaction ends. It locks first and reads then: a statement that does both
// would see the lines as they were before it waited.
func locked(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Task, error) {
	if _, err := tx.Exec(ctx, `SELECT FROM warehouse.tasks WHERE id = $1 FOR UPDATE`, id); err != nil {
		return Task{}, fmt.Errorf("locking a task: %w", err)
	}
	return task(ctx, tx, id)
}

// nextOpen locks the oldest open task that nobody else is about to claim: of many who ask at once each gets another one.
func nextOpen(ctx context.Context, tx pgx.Tx) (Task, error) {
	var id uuid.UUID
	err := tx.QueryRow(ctx, `SELECT id FROM warehouse.tasks WHERE state = 'open' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED`).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Task{}, fault.Conflict(fault.ConflictKind, "There is no open task.")
	}
	if err != nil {
		return Task{}, fmt.Errorf("looking for an open task: %w", err)
	}
	return task(ctx, tx, id)
}

// save writes a task that is locked, where it changed.
func save(ctx context.Context, tx pgx.Tx, before, after Task) error {
	if before.Version == after.Version {
		return nil
	}
	var b pgx.Batch
	b.Queue(`UPDATE warehouse.tasks SET state = $2, worker = $3, version = $4 WHERE id = $1`, after.ID, after.State, after.Worker, after.Version)
	for n, l := range after.Lines {
		if l != before.Lines[n] {
			b.Queue(`UPDATE warehouse.lines SET picked = $3, short = $4 WHERE task = $1 AND sku = $2`, after.ID, l.SKU, l.Picked, l.Short)
		}
	}
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("changing a task: %w", err)
	}
	return nil
}

func insert(ctx context.Context, tx pgx.Tx, list []Task) error {
	var b pgx.Batch
	for _, t := range list {
		b.Queue(`INSERT INTO warehouse.tasks (id, order_id, number, zone, state) VALUES ($1, $2, $3, $4, $5)`, t.ID, t.Order, t.Number, t.Zone, t.State)
		for _, l := range t.Lines {
			b.Queue(`INSERT INTO warehouse.lines (task, sku, name, place, quantity) VALUES ($1, $2, $3, $4, $5)`, t.ID, l.SKU, l.Name, l.Place, l.Quantity)
		}
	}
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("adding tasks: %w", err)
	}
	return nil
}
