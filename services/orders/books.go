package orders

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/changes"
)

// booked is an order with the moment of its last change.
type booked struct {
	Order
	mark changes.Mark
}

// changed lists orders for who keeps books, in the order in which they were written last.
func (s *store) changed(ctx context.Context, after changes.Mark, limit int) ([]booked, error) {
	rows, err := s.db.Query(ctx, `SELECT booked_at, id FROM orders.orders WHERE (booked_at, id) > ($1, $2) ORDER BY booked_at, id LIMIT $3`,
		after.At, after.ID, limit)
	if err != nil {
		return nil, fmt.Errorf("listing orders: %w", err)
	}
	marks, err := pgx.CollectRows(rows, pgx.RowToStructByPos[changes.Mark])
	if err != nil {
		return nil, fmt.Errorf("listing orders: %w", err)
	}
	ids := make([]uuid.UUID, len(marks))
	for n, m := range marks {
		ids[n] = m.ID
	}
	// One that changes between the two is newer than its mark, and listed again.
	found, err := find(ctx, s.db, `WHERE o.id = ANY($1)`, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[uuid.UUID]Order, len(found))
	for _, o := range found {
		byID[o.ID] = o
	}
	list := make([]booked, 0, len(marks))
	for _, m := range marks {
		if o, there := byID[m.ID]; there {
			list = append(list, booked{o, m})
		}
	}
	return list, nil
}
