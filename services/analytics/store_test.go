package analytics

import (
	"context"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMigrationsExpandOnly(t *testing.T) { pgtest.ExpandOnly(t, schema()) }

func TestWhatIsReadOfEventsIsPromised(t *testing.T) {
	eventstest.Reads[placedData](t, events.OrderPlaced)
	for _, of := range []events.Type{events.OrderPaid, events.OrderCancelled, events.OrderCompleted} {
		eventstest.Reads[becameData](t, of)
	}
	for _, of := range []events.Type{events.PaymentAuthorized, events.PaymentCaptured, events.PaymentVoided, events.PaymentRefunded, events.PaymentFailed} {
		eventstest.Reads[paymentData](t, of)
	}
	eventstest.Reads[redeemedData](t, events.CouponRedeemed)
	eventstest.Reads[closedData](t, events.CartClosed)
	eventstest.Reads[releasedData](t, events.HoldReleased)
	eventstest.Reads[invoicedData](t, events.InvoiceIssued)
	eventstest.Reads[creditedData](t, events.InvoiceCredited)
}

// history is all that may be told of a purchase.
func (p purchase) history(draw func(string) time.Time) []events.Event {
	return []events.Event{
		p.placed(), p.says(events.OrderPaid, draw("paid")), p.says(events.OrderCancelled, draw("cancelled")), p.says(events.OrderCompleted, draw("completed")),
		p.pays(events.PaymentAuthorized, "23.80", draw("authorized")), p.pays(events.PaymentCaptured, "23.80", draw("captured")), p.pays(events.PaymentVoided, "23.80", draw("voided")),
		p.pays(events.PaymentFailed, "23.80", draw("failed")), p.pays(events.PaymentRefunded, "5.00", draw("refund"), "refund", uuid.New()), p.pays(events.PaymentRefunded, "1.00", draw("again"), "refund", uuid.New()),
		p.redeems("TEN", draw("redeemed")), p.closes(draw("closed")), p.releases("undone", draw("undone")), p.invoiced(draw("invoiced")), p.credited(uuid.New(), draw("credited")), p.registers(draw("registered")),
	}
}

// Whatever comes, in whatever order, once or more, counted and compacted at whatever moment: the roll-ups are those of the facts at
// once, and making them anew changes nothing.
func TestRollUpsAreWhatTheFactsSay(t *testing.T) {
	r := rollerOn(t, pgtest.Open(t, schema()))
	rapid.Check(t, func(rt *rapid.T) {
		if _, err := r.db.Exec(context.Background(), `TRUNCATE analytics.facts, analytics.rollups, analytics.compacted; UPDATE analytics.state SET horizon = '-infinity', late = 0`); err != nil {
			rt.Fatal(err)
		}
		var told []events.Event
		for range rapid.IntRange(1, 4).Draw(rt, "orders") {
			at := func(what string) time.Time {
				return noon.Add(-time.Duration(rapid.IntRange(0, 100*24*60).Draw(rt, what)) * time.Minute)
			}
			p := buys(rt, at("placed"))
			p.currency = rapid.SampledFrom([]string{"EUR", "CHF"}).Draw(rt, "currency")
			told = append(told, p.history(at)...)
		}
		told = told[:rapid.IntRange(1, len(told)).Draw(rt, "told")]
		whole := Rollups{}
		for _, group := range groupsOf(rt, told) {
			Books{berlin(t), time.Time{}}.Add(whole, Roll(group), 1)
		}
		told = append(told, told[:rapid.IntRange(0, len(told)).Draw(rt, "repeated")]...)
		seed := rapid.Uint64().Draw(rt, "shuffle")
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(told), func(i, j int) { told[i], told[j] = told[j], told[i] })
		for len(told) > 0 {
			n := rapid.IntRange(1, len(told)).Draw(rt, "batch")
			r.takes(t, told[:n]...)
			told = told[n:]
			r.rolls(t)
		}
		if n := whole.Differing(r.stored(t)); n != 0 {
			rt.Fatalf("%d roll-ups differ from what the facts say", n)
		}
		if n := r.anew(t); n != 0 {
			rt.Fatalf("%d roll-ups were made anew otherwise", n)
		}
		if err := r.compact(context.Background()); err != nil {
			rt.Fatal(err)
		}
		if n := r.anew(t); n != 0 {
			rt.Fatalf("after compaction %d roll-ups were made anew otherwise", n)
		}
		if n := days(whole).Differing(days(r.stored(t))); n != 0 {
			rt.Fatalf("compaction changed %d days", n)
		}
	})
}

// days are the roll-ups of days.
func days(r Rollups) Rollups {
	out := Rollups{}
	for s, v := range r {
		if s.Grain == Day {
			out[s] = v
		}
	}
	return out
}

// groupsOf are the facts of events by subject, by a way of their own.
func groupsOf(t fataler, told []events.Event) map[uuid.UUID][]Fact {
	groups := map[uuid.UUID][]Fact{}
	for _, e := range told {
		f, err := readers[e.Type](e)
		if err != nil {
			t.Fatal(err)
		}
		groups[f.Subject] = append(groups[f.Subject], f)
	}
	return groups
}

// An order of yesterday that is told of today is yesterday's, to the hour; the second hour of two of the same name has its own.
func TestALateEventChangesTheDayOnWhichItHappened(t *testing.T) {
	r := rollerOn(t, pgtest.Open(t, schema()))
	first, second := instant(t, "2026-10-25T00:30:00Z"), instant(t, "2026-10-25T01:30:00Z") // both at 2:30 in Berlin
	r.takes(t, buys(t, noon).placed(), buys(t, first).placed())
	r.rolls(t)
	r.takes(t, buys(t, second).placed(), buys(t, instant(t, "2026-10-24T21:59:59Z")).placed(), buys(t, instant(t, "2026-10-25T22:59:59Z")).placed())
	r.rolls(t)
	got := r.stored(t)
	for at, want := range map[string]int64{"2026-10-23T22:00:00Z": 1, "2026-10-24T22:00:00Z": 3, "2026-10-25T23:00:00Z": 0} {
		if n := got[Slot{Day, instant(t, at), Cell{Measure: string(Placed)}}]; n != want {
			t.Errorf("the day from %s has %d orders, want %d", at, n, want)
		}
	}
	for at, want := range map[string]int64{"2026-10-25T00:00:00Z": 1, "2026-10-25T01:00:00Z": 1, "2026-10-25T02:00:00Z": 0} {
		if n := got[Slot{Hour, instant(t, at), Cell{Measure: string(Placed)}}]; n != want {
			t.Errorf("the hour from %s has %d orders, want %d", at, n, want)
		}
	}
}

// What is told again with another envelope is the same thing; each refund is one of its own.
func TestOneThingCountsOnce(t *testing.T) {
	r := rollerOn(t, pgtest.Open(t, schema()))
	p, refund := buys(t, noon), uuid.New()
	for range 3 {
		r.takes(t, p.placed(), p.says(events.OrderPaid, noon), p.pays(events.PaymentRefunded, "5.00", noon, "refund", refund), p.redeems("TEN", noon), p.closes(noon))
		r.rolls(t)
	}
	r.takes(t, p.pays(events.PaymentRefunded, "5.00", noon, "refund", uuid.New()))
	r.rolls(t)
	got := r.stored(t)
	day := berlin(t).Day(noon)
	for cell, want := range map[Cell]int64{
		{Measure: "placed"}: 1, {Measure: "paid"}: 1, {Measure: "refunded"}: 2, {"refunded-amount", "", "EUR"}: 1000, {"redeemed", "TEN", ""}: 1, {"redeemed-amount", "TEN", "EUR"}: 100, {Measure: "cart-closed"}: 1,
		{Gross, "", "EUR"}: 2380, {Net, "", "EUR"}: 2000, {Units, "KIT-1001", ""}: 2, {UnitsGross, "KIT-1001", "EUR"}: 1890, {PaidGross, "", "EUR"}: 2380,
	} {
		if n := got[Slot{Day, day, cell}]; n != want {
			t.Errorf("%+v: %d, want %d", cell, n, want)
		}
	}
}

// What a cancellation takes away is known when its order is, whichever comes first, and belongs to the day of the cancellation.
func TestACancellationIsWorthItsOrder(t *testing.T) {
	r := rollerOn(t, pgtest.Open(t, schema()))
	p, next := buys(t, noon), noon.AddDate(0, 0, 1)
	worth := Slot{Day, berlin(t).Day(next), Cell{CancelledGross, "", "EUR"}}
	r.takes(t, p.says(events.OrderCancelled, next))
	r.rolls(t)
	if n := r.stored(t)[worth]; n != 0 {
		t.Errorf("an order that nobody knows was worth %d", n)
	}
	r.takes(t, p.placed())
	r.rolls(t)
	got := r.stored(t)
	if got[worth] != 2380 || got[Slot{Day, worth.At, Cell{UnitsCancelled, "KIT-1001", ""}}] != 2 || got[Slot{Day, berlin(t).Day(noon), Cell{Gross, "", "EUR"}}] != 2380 {
		t.Errorf("%v", got)
	}
}

// The table of facts does not grow for ever; days stay, and what is told of closed days is counted as late.
func TestOldFactsGoAndTheirDaysStay(t *testing.T) {
	r := rollerOn(t, pgtest.Open(t, schema()))
	old := noon.AddDate(0, 0, -91)
	long, recent, goes := buys(t, old), buys(t, noon.AddDate(0, 0, -1)), buys(t, old)
	r.takes(t, long.placed(), long.says(events.OrderCompleted, noon.AddDate(0, 0, -2)), recent.placed(), goes.placed(), goes.says(events.OrderPaid, old))
	r.rolls(t)
	before := days(r.stored(t))
	for range 2 {
		if err := r.compact(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.count(t, "facts"); n != 3 {
		t.Errorf("%d facts are kept, want those of the order that was completed of late and of the one of yesterday", n)
	}
	if n := before.Differing(days(r.stored(t))); n != 0 {
		t.Errorf("%d days changed", n)
	}
	if n := r.count(t, `rollups WHERE grain = 'hour' AND at < (SELECT horizon FROM analytics.state)`); n != 0 {
		t.Errorf("%d hours of closed days are kept", n)
	}
	r.takes(t, goes.placed(), buys(t, old).placed())
	r.rolls(t)
	if n := before.Differing(days(r.stored(t))); n != 0 || r.count(t, "facts") != 3 {
		t.Errorf("what was told of closed days changed %d of them; %d facts", n, r.count(t, "facts"))
	}
	if s, err := stateOf(t.Context(), r.db, ""); err != nil || s.Late != 2 {
		t.Errorf("%d are late, want 2 (%v)", s.Late, err)
	}
	if n := r.anew(t); n != 0 {
		t.Errorf("%d were made anew otherwise", n)
	}
}

// What somebody broke in the roll-ups is found, and mended.
func TestARebuildFindsWhatIsWrong(t *testing.T) {
	r := rollerOn(t, pgtest.Open(t, schema()))
	r.takes(t, buys(t, noon).placed())
	r.rolls(t)
	want := r.stored(t)
	if _, err := r.db.Exec(t.Context(), `UPDATE analytics.rollups SET value = value + 1 WHERE measure = 'placed'; INSERT INTO analytics.rollups VALUES ('day', '2020-01-01', 'placed', '', '', 7)`); err != nil {
		t.Fatal(err)
	}
	if n := r.anew(t); n != 3 {
		t.Errorf("%d were wrong, want 3", n)
	}
	if n := want.Differing(r.stored(t)); n != 0 {
		t.Errorf("%d are still wrong", n)
	}
}

// A shop that moves to another time zone has other days.
func TestAnotherTimeZoneCutsTheDaysAnew(t *testing.T) {
	r := rollerOn(t, pgtest.Open(t, schema()))
	at := instant(t, "2026-05-31T23:00:00Z") // 1 June in Berlin, 31 May in New York
	r.takes(t, buys(t, at).placed())
	r.rolls(t)
	r.zone = "America/New_York"
	if err := r.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := r.stored(t)
	if got[Slot{Day, instant(t, "2026-05-31T04:00:00Z"), Cell{Measure: "placed"}}] != 1 || got[Slot{Day, instant(t, "2026-05-31T22:00:00Z"), Cell{Measure: "placed"}}] != 0 {
		t.Errorf("%v", got)
	}
	r.takes(t, buys(t, at).placed())
	r.rolls(t)
	if n := r.anew(t); n != 0 {
		t.Errorf("%d were made anew otherwise", n)
	}
}

// At each point at which the worker can be killed: what is counted is counted once.
func TestAFactCountsOnceWhereverTheWorkerDies(t *testing.T) {
	p := buys(t, noon)
	list := []events.Event{p.placed(), p.says(events.OrderPaid, noon)}
	servicetest.Crash(t, schema(), func(db *postgres.DB) error {
		s := &store{db}
		for _, e := range list {
			if err := postgres.InTx(context.Background(), db, func(tx pgx.Tx) error { return handlers()[e.Type](context.Background(), tx, e) }); err != nil {
				return err
			}
		}
		r := &roller{s, "Europe/Berlin", 90, func() time.Time { return noon }}
		if err := r.begin(context.Background()); err != nil {
			return err
		}
		return r.all(context.Background())
	}, func(t testing.TB, db *postgres.DB) {
		got := (&store{db}).stored(t)
		if got[Slot{Day, berlin(t).Day(noon), Cell{Gross, "", "EUR"}}] != 2380 || got[Slot{Day, berlin(t).Day(noon), Cell{PaidGross, "", "EUR"}}] != 2380 {
			t.Errorf("%v", got)
		}
	})
}

// Through a real NATS, each three times.
func TestWhatTheShopTellsIsTaken(t *testing.T) {
	r := rollerOn(t, pgtest.Open(t, schema()))
	bus := eventstest.Bus(t, eventstest.Start(t))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- inbox.Consumer(r.db, eventstest.Ready(bus), "analytics", handlers())(ctx) }()
	defer func() {
		stop()
		<-done
	}()
	told := buys(t, noon).history(func(string) time.Time { return noon })
	for range 3 {
		if err := bus.Publish(t.Context(), told); err != nil {
			t.Fatal(err)
		}
	}
	servicetest.Eventually(t, "everything is taken", func() bool { return r.count(t, "facts") == len(told) && r.count(t, "inbox") == len(told) })
}

// C39: whoever buys is not in analytics, so nothing is to be erased there, and sales figures stay. Every column of every table is
// looked through, the inbox included.
func TestC39NothingOfACustomerIsKept(t *testing.T) {
	r := rollerOn(t, pgtest.Open(t, schema()))
	p := buys(t, noon)
	told := p.history(func(string) time.Time { return noon })
	if len(told) < len(readers) {
		t.Fatalf("%d events of %d types", len(told), len(readers))
	}
	r.takes(t, told...)
	r.rolls(t)
	if err := r.compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	text := dump(t, r.db)
	if !strings.Contains(text, "KIT-1001") || !strings.Contains(text, p.order.String()) {
		t.Fatal("the tables were not looked through: they should have the SKU and the order")
	}
	for _, secret := range []string{who, "Nguyễn", lives, mail, "kim.hidden", shopper, "ZZ9 9ZZ", "Nowhere", "secret-token-c39", p.cart.String()} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(secret)) {
			t.Errorf("%q is kept", secret)
		}
	}
}

// dump is every row of every table of the schema, as text.
func dump(t testing.TB, db *postgres.DB) string {
	t.Helper()
	rows, err := db.Query(t.Context(), `SELECT table_name FROM information_schema.tables WHERE table_schema = 'analytics'`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 5 {
		t.Fatal(tables, err)
	}
	var all strings.Builder
	for _, table := range tables {
		rows, err := db.Query(t.Context(), `SELECT t::text FROM analytics.`+pgx.Identifier{table}.Sanitize()+` AS t`)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(strings.Join(lines, "\n") + "\n")
	}
	return all.String()
}

// No migration has a column for a person.
func TestC39NoColumnIsForAPerson(t *testing.T) {
	text, err := os.ReadFile("migrations/00001_analytics.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		if name := strings.Fields(strings.TrimSpace(line)); len(name) > 1 && !strings.HasPrefix(name[0], "--") {
			for _, bad := range []string{"customer", "email", "mail", "name", "address", "phone", "cart", "token", "ip"} {
				if name[0] == bad {
					t.Errorf("a column %q", bad)
				}
			}
		}
	}
}
