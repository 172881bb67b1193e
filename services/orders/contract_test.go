package orders

import (
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/contracttest"
	"github.com/emporium-shop/emporium/services/internal/events"
)

// bought is an order such as the examples tell of: of 30.70, of which gift cards pay 18.20. instead puts its ids into them.
func bought(t *testing.T, s *store) (o Order, instead []string) {
	t.Helper()
	p := carded(1820)
	p.Customer, p.Locale = contracttest.Customer, "de"
	d := detailed().Details
	p.Details.Delivery, p.Details.ShippingTaxes, p.Details.TaxReason, p.Details.VATNumber = d.Delivery, d.ShippingTaxes, d.TaxReason, d.VATNumber
	p.Lines[0].Rate, p.Lines[1].Rate = "19", "19"
	o = placed(t, s, p)
	return o, []string{contracttest.Payment, o.Payment.String()}
}

func stateOf(o Order) string {
	return `SELECT state FROM orders.orders WHERE id = '` + o.ID.String() + `'`
}

// What payments tells, by the contract's own examples.
func TestPaymentsAreTakenAsTheContractShowsThem(t *testing.T) {
	s := opened(t)
	o, instead := bought(t, s)
	contracttest.Takes(t, s.db, s.handlers(), events.PaymentCaptured, stateOf(o), "paid", instead...)
	contracttest.Takes(t, s.db, s.handlers(), events.PaymentRefunded, `SELECT refunded_minor || ' ' || cards_back_minor FROM orders.orders WHERE id = '`+o.ID.String()+`'`, "1250 1820", instead...)
	o, instead = bought(t, s)
	contracttest.Takes(t, s.db, s.handlers(), events.PaymentVoided, stateOf(o), "cancelled", instead...)
	o, instead = bought(t, s)
	contracttest.Takes(t, s.db, s.handlers(), events.PaymentFailed, stateOf(o), "cancelled", instead...)
	o, _ = bought(t, s)
	contracttest.Takes(t, s.db, s.handlers(), events.ShortfallDetected, stateOf(o), "cancelled", contracttest.Order, o.ID.String())
	contracttest.Produced(t, s.db, events.OrderCancelled, o.ID.String())
}

// An order's whole life by the contract's own examples, and what it tells of it.
func TestAnOrdersLifeIsToldAsTheContractShowsIt(t *testing.T) {
	s := opened(t)
	o, _ := bought(t, s)
	id, own := o.ID.String(), []string{contracttest.Order, o.ID.String()}
	contracttest.Produced(t, s.db, events.OrderPlaced, id)
	take(t, s, events.PaymentCaptured, map[string]any{"payment": o.Payment, "saga": o.Saga, "amount": o.Due()})
	contracttest.Produced(t, s.db, events.OrderPaid, id)
	contracttest.Takes(t, s.db, s.handlers(), events.ParcelSent, stateOf(o), "sent", own...)
	contracttest.Produced(t, s.db, events.OrderSent, id)
	contracttest.Takes(t, s.db, s.handlers(), events.ParcelDelivered, `SELECT delivered_at IS NOT NULL FROM orders.parcels WHERE order_id = '`+id+`'`, "true", own...)
	if n, err := s.completeOnce(t.Context(), time.Now().AddDate(1, 0, 0)); err != nil || n != 1 {
		t.Fatalf("%d orders are complete (%v)", n, err)
	}
	contracttest.Produced(t, s.db, events.OrderCompleted, id)
	contracttest.Takes(t, s.db, s.handlers(), events.CustomerErased, `SELECT coalesce(customer, '') || email FROM orders.orders WHERE id = '`+id+`'`, "")
	contracttest.Produced(t, s.db, events.ErasureDone, contracttest.Customer)
}
