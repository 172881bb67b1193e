package promotions

import (
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/contracttest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// What orders tells, by the contract's own examples, and what is told of the coupon that the order used.
func TestCouponsGoByWhatTheContractShows(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	keep(t, s.db, once("FILTER", 1, 0))
	r := holding(Buyer{}, "FILTER")
	r.Saga = uuid.MustParse(contracttest.Saga)
	if err := s.hold(t.Context(), r, Buyer{}); err != nil {
		t.Fatal(err)
	}
	const state = `SELECT state FROM promotions.redemptions`
	contracttest.Takes(t, s.db, handlers(), events.OrderPlaced, state, "committed")
	contracttest.Produced(t, s.db, events.CouponRedeemed, "FILTER")
	contracttest.Takes(t, s.db, handlers(), events.OrderCancelled, state, "returned")
}
