package warehouse

import (
	"testing"

	"github.com/emporium-shop/emporium/services/internal/contracttest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// What orders tells, by the contract's own examples.
func TestOrdersAreTakenAsTheContractShowsThem(t *testing.T) {
	db := pgtest.Open(t, schema())
	const states = `SELECT string_agg(DISTINCT state, ' ') FROM warehouse.tasks`
	contracttest.Takes(t, db, handlers(), events.OrderPlaced, `SELECT string_agg(sku || ' ' || quantity, ', ' ORDER BY sku) FROM warehouse.lines`, "KIT-1001 2, KIT-1002 1")
	contracttest.Takes(t, db, handlers(), events.OrderPaid, states, "open")
	contracttest.Takes(t, db, handlers(), events.OrderCancelled, states, "cancelled")
}
