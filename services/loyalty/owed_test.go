package loyalty

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// paidByCard is an order of 30.00 with shipping in it, of which a card of 17.50 pays all that it has, and the provider 12.50.
func paidByCard(t *testing.T, s *store, customer string) (purchase, Card) {
	t.Helper()
	p := buys(t, customer, bought{"20.00", "3.19"}, bought{"5.10", "0.81"})
	c, code := s.card(t, "17.50")
	h := Hold{ID: uuid.New(), Saga: p.saga, State: Reserved, Customer: customer}
	if err := s.inTx(t, func(ctx context.Context, tx pgx.Tx) error {
		return reserve(ctx, tx, h, []wanted{{code, eur(t, "17.50")}}, noon)
	}); err != nil {
		t.Fatal(err)
	}
	return p, c
}

// C44: 20.00 back of an order of which the provider was paid 12.50: the card gets 7.50, in whatever order it is told, and told twice.
func TestC44AReturnGivesTheCardWhatTheProviderWasNotPaid(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	for n, order := range permutations(4) {
		p, c := paidByCard(t, s, fmt.Sprintf("customer-%d", n))
		story := []events.Event{p.placed(), p.says(events.OrderPaid), p.comesBack(p.lines[0]), p.refundsFor("12.50")}
		for _, at := range order {
			s.takes(t, story[at], story[at])
		}
		if left := s.onCard(t, c.ID); left != "7.50" {
			t.Errorf("told as %v: %s on the card", order, left)
		}
		// 5.10 net of tax are 4.29: 4 points are kept, whoever gave the money back.
		if got := s.sums(t, p.customer, time.Now()); got.Balance != 4 {
			t.Errorf("told as %v: %+v", order, got)
		}
		s.takes(t, p.comesBack(p.lines[1]))
		if left := s.onCard(t, c.ID); left != "12.60" {
			t.Errorf("the rest came back: %s on the card", left)
		}
		if got := s.sums(t, p.customer, time.Now()); got.Balance != 0 {
			t.Errorf("the rest came back: %+v", got)
		}
	}
}

// What staff had the provider give back before is not there for a return any more: the card pays the more of it. Cancelled after that, the card
// has all of its own again, once.
func TestC44ACourtesyBeforeTheReturnLeavesMoreToTheCard(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	p, c := paidByCard(t, s, "anna")
	s.takes(t, p.placed(), p.says(events.OrderPaid), p.refunds("5.00", uuid.New()))
	if left := s.onCard(t, c.ID); left != "0.00" {
		t.Errorf("a courtesy of 5.00: %s on the card", left)
	}
	s.takes(t, p.comesBack(p.lines[0]))
	if left := s.onCard(t, c.ID); left != "12.50" {
		t.Errorf("20.00 came back: %s on the card", left)
	}
	s.takes(t, p.says(events.OrderCancelled), p.says(events.OrderCancelled))
	if left := s.onCard(t, c.ID); left != "17.50" {
		t.Errorf("cancelled: %s on the card", left)
	}
}

// Of an order that no card paid, and of one that was told of before totals were noted, nothing goes to a card.
func TestC44AnOrderWithoutACardOwesNone(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	p := orderOfC45(t)
	s.takes(t, p.placed(), p.says(events.OrderPaid), p.comesBack(p.lines[0]))
	q, c := paidByCard(t, s, "berta")
	s.takes(t, q.placed())
	if _, err := s.db.Exec(t.Context(), `UPDATE loyalty.orders SET total_minor = NULL`); err != nil {
		t.Fatal(err)
	}
	s.takes(t, q.comesBack(q.lines[0]))
	if left := s.onCard(t, c.ID); left != "0.00" {
		t.Errorf("%s on the card", left)
	}
}

// Whatever is refunded in whatever pieces, the cards get what is beyond the provider's part, never more than they paid, and each cent once.
func TestC44WhatCardsAreOwedIsWhatIsBeyondTheProvider(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := Hold{State: Committed}
		cards := int64(0)
		for range rapid.IntRange(1, 3).Draw(t, "cards") {
			part := rapid.Int64Range(1, 5000).Draw(t, "part")
			h.Parts, cards = append(h.Parts, Part{uuid.New(), money.New(part, "EUR"), money.New(0, "EUR")}), cards+part
		}
		due := rapid.Int64Range(0, 5000).Draw(t, "due")
		refunds, got := int64(0), int64(0)
		for range rapid.IntRange(1, 6).Draw(t, "refunds") {
			refunds = min(refunds+rapid.Int64Range(0, 4000).Draw(t, "more"), due+cards)
			owed := h.Owes(money.New(due+cards, "EUR"), money.New(refunds, "EUR"))
			if owed.IsZero() {
				continue
			}
			_, parts, err := h.Refund(owed, money.New(0, "EUR"))
			if err != nil {
				t.Fatal(err)
			}
			for _, back := range parts {
				for n := range h.Parts {
					if h.Parts[n].Card == back.Card {
						h.Parts[n].Back = money.New(h.Parts[n].Back.Minor()+back.Back.Minor(), "EUR")
					}
				}
			}
			h.Owed, got = h.Owed+owed.Minor(), got+owed.Minor()
		}
		if want := max(0, refunds-due); got != want {
			t.Fatalf("cards got %d of %d refunded with %d due, want %d", got, refunds, due, want)
		}
	})
}

// permutations are all orders of n things.
func permutations(n int) (all [][]int) {
	if n == 0 {
		return [][]int{nil}
	}
	for _, p := range permutations(n - 1) {
		for at := range n {
			q := append(append(append([]int{}, p[:at]...), n-1), p[at:]...)
			all = append(all, q)
		}
	}
	return all
}
