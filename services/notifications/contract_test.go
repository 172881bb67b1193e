package notifications

import (
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/contracttest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// mailed are the addresses that a mail of a kind went to; about is which of several.
func mailed(k Kind, about string) string {
	return `SELECT string_agg(recipient, ', ') FROM notifications.mails WHERE kind = '` + string(k) + `' AND about = '` + about + `'`
}

// What others tell, by the contract's own examples: each is one mail, and in the end there is nobody in any.
func TestMailsAreWrittenOfWhatTheContractShows(t *testing.T) {
	const jane, refund = "jane@example.org", "0199c9a5-0000-7000-8000-000000000008"
	db, w := pgtest.Open(t, schema()), &writer{Sender{Domain: "emporium.example"}, time.Now}
	contracttest.Takes(t, db, w.handlers(), events.OrderPlaced, mailed(Placed, ""), jane)
	contracttest.Takes(t, db, w.handlers(), events.OrderPaid, mailed(Paid, ""), jane)
	contracttest.Takes(t, db, w.handlers(), events.ParcelSent, mailed(Sent, contracttest.Parcel), jane)
	contracttest.Takes(t, db, w.handlers(), events.ParcelDelivered, mailed(Sent, contracttest.Parcel+".delivered"), jane)
	// Of goods that left in parcels there is a mail each already, so this one is of an order that staff sent by hand.
	contracttest.Takes(t, db, w.handlers(), events.OrderSent, mailed(Sent, ""), jane, `"`+contracttest.Parcel+`"`, "")
	contracttest.Takes(t, db, w.handlers(), events.PaymentRefunded, mailed(Refunded, refund), jane)
	contracttest.Takes(t, db, w.handlers(), events.OrderCancelled, mailed(Cancelled, ""), jane)
	contracttest.Takes(t, db, w.handlers(), events.MailWanted, `SELECT id FROM notifications.account_mails`, contracttest.Mail)
}

// An order that is complete lets its customer be forgotten.
func TestWhoIsErasedIsForgottenAsTheContractShows(t *testing.T) {
	db, w := pgtest.Open(t, schema()), &writer{Sender{Domain: "emporium.example"}, time.Now}
	taken(t, db, contracttest.Example(t, events.OrderPlaced))
	contracttest.Takes(t, db, w.handlers(), events.OrderCompleted, `SELECT ended FROM notifications.orders`, "true")
	contracttest.Takes(t, db, w.handlers(), events.CustomerErased, mailed(Placed, ""), "")
	contracttest.Produced(t, db, events.ErasureDone, contracttest.Customer)
}
