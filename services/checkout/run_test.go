package checkout

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMigrationsExpandOnly(t *testing.T) { pgtest.ExpandOnly(t, schema()) }

// whole fails unless the only saga has ended, the books fit it, and the customer is told so.
func whole(t testing.TB, db *postgres.DB, b *books, key idempotency.Key, want State) {
	t.Helper()
	var text string
	if err := db.QueryRow(context.Background(), `SELECT string_agg(state, ',') FROM checkout.sagas`).Scan(&text); err != nil || text != string(want) {
		t.Errorf("sagas are %q, want %s (%v)", text, want, err)
		return
	}
	var s kept
	if err := db.QueryRow(context.Background(), `SELECT progress FROM checkout.sagas`).Scan(&s); err != nil {
		t.Error(err)
		return
	}
	b.ends(told{t}, s.Saga)
	stored, err := idempotency.Answered(context.Background(), db, key, nil)
	if status := map[State]int{Placed: 201, Gone: 409}[want]; err != nil || stored == nil || stored.Status != status {
		t.Errorf("the customer is told %+v (%v)", stored, err)
	}
	var card string
	if err := db.QueryRow(context.Background(), `SELECT coalesce(request->>'card', '') FROM checkout.sagas`).Scan(&card); err != nil || card != "" {
		t.Errorf("the card is kept: %q (%v)", card, err)
	}
}

// told lets the books speak to a test that goes on.
type told struct{ testing.TB }

func (t told) Fatalf(format string, args ...any) { t.TB.Helper(); t.TB.Errorf(format, args...) }

// C22 a: whatever statement checkout dies at, there is one order with all that belongs to it, and the customer's retry with the key
// gets that.
func TestC22aCheckoutDiesAtAnyStatementOfAnOrder(t *testing.T) {
	diesAnywhere(t, func() *scene { return &scene{books: newBooks()} }, Placed)
}

// The same of one that is refused at its end: nothing is left of it.
func TestC22dCheckoutDiesAtAnyStatementOfAnUndo(t *testing.T) {
	diesAnywhere(t, func() *scene {
		return &scene{books: newBooks(), before: func(_ *attempt, do Action) *Outcome {
			if do == (Action{Call, Place}) {
				return &Outcome{Answer: No, Refusal: Refusal{Kind: "conflict", Detail: "It can never be saved."}}
			}
			return nil
		}}
	}, Gone)
}

func diesAnywhere(t *testing.T, scenes func() *scene, want State) {
	t.Helper()
	s, q, key := scenes(), offered(t), newKey()
	servicetest.Crash(t, schema(), func(db *postgres.DB) error {
		_, err := customer(runnerOn(db, s), key, q)
		return err
	}, func(t testing.TB, db *postgres.DB) {
		whole(t, db, s.books, key, want)
		*s = *scenes() // the next death is another story
	})
}

// Nobody sends the key again: the worker goes on.
func TestTheWorkerGoesOnWithWhatADeadProcessLeft(t *testing.T) {
	for _, dead := range []Action{{Call, Hold}, {Call, Redeem}, {Call, Spend}, {Call, Authorize}, {Call, Place}} {
		for _, reached := range []bool{false, true} {
			t.Run(fmt.Sprint(dead.Step, reached), func(t *testing.T) {
				db, s, q, key := pgtest.Open(t, schema()), &scene{books: newBooks()}, offered(t), newKey()
				r := runnerOn(db, s)
				claim, _, err := idempotency.Begin(t.Context(), db, key, nil, testLease)
				if err != nil {
					t.Fatal(err)
				}
				a := &attempt{quote: q, Saga: NewSaga(claim.ID(), true, true, true), request: Request{Email: "jane@example.org", Card: "tok_visa"}}
				if err := firstTime(t.Context(), r.store, q); err != nil {
					t.Fatal(err)
				}
				if err := r.store.begin(t.Context(), claim, a); err != nil {
					t.Fatal(err)
				}
				died := make(chan struct{})
				stop := func(_ *attempt, do Action) *Outcome {
					if do == dead {
						s.before, s.after = nil, nil
						s.mu.Unlock()
						defer s.mu.Lock()
						close(died)
						select {} // the process is gone
					}
					return nil
				}
				if reached {
					s.after = stop
				} else {
					s.before = stop
				}
				go func() { _ = r.run(context.Background(), claim, a) }()
				<-died
				servicetest.Eventually(t, "the saga ends", func() bool {
					if _, err := r.resumeOnce(t.Context()); err != nil {
						t.Error(err)
					}
					got, err := r.store.saga(t.Context(), claim.ID())
					return err == nil && got.Ended()
				})
				whole(t, db, s.books, key, Placed)
			})
		}
	}
}

// Two processes take one saga for theirs: the first is slow, and its lease runs out while it waits. What is done is done once, and
// what it notes too late is not noted.
func TestOfTwoWhoResumeASagaOneGoesOn(t *testing.T) {
	for round := range 4 {
		db, s, q, key := pgtest.Open(t, schema()), &scene{books: newBooks()}, offered(t), newKey()
		var once sync.Map
		slow := func(_ *attempt, do Action) *Outcome {
			if _, seen := once.LoadOrStore(do, true); !seen && (do.Step == Authorize) == (round%2 == 0) && do.Step != Hold {
				s.mu.Unlock()
				time.Sleep(2 * patientLease) // longer than it is believed to live
				s.mu.Lock()
			}
			return nil
		}
		if round%4 < 2 {
			s.before = slow
		} else {
			s.after = slow
		}
		r := runnerOn(db, s)
		r.lease = patientLease
		var all sync.WaitGroup
		done := make(chan struct{})
		end := sync.OnceFunc(func() { close(done); all.Wait() })
		defer end() // however this ends: nobody speaks to a test that is over
		for range 2 {
			all.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
						if _, err := r.resumeOnce(context.Background()); err != nil {
							t.Error(err)
						}
						time.Sleep(patientLease / 4)
					}
				}
			})
		}
		for range 200 {
			answer, err := customer(r, key, q)
			if err == nil && answer.Status == 201 {
				break
			}
			if err != nil && !strings.Contains(err.Error(), idempotency.ErrLost.Error()) {
				t.Fatal(err)
			}
		}
		end()
		whole(t, db, s.books, key, Placed)
		for _, call := range s.books.calls {
			if strings.HasSuffix(call, "void") || strings.HasSuffix(call, "release") {
				t.Errorf("round %d: %s of an order that was placed", round, call)
			}
		}
	}
}

// A process that lost a saga writes nothing more of it.
func TestWhoLostTheLeaseCommitsNothing(t *testing.T) {
	db, s, q, key := pgtest.Open(t, schema()), &scene{books: newBooks()}, offered(t), newKey()
	r := runnerOn(db, s)
	claim, _, err := idempotency.Begin(t.Context(), db, key, nil, testLease)
	if err != nil {
		t.Fatal(err)
	}
	a := &attempt{quote: q, Saga: NewSaga(claim.ID(), true, true, true)}
	if err := firstTime(t.Context(), r.store, q); err != nil {
		t.Fatal(err)
	}
	if err := r.store.begin(t.Context(), claim, a); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * testLease)
	var taken []*idempotency.Attempt
	servicetest.Eventually(t, "another takes it over", func() bool {
		taken, err = idempotency.Resume(t.Context(), db, placeRoute, time.Minute, 1)
		return err == nil && len(taken) == 1
	})
	before, _ := r.store.saga(t.Context(), claim.ID())
	a.Saga = a.Begin(Action{Call, Hold}, noon).Take(Action{Call, Hold}, Outcome{Answer: OK, Ref: "x"}, noon)
	if err := r.store.save(t.Context(), claim, a, nil); err == nil {
		t.Error("it went on")
	}
	if err := r.run(t.Context(), claim, a); err == nil || len(s.books.calls) != 0 {
		t.Errorf("it called %v (%v)", s.books.calls, err)
	}
	if after, _ := r.store.saga(t.Context(), claim.ID()); fmt.Sprintf("%+v", after.Saga) != fmt.Sprintf("%+v", before.Saga) {
		t.Errorf("%+v, was %+v", after.Saga, before.Saga)
	}
}

// Before another service is asked, it is committed that it will be; before anything else, what came of it.
func TestWhatIsAboutToBeMadeIsCommittedBefore(t *testing.T) {
	db, s, q, key := pgtest.Open(t, schema()), &scene{books: newBooks()}, offered(t), newKey()
	r := runnerOn(db, s)
	s.before = func(a *attempt, do Action) *Outcome {
		got, err := r.store.saga(context.Background(), a.ID)
		if err != nil {
			t.Error(err)
			return nil
		}
		for _, p := range got.Steps[:got.at(do.Step)] {
			if p.Status != Done || p.Ref == "" {
				t.Errorf("%s is asked for, and of %s is committed %s", do.Step, p.Step, p.Status)
			}
		}
		if p := got.Steps[got.at(do.Step)]; p.Status != Begun {
			t.Errorf("%s is asked for, and committed is %s", do.Step, p.Status)
		}
		return nil
	}
	if answer, err := customer(r, key, q); err != nil || answer.Status != 201 {
		t.Fatalf("%+v %v", answer, err)
	}
	whole(t, db, s.books, key, Placed)
}

// What the customer is told is committed before: a process that lost the saga at its very end tells nothing.
func TestNoAnswerIsGivenThatIsNotCommitted(t *testing.T) {
	db, s, q, key := pgtest.Open(t, schema()), &scene{books: newBooks()}, offered(t), newKey()
	r := runnerOn(db, s)
	s.after = func(_ *attempt, do Action) *Outcome {
		if do == (Action{Call, Place}) {
			time.Sleep(2 * testLease) // it was believed to be dead
			if taken, err := idempotency.Resume(context.Background(), db, placeRoute, time.Minute, 1); err != nil || len(taken) != 1 {
				t.Errorf("another takes over %d sagas (%v)", len(taken), err)
			}
		}
		return nil
	}
	claim, a, _, err := asked(t.Context(), r, key, q)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.run(t.Context(), claim, a); !errors.Is(err, idempotency.ErrLost) {
		t.Errorf("it ends with %v", err)
	}
	if stored, err := idempotency.Answered(t.Context(), db, key, nil); stored != nil {
		t.Errorf("answered: %+v (%v)", stored, err)
	}
}
