package promotions

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/outbox"
)

// redeemed is the data of promotions.coupon.redeemed.v1.
type redeemed struct {
	Coupon string      `json:"coupon"`
	Saga   uuid.UUID   `json:"saga"`
	Order  uuid.UUID   `json:"order"`
	Amount money.Money `json:"amount"`
}

// handlers are the effects of what orders tell.
func handlers() inbox.Handlers {
	return inbox.Handlers{events.OrderPlaced: placed, events.OrderCancelled: cancelled}
}

// placed commits the coupons of an order. One without coupons has no redemption.
func placed(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var data struct{ Order, Saga uuid.UUID }
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return fmt.Errorf("reading an order: %w", err)
	}
	r, err := locked(ctx, tx, `saga = $1`, data.Saga)
	if fault.Is(err, fault.NotFoundKind) {
		return nil
	}
	if err == nil {
		_, err = commit(ctx, tx, r, data.Order)
	}
	return err
}

// cancelled gives the coupons of an order back, once.
func cancelled(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var data struct{ Order uuid.UUID }
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return fmt.Errorf("reading an order: %w", err)
	}
	return cancel(ctx, tx, data.Order)
}

// tell puts what an order redeemed into the outbox.
func tell(ctx context.Context, tx pgx.Tx, r Redemption, order uuid.UUID) error {
	for _, c := range r.sorted() {
		e, err := events.New(ctx, "promotions", events.CouponRedeemed, c.Code, redeemed{c.Code, r.Saga, order, c.Amount})
		if err != nil {
			return err
		}
		if err := outbox.Put(ctx, tx, "promotions", e); err != nil {
			return err
		}
	}
	return nil
}
