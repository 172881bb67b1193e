package checkout

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/changes"
)

// booked is a saga with the moments of its beginning and of its last change.
type booked struct {
	kept
	begun, changed time.Time
}

// ended lists sagas that ended, in the order in which they did.
func (s *store) ended(ctx context.Context, after changes.Mark, limit int) ([]booked, error) {
	return s.sagas(ctx, `WHERE state IN ('placed', 'undone') AND (changed_at, id) > ($1, $2) ORDER BY changed_at, id LIMIT $3`, after.At, after.ID, limit)
}

// open lists sagas that have not ended.
func (s *store) open(ctx context.Context, after uuid.UUID, limit int) ([]booked, error) {
	return s.sagas(ctx, `WHERE state NOT IN ('placed', 'undone') AND id > $1 ORDER BY id LIMIT $2`, after, limit)
}

func (s *store) sagas(ctx context.Context, where string, args ...any) ([]booked, error) {
	rows, err := s.db.Query(ctx, `SELECT progress, begun_at, changed_at FROM checkout.sagas `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("listing sagas: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (b booked, err error) {
		return b, row.Scan(&b.kept, &b.begun, &b.changed)
	})
	if err != nil {
		return nil, fmt.Errorf("listing sagas: %w", err)
	}
	return list, nil
}
