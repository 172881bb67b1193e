package payments

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/money"
)

func euros(t testing.TB, amount string) money.Money {
	t.Helper()
	m, err := money.Parse(amount, "EUR")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// parts are the refunds of a whole when so much is given back each time.
func parts(t testing.TB, whole string, of int64, back ...int64) (out []string) {
	t.Helper()
	total, before, sum := euros(t, whole), euros(t, "0"), int64(0)
	for _, n := range back {
		sum += n
		part, err := Running(total, sum, of, before)
		if err == nil {
			before, err = before.Add(part)
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, part.Amount())
	}
	return out
}

func same(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for n := range a {
		if a[n] != b[n] {
			return false
		}
	}
	return true
}

func TestC28PartialRefundsMakeTheWhole(t *testing.T) {
	for name, c := range map[string]struct {
		got  []string
		want []string
	}{
		"a":     {parts(t, "179.25", 10, 3, 3, 4), []string{"53.78", "53.77", "71.70"}},
		"a tax": {parts(t, "29.87", 10, 3, 3, 4), []string{"8.96", "8.96", "11.95"}},
		"b":     {parts(t, "10.00", 3, 1, 1, 1), []string{"3.33", "3.34", "3.33"}},
		"c tax": {parts(t, "9.88", 6188, 3200, 900, 800, 300, 600, 388), []string{"5.11", "1.44", "1.27", "0.48", "0.96", "0.62"}},
		"c net": {parts(t, "52.00", 6188, 3200, 900, 800, 300, 600, 388), []string{"26.89", "7.56", "6.73", "2.52", "5.04", "3.26"}},
	} {
		if !same(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
}

// Whatever is given back in whatever order, the refunds make what was paid and their taxes the tax.
func TestC28WhateverTheOrderOfReturnsTheSumsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		paid := money.New(rapid.Int64Range(1, 1_000_000).Draw(t, "paid"), "EUR")
		var back []int64
		var of int64
		for range rapid.IntRange(1, 12).Draw(t, "returns") {
			n := rapid.Int64Range(1, 50).Draw(t, "back")
			back, of = append(back, n), of+n
		}
		before, sum := money.New(0, "EUR"), int64(0)
		for _, n := range back {
			sum += n
			part, err := Running(paid, sum, of, before)
			if err != nil || part.Sign() < 0 {
				t.Fatalf("a refund of %s: %v", part, err)
			}
			if before, err = before.Add(part); err != nil {
				t.Fatal(err)
			}
		}
		if before != paid {
			t.Fatalf("of %s came back %s", paid, before)
		}
	})
}

// The tax of a payment's refunds goes by the same running total.
func TestC28TheTaxOfRefundsOfAPayment(t *testing.T) {
	p := Payment{Amount: 6188, Currency: "EUR", Authorized: true, Captured: 6188, Tax: 988}
	before := int64(0)
	for n, want := range []int64{511, 144, 127, 48, 96, 62} {
		amount := p.Money([]int64{3200, 900, 800, 300, 600, 388}[n])
		after, err := p.BeginRefund(amount)
		if err != nil {
			t.Fatal(err)
		}
		p, _ = after.Settle(Attempt{Kind: Refund, Amount: amount, Outcome: Open}, Answer{Outcome: Done})
		if got := p.RefundedTax - before; got != want {
			t.Errorf("refund %d has a tax of %d, want %d", n, got, want)
		}
		before = p.RefundedTax
	}
	if p.Refunded != 6188 || p.RefundedTax != 988 || p.State(false) != Refunded {
		t.Errorf("%+v", p)
	}
}
