package cms

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMigrationsExpandOnly(t *testing.T) { pgtest.ExpandOnly(t, schema()) }

// stored writes a version.
func stored(t testing.TB, s *store, v Version) (kept Version) {
	t.Helper()
	err := postgres.InTx(t.Context(), s.db, func(tx pgx.Tx) (err error) { kept, err = insert(t.Context(), tx, v); return err })
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func TestManyWritersOfAPageNumberItsVersionsWithoutGaps(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			if err := postgres.InTx(t.Context(), s.db, func(tx pgx.Tx) error { _, err := insert(t.Context(), tx, draft(t, 0, "en", "", "")); return err }); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	list, err := s.list(t.Context(), "gifts", "", uuid.Nil, 100)
	if err != nil || len(list) != 12 {
		t.Fatalf("%d versions: %v", len(list), err)
	}
	seen := map[int]bool{}
	for _, v := range list {
		seen[v.Number] = true
	}
	for n := 1; n <= 12; n++ {
		if !seen[n] {
			t.Errorf("no version has number %d", n)
		}
	}
}

// What a version says may have been agreed to: not even who has the database's password for the service changes it.
func TestNobodyChangesOrDeletesWhatWasWritten(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	v := stored(t, s, draft(t, 0, "en", "", ""))
	for _, statement := range []string{
		`UPDATE cms.versions SET html = '<p>other</p>' WHERE id = $1`, `UPDATE cms.versions SET title = 'other' WHERE id = $1`, `DELETE FROM cms.versions WHERE id = $1`,
		`UPDATE cms.versions SET created_at = now() WHERE id = $1`,
	} {
		if _, err := s.db.Exec(t.Context(), statement, v.ID); err == nil {
			t.Errorf("%s was done", statement)
		}
	}
	after, err := v.Scheduled(Schedule{From: noon})
	if err == nil {
		err = s.schedule(t.Context(), v, after)
	}
	if got, err2 := s.version(t.Context(), v.ID); err != nil || err2 != nil || got != after {
		t.Errorf("its schedule: %+v, want %+v (%v, %v)", got, after, err, err2)
	}
	if err := s.schedule(t.Context(), v, after); !fault.Is(err, fault.StaleKind) {
		t.Errorf("over an old revision: %v", err)
	}
}

// What is in memory is what is shown now or later; whatever it leaves out changes nothing of what is shown, at any hour.
func TestTheBoardHoldsAllThatIsShownFromNowOn(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	var all []Version
	for _, c := range [][2]string{{"01:00", ""}, {"02:00", "03:00"}, {"04:00", ""}, {"05:00", "20:00"}, {"06:00", "07:00"}, {"13:00", "14:00"}, {"", ""}} {
		all = append(all, stored(t, s, draft(t, 0, "en", c[0], c[1])))
	}
	b, err := s.board(t.Context(), noon)
	if err != nil {
		t.Fatal(err)
	}
	for hour := 12; hour < 24; hour++ {
		moment := noon.Add(time.Duration(hour-12) * time.Hour)
		want, there := shown(all, moment)
		if got, _, has := b.page("gifts", "en", moment); has != there || got.ID != want.ID {
			t.Errorf("at %d the board shows version %d, not %d", hour, got.Number, want.Number)
		}
	}
	if n := len(b.pages["gifts"]["en"]); n != 3 {
		t.Errorf("%d versions are in memory, of which 3 can be shown any more", n)
	}
}

func TestSamplePagesAreWrittenOnceInBothLanguages(t *testing.T) {
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
	b, err := s.board(t.Context(), noon)
	if err != nil {
		t.Fatal(err)
	}
	list := b.all("", 100, noon)
	if len(list) != 6 {
		t.Fatalf("%d pages", len(list))
	}
	for _, page := range list {
		if len(page) != 2 {
			t.Errorf("%s is in %d languages", page[0].Slug, len(page))
		}
	}
}

// At each point at which the process can be killed, a key writes one version.
func TestAKeyThatIsSentAgainAfterADeathWritesOneVersion(t *testing.T) {
	key := idempotency.Key{Route: "POST " + root + "/versions", Value: uuid.NewString()}
	v := draft(t, 0, "en", "", "")
	servicetest.Crash(t, schema(), func(db *postgres.DB) error {
		_, err := idempotency.Once(context.Background(), db, key, nil, func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
			one := v
			one.ID = uuid.Must(uuid.NewV7())
			_, err := insert(ctx, tx, one)
			return idempotency.Stored{Status: 201}, err
		})
		return err
	}, func(t testing.TB, db *postgres.DB) {
		if list, err := (&store{db}).list(context.Background(), "", "", uuid.Nil, 10); err != nil || len(list) != 1 {
			t.Errorf("%d versions (%v)", len(list), err)
		}
	})
}
