package books

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMigrationsExpandOnly(t *testing.T) { pgtest.ExpandOnly(t, schema()) }

type listed[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

type changed[T any] struct {
	listed[T]
	Since string `json:"since,omitempty"`
}

// What is read of the others is promised in their documents.
func TestWhatIsReadOfTheBooksIsPromised(t *testing.T) {
	clienttest.Reads[changed[Order]](t, "../orders/openapi.json", "GET /internal/orders/books")
	clienttest.Reads[changed[Payment]](t, "../payments/openapi.json", "GET /internal/payments/books")
	clienttest.Reads[changed[Charge]](t, "../psp-fake/openapi.json", "GET /internal/psp/ledger")
	clienttest.Reads[changed[Hold]](t, "../inventory/openapi.json", "GET /internal/inventory/books/holds")
	clienttest.Reads[listed[Stock]](t, "../inventory/openapi.json", "GET /internal/inventory/books")
	clienttest.Reads[changed[Redemption]](t, "../promotions/openapi.json", "GET /internal/promotions/books/redemptions")
	clienttest.Reads[listed[Use]](t, "../promotions/openapi.json", "GET /internal/promotions/books/coupons")
	clienttest.Reads[changed[Mail]](t, "../notifications/openapi.json", "GET /internal/notifications/books")
	clienttest.Reads[changed[Saga]](t, "../checkout/openapi.json", "GET /internal/checkout/books")
	clienttest.Reads[listed[Saga]](t, "../checkout/openapi.json", "GET /internal/checkout/books/open")
}

// Books that balance have no violation; one that is spoiled has one, until it is mended.
func TestAViolationIsFoundKeptAndResolved(t *testing.T) {
	w := newTown(t)
	c, clock := w.comparing(pgtest.Open(t, schema()))
	good, bad := whole(2580), whole(4900)
	w.put(good)
	w.put(bad)
	round(t, c)
	if found := openRules(t, c); len(found) != 0 {
		t.Fatalf("books that balance: %v", found)
	}
	bad.Charges[0].Captured++
	w.put(bad)
	for range 2 { // it is found once
		clock.pass(time.Minute)
		round(t, c)
		if found := openRules(t, c); len(found) != 1 || found["as-the-provider"] != 1 {
			t.Fatalf("found %v", found)
		}
	}
	bad.Charges[0].Captured--
	w.put(bad)
	clock.pass(time.Minute)
	round(t, c)
	all, err := c.store.list(t.Context(), "", "resolved", [16]byte{}, 10)
	if found := openRules(t, c); len(found) != 0 || err != nil || len(all) != 1 || !all[0].FoundAt.Equal(after.Add(time.Minute)) {
		t.Errorf("mended: %v, %+v (%v)", found, all, err)
	}
}

// What was read is not read again: a round begins where the last one ended.
func TestWhatWasComparedIsNotReadAgain(t *testing.T) {
	w := newTown(t)
	c, clock := w.comparing(pgtest.Open(t, schema()))
	for range 10 {
		w.put(whole(2580))
	}
	round(t, c)
	before := len(w.providers["orders"].Asked())
	w.put(whole(100))
	clock.pass(time.Minute)
	round(t, c)
	asked := w.asked("orders", before)
	if before < 5 || len(asked) > 2 || !strings.Contains(asked[0], "cursor=") {
		t.Errorf("%d requests for 10 orders, then %v for one", before, asked)
	}
	status, err := c.store.status(t.Context())
	// 10 checkouts, then one.
	if err != nil || status.Compared != 11 || !status.Complete || status.Pending != 0 {
		t.Errorf("%+v (%v)", status, err)
	}
}

// Half of the books never balances: where one is away nothing is compared, and all that changed is compared when it is back.
func TestNothingIsComparedWhileABookIsAway(t *testing.T) {
	w := newTown(t)
	c, clock := w.comparing(pgtest.Open(t, schema()))
	w.put(whole(2580))
	w.away["payments"] = true
	err := c.round(t.Context())
	if err == nil || !strings.Contains(err.Error(), "reading payments") {
		t.Fatalf("a round without payments: %v", err)
	}
	status, err := c.store.status(t.Context())
	if found := openRules(t, c); err != nil || len(found) != 0 || !status.ComparedAt.IsZero() {
		t.Errorf("compared without payments: %v %+v (%v)", found, status, err)
	}
	w.away["payments"] = false
	clock.pass(time.Minute)
	round(t, c)
	if status, err = c.store.status(t.Context()); err != nil || status.Compared != 1 || len(openRules(t, c)) != 0 {
		t.Errorf("%+v, %v (%v)", status, openRules(t, c), err)
	}
}

// What was deleted, and what was changed without its mark, is found when all is read again.
func TestAWholeReadingFindsWhatIsGone(t *testing.T) {
	w := newTown(t)
	c, clock := w.comparing(pgtest.Open(t, schema()))
	lost, kept := whole(2580), whole(4900)
	w.put(lost)
	w.put(kept)
	round(t, c)
	w.remove(Mails, lost.Mails[0].ID)
	clock.pass(time.Hour)
	round(t, c)
	if found := openRules(t, c); len(found) != 0 {
		t.Errorf("before the day is over: %v", found)
	}
	clock.pass(24 * time.Hour)
	round(t, c)
	clock.pass(time.Second) // what was forgotten is compared by the next round at the latest
	round(t, c)
	if found := openRules(t, c); len(found) != 1 || found["order-confirmed"] != 1 {
		t.Errorf("found %v", found)
	}
}

// A mail about nothing, and a charge that no checkout made, belong to nobody: each is named by itself.
func TestWhatBelongsToNoCheckoutIsNamed(t *testing.T) {
	w := newTown(t)
	c, _ := w.comparing(pgtest.Open(t, schema()))
	stray := whole(2580)
	stray.Mails[0].Saga, stray.Charges[0].Reference = nil, "by hand"
	w.put(Case{Mails: stray.Mails, Charges: stray.Charges})
	round(t, c)
	if found := openRules(t, c); found["order-confirmed"] != 1 || found["no-charge-without-order"] != 1 {
		t.Errorf("found %v", found)
	}
}

// Stock and coupons are compared whole; what is in no list any more has no violation any more.
func TestStockAndCouponsAreCompared(t *testing.T) {
	w := newTown(t)
	c, clock := w.comparing(pgtest.Open(t, schema()))
	item := func(sku string, moved int) any {
		return map[string]any{"sku": sku, "onHand": 5, "reserved": 0, "short": 0, "unlimited": false, "moved": moved, "held": 0}
	}
	coupon := func(used int) any {
		return map[string]any{"id": "0198c9a5-0000-7000-8000-000000000001", "code": "TEN", "used": used, "redeemed": 1}
	}
	w.set(products, item("A", 5), item("B", 5), item("C", 4))
	w.set(couponUse, coupon(2))
	round(t, c)
	if found := openRules(t, c); found["stock-is-its-ledger"] != 1 || found["coupon-used-as-redeemed"] != 1 {
		t.Errorf("found %v", found)
	}
	w.set(products, item("A", 5))
	w.set(couponUse, coupon(1))
	clock.pass(time.Minute)
	round(t, c)
	if found := openRules(t, c); len(found) != 0 {
		t.Errorf("mended: %v", found)
	}
}

// A verdict says what a round would find, of what the worker has not read, and writes nothing.
func TestAVerdictFindsWhatARoundWouldAndWritesNothing(t *testing.T) {
	w := newTown(t)
	db := pgtest.Open(t, schema())
	c, clock := w.comparing(db)
	known, fresh := whole(2580), whole(4900)
	known.Charges[0].Captured++
	w.put(known)
	round(t, c)
	w.put(fresh)
	clock.pass(time.Minute)
	before := rowsOf(t, db)
	for _, bad := range []bool{false, true} {
		if bad {
			fresh.Payments[0].Balanced = false
			w.put(fresh)
		}
		out, err := c.verdict(t.Context())
		want := []string{"as-the-provider"}
		if bad {
			want = append(want, "ledger-balances")
		}
		if err != nil || !slices.Equal(broken(Verdict{Violations: out.Violations}), want) || len(out.Away) != 0 || out.Behind {
			t.Errorf("%+v, want %v (%v)", out, want, err)
		}
	}
	if rows := rowsOf(t, db); rows != before {
		t.Errorf("a verdict wrote: %s, before %s", rows, before)
	}
	w.away["payments"], w.away["psp-fake"] = true, true
	out, err := c.verdict(t.Context())
	if err != nil || !slices.Equal(out.Away, []string{"payments (answers 503)", "psp-fake (answers 503)"}) {
		t.Errorf("%+v (%v)", out, err)
	}
}

func rowsOf(t *testing.T, db *postgres.DB) (text string) {
	t.Helper()
	for _, table := range []string{"entries", "positions", "due", "violations", "rounds"} {
		var n int
		var sum string
		if err := db.QueryRow(t.Context(), `SELECT count(*), coalesce(md5(string_agg(r::text, ',' ORDER BY r::text)), '') FROM books.`+table+` r`).Scan(&n, &sum); err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("%s: %d %s\n", table, n, sum)
	}
	return text
}

// At whatever statement the worker dies, the next one finds each violation, once.
func TestAWorkerThatDiesForgetsNothing(t *testing.T) {
	fact := []byte(`{"authorization":"0198c9a5-0000-7000-8000-000000000001","reference":"by hand","currency":"EUR","balanced":false}`)
	charge, err := EntryOf(Charges, fact)
	if err != nil {
		t.Fatal(err)
	}
	servicetest.Crash(t, schema(), func(db *postgres.DB) error {
		ctx, c := context.Background(), &comparer{store: &store{db}, times: Times{Policy: policy}, now: func() time.Time { return after }}
		p, err := c.store.position(ctx, Charges, after)
		if err == nil {
			err = c.store.take(ctx, p, []Entry{charge}, after)
		}
		if err == nil {
			_, err = c.compare(ctx)
		}
		return err
	}, func(t testing.TB, db *postgres.DB) {
		all, err := (&store{db}).list(context.Background(), "", open, [16]byte{}, 10)
		if err != nil || len(all) != 1 || all[0].Rule != "ledger-balances" {
			t.Errorf("%+v (%v)", all, err)
		}
		due, err := (&store{db}).due(context.Background(), after.Add(time.Hour), 10)
		if err != nil || len(due) != 0 {
			t.Errorf("%v are due still (%v)", due, err)
		}
	})
}
