package media

import (
	"bytes"
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

func TestWhatIsKeptIsReadAgain(t *testing.T) {
	v := newMaker(pgtest.Open(t, schema()))
	s, content := v.store, file(t, quarters(64, 48), "image/png")
	h := v.original(t, content)
	before, err := s.original(t.Context(), h)
	want := Original{Hash: h, Type: "image/png", Width: 64, Height: 48, Version: 1}
	if err != nil || before != want {
		t.Errorf("%+v (%v)", before, err)
	}
	if got, err := s.content(t.Context(), h); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes (%v)", len(got), err)
	}
	after, err := before.Describe("Four colours")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.save(t.Context(), before, after); err != nil {
		t.Fatal(err)
	}
	if got, err := s.original(t.Context(), h); err != nil || got != after {
		t.Errorf("%+v (%v)", got, err)
	}
	if err := s.save(t.Context(), before, after); !fault.Is(err, fault.StaleKind) {
		t.Errorf("a writer who read the version before: %v", err)
	}
	// The same file again is kept once, with what somebody said of it.
	if again := v.original(t, content); again != h {
		t.Errorf("again it is %s", again)
	}
	if list, err := s.list(t.Context(), "", 10); err != nil || len(list) != 1 || list[0] != after {
		t.Errorf("%+v (%v)", list, err)
	}
}

func TestSamplesAreKeptOnceInAnEmptyShop(t *testing.T) {
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
	list, err := s.list(t.Context(), "", 100)
	if err != nil || len(list) != len(samples) {
		t.Fatalf("%d pictures (%v)", len(list), err)
	}
	for _, o := range list {
		if o.Width != side || o.Height != side || o.Alt == "" || o.Type != "image/png" {
			t.Errorf("%+v", o)
		}
	}
	if _, err := s.db.Exec(t.Context(), `DELETE FROM media.blobs WHERE hash > $1`, list[0].Hash); err != nil {
		t.Fatal(err)
	}
	if err := seed(t.Context(), s.db); err != nil {
		t.Fatal(err)
	}
	if list, err := s.list(t.Context(), "", 100); err != nil || len(list) != 1 {
		t.Errorf("what was taken out is back: %d pictures (%v)", len(list), err)
	}
}

// At each point at which the process can be killed, a key keeps one original, and a variant is kept with one event.
func TestAnUploadThatIsSentAgainAfterADeathIsKeptOnce(t *testing.T) {
	content := file(t, quarters(64, 48), "image/png")
	o := Original{Hash: HashOf(content), Type: "image/png", Width: 64, Height: 48}
	key := idempotency.Key{Route: "POST " + root, Value: uuid.NewString()}
	servicetest.Crash(t, schema(), func(db *postgres.DB) error {
		_, err := idempotency.Once(context.Background(), db, key, content, func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
			_, err := insert(ctx, tx, o, content)
			return idempotency.Stored{Status: 201}, err
		})
		if err == nil {
			_, err = (&store{db}).keep(context.Background(), o.Hash, Variant{Size{64, 48}, PNG, content})
		}
		return err
	}, func(t testing.TB, db *postgres.DB) {
		list, err := (&store{db}).list(context.Background(), "", 10)
		kept, told := newMaker(db).rows(t)
		if err != nil || len(list) != 1 || kept != 1 || told != 1 {
			t.Errorf("%d originals, %d variants, %d events (%v)", len(list), kept, told, err)
		}
	})
}
