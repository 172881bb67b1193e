package promotions

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/calendar"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// samples are coupons that a new shop begins with.
func samples(now time.Time) ([]Coupon, error) {
	ten, err := NewOff("10", nil)
	if err != nil {
		return nil, err
	}
	from := calendar.Range{From: now}
	hundred := money.New(10000, "EUR")
	return []Coupon{
		{Code: "TEN", Off: ten, Valid: from},
		{Code: "ONCE", Off: Off{Amount: money.New(1000, "EUR")}, Uses: 1, Valid: from},
		{Code: "HUNDRED", Off: Off{Amount: hundred}, Minimum: &hundred, PerCustomer: 1, Valid: from},
	}, nil
}

// seed writes sample coupons where there are none, all of them or nothing.
func seed(ctx context.Context, db *postgres.DB) error {
	all, err := samples(time.Now().UTC().Truncate(time.Microsecond))
	if err != nil {
		return err
	}
	err = postgres.InTx(ctx, db, func(tx pgx.Tx) error {
		// Of two who seed at once, the second waits here and finds it done.
		if _, err := tx.Exec(ctx, `LOCK TABLE promotions.coupons IN SHARE ROW EXCLUSIVE MODE`); err != nil {
			return err
		}
		var used bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM promotions.coupons)`).Scan(&used); err != nil || used {
			return err
		}
		for _, c := range all {
			if c.ID, err = uuid.NewV7(); err != nil {
				return err
			}
			if c, err = NewCoupon(c); err != nil {
				return err
			}
			if err := insertCoupon(ctx, tx, c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("seeding promotions: %w", err)
	}
	return nil
}
