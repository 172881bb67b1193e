package inventory

import (
	"context"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// came is a line of goods that came back.
type came struct {
	sku      string
	quantity int
	sellable bool
}

func acceptedEvent(t *testing.T, order uuid.UUID, lines ...came) events.Event {
	t.Helper()
	nothing := map[string]any{"amount": "0.00", "currency": "EUR"}
	var all []any
	for n, l := range lines {
		all = append(all, map[string]any{"line": n + 1, "sku": l.sku, "quantity": l.quantity, "sellable": l.sellable, "net": nothing, "tax": nothing, "gross": nothing})
	}
	return event(t, events.ReturnAccepted, order, map[string]any{
		"acceptance": uuid.New(), "return": uuid.New(), "order": order, "number": "1", "lines": all, "refund": nothing, "at": "2026-11-27T10:00:00Z",
	})
}

func TestReturnsAreReadByTheContract(t *testing.T) {
	eventstest.Reads[acceptedData](t, events.ReturnAccepted)
}

// C34: of ten, three were sold; one comes back as new and one damaged: eight are on hand, whoever tells how often.
func TestC34OnlyWhatCanBeSoldGoesBackOnTheShelf(t *testing.T) {
	db := pgtest.Open(t, schema())
	stocked(t, db, "A", 10)
	h, o := placedFor(t, db, uuid.New(), Want{"A", 3}), uuid.New()
	effect(t, db, placedEvent(t, o, h))
	wantStock(t, db, "A", 7, 0)
	back := acceptedEvent(t, o, came{"A", 1, true}, came{"A", 1, false})
	again := back
	again.ID = uuid.Must(uuid.NewV7())
	effect(t, db, back, back, again)
	wantStock(t, db, "A", 8, 0)
	effect(t, db, acceptedEvent(t, o, came{"A", 1, false}))
	wantStock(t, db, "A", 8, 0)
	effect(t, db, acceptedEvent(t, o, came{"A", 1, true}), acceptedEvent(t, o, came{"gone", 1, true}))
	wantStock(t, db, "A", 9, 0)
	balanced(t, db)
}

// C33: a return and its repetition at once put goods back once.
func TestC33AReturnThatIsToldAtOnceRestocksOnce(t *testing.T) {
	db := pgtest.Open(t, schema())
	stocked(t, db, "A", 10)
	for range 10 {
		h, o := placedFor(t, db, uuid.New(), Want{"A", 3}), uuid.New()
		effect(t, db, placedEvent(t, o, h))
		back := acceptedEvent(t, o, came{"A", 3, true})
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if err := postgres.InTx(context.Background(), db, func(tx pgx.Tx) error { return takes[back.Type](context.Background(), tx, back) }); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		wantStock(t, db, "A", 10, 0)
	}
	balanced(t, db)
}

// A carton comes back as the pieces that it was when it was sold.
func TestACartonComesBackAsItsPieces(t *testing.T) {
	db := pgtest.Open(t, schema())
	stocked(t, db, "B", 24)
	if err := in(t, db, func(ctx context.Context, tx pgx.Tx) error {
		return keep(ctx, tx, Stock{SKU: "B-12", Piece: "B", Pieces: 12})
	}); err != nil {
		t.Fatal(err)
	}
	h, o := placedFor(t, db, uuid.New(), Want{"B-12", 2}), uuid.New()
	effect(t, db, placedEvent(t, o, h))
	wantStock(t, db, "B", 0, 0)
	effect(t, db, acceptedEvent(t, o, came{"B-12", 1, true}))
	wantStock(t, db, "B", 12, 0)
	balanced(t, db)
}
