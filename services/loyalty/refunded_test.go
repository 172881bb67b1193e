package loyalty

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// refundsTo is a refund that staff asked payments for: so much by the provider, and so much to gift cards.
func (p purchase) refundsTo(euros, cards string) events.Event {
	p.t.Helper()
	amount := func(a string) map[string]string { return map[string]string{"amount": a, "currency": "EUR"} }
	return p.event(events.PaymentRefunded, "payments", p.payment.String(), map[string]any{"payment": p.payment, "order": p.order, "saga": p.saga,
		"amount": amount(euros), "cards": amount(cards), "refund": uuid.New()})
}

// C44, by hand: 30.00, of which the provider was paid 12.50 and a card 17.50. Staff gives 20.00 back: 12.50 and 7.50. Then 10.00: all of it the
// card's. In whatever order it is told, and told twice, each cent is booked once.
func TestC44ARefundByStaffIsBookedOnTheCardOnce(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	for n, order := range permutations(4) {
		p, c := paidByCard(t, s, fmt.Sprintf("customer-%d", n))
		story := []events.Event{p.placed(), p.says(events.OrderPaid), p.refundsTo("12.50", "7.50"), p.refundsTo("0.00", "2.25")}
		for _, at := range order {
			s.takes(t, story[at], story[at])
		}
		if left := s.onCard(t, c.ID); left != "9.75" {
			t.Errorf("told as %v: %s on the card", order, left)
		}
		// 25.10 of goods less 22.25 are 2.85, of which 2.40 are net: 2 points are kept.
		if got := s.sums(t, p.customer, time.Now()); got.Balance != 2 {
			t.Errorf("told as %v: %+v", order, got)
		}
		last := p.refundsTo("0.00", "7.75")
		s.takes(t, last, last, p.says(events.OrderCancelled), last)
		if left := s.onCard(t, c.ID); left != "17.50" {
			t.Errorf("told as %v, then the rest and a cancellation: %s on the card", order, left)
		}
		if got := s.sums(t, p.customer, time.Now()); got.Balance != 0 {
			t.Errorf("all is back: %+v", got)
		}
	}
}

// C44: an order that two cards pay in full has all of it back on them, the one that paid last first, and its points are taken back.
func TestC44AnOrderThatCardsPayInFullIsRefundedToThem(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	p := buys(t, "anna", bought{"20.00", "3.19"}, bought{"5.10", "0.81"})
	first, one := s.card(t, "20.00")
	second, two := s.card(t, "50.00")
	h := Hold{ID: uuid.New(), Saga: p.saga, State: Reserved, Customer: "anna"}
	if err := s.inTx(t, func(ctx context.Context, tx pgx.Tx) error {
		return reserve(ctx, tx, h, []wanted{{one, eur(t, "20.00")}, {two, eur(t, "10.00")}}, noon)
	}); err != nil {
		t.Fatal(err)
	}
	s.takes(t, p.placed(), p.says(events.OrderPaid))
	for _, c := range []struct{ cards, first, second string }{{"9.99", "0.00", "49.99"}, {"0.02", "0.01", "50.00"}, {"19.99", "20.00", "50.00"}} {
		e := p.refundsTo("0.00", c.cards)
		s.takes(t, e, e)
		if s.onCard(t, first.ID) != c.first || s.onCard(t, second.ID) != c.second {
			t.Errorf("%s more: %s and %s on the cards, want %s and %s", c.cards, s.onCard(t, first.ID), s.onCard(t, second.ID), c.first, c.second)
		}
	}
	if got := s.sums(t, "anna", time.Now()); got.Balance != 0 {
		t.Errorf("%+v", got)
	}
}

// A return is told by returns, and what of it goes to cards by payments as well: that is the same money. A refund by staff beside it is more.
func TestC44AReturnThatPaymentsTellsOfAsWellIsBookedOnce(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	for n, order := range permutations(4) {
		p, c := paidByCard(t, s, fmt.Sprintf("customer-%d", n))
		story := []events.Event{p.placed(), p.comesBack(p.lines[0]), p.ofReturn(p.refundsTo("12.50", "7.50")), p.refundsTo("0.00", "4.00")}
		for _, at := range order {
			s.takes(t, story[at], story[at])
		}
		if left := s.onCard(t, c.ID); left != "11.50" {
			t.Errorf("told as %v: %s on the card", order, left)
		}
	}
}

// ofReturn is the same refund, of a return.
func (p purchase) ofReturn(e events.Event) events.Event {
	p.t.Helper()
	data := map[string]any{}
	if err := e.Into(&data); err != nil {
		p.t.Fatal(err)
	}
	data["return"] = uuid.New()
	return p.event(e.Type, e.Source, e.Subject, data)
}

// Less was taken than was due, as staff captured it by hand: what payments says that cards get they get, though by the total it is less.
func TestC44TheCardGetsNoLessThanPaymentsTold(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	p, c := paidByCard(t, s, "anna")
	s.takes(t, p.placed(), p.refundsTo("10.00", "10.00"))
	if left := s.onCard(t, c.ID); left != "10.00" {
		t.Errorf("%s on the card", left)
	}
}

// A refund to cards of an order that was cancelled meanwhile gives them nothing twice.
func TestC44ARefundAfterACancellationGivesTheCardNothingMore(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	p, c := paidByCard(t, s, "anna")
	s.takes(t, p.placed(), p.says(events.OrderPaid), p.says(events.OrderCancelled), p.refundsTo("0.00", "5.00"))
	if left := s.onCard(t, c.ID); left != "17.50" {
		t.Errorf("%s on the card", left)
	}
}

// What comes back to a card that was closed meanwhile pays nothing more, and is not lost: who closes it again is told what is to be given back.
func TestC44WhatComesBackToAClosedCardIsToldByClosingItAgain(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	p, c := paidByCard(t, s, "anna")
	closes := func(want string) {
		t.Helper()
		if err := s.inTx(t, func(ctx context.Context, tx pgx.Tx) error {
			_, refundable, err := closeCard(ctx, tx, c.ID, noon)
			if err == nil && refundable.Amount() != want {
				t.Errorf("%s are to be given back, want %s", refundable, want)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	s.takes(t, p.placed(), p.says(events.OrderPaid))
	closes("0.00")
	s.takes(t, p.says(events.OrderCancelled))
	closes("17.50")
	closes("0.00")
}
