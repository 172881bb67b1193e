package tax

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

func percent(t rapid.TB, text string) money.Rate {
	t.Helper()
	r, err := money.Percent(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func eur(t rapid.TB, amount string) money.Money {
	t.Helper()
	m, err := money.Parse(amount, "EUR")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// basket reads "12.99@7 39.90@19 +4.95": lines by amount and rate, and shipping.
func basket(t rapid.TB, how Rounding, inside bool, text string) Basket {
	t.Helper()
	b := Basket{Currency: "EUR", Rounding: how, Shipping: eur(t, "0"), ShippingInside: inside}
	for word := range strings.FieldsSeq(text) {
		if shipping, is := strings.CutPrefix(word, "+"); is {
			b.Shipping = eur(t, shipping)
			continue
		}
		amount, rate, _ := strings.Cut(word, "@")
		b.Lines = append(b.Lines, Item{word, percent(t, rate), eur(t, amount), inside})
	}
	return b
}

// told is a bill as the tables of the cases have it.
func told(t rapid.TB, b Basket) string {
	t.Helper()
	bill, err := b.Bill()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, line := range bill.Lines {
		out = append(out, line.Net.Amount()+"+"+line.Tax.Amount())
	}
	for _, part := range bill.Shipping {
		out = append(out, "ship "+part.Rate.PercentText()+"% "+part.Net.Amount()+"+"+part.Tax.Amount())
	}
	for _, r := range bill.Rates {
		out = append(out, r.Rate.PercentText()+"% "+r.Net.Amount()+"+"+r.Tax.Amount())
	}
	return strings.Join(append(out, "= "+bill.Net.Amount()+"+"+bill.Tax.Amount()+"="+bill.Gross.Amount()), ", ")
}

func TestC02TaxOnYen(t *testing.T) {
	b := Basket{Currency: "JPY", Rounding: Line, Shipping: money.New(0, "JPY"), Lines: []Item{{"a", percent(t, "8"), money.New(199, "JPY"), false}}}
	if bill, err := b.Bill(); err != nil || bill.Tax != money.New(16, "JPY") || bill.Gross != money.New(215, "JPY") {
		t.Errorf("%+v, %v", bill, err)
	}
}

func TestC09WithTaxOrWithout(t *testing.T) {
	for _, c := range []struct {
		how    Rounding
		inside bool
		text   string
		want   string
	}{
		{Line, true, "9.99@20", "8.33+1.66, 20% 8.33+1.66, = 8.33+1.66=9.99"},
		{Line, true, "9.98@19", "8.39+1.59, 19% 8.39+1.59, = 8.39+1.59=9.98"},
		{Line, true, "4.99@19 4.99@19", "4.19+0.80, 4.19+0.80, 19% 8.38+1.60, = 8.38+1.60=9.98"},
		{PerRate, true, "4.99@19 4.99@19", "4.19+0.80, 4.20+0.79, 19% 8.39+1.59, = 8.39+1.59=9.98"},
		{Line, false, "21.40@21", "21.40+4.49, 21% 21.40+4.49, = 21.40+4.49=25.89"},
		{Line, false, "10.70@21 10.70@21", "10.70+2.25, 10.70+2.25, 21% 21.40+4.50, = 21.40+4.50=25.90"},
		{PerRate, false, "10.70@21 10.70@21", "10.70+2.25, 10.70+2.24, 21% 21.40+4.49, = 21.40+4.49=25.89"},
		{Line, true, "95.00@19 11.00@19", "79.83+15.17, 9.24+1.76, 19% 89.07+16.93, = 89.07+16.93=106.00"},
		{PerRate, true, "95.00@19 11.00@19", "79.84+15.16, 9.24+1.76, 19% 89.08+16.92, = 89.08+16.92=106.00"},
	} {
		if got := told(t, basket(t, c.how, c.inside, c.text)); got != c.want {
			t.Errorf("%s, by %s: %s, want %s", c.text, c.how, got, c.want)
		}
	}
}

// d: shipping is without tax, the goods are with it.
func TestC09ShippingWithoutTaxBesidePricesWithIt(t *testing.T) {
	for _, how := range []Rounding{Line, PerRate} {
		b := basket(t, how, true, "45.00@21 49.00@21 +4.96")
		b.ShippingInside = false
		if got := told(t, b); got != "37.19+7.81, 40.50+8.50, ship 21% 4.96+1.04, 21% 82.65+17.35, = 82.65+17.35=100.00" {
			t.Errorf("%s: %s", how, got)
		}
	}
}

func TestC10ShippingFollowsTheGoods(t *testing.T) {
	for _, how := range []Rounding{Line, PerRate} {
		for _, c := range []struct {
			inside     bool
			text, want string
		}{
			{false, "10.00@7 20.00@19 +6.00", "10.00+0.70, 20.00+3.80, ship 7% 2.00+0.14, ship 19% 4.00+0.76, 7% 12.00+0.84, 19% 24.00+4.56, = 36.00+5.40=41.40"},
			{true, "12.99@7 4.49@7 39.90@19 +4.95", "12.14+0.85, 4.20+0.29, 33.53+6.37, ship 7% 1.51+0.11, ship 19% 2.80+0.53, 7% 17.85+1.25, 19% 36.33+6.90, = 54.18+8.15=62.33"},
			{true, "20.00@25.5", "15.94+4.06, 25.5% 15.94+4.06, = 15.94+4.06=20.00"},
			{true, "10.00@13.5 10.00@5.5 2.50@2.1", "8.81+1.19, 9.48+0.52, 2.45+0.05, 2.1% 2.45+0.05, 5.5% 9.48+0.52, 13.5% 8.81+1.19, = 20.74+1.76=22.50"},
			{true, "0.00@7 0.00@19 +4.95", "0.00+0.00, 0.00+0.00, ship 7% 2.32+0.16, ship 19% 2.08+0.39, 7% 2.32+0.16, 19% 2.08+0.39, = 4.40+0.55=4.95"},
		} {
			if got := told(t, basket(t, how, c.inside, c.text)); got != c.want {
				t.Errorf("%s, by %s: %s, want %s", c.text, how, got, c.want)
			}
		}
	}
}

// c: here the units of rounding differ. By rate, 7 % of all 22.43 are 1.47, and shipping bears the cent.
func TestC10ABasketOfOneRate(t *testing.T) {
	for how, want := range map[Rounding]string{
		Line:    "12.14+0.85, 4.20+0.29, ship 7% 4.63+0.32, 7% 20.97+1.46, = 20.97+1.46=22.43",
		PerRate: "12.14+0.85, 4.20+0.29, ship 7% 4.62+0.33, 7% 20.96+1.47, = 20.96+1.47=22.43",
	} {
		if got := told(t, basket(t, how, true, "12.99@7 4.49@7 +4.95")); got != want {
			t.Errorf("%s: %s, want %s", how, got, want)
		}
	}
}

func TestC11TheAddressDecidesTheTax(t *testing.T) {
	for rate, want := range map[string]string{"19": "100.00+19.00", "21": "98.35+20.65", "25": "95.20+23.80"} {
		if got := told(t, basket(t, Line, true, "119.00@"+rate)); !strings.HasPrefix(got, want) {
			t.Errorf("at %s %%: %s", rate, got)
		}
	}
}

// Whatever is in the basket: net and tax make gross for each line, each rate and the whole, and the lines make the sums; and what
// is to be paid does not depend on the unit of rounding where prices contain tax.
func TestNetAndTaxMakeGrossForEachLineEachRateAndTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := Basket{Currency: "EUR", ShippingInside: rapid.Bool().Draw(t, "shipping inside"),
			Shipping: money.New(rapid.Int64Range(0, 2000).Draw(t, "shipping"), "EUR")}
		inside := rapid.Bool().Draw(t, "inside")
		for range rapid.IntRange(1, 8).Draw(t, "lines") {
			rate := percent(t, rapid.SampledFrom([]string{"0", "2.1", "5.5", "7", "13.5", "19", "25.5", "27"}).Draw(t, "rate"))
			b.Lines = append(b.Lines, Item{"", rate, money.New(rapid.Int64Range(0, 20000).Draw(t, "amount"), "EUR"), inside})
		}
		paid := b.Shipping.Minor()
		for _, line := range b.Lines {
			paid += line.Amount.Minor()
		}
		for _, how := range []Rounding{Line, PerRate} {
			b.Rounding = how
			bill, err := b.Bill()
			if err != nil {
				t.Fatal(err)
			}
			held(t, bill, b)
			if inside && b.ShippingInside && bill.Gross.Minor() != paid {
				t.Fatalf("%d is to be paid for %d, by %s", bill.Gross.Minor(), paid, how)
			}
		}
	})
}

func held(t *rapid.T, bill Bill, b Basket) {
	var net, tax, shipped int64
	perRate := map[money.Rate][2]int64{}
	for n, one := range append(slices.Clone(bill.Lines), bill.Shipping...) {
		if one.Net.Minor()+one.Tax.Minor() != one.Gross.Minor() || one.Tax.Sign() < 0 || one.Net.Sign() < 0 {
			t.Fatalf("%+v", one)
		}
		if n >= len(bill.Lines) {
			shipped += one.Gross.Minor()
			if !b.ShippingInside {
				shipped -= one.Tax.Minor()
			}
		}
		net, tax = net+one.Net.Minor(), tax+one.Tax.Minor()
		sum := perRate[one.Rate]
		perRate[one.Rate] = [2]int64{sum[0] + one.Net.Minor(), sum[1] + one.Tax.Minor()}
	}
	for _, r := range bill.Rates {
		if perRate[r.Rate] != [2]int64{r.Net.Minor(), r.Tax.Minor()} {
			t.Fatalf("%+v, the lines make %v", r, perRate[r.Rate])
		}
	}
	if net != bill.Net.Minor() || tax != bill.Tax.Minor() || net+tax != bill.Gross.Minor() || shipped != b.Shipping.Minor() || len(perRate) != len(bill.Rates) {
		t.Fatalf("%+v: the parts make %d and %d, shipping %d of %v", bill, net, tax, shipped, b.Shipping)
	}
}

// The order of the lines changes nothing of shipping.
func TestTheOrderOfLinesChangesNothingOfShipping(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := basket(t, Line, true, "12.99@7 4.49@7 39.90@19 0.01@25.5 7.77@19 +4.95")
		want, err := b.Bill()
		b.Lines = rapid.Permutation(b.Lines).Draw(t, "lines")
		got, err2 := b.Bill()
		if err != nil || err2 != nil || !slices.Equal(got.Shipping, want.Shipping) || !slices.Equal(got.Rates, want.Rates) {
			t.Fatalf("%+v, want %+v", got, want)
		}
	})
}

func TestMoreThanAnAmountCanBeIsTheRequestsFault(t *testing.T) {
	b := basket(t, Line, true, "9999999999999.99@19 0.01@19")
	if bill, err := b.Bill(); !fault.Is(err, fault.InvalidKind) {
		t.Errorf("%+v, %v", bill, err)
	}
}

func TestARateIsThatOfItsDayAndOfTheNextHigherClass(t *testing.T) {
	rate := func(class, percentage, from string) Rate {
		return Rate{uuid.New(), "EE", class, percent(t, percentage), from}
	}
	all := Rates{rate("standard", "24", "2025-07-01"), rate("standard", "20", "2021-01-01"), rate("standard", "22", "2024-01-01"), rate("reduced", "9", "2024-06-01")}
	for _, c := range []struct{ class, day, want string }{
		{"standard", "2023-12-31", "20"}, {"standard", "2024-01-01", "22"}, {"standard", "2025-06-30", "22"}, {"standard", "2025-07-01", "24"},
		{"reduced", "2024-05-31", "22"}, {"reduced", "2024-06-01", "9"}, {"super-reduced", "2026-01-01", "9"},
	} {
		if got, there := all.At(c.class, c.day); !there || got.PercentText() != c.want {
			t.Errorf("%s on %s: %s", c.class, c.day, got.PercentText())
		}
	}
	if got, there := all.At("standard", "2020-12-31"); there {
		t.Errorf("before the first rate: %v", got)
	}
	if got, there := all.At("luxury", "2026-01-01"); there {
		t.Errorf("a class that nobody knows: %v", got)
	}
}

func TestARateIsEnteredForALaterDay(t *testing.T) {
	for _, c := range []struct{ percent, from, at string }{
		{"19", "2026-06-02", ""}, {"25.5", "2099-01-01", ""}, {"19", "2026-06-01", "#/from"}, {"19", "2026-05-31", "#/from"}, {"1e1", "2026-06-02", "#/percent"},
	} {
		_, err := NewRate(uuid.New(), "DE", Standard, c.percent, c.from, "2026-06-01")
		if got := pointer(err); got != c.at {
			t.Errorf("%+v is refused at %q", c, got)
		}
	}
}

func pointer(err error) string {
	var f *fault.Fault
	if errors.As(err, &f) && len(f.Fields) > 0 {
		return f.Fields[0].Pointer
	}
	return ""
}

func TestC11VATNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"FR40303265045": "FR40303265045", "fr 40 303 265 045": "FR40303265045", "DE136695976": "DE136695976", "EL094259216": "EL094259216",
		"el 094.259.216": "EL094259216", "FRK7399859412": "FRK7399859412", "NL123456789B01": "NL123456789B01", "ATU12345678": "ATU12345678",
	} {
		if n, err := ParseNumber(text); err != nil || n.String() != want {
			t.Errorf("%s is %s, %v", text, n, err)
		}
	}
	for _, text := range []string{"GR094259216", "DE136695978", "FR41303265045", "EL094259217", "US123456789", "DE13669597", "DE1366959760", "D", "FR4030326504A", "ATU1234567"} {
		if n, err := ParseNumber(text); pointer(err) != "#/vatNumber" {
			t.Errorf("%s is %s, %v", text, n, err)
		}
	}
	if n, _ := ParseNumber("EL094259216"); n.Country() != "GR" {
		t.Errorf("its country is %s", n.Country())
	}
}

// One wrong digit is always found.
func TestCheckDigitsFindEveryWrongDigit(t *testing.T) {
	for _, good := range []string{"DE136695976", "FR40303265045", "EL094259216"} {
		for n := 2; n < len(good); n++ {
			for d := byte('0'); d <= '9'; d++ {
				if wrong := good[:n] + string(d) + good[n+1:]; wrong != good {
					// The last digit of EL is a remainder modulo 11 taken modulo 10: 0 and 10 look alike, and so may others.
					if _, err := ParseNumber(wrong); err == nil && good[:2] != "EL" {
						t.Errorf("%s was taken for %s", wrong, good)
					}
				}
			}
		}
	}
}

func TestC11WhoIsFreeOfTax(t *testing.T) {
	for _, c := range []struct {
		number, to string
		v          Verdict
		why        string
		exempt     bool
	}{
		{"FR40303265045", "FR", Registered, IntraCommunity, true},
		{"FR40303265045", "AT", Registered, IntraCommunity, true},
		{"DE136695976", "DE", Registered, domestic, false},
		{"FR40303265045", "DE", Registered, domestic, false},
		{"DE136695976", "FR", Registered, domestic, false},
		{"FR40303265045", "FR", Unchecked, unchecked, false},
		{"FR40303265045", "FR", NotRegistered, notRegistered, false},
	} {
		n, err := ParseNumber(c.number)
		if err != nil {
			t.Fatal(err)
		}
		if why, exempt := n.reason("DE", c.to, c.v); why != c.why || exempt != c.exempt {
			t.Errorf("%+v: %s, %t", c, why, exempt)
		}
	}
}
