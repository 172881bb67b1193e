package money

import (
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The tables of C01, C02 and C10.
func TestAllocateByLargestRemainder(t *testing.T) {
	for _, c := range []struct{ amount, currency, weights, want string }{
		{"10.00", "EUR", "100.00 100.00 100.00", "3.34 3.33 3.33"},
		{"2.00", "EUR", "5.00 5.00 5.00", "0.67 0.67 0.66"},
		{"5.00", "EUR", "19.99 5.01 0.01", "4.00 1.00 0.00"},
		{"0.99", "EUR", "3.33 3.33 3.34 10.00", "0.16 0.16 0.17 0.50"},
		{"9.24", "EUR", "9.95 12.95 3.49", "3.48 4.54 1.22"},
		{"1000", "JPY", "1 1 1", "334 333 333"},
		{"1.000", "KWD", "1 1 1", "0.334 0.333 0.333"},
		{"4.95", "EUR", "16.34 33.53", "1.62 3.33"},
		{"-10.00", "EUR", "1 1 1", "-3.34 -3.33 -3.33"},
		{"0.02", "EUR", "0 1 1 1", "0.00 0.01 0.01 0.00"},
	} {
		var weights []int64
		for w := range strings.FieldsSeq(c.weights) {
			weights = append(weights, of(t, w, c.currency).Minor())
		}
		parts, err := of(t, c.amount, c.currency).Allocate(weights...)
		var got []string
		for _, p := range parts {
			got = append(got, p.Amount())
		}
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s over %s: %v, %v; want %s", c.amount, c.weights, got, err, c.want)
		}
	}
}

func weights() *rapid.Generator[[]int64] {
	return rapid.Custom(func(t *rapid.T) []int64 {
		list := rapid.SliceOfN(rapid.Int64Range(0, 1e12), 1, 12).Draw(t, "weights")
		list[0]++ // one is above zero
		return list
	})
}

func TestPartsMakeTheAmountAndAreWithinAUnit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, by := amounts("EUR").Draw(t, "m"), weights().Draw(t, "by")
		parts, err := m.Allocate(by...)
		if err != nil {
			t.Fatal(err)
		}
		if sum, err := Sum("EUR", parts...); err != nil || sum != m {
			t.Fatalf("the parts of %v make %v, %v", m, sum, err)
		}
		total := new(big.Int)
		for _, w := range by {
			total.Add(total, big.NewInt(w))
		}
		for n, p := range parts {
			exact := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(m.Minor()), big.NewInt(by[n])), total)
			off := new(big.Rat).Sub(new(big.Rat).SetInt64(p.Minor()), exact)
			if off.Abs(off).Cmp(big.NewRat(1, 1)) >= 0 {
				t.Fatalf("part %d of %v by %v is %v, exactly %v", n, m, by, p, exact)
			}
		}
	})
}

// Of different weights, that is: equals are served in the order they stand in.
func TestTheOrderOfTheLinesChangesNobodysShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := New(rapid.Int64Range(0, 1e9).Draw(t, "m"), "EUR")
		by := rapid.SliceOfNDistinct(rapid.Int64Range(1, 1000), 2, 8, rapid.ID).Draw(t, "by")
		forward, err := m.Allocate(by...)
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(by)
		backward, err := m.Allocate(by...)
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(backward)
		slices.Reverse(by)
		for n := range forward {
			// Different weights may still lose the same remainder: then they are ties.
			if forward[n] != backward[n] && !tied(m, by, n) {
				t.Fatalf("%v by %v: %v, backwards %v", m, by, forward, backward)
			}
		}
	})
}

func tied(m Money, by []int64, n int) bool {
	var total int64
	for _, w := range by {
		total += w
	}
	rest := func(w int64) int64 { return m.Minor() * w % total }
	for i, w := range by {
		if i != n && rest(w) == rest(by[n]) {
			return true
		}
	}
	return false
}

func TestNothingToShareByIsRefused(t *testing.T) {
	for name, by := range map[string][]int64{
		"nobody": {}, "nobody with a weight": {0, 0}, "less than nothing": {2, -1}, "more than can be added": {1 << 62, 1 << 62},
	} {
		if parts, err := New(100, "EUR").Allocate(by...); err == nil {
			t.Errorf("%s: %v", name, parts)
		}
	}
	if _, err := New(Most+1, "EUR").Allocate(1); !errors.Is(err, ErrOverflow) {
		t.Errorf("more than there can be was shared: %v", err)
	}
}
