package payments

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// forget lets the provider forget every key, as he does after a day: only references are left.
func (w *world) forget() {
	w.t.Helper()
	if _, err := w.psp.Kit().DB.Exec(context.Background(), `DELETE FROM psp_fake.idempotency_keys`); err != nil {
		w.t.Fatal(err)
	}
}

// insisting repeats a step whose first answer gets lost, with the provider's keys gone in between. Answers stay lost: what is asked
// for a second time is done a second time.
func (w *world) insisting(step string, do func() (idempotency.Stored, error)) idempotency.Stored {
	w.t.Helper()
	if _, err := do(); err == nil {
		w.t.Fatalf("%s: the provider's answer was not lost", step)
	}
	w.forget()
	made, err := do()
	if err != nil {
		w.t.Errorf("%s: what was done is not found: %v", step, err)
	}
	return made
}

// An answer was lost, and the provider forgot the key meanwhile: by the reference he is asked what became of it before he is asked to
// do it, so that nothing is done twice. No worker is there that could come between.
func TestC22WhatMayHaveBeenDoneIsLookedForBeforeItIsAskedForAgain(t *testing.T) {
	w := newWorld(t)
	w.feel(`{"lose":1}`)
	ctx, saga := t.Context(), newKey()
	till := w.newTill(pgtest.Open(t, schema()))
	by := func(step string) wanted {
		return wanted{
			key: idempotency.Key{Caller: "service:checkout", Route: "POST " + step, Value: saga + ":" + step}, sent: []byte(`{}`),
			answer: func(p Payment, _ Attempt) (idempotency.Stored, error) {
				return idempotency.Stored{Status: 201, Body: []byte(p.ID.String())}, nil
			},
		}
	}
	made := w.insisting("authorize", func() (idempotency.Stored, error) {
		return till.authorize(ctx, by("auth"), saga, "tok_visa", money.New(5000, "EUR"))
	})
	if t.Failed() {
		t.FailNow()
	}
	id := uuid.MustParse(string(made.Body))
	w.insisting("capture", func() (idempotency.Stored, error) {
		return till.operate(ctx, by("capture"), id, Capture, money.New(2000, "EUR"), false)
	})
	w.insisting("refund", func() (idempotency.Stored, error) {
		return till.operate(ctx, by("refund"), id, Refund, money.New(500, "EUR"), false)
	})
	if theirs, n := w.charged(saga); n != 1 || theirs.Captured != 2000 || theirs.Refunded != 500 {
		t.Errorf("the provider took %d and gave back %d in %d authorisations, of one with 2000 and 500", theirs.Captured, theirs.Refunded, n)
	}
}

// The worker knows no more of an attempt than that it is open: it looks first as well.
func TestC22TheWorkerLooksForWhatADeadRequestMayHaveDone(t *testing.T) {
	w := newWorld(t)
	w.feel(`{"lose":1}`)
	ctx, saga := t.Context(), newKey()
	till := w.newTill(pgtest.Open(t, schema()))
	by := wanted{key: idempotency.Key{Caller: "service:checkout", Route: "POST auth", Value: saga}, sent: []byte(`{}`)}
	if _, err := till.authorize(ctx, by, saga, "tok_visa", money.New(5000, "EUR")); err == nil {
		t.Fatal("the provider's answer was not lost")
	}
	w.forget()
	if _, err := till.store.db.Exec(ctx, `UPDATE payments.attempts SET due_at = now()`); err != nil {
		t.Fatal(err)
	}
	due, err := till.store.due(ctx, atOnce)
	if err != nil || len(due) != 1 {
		t.Fatalf("%d attempts are due, of 1: %v", len(due), err)
	}
	if err := till.drive(ctx, due[0]); err != nil {
		t.Errorf("what was done is not found: %v", err)
	}
	if theirs, n := w.charged(saga); n != 1 || theirs.Held != 5000 {
		t.Errorf("the provider holds %d in %d authorisations, of one with 5000", theirs.Held, n)
	}
}
