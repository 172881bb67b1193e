package cart

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMigrationsExpandOnly(t *testing.T) { pgtest.ExpandOnly(t, schema()) }

func kept(t *testing.T, s *store) Cart {
	t.Helper()
	c := New(uuid.New(), "EUR")
	err := postgres.InTx(t.Context(), s.db, func(tx pgx.Tx) error { return insert(context.Background(), tx, c) })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWhatIsSavedIsReadAgain(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	c := kept(t, s)
	var err error
	for _, n := range []int{3, 1, 2, 1} {
		before := c
		if c, err = c.Put(thing(n), 5+n); err != nil {
			t.Fatal(err)
		}
		if err := s.put(t.Context(), before, c, thing(n).SKU); err != nil {
			t.Fatal(err)
		}
	}
	before := c
	if c, err = c.Remove("S-3"); err != nil {
		t.Fatal(err)
	}
	if err := s.remove(t.Context(), before, "S-3"); err != nil {
		t.Fatal(err)
	}
	got, err := s.cart(t.Context(), c.ID)
	if err != nil || got.Version != c.Version || len(got.Lines) != 2 || got.Lines[0] != c.Lines[0] || got.Lines[1] != c.Lines[1] {
		t.Errorf("%+v, want %+v (%v)", got, c, err)
	}
}

func TestOfManyWritersOfOneVersionOneWins(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	c := kept(t, s)
	for range 20 {
		var won atomic.Int32
		var all sync.WaitGroup
		for n := range 8 {
			all.Go(func() {
				after, err := c.Put(thing(n), n+1)
				if err == nil {
					err = s.put(t.Context(), c, after, thing(n).SKU)
				}
				switch {
				case err == nil:
					won.Add(1)
				case !fault.Is(err, fault.StaleKind):
					t.Error(err)
				}
			})
		}
		all.Wait()
		var err error
		before := c.Version
		if c, err = s.cart(t.Context(), c.ID); err != nil || won.Load() != 1 || c.Version != before+1 {
			t.Fatalf("%d won, version %d after %d: %v", won.Load(), c.Version, before, err)
		}
	}
}

func TestAStaleWriterLeavesNothing(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	c := kept(t, s)
	after, _ := c.Put(thing(1), 1)
	if err := s.put(t.Context(), c, after, "S-1"); err != nil {
		t.Fatal(err)
	}
	late, _ := c.Put(thing(2), 1)
	if err := s.put(t.Context(), c, late, "S-2"); !fault.Is(err, fault.StaleKind) {
		t.Errorf("putting: %v", err)
	}
	if err := s.remove(t.Context(), c, "S-1"); !fault.Is(err, fault.StaleKind) {
		t.Errorf("removing: %v", err)
	}
	if got, err := s.cart(t.Context(), c.ID); err != nil || len(got.Lines) != 1 || got.Version != 2 {
		t.Errorf("%+v %v", got, err)
	}
}

func TestCartsThatNobodyChangedForThirtyDaysAreDeleted(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	old, young := kept(t, s), kept(t, s)
	after, _ := old.Put(thing(1), 1)
	if err := s.put(t.Context(), old, after, "S-1"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.Exec(t.Context(), `UPDATE cart.carts SET changed_at = now() - interval '30 days 1 minute' WHERE id = $1`, old.ID); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.sweep(ctx) }()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, err := s.cart(t.Context(), old.ID); fault.Is(err, fault.NotFoundKind) {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the old cart is still there")
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("the sweeper ended with %v", err)
	}
	if _, err := s.cart(t.Context(), young.ID); err != nil {
		t.Errorf("the young cart: %v", err)
	}
	var lines int
	if err := s.db.QueryRow(t.Context(), `SELECT count(*) FROM cart.lines`).Scan(&lines); err != nil || lines != 0 {
		t.Errorf("%d lines are left: %v", lines, err)
	}
}

// Whatever statement the process dies at, a cart is there once, with its line or without, and its version says which.
func TestAProcessThatDiesLeavesAWholeCart(t *testing.T) {
	id := uuid.New()
	servicetest.Crash(t, schema(), func(db *postgres.DB) error {
		s := &store{db}
		c, err := s.cart(t.Context(), id)
		if fault.Is(err, fault.NotFoundKind) {
			c = New(id, "EUR")
			err = postgres.InTx(t.Context(), db, func(tx pgx.Tx) error { return insert(t.Context(), tx, c) })
		}
		if err != nil || len(c.Lines) > 0 {
			return err
		}
		after, err := c.Put(thing(1), 2)
		return errors.Join(err, s.put(t.Context(), c, after, "S-1"))
	}, func(t testing.TB, db *postgres.DB) {
		c, err := (&store{db}).cart(t.Context(), id)
		if err != nil || c.Version != 2 || len(c.Lines) != 1 || c.Lines[0].Quantity != 2 {
			t.Errorf("%+v %v", c, err)
		}
	})
}
