package promotions

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/calendar"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMigrationsExpandOnly(t *testing.T) { pgtest.ExpandOnly(t, schema()) }

// once is a coupon of 10.00, valid now.
func once(code string, uses, each int64) Coupon {
	return Coupon{ID: uuid.Must(uuid.NewV7()), Code: code, Off: Off{Amount: money.New(1000, "EUR")}, Uses: uses, PerCustomer: each, Valid: calendar.Range{From: noon}, Version: 1}
}

func keep(t testing.TB, db *postgres.DB, coupons ...Coupon) {
	t.Helper()
	for _, c := range coupons {
		if err := postgres.InTx(context.Background(), db, func(tx pgx.Tx) error { return insertCoupon(context.Background(), tx, c) }); err != nil {
			t.Fatal(err)
		}
	}
}

// holding is a redemption of coupons for a buyer.
func holding(b Buyer, codes ...string) Redemption {
	r := Redemption{ID: uuid.Must(uuid.NewV7()), Saga: uuid.New(), State: Reserved, Customers: append([]string{}, b.Keys()...)}
	for _, code := range codes {
		r.Coupons = append(r.Coupons, Redeemed{code, money.New(1000, "EUR")})
	}
	return r
}

func (s *store) hold(ctx context.Context, r Redemption, b Buyer) error {
	return postgres.InTx(ctx, s.db, func(tx pgx.Tx) error { return reserve(ctx, tx, r, b, noon) })
}

func (s *store) uses(t testing.TB, code string) (n int64) {
	t.Helper()
	if err := s.db.QueryRow(context.Background(), `SELECT used FROM promotions.coupons WHERE code = $1`, code).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// race lets n buyers redeem at once, and returns how many got it.
func race(t *testing.T, s *store, n int, buyer func(int) Buyer, codes ...string) int {
	t.Helper()
	var won atomic.Int32
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-begin
			b := buyer(i)
			switch err := s.hold(context.Background(), holding(b, codes...), b); {
			case err == nil:
				won.Add(1)
			case !fault.Is(err, fault.ConflictKind):
				t.Error(err)
			}
		})
	}
	close(begin)
	all.Wait()
	return int(won.Load())
}

func guest(int) Buyer { return Buyer{Email: uuid.NewString() + "@x.example"} }

func TestC07ACouponForOneIsUsedOnce(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	for round := range 20 {
		code, three := "ONCE-"+uuid.NewString(), "THREE-"+uuid.NewString()
		keep(t, s.db, once(code, 1, 0), once(three, 3, 0))
		if won := race(t, s, 50, guest, code); won != 1 || s.uses(t, code) != 1 {
			t.Fatalf("round %d: %d have a coupon for one, uses %d", round, won, s.uses(t, code))
		}
		if won := race(t, s, 50, guest, three); won != 3 || s.uses(t, three) != 3 {
			t.Fatalf("round %d: %d have a coupon for three, uses %d", round, won, s.uses(t, three))
		}
	}
}

func TestC07OneUseForEachCustomer(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	for round := range 20 {
		for name, buyer := range map[string]func(int) Buyer{
			"two devices of one customer": func(n int) Buyer { return Buyer{Customer: "anna", Email: []string{"a@x.example", "b@x.example"}[n%2]} },
			"a guest, in two spellings":   func(n int) Buyer { return Buyer{Email: []string{"a@x.example", "A@X.Example"}[n%2]} },
		} {
			code := "EACH-" + uuid.NewString()
			keep(t, s.db, once(code, 0, 1))
			if won := race(t, s, 8, buyer, code); won != 1 || s.uses(t, code) != 1 {
				t.Fatalf("round %d, %s: %d orders, uses %d", round, name, won, s.uses(t, code))
			}
		}
		code := "ALL-" + uuid.NewString()
		keep(t, s.db, once(code, 0, 1))
		if won := race(t, s, 8, guest, code); won != 8 {
			t.Fatalf("round %d: of 8 customers %d have it", round, won)
		}
	}
}

// Two coupons in two orders: nobody waits for ever, and all or none are taken.
func TestC07TwoCouponsAreTakenTogetherOrNotAtAll(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	for range 20 {
		a, b := "A-"+uuid.NewString(), "B-"+uuid.NewString()
		keep(t, s.db, once(a, 5, 0), once(b, 2, 0))
		var all sync.WaitGroup
		var won atomic.Int32
		for n := range 12 {
			all.Go(func() {
				codes := []string{a, b}
				if n%2 == 1 {
					codes = []string{b, a}
				}
				if err := s.hold(context.Background(), holding(Buyer{}, codes...), Buyer{}); err == nil {
					won.Add(1)
				} else if !fault.Is(err, fault.ConflictKind) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won.Load() != 2 || s.uses(t, a) != 2 || s.uses(t, b) != 2 {
			t.Fatalf("%d have both, uses %d and %d", won.Load(), s.uses(t, a), s.uses(t, b))
		}
	}
}

func (s *store) step(do func(context.Context, pgx.Tx) error) error {
	return postgres.InTx(context.Background(), s.db, func(tx pgx.Tx) error { return do(context.Background(), tx) })
}

func (s *store) commit(saga, order uuid.UUID) error {
	return s.step(func(ctx context.Context, tx pgx.Tx) error {
		r, err := locked(ctx, tx, `saga = $1`, saga)
		if err == nil {
			_, err = commit(ctx, tx, r, order)
		}
		return err
	})
}

func (s *store) cancel(order uuid.UUID) error {
	return s.step(func(ctx context.Context, tx pgx.Tx) error { return cancel(ctx, tx, order) })
}

func TestC08ACouponComesBackOnceWhenTheOrderIsCancelled(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	for round := range 20 {
		code, b := "ONCE-"+uuid.NewString(), Buyer{Email: "a@x.example"}
		keep(t, s.db, once(code, 1, 1))
		first, order := holding(b, code), uuid.New()
		if err := s.hold(t.Context(), first, b); err != nil {
			t.Fatal(err)
		}
		if err := s.commit(first.Saga, order); err != nil || s.uses(t, code) != 1 {
			t.Fatalf("order 1: %v, uses %d", err, s.uses(t, code))
		}
		var all sync.WaitGroup
		for range 8 { // cancelled, and cancelled again, all at once
			all.Go(func() {
				if err := s.cancel(order); err != nil {
					t.Error(err)
				}
			})
		}
		if all.Wait(); s.uses(t, code) != 0 {
			t.Fatalf("round %d: cancelled, uses %d", round, s.uses(t, code))
		}
		if won := race(t, s, 8, func(int) Buyer { return b }, code); won != 1 || s.uses(t, code) != 1 {
			t.Fatalf("round %d: %d have it after order 1 was cancelled, uses %d", round, won, s.uses(t, code))
		}
		if err := s.cancel(order); err != nil || s.uses(t, code) != 1 {
			t.Fatalf("order 1 cancelled once more: %v, uses %d", err, s.uses(t, code))
		}
	}
}

// Cancelled before anybody said which coupons the order had: they come back then.
func TestC08CancelledBeforeItWasCommitted(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	keep(t, s.db, once("ONCE", 1, 0))
	r, order := holding(Buyer{}, "ONCE"), uuid.New()
	if err := s.hold(t.Context(), r, Buyer{}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.cancel(order); err != nil || s.uses(t, "ONCE") != 1 {
			t.Fatalf("%v, uses %d", err, s.uses(t, "ONCE"))
		}
	}
	for range 2 { // delivered twice
		if err := s.commit(r.Saga, order); err != nil || s.uses(t, "ONCE") != 0 {
			t.Fatalf("%v, uses %d", err, s.uses(t, "ONCE"))
		}
	}
}

// At each point at which the process can be killed: one use a key, and one given back.
func TestADeathBetweenTwoStatementsCountsNothingTwice(t *testing.T) {
	key := idempotency.Key{Caller: "service/checkout", Route: "POST " + redemptions, Value: uuid.NewString()}
	r := holding(Buyer{Email: "a@x.example"}, "ONCE")
	servicetest.Crash(t, schema(), func(db *postgres.DB) error {
		ctx := context.Background()
		if err := seedOnce(ctx, db); err != nil {
			return err
		}
		_, err := idempotency.Once(ctx, db, key, nil, func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
			return idempotency.Stored{Status: 201}, reserve(ctx, tx, r, Buyer{Email: "a@x.example"}, noon)
		})
		if err != nil {
			return err
		}
		order := uuid.UUID{1}
		if err := (&store{db}).commit(r.Saga, order); err != nil {
			return err
		}
		return (&store{db}).cancel(order)
	}, func(t testing.TB, db *postgres.DB) {
		var used, customers int64
		err := db.QueryRow(context.Background(), `SELECT (SELECT used FROM promotions.coupons WHERE code = 'ONCE'), (SELECT sum(used) FROM promotions.customer_uses)`).Scan(&used, &customers)
		if err != nil || used != 0 || customers != 0 {
			t.Errorf("uses %d, of customers %d (%v)", used, customers, err)
		}
	})
}

// seedOnce makes the coupon ONCE, if it is not there.
func seedOnce(ctx context.Context, db *postgres.DB) error {
	err := postgres.InTx(ctx, db, func(tx pgx.Tx) error { return insertCoupon(ctx, tx, once("ONCE", 1, 1)) })
	if fault.Is(err, fault.ConflictKind) {
		return nil
	}
	return err
}

func TestWhatIsKeptIsReadAgain(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	minimum := money.New(5000, "EUR")
	ten := Coupon{ID: uuid.Must(uuid.NewV7()), Code: "TEN", Off: off(t, "10%", ""), Minimum: &minimum, Customer: "anna", Valid: calendar.Range{From: noon, Until: noon.Add(time.Hour)}, Version: 1}
	keep(t, s.db, ten)
	got, err := s.coupon(t.Context(), ten.ID)
	if err != nil || *got.Minimum != minimum || got.Minimum == ten.Minimum || got.Off != ten.Off || got.Valid != ten.Valid || got.Customer != "anna" || got.Uses != 0 {
		t.Errorf("%+v (%v)", got, err)
	}
	r := Rule{uuid.Must(uuid.NewV7()), "Summer", off(t, "5.00", "EUR"), []string{"A", "B"}, ten.Valid}
	if err := s.step(func(ctx context.Context, tx pgx.Tx) error { return insertRule(ctx, tx, r) }); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Time]int{noon: 1, noon.Add(-1 * time.Microsecond): 0, noon.Add(time.Hour): 0} {
		rules, coupons, _, err := basis(t.Context(), s.db, at, []string{"TEN", "NONE"}, nil)
		if err != nil || len(rules) != want || len(coupons) != 1 {
			t.Errorf("%v: %v %v (%v)", at, rules, coupons, err)
		}
		if want == 1 && (rules[0].Off != r.Off || rules[0].Valid != r.Valid || len(rules[0].SKUs) != 2) {
			t.Errorf("%+v", rules[0])
		}
	}
	if _, err := s.rule(t.Context(), uuid.New()); !fault.Is(err, fault.NotFoundKind) {
		t.Errorf("what was never made: %v", err)
	}
}

func TestSampleCouponsAreWrittenOnceIntoAnEmptyTable(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if err := seed(context.Background(), s.db); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	list, err := s.coupons(t.Context(), uuid.Nil, 100)
	if err != nil || len(list) != 3 || list[0].Code != "TEN" || list[1].Code != "ONCE" || list[1].Uses != 1 || list[1].Off.Amount != money.New(1000, "EUR") {
		t.Errorf("%+v (%v)", list, err)
	}
}
