package catalog

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestMigrationsExpandOnly(t *testing.T) { pgtest.ExpandOnly(t, schema()) }

func seeded(t *testing.T) *store {
	t.Helper()
	db := pgtest.Open(t, schema())
	if err := seed(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return &store{db}
}

func TestOfManyWritersOfOneVersionOneWins(t *testing.T) {
	s := seeded(t)
	for round := range 20 {
		before, err := s.product(t.Context(), "KIT-1001")
		if err != nil {
			t.Fatal(err)
		}
		var won atomic.Int32
		var all sync.WaitGroup
		for n := range 8 {
			all.Go(func() {
				p := before
				p.Name = fmt.Sprintf("Pot %d of round %d", n, round)
				switch after, err := s.save(t.Context(), p); {
				case err == nil && after.Version == before.Version+1 && after.Name == p.Name && after.Price == before.Price:
					won.Add(1)
				case !fault.Is(err, fault.StaleKind):
					t.Errorf("%+v %v", after, err)
				}
			})
		}
		if all.Wait(); won.Load() != 1 {
			t.Fatalf("round %d: %d won", round, won.Load())
		}
	}
}

func TestTheRangeIsWrittenOnceAndNeverOverwritten(t *testing.T) {
	db := pgtest.Open(t, schema())
	count := func() (products int) {
		if err := db.QueryRow(t.Context(), `SELECT count(*) FROM catalog.products`).Scan(&products); err != nil {
			t.Fatal(err)
		}
		return products
	}
	if n := count(); n != 0 {
		t.Errorf("a migration wrote %d products", n)
	}
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if err := seed(t.Context(), db); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := count(); n != 300 {
		t.Errorf("three that seeded wrote %d products", n)
	}
	if _, err := db.Exec(t.Context(), `DELETE FROM catalog.products WHERE sku <> 'KIT-1001'`); err != nil {
		t.Fatal(err)
	}
	if err := seed(t.Context(), db); err != nil || count() != 1 {
		t.Errorf("the shop took 299 products out, and has %d after its next release (%v)", count(), err)
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	if _, err := seeded(t).product(t.Context(), "NONE"); !fault.Is(err, fault.NotFoundKind) {
		t.Errorf("%v", err)
	}
}
