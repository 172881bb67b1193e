package inventory

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/contracttest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// What orders and returns tell, by the contract's own examples: two pots are sold, and are back.
func TestGoodsGoByWhatTheContractShows(t *testing.T) {
	for _, back := range []bool{true, false} {
		db := pgtest.Open(t, schema())
		stocked(t, db, "KIT-1001", 10)
		h := placedFor(t, db, uuid.MustParse(contracttest.Saga), Want{"KIT-1001", 2})
		const left = `SELECT on_hand || ' ' || reserved FROM inventory.stock WHERE sku = 'KIT-1001'`
		contracttest.Takes(t, db, takes, events.OrderPlaced, left, "8 0", contracttest.Hold, h.ID.String())
		if back {
			contracttest.Takes(t, db, takes, events.ReturnAccepted, left, "10 0")
		} else {
			contracttest.Takes(t, db, takes, events.OrderCancelled, left, "10 0")
		}
		balanced(t, db)
	}
}

// What becomes of goods is told as the contract shows it.
func TestWhatBecomesOfGoodsIsToldAsTheContractShowsIt(t *testing.T) {
	db, order := pgtest.Open(t, schema()), uuid.New()
	stocked(t, db, "A", 3)
	undone, sold := placedFor(t, db, uuid.New(), Want{"A", 1}), placedFor(t, db, uuid.New(), Want{"A", 2})
	err := in(t, db, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := release(ctx, tx, undone.ID, Undone); err != nil {
			return err
		}
		if err := move(ctx, tx, Movement{SKU: "A", Quantity: -2, Cause: Damaged}); err != nil {
			return err
		}
		_, err := commit(ctx, tx, sold.ID, order)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (&teller{&store{db}, time.Now}).round(t.Context()); err != nil {
		t.Fatal(err)
	}
	contracttest.Produced(t, db, events.HoldReleased, undone.ID.String())
	contracttest.Produced(t, db, events.ShortfallDetected, order.String())
	contracttest.Produced(t, db, events.StockChanged, "A")
}
