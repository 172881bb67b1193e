package loyalty

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

// points are those of a kind that the customer of the examples was given or lost.
func points(k Kind) string {
	return `SELECT sum(points) FROM loyalty.points WHERE customer = '` + contracttest.Customer + `' AND kind = '` + string(k) + `'`
}

// spender is a store in which the checkout of the examples holds their points.
func spender(t *testing.T) *store {
	t.Helper()
	s := &store{pgtest.Open(t, schema())}
	s.give(t, contracttest.Customer, 100, time.Now())
	h := Hold{ID: uuid.MustParse(contracttest.Spent), Saga: uuid.MustParse(contracttest.Saga), State: Reserved, Customer: contracttest.Customer, Points: 50}
	if err := s.inTx(t, func(ctx context.Context, tx pgx.Tx) error { return reserve(ctx, tx, h, nil, time.Now()) }); err != nil {
		t.Fatal(err)
	}
	return s
}

// What others tell, by the contract's own examples: 21.68 net earn 21 points, which go with the goods.
func TestPointsGoByWhatTheContractShows(t *testing.T) {
	s := spender(t)
	contracttest.Takes(t, s.db, handlers(), events.OrderPlaced, points(Spent), "-50")
	contracttest.Takes(t, s.db, handlers(), events.OrderPaid, points(Earned), "21")
	contracttest.Takes(t, s.db, handlers(), events.PaymentRefunded, `SELECT amount_minor || ' ' || cards_minor FROM loyalty.refunds`, "1250 1820")
	contracttest.Takes(t, s.db, handlers(), events.ReturnAccepted, points(TakenBack), "-21")
	contracttest.Takes(t, s.db, handlers(), events.CustomerErased, `SELECT count(*) FROM loyalty.points`, "0")
	contracttest.Produced(t, s.db, events.ErasureDone, contracttest.Customer)
}

func TestACompleteOrderEarnsAndACancelledOneGivesBackAsTheContractShows(t *testing.T) {
	s := spender(t)
	s.takes(t, contracttest.Example(t, events.OrderPlaced))
	contracttest.Takes(t, s.db, handlers(), events.OrderCompleted, points(Earned), "21")
	contracttest.Takes(t, s.db, handlers(), events.OrderCancelled, points(Returned), "50")
}
