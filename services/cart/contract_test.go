package cart

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/contracttest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// What orders, pricing and customers tell, by the contract's own examples, and what is told of the cart.
func TestCartsGoByWhatTheContractShows(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	guest := filled(t, s, 2)
	var own Cart
	err := postgres.InTx(t.Context(), s.db, func(tx pgx.Tx) (err error) {
		own, _, err = join(t.Context(), tx, contracttest.Customer, guest.ID, "EUR", nil)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	contracttest.Produced(t, s.db, events.CartMerged, own.ID.String())
	contracttest.Takes(t, s.db, handlers(), events.OrderPlaced, `SELECT orders FROM cart.carts WHERE id = '`+own.ID.String()+`'`, "1", contracttest.Cart, own.ID.String())
	contracttest.Produced(t, s.db, events.CartClosed, own.ID.String())
	contracttest.Takes(t, s.db, handlers(), events.PriceChanged, `SELECT sku || ' ' || price_minor FROM cart.prices`, "KIT-1001 1290")
	contracttest.Takes(t, s.db, handlers(), events.CustomerErased, `SELECT count(*) FROM cart.carts`, "0")
	contracttest.Produced(t, s.db, events.ErasureDone, contracttest.Customer)
}
