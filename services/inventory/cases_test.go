package inventory

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/rounds"
)

// Stock 1, 100 holds at once over two replicas: one is made.
func TestC31aTheLastUnitIsHeldOnce(t *testing.T) {
	s := serve(t, 2)
	for round := range 20 {
		sku := fmt.Sprintf("LAST-%d", round)
		s.receive(sku, 1)
		var all sync.WaitGroup
		statuses := make([]int, 100)
		who := s.checkouts()
		for n := range statuses {
			all.Go(func() {
				a := s.ask(n%2, who, "POST", holdsRoot, basket(uuid.New(), sku, 1))
				if statuses[n] = a.status; a.status == 409 && (a.Type != "urn:emporium:problem:sold-out" || !slices.Equal(a.pointers(), []string{"#/lines/0"})) {
					t.Errorf("refused with %s", a.text)
				}
			})
		}
		all.Wait()
		slices.Sort(statuses)
		if statuses[0] != 201 || statuses[1] != 409 || statuses[99] != 409 {
			t.Fatalf("round %d: %v", round, statuses)
		}
		s.wantAvailable(sku, 0, "after 100 holds at once")
	}
	balanced(t, s.db)
}

func TestC31bToELinesCountTogether(t *testing.T) {
	s := serve(t, 2)
	for _, sku := range []string{"B", "C"} {
		s.receive(sku, map[string]int64{"B": 108, "C": 5}[sku])
	}
	s.receive("PIECE", 120)
	if a := s.send(s.staff(), "POST", root+"/products", `{"sku":"CARTON","piece":"PIECE","pieces":12}`); a.status != 201 || a.tag == "" {
		t.Fatalf("a carton: %+v", a)
	}
	for _, c := range []struct {
		name     string
		lines    []any
		status   int
		pointers []string
		sku      string
		left     int64
	}{
		{"b: 97 and 23 of 108", []any{"B", 97, "B", 23}, 409, []string{"#/lines/0", "#/lines/1"}, "B", 108},
		{"b: 85 and 23 of 108", []any{"B", 85, "B", 23}, 201, nil, "B", 0},
		{"c: 5 and 5 of 5", []any{"C", 5, "C", 5}, 409, []string{"#/lines/0", "#/lines/1"}, "C", 5},
		{"d: 115 pieces and a carton of 120", []any{"PIECE", 115, "CARTON", 1}, 409, []string{"#/lines/0", "#/lines/1"}, "CARTON", 10},
		{"d: 108 pieces and a carton of 120", []any{"PIECE", 108, "CARTON", 1}, 201, nil, "CARTON", 0},
		{"all or nothing", []any{"C", 1, "B", 1, "NONE", 1}, 409, []string{"#/lines/1", "#/lines/2"}, "C", 5},
		{"e: none", []any{"C", 0}, 422, []string{"#/lines/0/quantity"}, "C", 5},
		{"e: less than none", []any{"C", -1}, 422, []string{"#/lines/0/quantity"}, "C", 5},
		{"e: one and a half", []any{"C", 1.5}, 422, []string{"#/lines/0/quantity"}, "C", 5},
		{"e: text", []any{"C", "3"}, 422, []string{"#/lines/0/quantity"}, "C", 5},
		{"e: more than any", []any{"C", 1, "C", 9223372036854775807}, 422, []string{"#/lines/1/quantity"}, "C", 5},
		{"no lines", nil, 422, []string{"#/lines"}, "C", 5},
		{"no SKU", []any{"a b\x00", 1}, 422, []string{"#/lines/0/sku"}, "C", 5},
	} {
		a := s.hold(c.lines...)
		if a.status != c.status || !slices.Equal(a.pointers(), c.pointers) {
			t.Errorf("%s: %d %v, want %d %v", c.name, a.status, a.pointers(), c.status, c.pointers)
		}
		s.wantAvailable(c.sku, c.left, c.name)
	}
	balanced(t, s.db)
}

// The hold of X ends at 10:15:00. Checkout is asked then, and not before; what it says decides.
func TestC32AHoldThatRanOut(t *testing.T) {
	end := ten.Add(holdFor)
	for _, c := range []struct {
		name    string
		at      time.Time
		verdict rounds.Verdict
		y       int
		renewal int
	}{
		{"before its end nobody is asked", end.Add(-time.Microsecond), rounds.Verdict{State: rounds.Undone}, 409, 200},
		{"at its end, undone: Y gets it, and X no order", end, rounds.Verdict{State: rounds.Undone}, 201, 409},
		{"ten seconds later as well", end.Add(10 * time.Second), rounds.Verdict{State: rounds.Undone}, 201, 409},
		{"at its end, running: X keeps it", end, rounds.Verdict{State: "running"}, 409, 200},
		{"at its end, nobody knows: X keeps it", end, rounds.Verdict{}, 409, 200},
		{"at its end, placed: it is X's order", end, rounds.Verdict{State: rounds.Placed, Order: uuid.New()}, 409, 200},
	} {
		s := serve(t, 2)
		s.receive("LAST", 1)
		x, y := uuid.New(), uuid.New()
		hold := s.held(x, "LAST", 1)
		if !hold.ExpiresAt.Equal(end) {
			t.Errorf("it ends at %s", hold.ExpiresAt)
		}
		if c.verdict.State != "" {
			s.checkout.says(x, c.verdict)
		}
		s.clock.set(c.at)
		if a := s.send(s.checkouts(), "POST", holdsRoot, basket(y, "LAST", 1)); a.status != c.y {
			t.Errorf("%s: Y gets %d %s", c.name, a.status, a.text)
		}
		if a := s.step(hold.ID, "renewal", ""); a.status != c.renewal || (a.status == 409 && a.Type != "urn:emporium:problem:sold-out") {
			t.Errorf("%s: X renews: %d %s", c.name, a.status, a.text)
		}
		s.wantAvailable("LAST", 0, c.name)
		if asked := len(s.checkout.Asked()); (asked > 0) != !c.at.Before(end) {
			t.Errorf("%s: checkout was asked %d times", c.name, asked)
		}
		balanced(t, s.db)
	}
}

// Nobody took it: the goods are held again, and one order comes of it.
func TestC32WhatNobodyTookIsHeldAgain(t *testing.T) {
	s := serve(t, 1)
	s.receive("LAST", 1)
	x := uuid.New()
	hold := s.held(x, "LAST", 1)
	s.checkout.says(x, rounds.Verdict{State: rounds.Undone})
	s.clock.set(ten.Add(holdFor))
	if n, err := s.round(); n != 1 || err != nil {
		t.Fatalf("the worker settled %d: %v", n, err)
	}
	s.wantAvailable("LAST", 1, "after the worker")
	if a := s.send(s.checkouts(), "GET", holdsRoot+"/"+hold.ID, ""); a.State != "released" || a.Reason != "expired" {
		t.Errorf("%+v", a)
	}
	s.clock.set(ten.Add(holdFor + 30*time.Second))
	if a := s.step(hold.ID, "renewal", `{"ttlSeconds":60}`); a.status != 200 || a.State != "open" || !a.ExpiresAt.Equal(ten.Add(holdFor+90*time.Second)) {
		t.Errorf("%+v", a)
	}
	if a := s.step(hold.ID, "commit", order(uuid.New())); a.status != 200 || a.State != "committed" {
		t.Errorf("%+v", a)
	}
	if p := s.product("LAST"); p.OnHand != 0 || p.Reserved != 0 {
		t.Errorf("%+v", p)
	}
	balanced(t, s.db)
}

// A late event about what was undone wakes nothing up.
func TestC32WhatCheckoutUndidStaysUndone(t *testing.T) {
	s := serve(t, 1)
	s.receive("LAST", 1)
	hold := s.held(uuid.New(), "LAST", 1)
	if a := s.step(hold.ID, "release", ""); a.status != 200 || a.State != "released" || a.Reason != "undone" {
		t.Fatalf("%+v", a)
	}
	if a := s.step(hold.ID, "renewal", ""); a.status != 409 || a.Type != "urn:emporium:problem:conflict" {
		t.Errorf("%+v", a)
	}
	s.wantAvailable("LAST", 1, "after a late renewal")
}

// round lets the worker look once.
func (s *shop) round() (int, error) { return s.verdicts().rounds.Once(s.t.Context()) }

// verdicts are those of a worker beside the replicas.
func (s *shop) verdicts() *verdicts { return workerOf(s, s.checkout.URL) }

// A hold whose verdict nobody knows is kept and asked for again, at longer and longer intervals, and the last answer counts.
func TestAHoldWithoutAVerdictIsKeptAndAskedForAgain(t *testing.T) {
	s := serve(t, 1)
	s.receive("A", 5)
	x, placedSaga := uuid.New(), uuid.New()
	s.held(x, "A", 1)
	s.held(placedSaga, "A", 2)
	v := s.verdicts()
	at := ten.Add(holdFor)
	s.checkout.says(placedSaga, rounds.Verdict{State: rounds.Placed, Order: uuid.New()})
	for n, wait := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second, 15 * time.Second} {
		s.clock.set(at.Add(-time.Microsecond))
		if found, err := v.rounds.Once(t.Context()); found != 0 || err != nil {
			t.Errorf("question %d comes too early (%v)", n, err)
		}
		s.clock.set(at)
		if found, err := v.rounds.Once(t.Context()); found < 1 || err != nil {
			t.Errorf("question %d does not come (%v)", n, err)
		}
		at = at.Add(wait)
	}
	if got := counted(t, v.kept); got != 6 {
		t.Errorf("6 times it was kept, counted are %v", got)
	}
	s.wantAvailable("A", 2, "5, less one that is kept and two that are sold")
	s.checkout.says(x, rounds.Verdict{State: rounds.Undone})
	s.clock.set(at)
	if _, err := v.rounds.Once(t.Context()); err != nil {
		t.Error(err)
	}
	s.wantAvailable("A", 3, "after the verdict")
	balanced(t, s.db)
}

func TestWithoutACheckoutHoldsAreKept(t *testing.T) {
	s := serve(t, 1)
	s.receive("A", 1)
	s.held(uuid.New(), "A", 1)
	s.clock.set(ten.Add(24 * time.Hour))
	s.checkout.Close()
	if a := s.hold("A", 1); a.status != 409 {
		t.Errorf("%+v", a)
	}
	v := newVerdicts(&store{s.db}, s.clock.now, nil, prometheus.NewRegistry())
	if _, err := v.rounds.Once(t.Context()); err != nil {
		t.Error(err)
	}
	s.wantAvailable("A", 0, "checkout is away")
}

// What serves knows no checkout, as in the sample shop: whoever wants the goods is refused, and the worker's question is not put off.
func TestARequestThatCanAskNobodyLeavesTheQuestionToTheWorker(t *testing.T) {
	s := serve(t, 1)
	s.receive("A", 1)
	x := uuid.New()
	s.held(x, "A", 1)
	s.checkout.says(x, rounds.Verdict{State: rounds.Undone})
	s.clock.set(ten.Add(holdFor))
	serving := newVerdicts(&store{s.db}, s.clock.now, nil, prometheus.NewRegistry())
	for range 5 {
		if serving.free(t.Context(), []string{"A"}) {
			t.Error("goods are given back of which nobody knows")
		}
	}
	if n, err := s.round(); n != 1 || err != nil {
		t.Errorf("the worker settled %d of 1: %v", n, err)
	}
	s.wantAvailable("A", 1, "after the worker")
}

// cancelled is what the event of an order's cancellation does.
func (s *shop) cancelled(order uuid.UUID, restock bool) {
	s.t.Helper()
	err := in(s.t, s.db, func(ctx context.Context, tx pgx.Tx) error { _, err := cancel(ctx, tx, order, restock); return err })
	if err != nil {
		s.t.Error(err)
	}
}

func TestC33CancellingRestocksOnce(t *testing.T) {
	s := serve(t, 2)
	s.receive("A", 10)
	s.receive("GONE", 10)
	one := uuid.New()
	hold := s.held(uuid.New(), "A", 3, "GONE", 2)
	if a := s.step(hold.ID, "commit", order(one)); a.status != 200 {
		t.Fatalf("%+v", a)
	}
	s.wantAvailable("A", 7, "ordered")
	// The line of a product that was deleted does not stop it.
	if _, err := s.db.Exec(t.Context(), `DELETE FROM inventory.stock WHERE sku = 'GONE'`); err != nil {
		t.Fatal(err)
	}
	s.cancelled(one, true)
	s.wantAvailable("A", 10, "cancelled")
	s.cancelled(one, true)
	s.wantAvailable("A", 10, "again")
	if a := s.step(hold.ID, "commit", order(one)); a.status != 200 || a.State != "cancelled" {
		t.Errorf("a late commit: %+v", a)
	}
	s.wantAvailable("A", 10, "after a late commit")

	two := uuid.New()
	if a := s.step(s.held(uuid.New(), "A", 3).ID, "commit", order(two)); a.status != 200 {
		t.Fatalf("%+v", a)
	}
	var both sync.WaitGroup
	for range 8 {
		both.Go(func() { s.cancelled(two, true) })
	}
	both.Wait()
	s.wantAvailable("A", 10, "cancelled by many at once")

	three := uuid.New()
	if a := s.step(s.held(uuid.New(), "A", 3).ID, "commit", order(three)); a.status != 200 {
		t.Fatalf("%+v", a)
	}
	s.cancelled(three, false)
	s.wantAvailable("A", 7, "sent, so nothing comes back")
}

// Placed and cancelled in the wrong order: nothing is sold, and nothing is added.
func TestC33CancelledBeforeItWasHeardOf(t *testing.T) {
	s := serve(t, 1)
	s.receive("A", 10)
	for _, restock := range []bool{true, false} {
		o := uuid.New()
		hold := s.held(uuid.New(), "A", 3)
		s.cancelled(o, restock)
		s.cancelled(o, restock)
		s.wantAvailable("A", 7, "held")
		if a := s.step(hold.ID, "commit", order(o)); a.status != 200 || a.State != "cancelled" {
			t.Errorf("%+v", a)
		}
		s.wantAvailable("A", map[bool]int64{true: 10, false: 7}[restock], fmt.Sprintf("restock %t", restock))
	}
	balanced(t, s.db)
}

func TestC33UnlimitedStaysUnlimited(t *testing.T) {
	s := serve(t, 1)
	if a := s.send(s.staff(), "POST", root+"/products", `{"sku":"E-BOOK","unlimited":true}`); a.status != 201 {
		t.Fatalf("%+v", a)
	}
	o := uuid.New()
	if a := s.step(s.held(uuid.New(), "E-BOOK", 3).ID, "commit", order(o)); a.status != 200 {
		t.Fatalf("%+v", a)
	}
	s.cancelled(o, true)
	if a := s.send("", "GET", root+"/stock/E-BOOK", ""); !a.Unlimited || a.Available != mostUnits {
		t.Errorf("%+v", a)
	}
	balanced(t, s.db)
}

// R12: which status says what.
func TestR12Refusals(t *testing.T) {
	s := serve(t, 1)
	s.receive("A", 5)
	hold := s.held(uuid.New(), "A", 1)
	none := holdsRoot + "/" + uuid.NewString()
	other := accesstest.Service(t, "cart")
	tag := s.product("A").tag
	for _, c := range []struct {
		name, who, method, path, body string
		header                        []string
		status                        int
		pointer                       string
	}{
		{"no key", s.checkouts(), "POST", holdsRoot, basket(uuid.New(), "A", 1), []string{"Idempotency-Key", ""}, 400, "header.Idempotency-Key"},
		{"a key that could be guessed", s.checkouts(), "POST", holdsRoot, basket(uuid.New(), "A", 1), []string{"Idempotency-Key", "1"}, 422, "header.Idempotency-Key"},
		{"nobody", "", "POST", holdsRoot, basket(uuid.New(), "A", 1), nil, 401, ""},
		{"another service", other, "POST", holdsRoot, basket(uuid.New(), "A", 1), nil, 403, ""},
		{"a customer", accesstest.Customer(t, "c1"), "POST", root + "/movements", `{"sku":"A","quantity":1,"reason":"received"}`, nil, 403, ""},
		{"staff that may read", s.reader(), "POST", root + "/movements", `{"sku":"A","quantity":1,"reason":"received"}`, nil, 403, ""},
		{"the ledger in public", "", "GET", root + "/movements", "", nil, 401, ""},
		{"the books for checkout", s.checkouts(), "GET", booksRoot, "", nil, 403, ""},
		{"no saga", s.checkouts(), "POST", holdsRoot, `{"lines":[{"sku":"A","quantity":1}]}`, nil, 422, "#"},
		{"a saga that is none", s.checkouts(), "POST", holdsRoot, `{"saga":"7","lines":[{"sku":"A","quantity":1}]}`, nil, 422, "#/saga"},
		{"what nobody knows", s.checkouts(), "POST", holdsRoot, `{"saga":"` + uuid.NewString() + `","lines":[{"sku":"A","quantity":1,"price":1}]}`, nil, 422, "#/lines/0/price"},
		{"no time", s.checkouts(), "POST", holdsRoot, `{"saga":"` + uuid.NewString() + `","ttlSeconds":0,"lines":[{"sku":"A","quantity":1}]}`, nil, 422, "#/ttlSeconds"},
		{"a hold that is not there", s.checkouts(), "POST", none + "/release", "", nil, 404, ""},
		{"renewed, that is not there", s.checkouts(), "POST", none + "/renewal", "", nil, 404, ""},
		{"read, that is not there", s.checkouts(), "GET", none, "", nil, 404, ""},
		{"committed without an order", s.checkouts(), "POST", holdsRoot + "/" + hold.ID + "/commit", `{}`, nil, 422, "#"},
		{"more than is on hand goes", s.staff(), "POST", root + "/movements", `{"sku":"A","quantity":-6,"reason":"damaged"}`, nil, 409, ""},
		{"nothing moves", s.staff(), "POST", root + "/movements", `{"sku":"A","quantity":0,"reason":"damaged"}`, nil, 422, "#/quantity"},
		{"staff sell", s.staff(), "POST", root + "/movements", `{"sku":"A","quantity":-1,"reason":"sold"}`, nil, 422, "#/reason"},
		{"a product that is not kept", "", "GET", root + "/stock/NONE", "", nil, 404, ""},
		{"no SKU", "", "GET", root + "/stock/%00", "", nil, 404, ""},
		{"no SKUs", "", "GET", root + "/stock", "", nil, 422, "query.skus"},
		{"one that is none", "", "GET", root + "/stock?skus=A,%20", "", nil, 422, "query.skus[1]"},
		{"too many", "", "GET", root + "/stock?skus=A" + strings.Repeat(",A", 100), "", nil, 422, "query.skus"},
		{"a product that is kept already", s.staff(), "POST", root + "/products", `{"sku":"A"}`, nil, 409, ""},
		{"a carton of what is not kept", s.staff(), "POST", root + "/products", `{"sku":"A-12","piece":"NONE","pieces":12}`, nil, 422, "#/piece"},
		{"changed without a version", s.staff(), "PUT", root + "/products/A", `{"unlimited":true}`, nil, 428, ""},
		{"changed over another version", s.staff(), "PUT", root + "/products/A", `{"unlimited":true}`, []string{"If-Match", `"9-9"`}, 412, ""},
		{"changed, that is not there", s.staff(), "PUT", root + "/products/NONE", `{"unlimited":true}`, []string{"If-Match", tag}, 404, ""},
	} {
		a := s.send(c.who, c.method, c.path, c.body, c.header...)
		if a.status != c.status || (c.pointer != "" && !slices.Contains(a.pointers(), c.pointer)) {
			t.Errorf("%s: %d %v %s, want %d at %s", c.name, a.status, a.pointers(), a.text, c.status, c.pointer)
		}
	}
	s.wantAvailable("A", 4, "after all that")
}

func TestAKeyMakesOneHold(t *testing.T) {
	s := serve(t, 2)
	s.receive("A", 10)
	saga, key := uuid.New(), "Idempotency-Key"
	body, name := basket(saga, "A", 3), "order-0198c9a5:hold"
	first := s.send(s.checkouts(), "POST", holdsRoot, body, key, name)
	again := s.send(s.checkouts(), "POST", holdsRoot, body, key, name)
	if first.status != 201 || first.replayed || again.text != first.text || again.tag != first.tag || again.at != first.at || !again.replayed {
		t.Errorf("first %+v, again %+v", first, again)
	}
	if a := s.send(s.checkouts(), "POST", holdsRoot, basket(saga, "A", 4), key, name); a.status != 422 || a.Type != "urn:emporium:problem:idempotency-mismatch" {
		t.Errorf("another body: %+v", a)
	}
	// A new key on a retry would hold twice: a saga has one hold.
	if a := s.send(s.checkouts(), "POST", holdsRoot, body); a.status != 409 || a.Type != "urn:emporium:problem:conflict" {
		t.Errorf("another key: %+v", a)
	}
	s.wantAvailable("A", 7, "after four requests")
	// A key of one hold is none of another.
	other := s.held(uuid.New(), "A", 1)
	if a := s.send(s.checkouts(), "POST", holdsRoot+"/"+first.ID+"/release", "", key, name); a.status != 200 || a.ID != first.ID {
		t.Errorf("%+v", a)
	}
	if a := s.send(s.checkouts(), "POST", holdsRoot+"/"+other.ID+"/release", "", key, name); a.status != 422 {
		t.Errorf("the answer of another hold: %+v", a)
	}
	s.wantAvailable("A", 9, "one was released")
}

// At once, one of a key has the effect, and none of many suffers from one that breaks its transaction.
func TestManyAtOnceOfOneKeyAndOneThatBreaks(t *testing.T) {
	s := serve(t, 2)
	s.receive("A", 1000)
	twice := uuid.New()
	s.held(twice, "A", 1)
	who := s.checkouts()
	saga := uuid.New()
	var all sync.WaitGroup
	for n := range 60 {
		all.Go(func() {
			switch n % 3 {
			case 0:
				a := s.ask(n%2, who, "POST", holdsRoot, basket(saga, "A", 1), "Idempotency-Key", "one-key-for-20-requests")
				if a.status != 201 && (a.status != 409 || a.Type != "urn:emporium:problem:idempotency-in-flight") {
					t.Errorf("one key: %d %s", a.status, a.text)
				}
			case 1:
				if a := s.ask(n%2, who, "POST", holdsRoot, basket(twice, "A", 1)); a.status != 409 || a.Type != "urn:emporium:problem:conflict" {
					t.Errorf("a saga that has one: %d %s", a.status, a.text)
				}
			case 2:
				if a := s.ask(n%2, who, "POST", holdsRoot, basket(uuid.New(), "A", 1)); a.status != 201 {
					t.Errorf("beside those: %d %s", a.status, a.text)
				}
			}
		})
	}
	all.Wait()
	s.wantAvailable("A", 1000-1-1-20, "after 60 at once")
	balanced(t, s.db)
}

func TestStaffSeeAndChangeHowAProductIsKept(t *testing.T) {
	s := serve(t, 2)
	s.receive("A", 5)
	s.held(uuid.New(), "A", 4)
	if a := s.send(s.staff(), "POST", root+"/movements", `{"sku":"A","quantity":-3,"reason":"counted"}`); a.status != 201 {
		t.Fatalf("%+v", a)
	}
	p := s.product("A")
	if p.OnHand != 2 || p.Reserved != 4 || p.Short != 2 || p.tag == "" {
		t.Errorf("%+v", p)
	}
	s.wantAvailable("A", 0, "short")
	a := s.send(s.staff(), "PUT", root+"/products/A", `{"unlimited":true}`, "If-Match", p.tag)
	if a.status != 200 || !a.Unlimited || a.Short != 0 || a.tag == p.tag {
		t.Errorf("%+v", a)
	}
	if again := s.send(s.staff(), "PUT", root+"/products/A", `{"unlimited":true}`, "If-Match", p.tag); again.status != 200 || again.tag != a.tag {
		t.Errorf("the same again: %+v", again)
	}
	if a := s.send(s.staff(), "PUT", root+"/products/A", `{"unlimited":false}`, "If-Match", a.tag); a.status != 200 || a.Short != 2 {
		t.Errorf("%+v", a)
	}
	list := s.send(s.reader(), "GET", root+"/movements?sku=A&limit=1", "")
	if len(list.Items) != 1 || list.Next == "" || !strings.Contains(string(list.Items[0]), `"quantity":5`) {
		t.Errorf("%+v", list)
	}
	list = s.send(s.reader(), "GET", root+"/movements?sku=A&limit=1&cursor="+list.Next, "")
	if len(list.Items) != 1 || list.Next != "" || !strings.Contains(string(list.Items[0]), `"reason":"counted"`) {
		t.Errorf("%+v", list)
	}
	stock := s.send("", "GET", root+"/stock?skus=A,NONE", "")
	if len(stock.Items) != 2 || string(stock.Items[0]) != `{"sku":"A","available":0}` || string(stock.Items[1]) != `{"sku":"NONE","available":0}` {
		t.Errorf("%s", stock.text)
	}
}

func TestTheBooksShowProductsAndHolds(t *testing.T) {
	s := serve(t, 1)
	for n := range 3 {
		s.receive(fmt.Sprintf("P-%d", n), 10)
		s.held(uuid.New(), fmt.Sprintf("P-%d", n), n+1)
	}
	books := accesstest.Service(t, "books")
	for path, want := range map[string]string{
		booksRoot:            `{"sku":"P-%d","onHand":10,"reserved":%d,"short":0,"unlimited":false,"moved":10,"held":%[2]d}`,
		booksRoot + "/holds": `"state":"open","expiresAt":"2026-11-27T10:15:00Z","lines":[{"sku":"P-%d","quantity":%d}],"changedAt":"`,
	} {
		next, seen := "", 0
		for {
			a := s.send(books, "GET", path+"?limit=2&cursor="+next, "")
			if a.status != 200 {
				t.Fatalf("%+v", a)
			}
			for _, item := range a.Items {
				if seen++; !strings.Contains(string(item), fmt.Sprintf(want, seen-1, seen)) {
					t.Errorf("%s: %s", path, item)
				}
			}
			if next = a.Next; next == "" {
				break
			}
		}
		if seen != 3 {
			t.Errorf("%s: %d items", path, seen)
		}
	}
}

// One whose answer is not the provider's is refused by the double: what inventory reads is in checkout's document.
func TestCheckoutThatFailsIsNoVerdict(t *testing.T) {
	s := serve(t, 1)
	p := clienttest.Double(t, checkoutsDocument, map[string]http.HandlerFunc{"GET /internal/checkout/sagas/{id}": func(w http.ResponseWriter, _ *http.Request) {
		clienttest.Problem(w, http.StatusInternalServerError)
	}})
	v := workerOf(s, p.URL)
	if got := v.rounds.Ask(t.Context(), uuid.NewString()); got != (rounds.Verdict{}) || len(p.Asked()) == 0 {
		t.Errorf("%+v", got)
	}
}
