package loyalty

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/rounds"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func orderOfC45(t testing.TB) purchase {
	return buys(t, "anna", bought{"79.50", "12.69"}, bought{"39.90", "6.37"})
}

// C45: 100.34 net are 100 points; B back takes 34, A back the other 66. Whatever comes twice, or is told twice of one refund, counts once.
func TestC45PointsComeOnceAndGoWithTheGoods(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	p := orderOfC45(t)
	b, a := p.refunds("39.90", uuid.New()), p.refunds("79.50", uuid.New())
	again := p.refunds("39.90", uuid.MustParse(refundOf(t, b)))
	balance := func(want int64, what string) {
		t.Helper()
		if got := s.sums(t, "anna", time.Now()); got.Balance != want || got.Year != want {
			t.Errorf("%s: %+v, want %d", what, got, want)
		}
	}
	s.takes(t, p.placed(), p.placed())
	balance(0, "placed twice")
	s.takes(t, p.says(events.OrderPaid), p.says(events.OrderPaid), p.placed(), p.says(events.OrderCompleted))
	balance(100, "paid")
	s.takes(t, b, b, again)
	balance(66, "B returned")
	s.takes(t, a)
	balance(0, "A returned")
	list, err := s.entries(t.Context(), "anna", uuid.Max, 10)
	if err != nil || len(list) != 3 || list[0].Points != -66 || list[1].Points != -34 || list[2].Points != 100 || list[1].Kind != TakenBack {
		t.Errorf("%+v (%v)", list, err)
	}
}

func refundOf(t testing.TB, e events.Event) string {
	var data struct{ Refund string }
	if err := e.Into(&data); err != nil {
		t.Fatal(err)
	}
	return data.Refund
}

// Whatever order they come in, what is booked in the end is the same.
func TestC45EventsInAnyOrder(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	for n, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		p := orderOfC45(t)
		p.customer = uuid.NewString()
		list := []events.Event{p.placed(), p.says(events.OrderPaid), p.refunds("39.90", uuid.New())}
		for _, k := range order {
			s.takes(t, list[k], list[k])
		}
		if got := s.sums(t, p.customer, time.Now()); got.Balance != 66 {
			t.Errorf("order %d %v: %+v", n, order, got)
		}
		s.takes(t, p.says(events.OrderCancelled), p.says(events.OrderCancelled))
		if got := s.sums(t, p.customer, time.Now()); got.Balance != 0 {
			t.Errorf("cancelled: %+v", got)
		}
	}
}

// C45: 500 points on 20.00: 15.00 are paid, 12 points earned. Refunded in full, 500 come back and 12 are taken.
func TestC45PointsThatWereSpentComeBack(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	now := time.Now()
	s.give(t, "anna", 500, now)
	h, err := s.reserves(t, "anna", 500, now)
	if err != nil {
		t.Fatal(err)
	}
	p := buys(t, "anna", bought{"15.00", "2.39"})
	p.saga = h.Saga
	s.takes(t, p.placed(), p.placed(), p.says(events.OrderPaid))
	if got := s.sums(t, "anna", now.Add(time.Minute)); got.Balance != 12 || got.Held != 0 {
		t.Errorf("%+v", got)
	}
	s.takes(t, p.refunds("15.00", uuid.New()))
	if got := s.sums(t, "anna", now.Add(time.Minute)); got.Balance != 500 || got.Year != 0 {
		t.Errorf("refunded: %+v", got)
	}
	s.takes(t, p.says(events.OrderCancelled))
	if got := s.sums(t, "anna", now.Add(time.Minute)); got.Balance != 500 {
		t.Errorf("refunded, and cancelled: %+v", got)
	}
}

// C45: who spent his points before the goods went back owes them; the refund is not held up.
func TestC45TheBalanceGoesBelowZeroWherePointsWereSpent(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	p := orderOfC45(t)
	s.takes(t, p.placed(), p.says(events.OrderPaid))
	now := time.Now().Add(time.Minute)
	h, err := s.reserves(t, "anna", 100, now)
	if err != nil {
		t.Fatal(err)
	}
	next := buys(t, "anna", bought{"0.50", "0.08"})
	next.saga = h.Saga
	s.takes(t, next.placed(), p.refunds("119.40", uuid.New()))
	got := s.sums(t, "anna", now)
	if got.Balance != -100 || got.Available() != 0 {
		t.Errorf("%+v", got)
	}
	if _, err := s.reserves(t, "anna", 1, now); err == nil {
		t.Error("who owes points spends some")
	}
}

func TestAGuestEarnsNothing(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	p := buys(t, "", bought{"119.00", "19.00"})
	s.takes(t, p.placed(), p.says(events.OrderPaid), p.says(events.OrderCancelled))
	var n int
	if err := s.db.QueryRow(t.Context(), `SELECT count(*) FROM loyalty.points`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d entries (%v)", n, err)
	}
}

// C44: a cancel gives a card back once; what a refund gave back before is not given twice.
func TestC44ACancelGivesACardBackOnce(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	c, code := s.card(t, "50.00")
	h, err := s.reserves(t, "", 0, noon, wanted{code, eur(t, "32.50")})
	if err != nil {
		t.Fatal(err)
	}
	p := buys(t, "anna", bought{"32.50", "5.19"})
	p.saga = h.Saga
	s.takes(t, p.placed(), p.says(events.OrderPaid))
	if got := s.onCard(t, c.ID); got != "17.50" {
		t.Errorf("%s", got)
	}
	// R10: a card is a means of payment, so the order earns as if there were none.
	if got := s.sums(t, "anna", time.Now()); got.Balance != 27 {
		t.Errorf("%+v", got)
	}
	s.takes(t, p.says(events.OrderCancelled), p.says(events.OrderCancelled), p.refunds("1.00", uuid.New()))
	if got := s.onCard(t, c.ID); got != "50.00" {
		t.Errorf("%s", got)
	}
}

// Through a real NATS: placed three times, cancelled twice, a refund of an order that nobody knows between.
func TestWhatOrdersAndPaymentsTellIsTaken(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	bus := eventstest.Bus(t, eventstest.Start(t))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- inbox.Consumer(s.db, eventstest.Ready(bus), "loyalty", handlers())(ctx) }()
	defer func() {
		stop()
		<-done
	}()
	p, unknown := orderOfC45(t), orderOfC45(t)
	if err := bus.Publish(t.Context(), []events.Event{p.placed(), p.placed(), unknown.refunds("1.00", uuid.New()), p.says(events.OrderPaid), p.placed()}); err != nil {
		t.Fatal(err)
	}
	servicetest.Eventually(t, "the points are earned", func() bool { return s.sums(t, "anna", time.Now()).Balance == 100 })
	if err := bus.Publish(t.Context(), []events.Event{p.says(events.OrderCancelled), p.says(events.OrderCancelled)}); err != nil {
		t.Fatal(err)
	}
	servicetest.Eventually(t, "the points are taken back", func() bool { return s.sums(t, "anna", time.Now()).Balance == 0 })
}

// What a checkout holds of which nothing more is heard comes back when it was undone, and is the order's when there is one.
func TestWhatIsHeldWithoutAVerdictIsAskedFor(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	says, order, now := map[string]rounds.Verdict{}, uuid.New(), time.Now().UTC()
	r := s.asks(nil, func() time.Time { return now }, prometheus.NewRegistry())
	r.Ask = func(_ context.Context, saga string) rounds.Verdict { return says[saga] }
	cards := map[string]Card{}
	for who, v := range map[string]rounds.Verdict{"undone": {State: rounds.Undone}, "placed": {State: rounds.Placed, Order: order}, "running": {State: "running"}} {
		s.give(t, who, 500, now)
		c, code := s.card(t, "50.00")
		h, err := s.reserves(t, who, 500, now, wanted{code, eur(t, "50.00")})
		if err != nil {
			t.Fatal(err)
		}
		says[h.Saga.String()], cards[who] = v, c
	}
	for _, c := range []struct {
		later     time.Duration
		due       int
		available map[string]int64
		onCard    map[string]string
	}{
		{0, 0, map[string]int64{"undone": 0, "placed": 0, "running": 0}, map[string]string{"undone": "0.00", "placed": "0.00", "running": "0.00"}},
		{16 * time.Minute, 3, map[string]int64{"undone": 500, "placed": 0, "running": 0}, map[string]string{"undone": "50.00", "placed": "0.00", "running": "0.00"}},
		{time.Minute, 1, map[string]int64{"undone": 500, "placed": 0, "running": 0}, map[string]string{"undone": "50.00", "placed": "0.00", "running": "0.00"}},
	} {
		now = now.Add(c.later)
		if n, err := r.Once(t.Context()); n != c.due || err != nil {
			t.Errorf("after %s %d were due (%v), want %d", c.later, n, err, c.due)
		}
		for who := range cards {
			if got := s.sums(t, who, now); got.Available() != c.available[who] || s.onCard(t, cards[who].ID) != c.onCard[who] {
				t.Errorf("after %s, %s: %+v, %s", c.later, who, got, s.onCard(t, cards[who].ID))
			}
		}
	}
	if got := s.sums(t, "placed", now); got.Balance != 0 || got.Held != 0 {
		t.Errorf("%+v", got)
	}
}
