package notifications

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/changes"
)

// booked is a mail as the books see it, with the checkout that made its order.
type booked struct {
	Mail
	saga *uuid.UUID
	mark changes.Mark
}

// changed lists mails in the order in which they were written last. There is no order for the sample mails.
func (s *store) changed(ctx context.Context, after changes.Mark, limit int) ([]booked, error) {
	rows, err := s.db.Query(ctx, `SELECT m.id, m.order_id, o.saga, m.kind, m.about, m.made_at, m.sent_at, m.booked_at
		FROM notifications.mails m LEFT JOIN notifications.orders o ON o.id = m.order_id
		WHERE (m.booked_at, m.id) > ($1, $2) AND m.order_id <> $3 ORDER BY m.booked_at, m.id LIMIT $4`,
		after.At, after.ID, sampleOrder.ID, limit)
	if err != nil {
		return nil, fmt.Errorf("listing mails: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (b booked, err error) {
		var sent *time.Time
		err = row.Scan(&b.ID, &b.Order, &b.saga, &b.Kind, &b.About, &b.MadeAt, &sent, &b.mark.At)
		if b.MadeAt = b.MadeAt.UTC(); sent != nil {
			b.SentAt = sent.UTC()
		}
		b.mark.ID = b.ID
		return b, err
	})
	if err != nil {
		return nil, fmt.Errorf("listing mails: %w", err)
	}
	return list, nil
}
