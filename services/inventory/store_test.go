package inventory

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/catalog"
	"github.com/emporium-shop/emporium/services/internal/combine"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMigrationsExpandOnly(t *testing.T) { pgtest.ExpandOnly(t, schema()) }

// place makes a hold as a request does: by the batch, under a key.
func place(db *postgres.DB, saga uuid.UUID, wants ...Want) (idempotency.Stored, error) {
	h := &holds{store: &store{db}, now: func() time.Time { return ten }}
	r := idempotency.Request{Key: idempotency.Key{Caller: "service:checkout", Route: "POST " + holdsRoot, Value: saga.String() + ":hold"}, Body: []byte(`{}`)}
	result := h.batch(context.Background(), []ask{{r, Basket{saga, wants, ten.Add(holdFor)}}})[0]
	return result.Value, result.Err
}

// placedFor is the hold of a saga.
func placedFor(t testing.TB, db *postgres.DB, saga uuid.UUID, wants ...Want) Hold {
	t.Helper()
	if _, err := place(db, saga, wants...); err != nil {
		t.Fatal(err)
	}
	return ofSaga(t, db, saga)
}

func ofSaga(t testing.TB, db *postgres.DB, saga uuid.UUID) Hold {
	t.Helper()
	h, err := scanHold(db.QueryRow(context.Background(), `SELECT `+holdColumns+` FROM inventory.holds h WHERE h.saga = $1`, saga))
	if err != nil {
		t.Errorf("the hold of a saga: %v", err)
	}
	return h
}

// does is an actor, or a process that dies.
func does(do func(context.Context, pgx.Tx) (Hold, error)) func(*postgres.DB) error {
	return func(db *postgres.DB) error {
		return postgres.InTx(context.Background(), db, func(tx pgx.Tx) error { _, err := do(context.Background(), tx); return err })
	}
}

// wantStock fails the test where a product is not so.
func wantStock(t testing.TB, db *postgres.DB, sku string, onHand, reserved int64) {
	t.Helper()
	if s, err := (&store{db}).product(context.Background(), sku); err != nil || s.OnHand != onHand || s.Reserved != reserved {
		t.Errorf("%+v (%v), want %d on hand and %d reserved", s, err, onHand, reserved)
	}
}

// C31: two transactions hold the last unit, in every order of their statements: one wins.
func TestC31EveryOrderOfTwoHoldsOfTheLastUnit(t *testing.T) {
	orders := servicetest.Interleave(t, schema(), func(t testing.TB, db *postgres.DB) (servicetest.Actors, func(testing.TB, []error)) {
		sku := "LAST-" + uuid.NewString()[:8]
		stocked(t, db, sku, 1)
		last := func(db *postgres.DB) error { _, err := place(db, uuid.New(), Want{sku, 1}); return err }
		return servicetest.Actors{last, last}, func(t testing.TB, errs []error) {
			won := 0
			for _, err := range errs {
				if err == nil {
					won++
				} else if !fault.Is(err, soldOut) {
					t.Errorf("refused with %v", err)
				}
			}
			if won != 1 {
				t.Errorf("%d won", won)
			}
			wantStock(t, db, sku, 1, 1)
		}
	})
	if orders < 10 {
		t.Errorf("only %d orders", orders)
	}
	t.Logf("%d orders", orders)
}

// Two baskets of the same two products, named in opposite order: nobody waits for ever.
func TestEveryOrderOfTwoBasketsThatCross(t *testing.T) {
	orders := servicetest.Interleave(t, schema(), func(t testing.TB, db *postgres.DB) (servicetest.Actors, func(testing.TB, []error)) {
		a, b := "A-"+uuid.NewString()[:8], "B-"+uuid.NewString()[:8]
		stocked(t, db, a, 2, b, 1)
		one := func(db *postgres.DB) error { _, err := place(db, uuid.New(), Want{a, 1}, Want{b, 1}); return err }
		other := func(db *postgres.DB) error { _, err := place(db, uuid.New(), Want{b, 1}, Want{a, 1}); return err }
		return servicetest.Actors{one, other}, func(t testing.TB, errs []error) {
			if (errs[0] == nil) == (errs[1] == nil) || !fault.Is(errors.Join(errs...), soldOut) {
				t.Errorf("%v", errs)
			}
			wantStock(t, db, a, 2, 1)
			wantStock(t, db, b, 1, 1)
		}
	})
	t.Logf("%d orders", orders)
}

// What may happen to one hold at the same time, in every order: it becomes one of the two, and the stock is what that says.
func TestEveryOrderOfTwoStepsOfAHold(t *testing.T) {
	renewal := func(id uuid.UUID) func(*postgres.DB) error {
		return does(func(ctx context.Context, tx pgx.Tx) (Hold, error) {
			return change(ctx, tx, id, func(h Hold, l *Ledger) (Hold, error) { return h.Renew(l, ten.Add(2*holdFor)) })
		})
	}
	releases := func(why Reason) func(uuid.UUID) func(*postgres.DB) error {
		return func(id uuid.UUID) func(*postgres.DB) error {
			return does(func(ctx context.Context, tx pgx.Tx) (Hold, error) { return release(ctx, tx, id, why) })
		}
	}
	commits := func(id uuid.UUID) func(*postgres.DB) error {
		return does(func(ctx context.Context, tx pgx.Tx) (Hold, error) {
			return commit(ctx, tx, id, uuid.NewSHA1(id, []byte("order")))
		})
	}
	cancels := func(id uuid.UUID) func(*postgres.DB) error {
		return does(func(ctx context.Context, tx pgx.Tx) (Hold, error) {
			return cancel(ctx, tx, uuid.NewSHA1(id, []byte("order")), true)
		})
	}
	for _, c := range []struct {
		name     string
		one, two func(uuid.UUID) func(*postgres.DB) error
		may      map[State][2]int64 // on hand and reserved of 10, of which the hold has 3
	}{
		{"renewed while it expires", renewal, releases(Expired), map[State][2]int64{Open: {10, 3}, Released: {10, 0}}},
		{"released twice", releases(Undone), releases(Expired), map[State][2]int64{Released: {10, 0}}},
		{"committed twice", commits, commits, map[State][2]int64{Committed: {7, 0}}},
		{"committed while it is released", commits, releases(Undone), map[State][2]int64{Committed: {7, 0}}},
		{"committed while its order is cancelled", commits, cancels, map[State][2]int64{Cancelled: {10, 0}}},
		{"cancelled twice", cancels, cancels, map[State][2]int64{Open: {10, 3}}}, // nobody has heard of the order yet
	} {
		orders := servicetest.Interleave(t, schema(), func(t testing.TB, db *postgres.DB) (servicetest.Actors, func(testing.TB, []error)) {
			sku := "S-" + uuid.NewString()[:8]
			stocked(t, db, sku, 10)
			h := placedFor(t, db, uuid.New(), Want{sku, 3})
			return servicetest.Actors{c.one(h.ID), c.two(h.ID)}, func(t testing.TB, errs []error) {
				for _, err := range errs {
					if err != nil && !fault.Is(err, fault.ConflictKind) {
						t.Errorf("%s: %v", c.name, err)
					}
				}
				after := ofSaga(t, db, h.Saga)
				want, may := c.may[after.State]
				if !may {
					t.Errorf("%s: it is %s", c.name, after.State)
				}
				wantStock(t, db, sku, want[0], want[1])
			}
		})
		t.Logf("%s: %d orders", c.name, orders)
	}
}

// Wherever a process dies, a key makes one hold, whole or not at all.
func TestAProcessThatDiesLeavesAWholeHold(t *testing.T) {
	saga := uuid.New()
	servicetest.Crash(t, schema(), func(db *postgres.DB) error {
		if _, err := db.Exec(context.Background(), `INSERT INTO inventory.stock (sku, on_hand, unlimited) VALUES ('A', 10, true), ('B', 10, true) ON CONFLICT DO NOTHING`); err != nil {
			return err
		}
		_, err := place(db, saga, Want{"B", 2}, Want{"A", 1})
		return err
	}, func(t testing.TB, db *postgres.DB) {
		wantStock(t, db, "A", 10, 1)
		wantStock(t, db, "B", 10, 2)
		if h := ofSaga(t, db, saga); h.State != Open || len(h.Lines) != 2 {
			t.Errorf("%+v", h)
		}
	})
}

// And wherever it dies on the way from goods to a cancelled order, what was begun is done once.
func TestAProcessThatDiesSellsAndRestocksOnce(t *testing.T) {
	saga, o := uuid.New(), uuid.New()
	came := Movement{ID: uuid.Must(uuid.NewV7()), SKU: "A", Quantity: 10, Cause: Received}
	servicetest.Crash(t, schema(), func(db *postgres.DB) error {
		ctx := context.Background()
		_, err := (&store{db}).movement(ctx, came.ID)
		if fault.Is(err, fault.NotFoundKind) {
			err = postgres.InTx(ctx, db, func(tx pgx.Tx) error { return move(ctx, tx, came) })
		}
		if err != nil {
			return err
		}
		if _, err := place(db, saga, Want{"A", 3}); err != nil {
			return err
		}
		var id uuid.UUID
		if err := db.QueryRow(ctx, `SELECT id FROM inventory.holds WHERE saga = $1`, saga).Scan(&id); err != nil {
			return err
		}
		sell := does(func(ctx context.Context, tx pgx.Tx) (Hold, error) { return commit(ctx, tx, id, o) })
		back := does(func(ctx context.Context, tx pgx.Tx) (Hold, error) { return cancel(ctx, tx, o, true) })
		return errors.Join(sell(db), back(db), back(db))
	}, func(t testing.TB, db *postgres.DB) {
		wantStock(t, db, "A", 10, 0)
		if h := ofSaga(t, db, saga); h.State != Cancelled {
			t.Errorf("%+v", h)
		}
		balanced(t, db)
	})
}

// What the pure rules say, PostgreSQL keeps: after each step on hand is the sum of the movements and reserved that of the open holds.
func TestStockIsTheSumOfItsMovementsAndHoldsInPostgreSQL(t *testing.T) {
	db := pgtest.Open(t, schema())
	ctx := t.Context()
	stocked(t, db, "P", 24)
	if err := in(t, db, func(ctx context.Context, tx pgx.Tx) error {
		return keep(ctx, tx, Stock{SKU: "P-12", Piece: "P", Pieces: 12})
	}); err != nil {
		t.Fatal(err)
	}
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		var ids []uuid.UUID
		skus := []string{fmt.Sprintf("A-%d", round), fmt.Sprintf("B-%d", round), "P", "P-12"}
		expect := func(err error) {
			var f *fault.Fault
			if err != nil && !errors.As(err, &f) {
				t.Fatal(err)
			}
		}
		one := func(do func(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Hold, error)) {
			if len(ids) == 0 {
				t.Skip("there is none")
			}
			id := rapid.SampledFrom(ids).Draw(t, "hold")
			expect(postgres.InTx(ctx, db, func(tx pgx.Tx) error { _, err := do(ctx, tx, id); return err }))
		}
		t.Repeat(map[string]func(*rapid.T){
			"move": func(t *rapid.T) {
				m := Movement{SKU: rapid.SampledFrom(skus).Draw(t, "sku"), Quantity: rapid.Int64Range(-9, 20).Filter(func(n int64) bool { return n != 0 }).Draw(t, "quantity"), Cause: Counted}
				expect(postgres.InTx(ctx, db, func(tx pgx.Tx) error { return move(ctx, tx, m) }))
			},
			"hold": func(t *rapid.T) {
				var wants []Want
				for range rapid.IntRange(1, 3).Draw(t, "lines") {
					wants = append(wants, Want{rapid.SampledFrom(skus).Draw(t, "sku"), rapid.Int64Range(1, 6).Draw(t, "quantity")})
				}
				saga := uuid.New()
				_, err := place(db, saga, wants...)
				if expect(err); err == nil {
					var id uuid.UUID
					if err := db.QueryRow(ctx, `SELECT id FROM inventory.holds WHERE saga = $1`, saga).Scan(&id); err != nil {
						t.Fatal(err)
					}
					ids = append(ids, id)
				}
			},
			"release": func(*rapid.T) {
				one(func(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Hold, error) { return release(ctx, tx, id, Expired) })
			},
			"renew": func(*rapid.T) {
				one(func(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Hold, error) {
					return change(ctx, tx, id, func(h Hold, l *Ledger) (Hold, error) { return h.Renew(l, ten) })
				})
			},
			"commit": func(*rapid.T) {
				one(func(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Hold, error) {
					return commit(ctx, tx, id, uuid.NewSHA1(id, []byte("order")))
				})
			},
			"cancel": func(*rapid.T) {
				one(func(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Hold, error) {
					return cancel(ctx, tx, uuid.NewSHA1(id, []byte("order")), true)
				})
			},
			"": func(t *rapid.T) {
				all, err := (&store{db}).counts(ctx, "", 10_000)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range all {
					if c.OnHand != c.Moved || c.Reserved != c.Held || c.OnHand < 0 || c.Reserved > c.OnHand+c.Short {
						t.Fatalf("%+v", c)
					}
				}
			},
		})
	})
}

// Hold, without the rule in Go: PostgreSQL refuses to keep an oversold product.
func TestPostgreSQLRefusesWhatIsOversold(t *testing.T) {
	db := pgtest.Open(t, schema())
	stocked(t, db, "A", 1)
	for name, sql := range map[string]string{
		"reserved beyond what there is": `UPDATE inventory.stock SET reserved = 2`,
		"less than nothing reserved":    `UPDATE inventory.stock SET reserved = -1`,
		"less than nothing on hand":     `UPDATE inventory.stock SET on_hand = -1`,
		"a movement changed":            `UPDATE inventory.movements SET quantity = 5`,
		"a movement removed":            `DELETE FROM inventory.movements`,
		"the ledger emptied":            `TRUNCATE inventory.movements`,
	} {
		if _, err := db.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: it was done", name)
		}
	}
	h := placedFor(t, db, uuid.New(), Want{"A", 1})
	for n, want := range []bool{true, false} { // the same hold sold twice
		_, err := db.Exec(t.Context(), `INSERT INTO inventory.movements (id, sku, quantity, reason, hold) VALUES ($1, 'A', -1, 'sold', $2)`, uuid.New(), h.ID)
		if (err == nil) != want {
			t.Errorf("sale %d: %v", n, err)
		}
	}
}

func TestABatchOfHoldsIsDoneInItsOrder(t *testing.T) {
	db := pgtest.Open(t, schema())
	stocked(t, db, "A", 5, "B", 1)
	h := &holds{store: &store{db}}
	var asks []ask
	for n, wants := range [][]Want{{{"A", 3}}, {{"A", 3}}, {{"A", 1}, {"B", 1}}, {{"B", 1}}, {{"A", 1}}} {
		key := idempotency.Key{Caller: "service:checkout", Route: "POST " + holdsRoot, Value: fmt.Sprintf("key-of-request-%d", n)}
		asks = append(asks, ask{idempotency.Request{Key: key, Body: []byte(`{}`)}, Basket{uuid.New(), wants, ten}})
	}
	got := func(results []combine.Result[idempotency.Stored]) string {
		var all strings.Builder
		for _, r := range results {
			fmt.Fprint(&all, map[bool]string{true: "+", false: "-"}[r.Err == nil])
		}
		return all.String()
	}
	if s := got(h.batch(t.Context(), asks)); s != "+-+-+" {
		t.Errorf("held were %s, want the first, the third and the last", s)
	}
	wantStock(t, db, "A", 5, 5)
	if s := got(h.batch(t.Context(), asks)); s != "+-+-+" {
		t.Errorf("again held were %s", s)
	}
	wantStock(t, db, "A", 5, 5)
	wantStock(t, db, "B", 1, 1)
}

func TestTheSampleStockIsOfTheCatalogsGoods(t *testing.T) {
	c := catalog.Service()
	goods := pgtest.Open(t, c.Schema)
	if err := c.Seed(t.Context(), goods); err != nil {
		t.Fatal(err)
	}
	rows, err := goods.Query(t.Context(), `SELECT sku FROM catalog.products ORDER BY sku`)
	if err != nil {
		t.Fatal(err)
	}
	skus, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	db := pgtest.Open(t, schema())
	var both sync.WaitGroup
	for range 3 {
		both.Go(func() {
			if err := seed(context.Background(), db); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	all, err := (&store{db}).counts(t.Context(), "", 1000)
	if err != nil || len(all) != len(skus) {
		t.Fatalf("%d are kept, the catalog has %d (%v)", len(all), len(skus), err)
	}
	units := map[int64]int{}
	for n, c := range all {
		units[c.OnHand]++
		if c.SKU != skus[n] {
			t.Errorf("%s is not %s: take services/inventory/seed.txt from the catalog's", c.SKU, skus[n])
		}
	}
	if units[0] != 1 || units[3] != 1 || units[sampleUnits] != len(skus)-2 {
		t.Errorf("%v", units)
	}
	balanced(t, db)
}
