package returns

import (
	"testing"

	"github.com/emporium-shop/emporium/services/internal/contracttest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// of is a column of the examples' order.
func of(column string) string {
	return `SELECT ` + column + ` FROM returns.orders WHERE id = '` + contracttest.Order + `'`
}

// What orders and shipping tell, by the contract's own examples.
func TestOrdersAreKnownAsTheContractShowsThem(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	contracttest.Takes(t, s.db, handlers(), events.OrderPlaced, `SELECT string_agg(sku || ' ' || gross_minor, ', ' ORDER BY line) FROM returns.order_lines`, "KIT-1001 2530, KIT-1002 50")
	contracttest.Takes(t, s.db, handlers(), events.OrderSent, of("sent"), "true")
	contracttest.Takes(t, s.db, handlers(), events.ParcelDelivered, `SELECT string_agg(sku || ' ' || quantity, ', ' ORDER BY sku) FROM returns.deliveries`, "KIT-1001 2, KIT-1002 1")
	contracttest.Takes(t, s.db, handlers(), events.OrderCompleted, of("completed_at IS NOT NULL"), "true")
	contracttest.Takes(t, s.db, handlers(), events.CustomerErased, of("customer"), "")
	contracttest.Produced(t, s.db, events.ErasureDone, contracttest.Customer)
}

// A parcel may be told of before its order is known, and an order be cancelled.
func TestParcelsAndCancellationsAreKnownAsTheContractShowsThem(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	contracttest.Takes(t, s.db, handlers(), events.ParcelSent, of("sent"), "true")
	contracttest.Takes(t, s.db, handlers(), events.OrderCancelled, of("cancelled"), "true")
}

// Goods that came back are told with their shipping, as they are all that there was.
func TestAnAcceptedReturnIsToldAsTheContractShowsIt(t *testing.T) {
	s := serve(t)
	order := s.store.sent(t)
	for line, quantity := range map[string]string{"1": "3", "2": "1"} {
		r := s.confirmed(order, line, quantity)
		if a := s.send("POST", staffRoot+"/"+r.ID.String()+"/acceptances", `{"lines":[{"line":`+line+`,"sellable":`+quantity+`}]}`, s.jo()...); a.status != 201 {
			t.Fatalf("%d %s", a.status, a.text)
		}
		contracttest.Produced(t, s.store.db, events.ReturnAccepted, r.ID.String())
	}
}
