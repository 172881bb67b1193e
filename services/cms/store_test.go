package cms

import (
	"context"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMigrationsExpandOnly(t *testing.T) { pgtest.ExpandOnly(t, schema()) }

func TestWhatIsSavedIsReadAgain(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	before := kept(t, s)
	after, err := before.Rename("Desk")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.save(t.Context(), before, after); err != nil {
		t.Fatal(err)
	}
	if got, err := s.item(t.Context(), before.ID); err != nil || got != after {
		t.Errorf("%+v, want %+v (%v)", got, after, err)
	}
	if err := s.save(t.Context(), before, after); !fault.Is(err, fault.StaleKind) {
		t.Errorf("a writer who read the version before: %v", err)
	}
	if _, err := s.item(t.Context(), uuid.New()); !fault.Is(err, fault.NotFoundKind) {
		t.Errorf("what was never made: %v", err)
	}
}

func TestSampleItemsAreWrittenOnceIntoAnEmptyTable(t *testing.T) {
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
	if list, err := s.list(t.Context(), uuid.Nil, 100); err != nil || len(list) != 3 {
		t.Errorf("%d items (%v)", len(list), err)
	}
}

// At each point at which the process can be killed, a key makes one item.
func TestAKeyThatIsSentAgainAfterADeathMakesOneItem(t *testing.T) {
	key := idempotency.Key{Route: "POST " + root, Value: uuid.NewString()}
	servicetest.Crash(t, schema(), func(db *postgres.DB) error {
		_, err := idempotency.Once(context.Background(), db, key, nil, func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
			i, err := New(uuid.New(), "Lamp")
			if err != nil {
				return idempotency.Stored{}, err
			}
			return idempotency.Stored{Status: 201}, insert(ctx, tx, i)
		})
		return err
	}, func(t testing.TB, db *postgres.DB) {
		if list, err := (&store{db}).list(context.Background(), uuid.Nil, 10); err != nil || len(list) != 1 {
			t.Errorf("%d items (%v)", len(list), err)
		}
	})
}
