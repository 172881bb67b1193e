package analytics

import (
	"testing"

	"github.com/emporium-shop/emporium/services/internal/contracttest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// fact is what was kept of one kind: of what, and how much.
func fact(k Kind) string {
	return `SELECT concat_ws(' ', id, figures->>'coupon', figures->>'amount') FROM analytics.facts WHERE kind = '` + string(k) + `'`
}

// What eight services tell, by the contract's own examples.
func TestFactsAreMadeOfWhatTheContractShows(t *testing.T) {
	const invoice, note, refund = "0199c9a5-0000-7000-8000-00000000000c", "0199c9a5-0000-7000-8000-00000000000d", "0199c9a5-0000-7000-8000-000000000008"
	db := pgtest.Open(t, schema())
	contracttest.Takes(t, db, handlers(), events.OrderPlaced, fact(Placed), contracttest.Order+" 3070")
	contracttest.Takes(t, db, handlers(), events.OrderPaid, fact(Paid), contracttest.Order)
	contracttest.Takes(t, db, handlers(), events.OrderCancelled, fact(Cancelled), contracttest.Order)
	contracttest.Takes(t, db, handlers(), events.OrderCompleted, fact(Completed), contracttest.Order)
	contracttest.Takes(t, db, handlers(), events.PaymentAuthorized, fact(Authorized), contracttest.Payment+" 1250")
	contracttest.Takes(t, db, handlers(), events.PaymentCaptured, fact(Captured), contracttest.Payment+" 1250")
	contracttest.Takes(t, db, handlers(), events.PaymentVoided, fact(Voided), contracttest.Payment+" 1250")
	contracttest.Takes(t, db, handlers(), events.PaymentRefunded, fact(Refunded), refund+" 1250")
	contracttest.Takes(t, db, handlers(), events.PaymentFailed, fact(Failed), contracttest.Payment+" 1250")
	contracttest.Takes(t, db, handlers(), events.CouponRedeemed, fact(Redeemed), contracttest.Order+" FILTER FILTER 50")
	contracttest.Takes(t, db, handlers(), events.CartClosed, fact(CartClosed), contracttest.Order)
	contracttest.Takes(t, db, handlers(), events.HoldReleased, fact(HoldExpired), contracttest.Hold)
	contracttest.Takes(t, db, handlers(), events.InvoiceIssued, fact(Invoiced), invoice+" 3070")
	contracttest.Takes(t, db, handlers(), events.InvoiceCredited, fact(Credited), note+" 3070")
	// Who registered is kept nowhere: the fact is named by its event.
	contracttest.Takes(t, db, handlers(), events.CustomerRegistered, fact(RegisteredAs), contracttest.Example(t, events.CustomerRegistered).ID.String())
}
