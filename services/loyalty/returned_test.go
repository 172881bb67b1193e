package loyalty

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestReturnsAreReadByTheContract(t *testing.T) {
	eventstest.Reads[acceptedData](t, events.ReturnAccepted)
}

// comesBack is some of the order's lines, as returns tells it.
func (p purchase) comesBack(lines ...bought) events.Event {
	p.t.Helper()
	amount := func(a string) map[string]string { return map[string]string{"amount": a, "currency": "EUR"} }
	var all []any
	for n, l := range lines {
		net, err := eur(p.t, l.total).Sub(eur(p.t, l.tax))
		if err != nil {
			p.t.Fatal(err)
		}
		all = append(all, map[string]any{"line": n + 1, "sku": "A", "quantity": 1, "sellable": true, "gross": amount(l.total), "tax": amount(l.tax), "net": amount(net.Amount())})
	}
	return p.event(events.ReturnAccepted, "returns", uuid.NewString(), map[string]any{"acceptance": uuid.New(), "return": uuid.New(), "order": p.order, "number": "1", "lines": all,
		"refund": amount(buys(p.t, "", lines...).total("0.00")), "at": noon})
}

// refundsFor is the refund of a return, as payments tells it.
func (p purchase) refundsFor(euros string) events.Event {
	p.t.Helper()
	return p.event(events.PaymentRefunded, "payments", p.payment.String(), map[string]any{"payment": p.payment, "order": p.order, "saga": p.saga, "refund": uuid.New(), "return": uuid.New(),
		"amount": map[string]string{"amount": euros, "currency": "EUR"}})
}

// C45: B back takes 34, A back the other 66, by their own net; the money that goes back for them takes nothing more, whenever it is told.
func TestC45AReturnTakesPointsBackOnce(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	for n, first := range []bool{true, false} {
		p := orderOfC45(t)
		p.customer = []string{"anna", "berta"}[n]
		balance := func(want int64, what string) {
			t.Helper()
			if got := s.sums(t, p.customer, time.Now()); got.Balance != want {
				t.Errorf("%s (money first: %t): %+v, want %d", what, first, got, want)
			}
		}
		s.takes(t, p.placed(), p.says(events.OrderPaid))
		b, money := p.comesBack(p.lines[1]), p.refundsFor("39.90")
		if first {
			s.takes(t, money)
			balance(100, "the money alone")
		}
		s.takes(t, b, b, money, money, b)
		balance(66, "B returned")
		s.takes(t, p.comesBack(p.lines[0]), p.refundsFor("84.40"), p.placed())
		balance(0, "A returned")
	}
}

// With two rates of tax it is the net of what came back: by the amount, one point less would be left.
func TestC45PointsGoByTheNetOfWhatCameBack(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	p := buys(t, "anna", bought{"107.00", "7.00"}, bought{"119.00", "19.00"})
	s.takes(t, p.placed(), p.says(events.OrderPaid), p.comesBack(p.lines[1]))
	if got := s.sums(t, "anna", time.Now()); got.Balance != 100 {
		t.Errorf("%+v", got)
	}
	s.takes(t, p.refunds("53.50", uuid.New())) // half of the rest, as a courtesy
	if got := s.sums(t, "anna", time.Now()); got.Balance != 50 {
		t.Errorf("%+v", got)
	}
}

// A return that is told of before its order takes back what the order then earns.
func TestC45AReturnBeforeItsOrder(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	p := orderOfC45(t)
	s.takes(t, p.comesBack(p.lines[1]), p.says(events.OrderPaid), p.placed())
	if got := s.sums(t, "anna", time.Now()); got.Balance != 66 {
		t.Errorf("%+v", got)
	}
}
