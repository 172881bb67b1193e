package payments

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/changes"
)

// book is what books are compared by, with the sums of the ledger beside the facts.
type book struct {
	Payment
	state                State
	held, provider, kept int64
	mark                 changes.Mark
}

// underWay tells whether the provider was asked for something, and it is not known what came of it.
func (b book) underWay() bool {
	return b.Capturing > 0 || b.Refunding > 0 || (b.Closing && b.Released == 0 && b.Captured == 0)
}

// balanced tells whether the entries of the ledger make zero, and say what the payment says.
func (b book) balanced() bool {
	return b.kept == 0 && b.held == b.promised()-b.Captured-b.Released && b.provider == b.Captured-b.Refunded
}

func (b book) promised() int64 {
	if b.Authorized {
		return b.Amount
	}
	return 0
}

// books lists payments in the order in which they were written last.
func (s *store) books(ctx context.Context, after changes.Mark, limit int) ([]book, error) {
	rows, err := s.db.Query(ctx, `SELECT p.id, p.saga, p.order_id, p.currency, p.amount, p.authorized, p.reference, p.captured, p.capturing, p.refunded, p.refunding,
			p.released, p.closing, p.cards, p.cards_back, p.state, p.booked_at, l.held, l.provider, l.kept
		FROM (SELECT * FROM payments.payments WHERE (booked_at, id) > ($1, $2) ORDER BY booked_at, id LIMIT $3) p
		CROSS JOIN LATERAL (SELECT coalesce(sum(minor) FILTER (WHERE account = 'held'), 0)::bigint AS held,
			coalesce(sum(minor) FILTER (WHERE account = 'provider'), 0)::bigint AS provider, coalesce(sum(minor), 0)::bigint AS kept
			FROM payments.ledger WHERE payment_id = p.id) l
		ORDER BY p.booked_at, p.id`, after.At, after.ID, limit)
	if err != nil {
		return nil, fmt.Errorf("reading the books: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (b book, err error) {
		err = row.Scan(&b.ID, &b.Saga, &b.Order, &b.Currency, &b.Amount, &b.Authorized, &b.Reference, &b.Captured, &b.Capturing, &b.Refunded, &b.Refunding,
			&b.Released, &b.Closing, &b.Cards, &b.CardsBack, &b.state, &b.mark.At, &b.held, &b.provider, &b.kept)
		b.mark.ID = b.ID
		return b, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the books: %w", err)
	}
	return list, nil
}
