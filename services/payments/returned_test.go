package payments

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/money"
)

func TestReturnsAreReadByTheContract(t *testing.T) {
	eventstest.Reads[acceptedData](t, events.ReturnAccepted)
}

// C30: what a return asks for is bounded by what was taken and not given back, nor is being given back.
func TestC30AReturnGetsNoMoreThanWasTaken(t *testing.T) {
	for name, c := range map[string]struct {
		p    Payment
		want int64
		err  error
	}{
		"all is left":        {Payment{Captured: 5000}, 3000, nil},
		"less is left":       {Payment{Captured: 5000, Refunded: 3000}, 2000, nil},
		"one is under way":   {Payment{Captured: 5000, Refunding: 4000}, 1000, nil},
		"all went back":      {Payment{Captured: 5000, Refunded: 5000}, 0, nil},
		"nothing was taken":  {Payment{}, 0, nil},
		"it is being taken":  {Payment{Capturing: 5000}, 0, errCapturing},
		"paid in part by it": {Payment{Captured: 1250}, 1250, nil},
	} {
		c.p.Currency = "EUR"
		if got, err := c.p.owed(money.New(3000, "EUR")); got.Minor() != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %s (%v)", name, got, err)
		}
	}
	if _, err := (Payment{Captured: 5000, Currency: "EUR"}).owed(money.New(1, "SEK")); err == nil {
		t.Error("crowns are given back of euros")
	}
}

// A return is refunded once, however often it is told; two of one order are two; what is beyond what was taken stays.
func TestAReturnIsRefundedOnce(t *testing.T) {
	w := newWorld(t)
	p := w.authorized("50.00", "EUR")
	id, o := uuid.MustParse(p.ID), uuid.New()
	w.happens(func(ctx context.Context, tx pgx.Tx, till *till) error {
		return till.placed(ctx, tx, id, o, money.New(798, "EUR"))
	})
	w.quiet()
	accept := func(d acceptedData) {
		t.Helper()
		w.happens(func(ctx context.Context, tx pgx.Tx, till *till) error { return till.accepted(ctx, tx, d) })
	}
	one := acceptedData{uuid.New(), uuid.New(), o, money.New(3000, "EUR")}
	accept(one)
	accept(one)
	w.quiet()
	accept(one)
	w.quiet()
	if got := w.read(p); got.Refunded.Amount != "30.00" {
		t.Fatalf("%s", got.text)
	}
	accept(acceptedData{uuid.New(), one.Return, o, money.New(1000, "EUR")})
	accept(acceptedData{uuid.New(), one.Return, o, money.New(3000, "EUR")})
	accept(acceptedData{uuid.New(), one.Return, o, money.New(3000, "EUR")})
	accept(acceptedData{uuid.New(), one.Return, uuid.New(), money.New(3000, "EUR")}) // of an order that cost nothing
	w.quiet()
	if got := w.read(p); got.State != "refunded" || got.Refunded.Amount != "50.00" || got.RefundedTax.Amount != "7.98" {
		t.Errorf("%s", got.text)
	}
	w.agrees(p.Saga)
	var told, of int
	if err := w.db().QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE event->'data'->>'return' = $1) FROM payments.outbox WHERE event->>'type' = $2 AND event->'data'->>'payment' = $3`,
		one.Return.String(), string(events.PaymentRefunded), p.ID).Scan(&told, &of); err != nil || told != 3 || of != 3 {
		t.Errorf("%d refunds are told, %d of the return (%v)", told, of, err)
	}
}
