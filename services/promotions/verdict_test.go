package promotions

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/rounds"
)

func (s *store) state(t testing.TB, saga uuid.UUID) (r Redemption) {
	t.Helper()
	err := s.step(func(ctx context.Context, tx pgx.Tx) (err error) {
		r, err = locked(ctx, tx, `saga = $1`, saga)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Coupons that a checkout holds and of which nothing more is heard come back when it was undone, and are the order's when there is
// one. Before that, and while nobody knows, they stay taken.
func TestCouponsWithoutAVerdictAreAskedFor(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	keep(t, s.db, once("UNDONE", 1, 1), once("PLACED", 1, 1), once("RUNNING", 1, 1))
	says, order, now := map[string]rounds.Verdict{}, uuid.New(), time.Now()
	r := s.asks(nil, func() time.Time { return now }, prometheus.NewRegistry())
	r.Ask = func(_ context.Context, saga string) rounds.Verdict { return says[saga] }
	sagas := map[string]uuid.UUID{}
	for code, v := range map[string]rounds.Verdict{"UNDONE": {State: rounds.Undone}, "PLACED": {State: rounds.Placed, Order: order}, "RUNNING": {State: "running"}} {
		b := Buyer{Email: code + "@x.example"}
		holds := holding(b, code)
		if err := s.hold(t.Context(), holds, b); err != nil {
			t.Fatal(err)
		}
		sagas[code], says[holds.Saga.String()] = holds.Saga, v
	}
	for _, c := range []struct {
		later time.Duration
		due   int
		want  map[string]State
		uses  map[string]int64
	}{
		{0, 0, map[string]State{"UNDONE": Reserved, "PLACED": Reserved, "RUNNING": Reserved}, map[string]int64{"UNDONE": 1, "PLACED": 1, "RUNNING": 1}},
		{16 * time.Minute, 3, map[string]State{"UNDONE": Released, "PLACED": Committed, "RUNNING": Reserved}, map[string]int64{"UNDONE": 0, "PLACED": 1, "RUNNING": 1}},
		{time.Minute, 1, map[string]State{"UNDONE": Released, "PLACED": Committed, "RUNNING": Reserved}, map[string]int64{"UNDONE": 0, "PLACED": 1, "RUNNING": 1}},
	} {
		now = now.Add(c.later)
		if n, err := r.Once(t.Context()); n != c.due || err != nil {
			t.Errorf("after %s %d were due (%v), want %d", c.later, n, err, c.due)
		}
		for code, want := range c.want {
			if got := s.state(t, sagas[code]); got.State != want || s.uses(t, code) != c.uses[code] {
				t.Errorf("after %s %s is %s, uses %d", c.later, code, got.State, s.uses(t, code))
			}
		}
	}
	if got := s.state(t, sagas["PLACED"]); got.Order == nil || *got.Order != order {
		t.Errorf("%+v", got)
	}
	// The event of the order comes after all, and changes nothing.
	if err := s.commit(sagas["PLACED"], order); err != nil || s.uses(t, "PLACED") != 1 {
		t.Errorf("%v, uses %d", err, s.uses(t, "PLACED"))
	}
}

// A verdict that comes late takes nothing from an order.
func TestAVerdictTakesNoCouponFromAnOrder(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	keep(t, s.db, once("ONCE", 1, 0))
	r := holding(Buyer{}, "ONCE")
	if err := s.hold(t.Context(), r, Buyer{}); err != nil {
		t.Fatal(err)
	}
	if err := s.commit(r.Saga, uuid.New()); err != nil {
		t.Fatal(err)
	}
	err := s.step(func(ctx context.Context, tx pgx.Tx) error {
		return judge(ctx, tx, r.ID, rounds.Verdict{State: rounds.Undone})
	})
	if got := s.state(t, r.Saga); err != nil || got.State != Committed || s.uses(t, "ONCE") != 1 {
		t.Errorf("%+v, uses %d (%v)", got, s.uses(t, "ONCE"), err)
	}
}

func TestWhatIsReadOfAVerdictIsPromised(t *testing.T) {
	clienttest.Reads[struct{ State string }](t, "../checkout/openapi.json", "GET /internal/checkout/sagas/{id}")
}
