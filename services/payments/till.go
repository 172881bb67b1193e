package payments

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// till asks the provider and writes down what he says. Before he is asked there is
// a row that says for what, and after he answered another commit says what became
// of it: whoever dies between leaves a row that is asked for again, by its reference.
type till struct {
	store      *store
	psp        provider
	mismatches prometheus.Counter
}

// inHand is for how long an attempt is left to the request that made it.
const inHand = 10.0

// ask asks for an attempt, or what became of it if it may have been asked for before. A refund that goes to gift cards alone is none of
// the provider's: it is done as soon as it is told, and loyalty books it.
func (t *till) ask(ctx context.Context, a Attempt) (Answer, error) {
	if a.cardsAlone() {
		return Answer{Outcome: Done, ID: a.ID.String(), Amount: a.Amount}, nil
	}
	if !a.fresh {
		if said, found, err := t.psp.Find(ctx, a); found || err != nil {
			return said, err
		}
	}
	return t.psp.Ask(ctx, a)
}

// settle writes what became of an attempt, once: who comes second finds it done.
func (t *till) settle(ctx context.Context, tx pgx.Tx, a Attempt, said Answer) (Payment, Attempt, error) {
	before, err := readPayment(ctx, tx, a.Payment, locked)
	if err != nil {
		return Payment{}, a, err
	}
	now, err := attempt(ctx, tx, "id", a.ID)
	if err != nil || now == nil {
		return before, a, fmt.Errorf("reading an attempt again: %w", err)
	}
	if now.Outcome != Open {
		return before, *now, nil
	}
	after, settled := before.Settle(*now, said)
	if err := saveAttempt(ctx, tx, settled); err != nil {
		return before, settled, err
	}
	if settled.Return != nil && settled.Outcome == NotDone {
		slog.ErrorContext(ctx, "the provider refused to give back what a return costs: staff must do it by hand", "payment", after.ID, "return", *settled.Return, "amount", settled.Amount)
		if err := t.cardsPart(ctx, tx, after, settled); err != nil {
			return before, settled, err
		}
	}
	if settled.Reason == Mismatch {
		t.mismatches.Inc()
		slog.ErrorContext(ctx, "voiding an authorisation of another amount than was asked for", "payment", after.ID)
		wrong := Attempt{Kind: Void, Target: said.ID, Amount: said.Amount}
		if err := t.add(ctx, tx, after, wrong, 0); err != nil {
			return after, settled, err
		}
	}
	if after, err = t.unwind(ctx, tx, after); err != nil {
		return after, settled, err
	}
	if err := save(ctx, tx, before, after, after.State(settled.Kind == Authorize && settled.Outcome == NotDone)); err != nil {
		return after, settled, err
	}
	return after, settled, tell(ctx, tx, after, settled)
}

// add notes an attempt of a payment whose row is locked. Its reference is made of
// the saga, the step and which one of its kind it is: nothing that another try would change.
func (t *till) add(ctx context.Context, tx pgx.Tx, p Payment, a Attempt, later float64) error {
	_, err := t.begin(ctx, tx, p, a, later)
	return err
}

func (t *till) begin(ctx context.Context, tx pgx.Tx, p Payment, a Attempt, later float64) (Attempt, error) {
	if a.Reference == "" {
		before, err := attemptsOf(ctx, tx, p.ID, a.Kind)
		if err != nil {
			return a, err
		}
		a.Reference = fmt.Sprintf("%s:%s:%d", p.Saga, a.Kind, len(before)+1)
	}
	var err error
	if a.ID, err = uuid.NewV7(); err != nil {
		return a, fmt.Errorf("naming an attempt: %w", err)
	}
	a.Payment, a.Outcome, a.fresh = p.ID, Open, true
	return a, insertAttempt(ctx, tx, a, later)
}

// unwind notes what gives back what nobody wants, if anything is left of it.
func (t *till) unwind(ctx context.Context, tx pgx.Tx, p Payment) (Payment, error) {
	kind, amount, due := p.Unwind()
	if !due {
		return p, nil
	}
	before, err := attemptsOf(ctx, tx, p.ID, kind)
	if err != nil {
		return p, err
	}
	failed := 0
	for _, a := range before {
		if a.Outcome == Open && a.Target == p.Reference {
			return p, nil // it is under way
		}
		if a.Outcome == NotDone {
			failed++
		}
	}
	if kind == Refund {
		p.Refunding += amount.Minor()
	} else {
		p.Closing = true
	}
	// What the provider refused is tried again, less and less often.
	return p, t.add(ctx, tx, p, Attempt{Kind: kind, Target: p.Reference, Amount: amount}, float64(30*failed))
}

// finish asks for what is open of a payment, until nothing is that stands in the way.
func (t *till) finish(ctx context.Context, payment uuid.UUID, kinds ...Kind) error {
	for _, kind := range kinds {
		list, err := attemptsOf(ctx, t.store.db, payment, kind)
		if err != nil {
			return err
		}
		for _, a := range list {
			if a.Outcome != Open {
				continue
			}
			if err := t.drive(ctx, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// drive asks for one attempt and writes down what became of it. An error says that
// it is not known; then it stays open.
func (t *till) drive(ctx context.Context, a Attempt) error {
	said, err := t.ask(ctx, a)
	if err != nil {
		return unknown(err)
	}
	return postgres.InTx(ctx, t.store.db, func(tx pgx.Tx) error {
		_, _, err := t.settle(ctx, tx, a, said)
		return err
	})
}

const (
	// look is how often attempts are looked for that are due.
	look = 250 * time.Millisecond
	// atOnce bounds how many of them are asked for at a time.
	atOnce = 8
)

// work asks for what is open, until the context ends.
func (t *till) work(ctx context.Context) error {
	for {
		list, err := t.store.due(ctx, atOnce)
		if err != nil {
			return err
		}
		var all sync.WaitGroup
		for _, a := range list {
			all.Go(func() {
				if err := t.drive(ctx, a); err != nil && ctx.Err() == nil {
					slog.WarnContext(ctx, "asking the provider, it is asked again", "attempt", a.ID, "kind", a.Kind, "tries", a.Tries, "error", err)
					_ = t.store.putOff(ctx, a.ID, min(float64(a.Tries), 30))
				}
			})
		}
		all.Wait()
		if len(list) == atOnce {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(look):
		}
	}
}
