package money

import (
	"errors"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func percent(t rapid.TB, text string) Rate {
	t.Helper()
	r, err := Percent(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAHalfGoesWhereThePolicySends(t *testing.T) {
	for _, c := range []struct {
		minor int64
		how   Rounding
		want  int64
	}{
		// 10 % of the amount
		{115, HalfUp, 12}, {-115, HalfUp, -12}, {114, HalfUp, 11}, {110, HalfUp, 11},
		{115, HalfEven, 12}, {125, HalfEven, 12}, {-125, HalfEven, -12}, {126, HalfEven, 13},
		{119, Down, 11}, {-119, Down, -11},
		{111, Up, 12}, {-111, Up, -12}, {110, Up, 11},
	} {
		got, err := New(c.minor, "EUR").Part(percent(t, "10"), c.how)
		if err != nil || got.Minor() != c.want {
			t.Errorf("10 %% of %d, %s: %d, %v; want %d", c.minor, c.how, got.Minor(), err, c.want)
		}
	}
	if _, err := New(1, "EUR").Part(percent(t, "10"), "nearest"); !errors.Is(err, errRounding) {
		t.Errorf("an unknown policy rounded: %v", err)
	}
}

// The tables of C01, C02, C09 and C10.
func TestPartOfANetAmount(t *testing.T) {
	for _, c := range []struct{ amount, currency, rate, want string }{
		{"49.95", "EUR", "10", "5.00"}, {"149.85", "EUR", "10", "14.99"}, {"1.15", "EUR", "10", "0.12"},
		{"26.39", "EUR", "35", "9.24"}, {"199", "JPY", "8", "16"}, {"1.235", "KWD", "10", "0.124"},
		{"21.40", "EUR", "21", "4.49"}, {"4.96", "EUR", "21", "1.04"}, {"2.00", "EUR", "7", "0.14"}, {"4.00", "EUR", "19", "0.76"},
	} {
		got, err := of(t, c.amount, c.currency).Part(percent(t, c.rate), HalfUp)
		if err != nil || got != of(t, c.want, c.currency) {
			t.Errorf("%s %% of %s %s: %v, %v; want %s", c.rate, c.amount, c.currency, got, err, c.want)
		}
	}
}

func TestNetOfAGrossAmount(t *testing.T) {
	for _, c := range []struct{ gross, rate, net, tax string }{
		{"9.99", "20", "8.33", "1.66"}, {"9.98", "19", "8.39", "1.59"}, {"45.00", "21", "37.19", "7.81"}, {"49.00", "21", "40.50", "8.50"},
		{"95.00", "19", "79.83", "15.17"}, {"106.00", "19", "89.08", "16.92"}, {"12.99", "7", "12.14", "0.85"}, {"39.90", "19", "33.53", "6.37"},
		{"20.00", "25.5", "15.94", "4.06"}, {"10.00", "13.5", "8.81", "1.19"}, {"10.00", "5.5", "9.48", "0.52"}, {"2.50", "2.1", "2.45", "0.05"},
	} {
		net, tax, err := eur(t, c.gross).Net(percent(t, c.rate), HalfUp)
		if err != nil || net != eur(t, c.net) || tax != eur(t, c.tax) {
			t.Errorf("%s with %s %% inside: %v + %v, %v; want %s + %s", c.gross, c.rate, net, tax, err, c.net, c.tax)
		}
	}
}

func TestNetAndTaxMakeTheGrossAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gross, rate := amounts("EUR").Draw(t, "gross"), Rate{rapid.Int64Range(0, 2*million).Draw(t, "millionths")}
		net, tax, err := gross.Net(rate, HalfUp)
		if err != nil {
			t.Fatal(err)
		}
		if sum, err := net.Add(tax); err != nil || sum != gross {
			t.Fatalf("%v + %v is %v, not %v (%v)", net, tax, sum, gross, err)
		}
	})
}

// A share is compared with the exact fraction.
func TestAShareIsAtMostHalfAUnitFromTheExactOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := New(rapid.Int64Range(-1e12, 1e12).Draw(t, "minor"), "EUR")
		numerator, denominator := rapid.Int64Range(0, 1e6).Draw(t, "numerator"), rapid.Int64Range(1, 1e6).Draw(t, "denominator")
		got, err := m.Share(numerator, denominator, HalfUp)
		if errors.Is(err, ErrOverflow) {
			t.Skip("beyond what an amount can be")
		}
		exact := new(big.Rat).Mul(big.NewRat(m.Minor(), 1), big.NewRat(numerator, denominator))
		off := new(big.Rat).Sub(big.NewRat(got.Minor(), 1), exact)
		if half := big.NewRat(1, 2); err != nil || new(big.Rat).Abs(off).Cmp(half) > 0 {
			t.Fatalf("%v × %d / %d is %v, off by %v (%v)", m, numerator, denominator, got, off, err)
		}
	})
}

func TestAShareOfNothingIsRefused(t *testing.T) {
	for _, denominator := range []int64{0, -1} {
		if got, err := New(1, "EUR").Share(1, denominator, HalfUp); err == nil {
			t.Errorf("1 / %d is %v", denominator, got)
		}
	}
}

func TestRates(t *testing.T) {
	for text, want := range map[string]string{"0": "0", "0.19": "0.19", "0.190": "0.19", "1": "1", "0.000001": "0.000001", "999999.999999": "999999.999999"} {
		if r, err := ParseRate(text); err != nil || r.String() != want {
			t.Errorf("%s is %s, %v", text, r, err)
		}
	}
	if r := percent(t, "25.5"); r.String() != "0.255" {
		t.Errorf("25.5 %% is %s", r)
	}
	for _, text := range []string{"0", "19", "25.5", "2.1", "100"} {
		if r := percent(t, text); r.PercentText() != text {
			t.Errorf("%s %% is %s %%", text, r.PercentText())
		}
	}
	if a, b := percent(t, "5.5"), percent(t, "10"); a.Compare(b) != -1 || b.Compare(a) != 1 || a.Compare(a) != 0 {
		t.Error("5.5 % is not lower than 10 %")
	}
	for _, text := range []string{"", ".5", "5.", "-1", "1e3", "0.0000001", "1000000", "19%", "0,19"} {
		if r, err := ParseRate(text); err == nil {
			t.Errorf("%q is %s", text, r)
		}
	}
	if r, err := Percent("0.00001"); err == nil {
		t.Errorf("a percentage lost digits: %s", r)
	}
}
