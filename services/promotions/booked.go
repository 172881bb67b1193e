package promotions

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/changes"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// booked is a redemption with the moment of its last change.
type booked struct {
	Redemption
	mark changes.Mark
}

// changed lists redemptions in the order in which they were written last.
func (s *store) changed(ctx context.Context, after changes.Mark, limit int) ([]booked, error) {
	rows, err := s.db.Query(ctx, `SELECT r.id, r.saga, r.state, r.order_id, r.booked_at,
			(SELECT coalesce(json_agg(json_build_object('Code', d.code, 'Minor', d.amount_minor, 'Currency', d.currency) ORDER BY d.code), '[]')
				FROM promotions.redeemed d WHERE d.redemption = r.id)
		FROM promotions.redemptions r WHERE (r.booked_at, r.id) > ($1, $2) ORDER BY r.booked_at, r.id LIMIT $3`,
		after.At, after.ID, limit)
	if err != nil {
		return nil, fmt.Errorf("listing redemptions: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (b booked, err error) {
		var coupons []struct {
			Code, Currency string
			Minor          int64
		}
		err = row.Scan(&b.ID, &b.Saga, &b.State, &b.Order, &b.mark.At, &coupons)
		b.mark.ID = b.ID
		for _, c := range coupons {
			b.Coupons = append(b.Coupons, Redeemed{c.Code, money.New(c.Minor, c.Currency)})
		}
		return b, err
	})
	if err != nil {
		return nil, fmt.Errorf("listing redemptions: %w", err)
	}
	return list, nil
}

// couponCount is a coupon with what it says of itself, and what its redemptions add up to. No uses are any number.
type couponCount struct {
	id                   uuid.UUID
	code                 string
	used, uses, redeemed int64
}

// counts lists coupons after one, all of a page as they were at one moment.
func (s *store) counts(ctx context.Context, after string, limit int) ([]couponCount, error) {
	rows, err := s.db.Query(ctx, `SELECT c.id, c.code, c.used, coalesce(c.uses, 0), (SELECT count(*) FROM promotions.redeemed d
			JOIN promotions.redemptions r ON r.id = d.redemption WHERE d.code = c.code AND r.state IN ('reserved', 'committed'))
		FROM promotions.coupons c WHERE c.code > $1 ORDER BY c.code LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("counting coupons: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c couponCount, err error) {
		return c, row.Scan(&c.id, &c.code, &c.used, &c.uses, &c.redeemed)
	})
	if err != nil {
		return nil, fmt.Errorf("counting coupons: %w", err)
	}
	return list, nil
}
