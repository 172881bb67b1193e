package tries_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/tries"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	desk  = postgres.Schema{Name: "desk", Floor: 1, Parts: []postgres.Part{tries.Tables}, Files: fstest.MapFS{"00001_none.sql": {Data: []byte("-- +goose Up\nSELECT 1;\n")}}}
	limit = tries.Limit{Most: 10, Within: time.Minute}
)

// guess makes a try and tells what became of it.
func guess(db *postgres.DB, right bool, buckets ...string) error {
	return limit.Guard(context.Background(), db, buckets, func(context.Context, pgx.Tx) (bool, error) { return right, nil })
}

// older moves all tries into the past.
func older(t *testing.T, db *postgres.DB, by time.Duration) {
	t.Helper()
	if _, err := db.Exec(t.Context(), `UPDATE desk.wrong_tries SET at = at - $1::interval`, by); err != nil {
		t.Fatal(err)
	}
}

func TestTheEleventhWrongTryInAMinuteIsRefusedOverAllReplicas(t *testing.T) {
	url := pgtest.URL(t, desk)
	var replicas []*postgres.DB
	for range 2 {
		db, err := postgres.Open(postgres.Options{URL: url, MaxConns: 8}, desk)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(db.Close)
		replicas = append(replicas, db)
	}
	var tried, refused atomic.Int32
	var all sync.WaitGroup
	for n := range 40 {
		all.Go(func() {
			err := limit.Guard(context.Background(), replicas[n%2], []string{"number:1", fmt.Sprintf("mail:%d", n)}, func(context.Context, pgx.Tx) (bool, error) {
				tried.Add(1)
				return false, nil
			})
			if fault.Is(err, fault.TooManyKind) {
				refused.Add(1)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if tried.Load() != 10 || refused.Load() != 30 {
		t.Errorf("%d were let through, %d refused", tried.Load(), refused.Load())
	}
	err := guess(replicas[0], true, "number:1", "mail:x")
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind != fault.TooManyKind || f.RetryAfter < time.Second || f.RetryAfter > time.Minute {
		t.Errorf("the right guess, too late: %+v", err)
	}
	if err := guess(replicas[1], false, "number:2"); err != nil {
		t.Errorf("another number: %v", err)
	}
}

func TestTheWaitEndsWithTheOldestTryThatCounts(t *testing.T) {
	db := pgtest.Open(t, desk)
	for range 10 {
		if err := guess(db, false, "a"); err != nil {
			t.Fatal(err)
		}
		older(t, db, time.Second)
	}
	var f *fault.Fault
	if err := guess(db, false, "a"); !errors.As(err, &f) || f.RetryAfter < 48*time.Second || f.RetryAfter > 51*time.Second {
		t.Errorf("%+v", err)
	}
	older(t, db, 50*time.Second+500*time.Millisecond)
	if err := guess(db, false, "a"); err != nil {
		t.Errorf("the oldest is a minute old: %v", err)
	}
	if err := guess(db, false, "a"); !fault.Is(err, fault.TooManyKind) {
		t.Errorf("then ten count again: %v", err)
	}
}

func TestRightTriesAndFailuresAreNotCounted(t *testing.T) {
	db := pgtest.Open(t, desk)
	broken := errors.New("broken")
	for range 20 {
		if err := guess(db, true, "a"); err != nil {
			t.Fatal(err)
		}
		err := limit.Guard(t.Context(), db, []string{"a"}, func(context.Context, pgx.Tx) (bool, error) { return false, broken })
		if !errors.Is(err, broken) {
			t.Fatal(err)
		}
	}
}

func TestWhatWasTypedIsNotStored(t *testing.T) {
	db := pgtest.Open(t, desk)
	if err := guess(db, false, "mail:jane@example.org"); err != nil {
		t.Fatal(err)
	}
	var text string
	if err := db.QueryRow(t.Context(), `SELECT encode(bucket, 'escape') FROM desk.wrong_tries`).Scan(&text); err != nil || len(text) < 32 || fmt.Sprint(text) == "mail:jane@example.org" {
		t.Errorf("%q %v", text, err)
	}
}

func TestTriesThatCountNoMoreAreForgotten(t *testing.T) {
	db := pgtest.Open(t, desk)
	for _, bucket := range []string{"a", "b"} {
		if err := guess(db, false, bucket); err != nil {
			t.Fatal(err)
		}
	}
	older(t, db, 59*time.Second)
	if n, err := limit.SweepOnce(t.Context(), db); err != nil || n != 0 {
		t.Errorf("%d forgotten (%v), and they count", n, err)
	}
	older(t, db, 2*time.Second)
	if n, err := limit.SweepOnce(t.Context(), db); err != nil || n != 2 {
		t.Errorf("%d forgotten (%v)", n, err)
	}
}

// Of several in one request each counts, and those that are too many are refused and count as well.
func TestTriesOfOneRequestCountEach(t *testing.T) {
	db := pgtest.Open(t, desk)
	ask := func(wrong int) (asked bool, err error) {
		err = limit.GuardAll(t.Context(), db, []string{"who:1"}, func(context.Context, pgx.Tx) (int, error) { asked = true; return wrong, nil })
		return asked, err
	}
	for n, c := range []struct {
		wrong          int
		asked, refused bool
	}{{6, true, false}, {0, true, false}, {4, true, false}, {0, false, true}} {
		if asked, err := ask(c.wrong); asked != c.asked || fault.Is(err, fault.TooManyKind) != c.refused {
			t.Errorf("request %d: looked at %t, %v", n, asked, err)
		}
	}
	older(t, db, time.Minute)
	for n, c := range []struct {
		wrong          int
		asked, refused bool
	}{{6, true, false}, {5, true, true}, {0, false, true}} {
		if asked, err := ask(c.wrong); asked != c.asked || fault.Is(err, fault.TooManyKind) != c.refused {
			t.Errorf("after a minute, request %d: looked at %t, %v", n, asked, err)
		}
	}
}
