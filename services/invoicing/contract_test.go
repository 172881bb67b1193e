package invoicing

import (
	"testing"

	"github.com/emporium-shop/emporium/services/internal/contracttest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// toldOf is the total of what was told last, of one type.
func toldOf(of events.Type) string {
	return `SELECT event->'data'->'total'->>'amount' FROM invoicing.outbox WHERE event->>'type' = '` + string(of) + `' ORDER BY seq DESC LIMIT 1`
}

// The contract's own example of an order is invoiced to the cent; so its amounts add up as well.
func TestOrdersAreInvoicedAsTheContractShowsThem(t *testing.T) {
	db, d := pgtest.Open(t, schema()), atNoon(t)
	contracttest.Takes(t, db, d.handlers(), events.OrderPlaced, `SELECT placed->>'number' FROM invoicing.orders WHERE id = '`+contracttest.Order+`'`, "ACME-10001")
	contracttest.Takes(t, db, d.handlers(), events.OrderPaid, toldOf(events.InvoiceIssued), "30.70")
	contracttest.Takes(t, db, d.handlers(), events.PaymentRefunded, `SELECT amount_minor FROM invoicing.refunds`, "3070")
	contracttest.Takes(t, db, d.handlers(), events.ReturnAccepted, toldOf(events.InvoiceCredited), "30.70")
	var invoice string
	if err := db.QueryRow(t.Context(), `SELECT id FROM invoicing.invoices WHERE series = 'invoice'`).Scan(&invoice); err != nil {
		t.Fatal(err)
	}
	contracttest.Produced(t, db, events.InvoiceIssued, invoice)
	contracttest.Produced(t, db, events.InvoiceCredited, invoice)
}

func TestACancelledOrderIsCreditedAsTheContractShowsIt(t *testing.T) {
	db, d := pgtest.Open(t, schema()), atNoon(t)
	taken(t, db, contracttest.Example(t, events.OrderPlaced), contracttest.Example(t, events.OrderPaid))
	contracttest.Takes(t, db, d.handlers(), events.OrderCancelled, toldOf(events.InvoiceCredited), "30.70")
}
