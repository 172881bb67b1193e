package shipping

import (
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/contracttest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// What orders tells, by the contract's own examples, and what is told of their parcels.
func TestOrdersAreSentAsTheContractShowsThem(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	contracttest.Takes(t, s.db, handlers(), events.OrderPlaced, `SELECT string_agg(sku || ' ' || quantity, ', ' ORDER BY sku) FROM shipping.order_lines`, "KIT-1001 2, KIT-1002 1")
	order := uuid.New()
	s.takes(t, bought(t, order, 3, "25.99"))
	p, err := s.packs(t, order, 2)
	for _, rule := range []func(Parcel, bool) (Parcel, error){sends, delivers} {
		if err == nil {
			_, err = s.step(t, p.ID, rule)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	contracttest.Produced(t, s.db, events.ParcelSent, p.ID.String())
	contracttest.Produced(t, s.db, events.ParcelDelivered, p.ID.String())
	contracttest.Takes(t, s.db, handlers(), events.OrderCancelled, `SELECT cancelled FROM shipping.orders WHERE id = '`+contracttest.Order+`'`, "true")
}
