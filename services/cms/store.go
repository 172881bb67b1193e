package cms

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the SQL.
type store struct{ db *postgres.DB }

func scan(row pgx.Row) (Item, error) {
	var i Item
	err := row.Scan(&i.ID, &i.Name, &i.Version)
	return i, err
}

func (s *store) item(ctx context.Context, id uuid.UUID) (Item, error) {
	i, err := scan(s.db.QueryRow(ctx, `SELECT id, name, version FROM cms.items WHERE id = $1`, id))
	if errors.Is(err, pgx.ErrNoRows) {
		return Item{}, fault.NotFound("item", id.String())
	}
	if err != nil {
		return Item{}, fmt.Errorf("reading an item: %w", err)
	}
	return i, nil
}

// list returns up to limit items that were made after one, in their order; the zero id is before all of them.
func (s *store) list(ctx context.Context, after uuid.UUID, limit int) ([]Item, error) {
	rows, err := s.db.Query(ctx, `SELECT id, name, version FROM cms.items WHERE id > $1 ORDER BY id LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("listing items: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Item, error) { return scan(row) })
	if err != nil {
		return nil, fmt.Errorf("listing items: %w", err)
	}
	return list, nil
}

func insert(ctx context.Context, tx pgx.Tx, i Item) error {
	if _, err := tx.Exec(ctx, `INSERT INTO cms.items (id, name, version) VALUES ($1, $2, $3)`, i.ID, i.Name, i.Version); err != nil {
		return fmt.Errorf("making an item: %w", err)
	}
	return nil
}

// save writes an item over the version that it was read at: of two who read one version, the second finds none.
func (s *store) save(ctx context.Context, before, after Item) error {
	tag, err := s.db.Exec(ctx, `UPDATE cms.items SET name = $3, version = $4 WHERE id = $1 AND version = $2`, before.ID, before.Version, after.Name, after.Version)
	if err != nil {
		return fmt.Errorf("changing an item: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return fault.Stale()
	}
	return nil
}
