package money

import (
	"errors"
	"testing"

	"pgregory.net/rapid"
)

// eur reads an amount that a test is sure of.
func eur(t rapid.TB, amount string) Money {
	t.Helper()
	return of(t, amount, "EUR")
}

func of(t rapid.TB, amount, currency string) Money {
	t.Helper()
	m, err := Parse(amount, currency)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// amounts are all that there can be, the ends often.
func amounts(currency string) *rapid.Generator[Money] {
	return rapid.Custom(func(t *rapid.T) Money {
		return New(rapid.Int64Range(-Most, Most).Draw(t, "minor"), currency)
	})
}

func TestArithmeticIsExactOrRefused(t *testing.T) {
	most := New(Most, "EUR")
	for name, c := range map[string]struct {
		got  func() (Money, error)
		want Money
		err  error
	}{
		"adding":                       {func() (Money, error) { return eur(t, "12.90").Add(eur(t, "0.01")) }, New(1291, "EUR"), nil},
		"taking away":                  {func() (Money, error) { return eur(t, "0.01").Sub(eur(t, "12.90")) }, New(-1289, "EUR"), nil},
		"so many times":                {func() (Money, error) { return eur(t, "-12.90").Times(3) }, New(-3870, "EUR"), nil},
		"no times":                     {func() (Money, error) { return eur(t, "12.90").Times(0) }, New(0, "EUR"), nil},
		"three dinars of 1.250":        {func() (Money, error) { return of(t, "1.250", "KWD").Times(3) }, New(3750, "KWD"), nil},
		"beyond the most":              {func() (Money, error) { return most.Add(New(1, "EUR")) }, Money{}, ErrOverflow},
		"beyond the least":             {func() (Money, error) { return most.Neg().Sub(New(1, "EUR")) }, Money{}, ErrOverflow},
		"beyond 64 bits":               {func() (Money, error) { return most.Times(1 << 62) }, Money{}, ErrOverflow},
		"wrapped round to a small one": {func() (Money, error) { return New(1<<32, "EUR").Times(1 << 32) }, Money{}, ErrOverflow},
		"the smallest number there is": {func() (Money, error) { return New(-1<<63, "EUR").Add(New(-1<<63, "EUR")) }, Money{}, ErrOverflow},
		"dollars to euros":             {func() (Money, error) { return eur(t, "1").Add(New(1, "USD")) }, Money{}, ErrMixed},
		"dollars from euros":           {func() (Money, error) { return eur(t, "1").Sub(New(1, "USD")) }, Money{}, ErrMixed},
	} {
		got, err := c.got()
		if !errors.Is(err, c.err) || (err == nil && got != c.want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestAddAndSubUndoEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := amounts("EUR").Draw(t, "a"), amounts("EUR").Draw(t, "b")
		sum, err := a.Add(b)
		if exact := a.Minor() + b.Minor(); (exact > Most || exact < -Most) != errors.Is(err, ErrOverflow) {
			t.Fatalf("%v + %v: %v", a, b, err)
		}
		if err != nil {
			return
		}
		if back, err := sum.Sub(b); err != nil || back != a {
			t.Fatalf("%v + %v - %v is %v, %v", a, b, b, back, err)
		}
	})
}

func TestTimesIsAddingOften(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		price, n := New(rapid.Int64Range(-1e9, 1e9).Draw(t, "price"), "EUR"), rapid.IntRange(0, 99).Draw(t, "n")
		product, err := price.Times(int64(n))
		if err != nil {
			t.Fatal(err)
		}
		list := make([]Money, n)
		for i := range list {
			list[i] = price
		}
		if sum, err := Sum("EUR", list...); err != nil || sum != product {
			t.Fatalf("%d × %v is %v; adding makes %v, %v", n, price, product, sum, err)
		}
	})
}

func TestCompareKnowsOneCurrency(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"1.00", "1", 0}, {"-0.01", "0", -1}, {"10", "9.99", 1}} {
		if got, err := eur(t, c.a).Compare(eur(t, c.b)); err != nil || got != c.want {
			t.Errorf("%s to %s: %d, %v", c.a, c.b, got, err)
		}
	}
	if _, err := eur(t, "1").Compare(New(100, "USD")); !errors.Is(err, ErrMixed) {
		t.Errorf("euros were compared with dollars: %v", err)
	}
	if eur(t, "-1").Sign() != -1 || !eur(t, "0").IsZero() || eur(t, "1").Neg() != eur(t, "-1") {
		t.Error("a sign is wrong")
	}
}

func TestSum(t *testing.T) {
	if none, err := Sum("EUR"); err != nil || none != New(0, "EUR") {
		t.Errorf("nothing makes %v, %v", none, err)
	}
	if wrong, err := Sum("EUR", New(1, "USD")); !errors.Is(err, ErrMixed) {
		t.Errorf("dollars were added to euros: %v, %v", wrong, err)
	}
}

// Whatever amounts there are, and however many: not one cent is made or lost.
func TestASumOfManyIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []Money
		var want int64
		for _, minor := range rapid.SliceOfN(rapid.Int64Range(-1e12, 1e12), 0, 60).Draw(t, "minor") {
			all, want = append(all, New(minor, "EUR")), want+minor
		}
		if got, err := Sum("EUR", all...); err != nil || got.Minor() != want {
			t.Fatalf("%v, want %d (%v)", got, want, err)
		}
	})
}
