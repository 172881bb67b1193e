package pspfake

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/changes"
)

// balance is what the ledger says of an authorisation.
type balance struct {
	// Authorization is what it says of itself.
	Authorization
	authorized, held, captured, refunded, kept int64
	mark                                       changes.Mark
}

// balanced tells whether the entries make zero, and say what the authorisation says.
func (b balance) balanced() bool {
	promised := b.Minor
	if b.State != Authorized {
		promised = 0
	}
	return b.kept == 0 && b.authorized == promised && b.captured == b.Captured && b.refunded == b.Refunded && b.held == promised-b.Captured-b.Released
}

// balances sums the ledger up, by authorisation, in the order in which these were written last.
func (s *store) balances(ctx context.Context, after changes.Mark, limit int) ([]balance, error) {
	rows, err := s.db.Query(ctx, `SELECT a.id, a.reference, a.minor, a.currency, a.state, a.captured, a.refunded, a.released, a.booked_at, l.authorized, l.held, l.captured, l.refunded, l.kept
		FROM (SELECT * FROM psp_fake.authorizations WHERE (booked_at, id) > ($1, $2) ORDER BY booked_at, id LIMIT $3) a
		CROSS JOIN LATERAL (SELECT coalesce(sum(minor) FILTER (WHERE account = 'held' AND minor > 0), 0)::bigint AS authorized,
			coalesce(sum(minor) FILTER (WHERE account = 'held'), 0)::bigint AS held,
			coalesce(sum(minor) FILTER (WHERE account = 'merchant' AND minor > 0), 0)::bigint AS captured,
			coalesce(-sum(minor) FILTER (WHERE account = 'merchant' AND minor < 0), 0)::bigint AS refunded, coalesce(sum(minor), 0)::bigint AS kept
			FROM psp_fake.ledger WHERE authorization_id = a.id) l
		ORDER BY a.booked_at, a.id`, after.At, after.ID, limit)
	if err != nil {
		return nil, fmt.Errorf("adding the ledger up: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (b balance, err error) {
		err = row.Scan(&b.ID, &b.Reference, &b.Minor, &b.Currency, &b.State, &b.Captured, &b.Refunded, &b.Released, &b.mark.At,
			&b.authorized, &b.held, &b.captured, &b.refunded, &b.kept)
		b.mark.ID = b.ID
		return b, err
	})
	if err != nil {
		return nil, fmt.Errorf("adding the ledger up: %w", err)
	}
	return list, nil
}
