package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

var errRule = errors.New("a rule said no")

// sendAll does what send does, for many; a body of "no" is refused by a rule.
func sendAll(ctx context.Context, db *postgres.DB, all []idempotency.Request) ([]idempotency.Result, error) {
	return idempotency.Together(ctx, db, all, func(ctx context.Context, tx pgx.Tx, fresh []int) ([]idempotency.Result, error) {
		results := make([]idempotency.Result, len(fresh))
		for n, at := range fresh {
			if string(all[at].Body) == `"no"` {
				results[n].Err = errRule
				continue
			}
			id := uuid.New()
			if _, err := tx.Exec(ctx, `INSERT INTO desk.parcels VALUES ($1)`, id); err != nil {
				return nil, err
			}
			results[n].Stored = answer(id)
		}
		return results, nil
	})
}

func TestEachOfManyGetsWhatItWouldGetAlone(t *testing.T) {
	db := pgtest.Open(t, desk)
	old := key("customer/ada")
	first, err := send(t.Context(), db, old, `{"a":1}`)
	if err != nil {
		t.Fatal(err)
	}
	twice, refused := key("customer/ada"), key("")
	all := []idempotency.Request{
		{Key: key(""), Body: []byte(`{}`)}, {Key: old, Body: []byte(`{ "a": 1 }`)}, {Key: old, Body: []byte(`{"a":2}`)},
		{Key: twice, Body: []byte(`{}`)}, {Key: twice, Body: []byte(`{}`)}, {Key: refused, Body: []byte(`"no"`)},
		{Key: idempotency.Key{Route: "POST /api/desk", Value: "1"}, Body: []byte(`{}`)},
	}
	got, err := sendAll(t.Context(), db, all)
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]fault.Kind{2: fault.MismatchKind, 4: fault.InFlightKind, 6: fault.InvalidKind} {
		if !fault.Is(got[n].Err, want) {
			t.Errorf("request %d: %v, want %s", n, got[n].Err, want)
		}
	}
	if got[0].Err != nil || got[0].Stored.Replayed || got[3].Err != nil || !got[1].Stored.Replayed || !same(got[1].Stored, first) || !errors.Is(got[5].Err, errRule) {
		t.Errorf("%+v", got)
	}
	if n := parcels(t, db); n != 3 {
		t.Errorf("%d parcels, want that of before and two", n)
	}
	// What is stored is what Once replays, and what was refused left its key unused.
	if again, err := send(t.Context(), db, all[0].Key, `{}`); err != nil || !again.Replayed || !same(again, got[0].Stored) {
		t.Errorf("%+v, %v", again, err)
	}
	if again, err := send(t.Context(), db, refused, `{}`); err != nil || again.Replayed {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestManyBatchesAtOnceDoEachKeyOnce(t *testing.T) {
	db := pgtest.Open(t, desk)
	var all []idempotency.Request
	for range 40 {
		all = append(all, idempotency.Request{Key: key(""), Body: []byte(`{}`)})
	}
	var wait sync.WaitGroup
	var mu sync.Mutex
	answers := map[string]map[string]bool{}
	for range 6 {
		wait.Go(func() {
			got, err := sendAll(t.Context(), db, all)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			for n, r := range got {
				if answers[all[n].Key.Value] == nil {
					answers[all[n].Key.Value] = map[string]bool{}
				}
				if r.Err == nil {
					answers[all[n].Key.Value][string(r.Stored.Body)] = true
				} else if !fault.Is(r.Err, fault.InFlightKind) {
					t.Error(r.Err)
				}
			}
		})
	}
	wait.Wait()
	for value, different := range answers {
		if len(different) != 1 {
			t.Errorf("%s got %d answers", value, len(different))
		}
	}
	if n := parcels(t, db); n != len(all) {
		t.Errorf("%d parcels of %d keys", n, len(all))
	}
}

func TestABatchThatFailsLeavesNothing(t *testing.T) {
	db := pgtest.Open(t, desk)
	all := []idempotency.Request{{Key: key(""), Body: []byte(`{}`)}, {Key: key(""), Body: []byte(`{}`)}}
	_, err := idempotency.Together(t.Context(), db, all, func(ctx context.Context, tx pgx.Tx, fresh []int) ([]idempotency.Result, error) {
		if _, err := tx.Exec(ctx, `INSERT INTO desk.parcels VALUES ($1)`, uuid.New()); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("the second: %w", errRule)
	})
	if !errors.Is(err, errRule) || parcels(t, db) != 0 {
		t.Errorf("%v; %d parcels", err, parcels(t, db))
	}
	if got, err := sendAll(t.Context(), db, all); err != nil || got[0].Err != nil || got[0].Stored.Replayed {
		t.Errorf("%+v, %v", got, err)
	}
}
