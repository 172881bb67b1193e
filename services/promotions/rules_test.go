package promotions

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/calendar"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func of(t rapid.TB, amount, currency string) money.Money {
	t.Helper()
	m, err := money.Parse(amount, currency)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// off reads "10%" and "5.00", which is of the currency.
func off(t rapid.TB, text, currency string) Off {
	t.Helper()
	if percent, is := strings.CutSuffix(text, "%"); is {
		rate, err := money.Percent(percent)
		if err != nil {
			t.Fatal(err)
		}
		return Off{Percent: rate}
	}
	return Off{Amount: of(t, text, currency)}
}

// claim is a coupon named by what it takes off: "10%", "5.00", "100.00>100.00" with a minimum spend.
func claim(t rapid.TB, text, currency string) Claim {
	t.Helper()
	what, least, bounded := strings.Cut(text, ">")
	c := &Coupon{Code: text, Off: off(t, what, currency), Valid: calendar.Range{From: noon}}
	if bounded {
		m := of(t, least, currency)
		c.Minimum = &m
	}
	return Claim{Code: text, Coupon: c}
}

// basket reads "100.00 100.00 | 10% 5.00": lines, named by their number, and coupons.
func basket(t rapid.TB, currency, text string, rules ...Rule) Basket {
	t.Helper()
	lines, coupons, _ := strings.Cut(text, "|")
	b := Basket{Currency: currency, At: noon, Rules: rules}
	for amount := range strings.FieldsSeq(lines) {
		id := strconv.Itoa(len(b.Lines))
		b.Lines = append(b.Lines, Line{id, "SKU-" + id, 1, of(t, amount, currency)})
	}
	for code := range strings.FieldsSeq(coupons) {
		b.Claims = append(b.Claims, claim(t, code, currency))
	}
	return b
}

// rule is a promotion on the lines with these numbers; none is all.
func rule(t rapid.TB, what string, lines ...string) Rule {
	t.Helper()
	r := Rule{Name: what, Off: off(t, what, "EUR"), Valid: calendar.Range{From: noon}}
	for _, n := range lines {
		r.SKUs = append(r.SKUs, "SKU-"+n)
	}
	return r
}

func quote(t rapid.TB, b Basket) Result {
	t.Helper()
	r, err := b.Quote()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// told is a result as the tables of the cases have it: each coupon's amount or reason, the shares of the lines, what is to be paid.
func told(r Result) string {
	var coupons, shares []string
	for _, c := range r.Claims {
		if c.Reason != "" {
			coupons = append(coupons, string(c.Reason))
		} else {
			coupons = append(coupons, c.Amount.Amount())
		}
	}
	for _, l := range r.Lines {
		shares = append(shares, l.Coupons.Amount())
	}
	return strings.Join(coupons, " ") + " | " + strings.Join(shares, " ") + " | " + r.Goods.Amount()
}

func TestC01DiscountsAddUpToTheCent(t *testing.T) {
	for text, want := range map[string]string{
		"100.00 100.00 100.00 | 10.00": "10.00 | 3.34 3.33 3.33 | 290.00",
		"5.00 5.00 5.00 | 2.00":        "2.00 | 0.67 0.67 0.66 | 13.00",
		"19.99 5.01 0.01 | 5.00":       "5.00 | 4.00 1.00 0.00 | 20.01",
		"3.33 3.33 3.34 10.00 | 0.99":  "0.99 | 0.16 0.16 0.17 0.50 | 19.01",
		"9.95 12.95 3.49 | 35%":        "9.24 | 3.48 4.54 1.22 | 17.15",
		"49.95 | 10%":                  "5.00 | 5.00 | 44.95",
		"149.85 | 10%":                 "14.99 | 14.99 | 134.86",
		"1.15 | 10%":                   "0.12 | 0.12 | 1.03",
	} {
		if got := told(quote(t, basket(t, "EUR", text))); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// f, as a promotion on an item: the line is rounded and no unit price, 3 × 5.00 would be 15.00.
func TestC01APromotionIsRoundedOnTheLine(t *testing.T) {
	b := basket(t, "EUR", "149.85", rule(t, "10%"))
	b.Lines[0].Quantity = 3
	if r := quote(t, b); r.Discount.Amount() != "14.99" || r.Goods.Amount() != "134.86" {
		t.Errorf("%+v", r)
	}
}

func TestC02CurrenciesWithoutDecimalsAndWithThree(t *testing.T) {
	for _, c := range []struct{ currency, text, want string }{
		{"KWD", "1.235 | 10%", "0.124 | 0.124 | 1.111"},
		{"JPY", "1000 1000 1000 | 1000", "1000 | 334 333 333 | 2000"},
		{"KWD", "2.000 2.000 2.000 | 1.000", "1.000 | 0.334 0.333 0.333 | 5.000"},
	} {
		if got := told(quote(t, basket(t, c.currency, c.text))); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestC05PercentAndFixedTogether(t *testing.T) {
	for _, c := range []struct {
		text, want string
		rules      []Rule
	}{
		{"100.00 | 10% 10.00", "10.00 10.00 | 20.00 | 80.00", nil},
		{"100.00 | 10.00 10%", "10.00 10.00 | 20.00 | 80.00", nil},
		{"33.33 | 10% 20%", "3.33 6.67 | 10.00 | 23.33", nil},
		{"33.33 | 20% 10%", "6.67 3.33 | 10.00 | 23.33", nil},
		{"30.00 20.00 | 40.00", "20.00 | 0.00 20.00 | 0.00", []Rule{rule(t, "100%", "0")}},
		{"30.00 19.99 | 15% 5.00", "6.60 5.00 | 6.33 5.27 | 32.39", []Rule{rule(t, "20%", "0")}},
		{"30.00 19.99 | 5.00 15%", "5.00 6.60 | 6.33 5.27 | 32.39", []Rule{rule(t, "20%", "0")}},
		{"10.00 | 60% 70%", "3.00 7.00 | 10.00 | 0.00", nil},
		{"10.00 | 100% 5.00", "10.00 nothing-left | 10.00 | 0.00", nil},
		{"100.00 | 10% 10%", "10.00 nothing-left | 10.00 | 90.00", nil},
	} {
		if got := told(quote(t, basket(t, "EUR", c.text, c.rules...))); got != c.want {
			t.Errorf("%s: %s, want %s", c.text, got, c.want)
		}
	}
}

func TestC05TheLinesOfD(t *testing.T) {
	r := quote(t, basket(t, "EUR", "30.00 19.99 | 15% 5.00", rule(t, "20%", "0")))
	if r.Lines[0].Item.Amount() != "6.00" || r.Lines[0].Left.Amount() != "17.67" || r.Lines[1].Left.Amount() != "14.72" || r.Discount.Amount() != "17.60" {
		t.Errorf("%+v", r)
	}
}

func TestC06MinimumSpendDoesNotChaseItsOwnTail(t *testing.T) {
	for _, c := range []struct {
		text, want string
		rules      []Rule
	}{
		{"125.00 | 100.00>100.00", "100.00 | 100.00 | 25.00", nil},
		{"100.00 | 100.00>100.00", "100.00 | 100.00 | 0.00", nil},
		{"99.99 | 100.00>100.00", "below-minimum | 0.00 | 99.99", nil},
		{"105.00 | 100.00>100.00 10%", "94.50 10.50 | 105.00 | 0.00", nil},
		{"110.00 | 100.00>100.00", "below-minimum | 0.00 | 93.50", []Rule{rule(t, "15%")}},
	} {
		for range 4 {
			if got := told(quote(t, basket(t, "EUR", c.text, c.rules...))); got != c.want {
				t.Errorf("%s: %s, want %s", c.text, got, c.want)
			}
		}
	}
}

// C19: a coupon of euros takes nothing off crowns, a percentage does.
func TestC19ACouponOfAnotherCurrencyIsInactive(t *testing.T) {
	b := basket(t, "SEK", "78.00")
	b.Claims = []Claim{claim(t, "5.00", "EUR"), claim(t, "10%", "EUR"), claim(t, "50%>1.00", "EUR")}
	if got := told(quote(t, b)); got != "other-currency 7.80 other-currency | 7.80 | 70.20" {
		t.Error(got)
	}
	b.Rules = []Rule{rule(t, "5.00")}
	if got := told(quote(t, b)); !strings.HasSuffix(got, "70.20") {
		t.Errorf("a promotion of euros: %s", got)
	}
}

// C28 a and C29: what a line costs is what comes back for it.
func TestC29TheSharesOfALineAreItsOwn(t *testing.T) {
	for text, want := range map[string]string{
		"50.00 50.00 | 10%":          "10.00 | 5.00 5.00 | 90.00",
		"6.00 4.00 | 1.00":           "1.00 | 0.60 0.40 | 9.00",
		"60.00 60.00 | 20.00>100.00": "20.00 | 10.00 10.00 | 100.00",
		"239.00 | 25%":               "59.75 | 59.75 | 179.25",
	} {
		if got := told(quote(t, basket(t, "EUR", text))); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestTheBestPromotionOnAnItemCountsAlone(t *testing.T) {
	b := basket(t, "EUR", "30.00 10.00", rule(t, "20%", "0"), rule(t, "25%"), rule(t, "4.00", "1"))
	b.Lines[0].Quantity = 3
	r := quote(t, b)
	if r.Lines[0].Item.Amount() != "7.50" || r.Lines[1].Item.Amount() != "4.00" {
		t.Errorf("%+v", r.Lines)
	}
	b.Rules = append(b.Rules, rule(t, "20.00", "0"))
	if r := quote(t, b); r.Lines[0].Item.Amount() != "30.00" || r.Lines[0].Left.Sign() != 0 {
		t.Errorf("20.00 off each of three pieces of 10.00: %+v", r.Lines[0])
	}
}

func TestWhyACouponIsNotActive(t *testing.T) {
	some, ten := func(change func(*Coupon)) *Coupon {
		c := claim(t, "10%", "EUR").Coupon
		change(c)
		return c
	}, basket(t, "EUR", "10.00")
	ten.Buyer = Buyer{"anna", "a@x.example"}
	for _, c := range []struct {
		coupon *Coupon
		used   int64
		want   Reason
	}{
		{nil, 0, Unknown},
		{some(func(c *Coupon) { c.Valid.From = noon.Add(1) }), 0, Expired},
		{some(func(c *Coupon) { c.Valid.Until = noon }), 0, Expired},
		{some(func(c *Coupon) { c.Valid.Until = noon.Add(1) }), 0, ""},
		{some(func(c *Coupon) { c.Uses, c.Used = 3, 3 }), 0, UsedUp},
		{some(func(c *Coupon) { c.Uses, c.Used = 3, 2 }), 2, ""},
		{some(func(c *Coupon) { c.PerCustomer = 1 }), 1, UsedUp},
		{some(func(c *Coupon) { c.Customer = "ben" }), 0, NotYours},
		{some(func(c *Coupon) { c.Customer = "anna" }), 0, ""},
	} {
		ten.Claims = []Claim{{Code: "x", Coupon: c.coupon, Used: c.used}}
		if got := quote(t, ten).Claims[0].Reason; got != c.want {
			t.Errorf("%+v: %q, want %q", c.coupon, got, c.want)
		}
	}
}

// Whatever is on the cart: shares sum to the discount, no share exceeds its line, nothing goes below zero, what coupons took is what
// lines lost, and the order of the codes does not matter.
func TestSharesSumToTheDiscountAndNothingGoesBelowZero(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := Basket{Currency: "EUR", At: noon}
		for n := range rapid.IntRange(1, 6).Draw(t, "lines") {
			b.Lines = append(b.Lines, Line{strconv.Itoa(n), "SKU-" + strconv.Itoa(n), 1, money.New(rapid.Int64Range(0, 9999).Draw(t, "amount"), "EUR")})
		}
		kinds := []string{"10%", "33.3%", "60%", "100%", "0.01", "5.00", "99.99", "20.00>50.00", "15%>10.00"}
		for _, kind := range rapid.SliceOfNDistinct(rapid.SampledFrom(kinds), 0, 5, rapid.ID).Draw(t, "coupons") {
			b.Claims = append(b.Claims, claim(t, kind, "EUR"))
		}
		if rapid.Bool().Draw(t, "promotion") {
			b.Rules = []Rule{rule(t, rapid.SampledFrom([]string{"20%", "100%", "3.00"}).Draw(t, "off"), "0")}
		}
		r := quote(t, b)
		var taken, shares, items, left int64
		for _, c := range r.Claims {
			taken += c.Amount.Minor()
		}
		for n, l := range r.Lines {
			shares, items, left = shares+l.Coupons.Minor(), items+l.Item.Minor(), left+l.Left.Minor()
			if l.Left.Sign() < 0 || l.Item.Sign() < 0 || l.Coupons.Sign() < 0 || l.Item.Minor()+l.Coupons.Minor()+l.Left.Minor() != b.Lines[n].Amount.Minor() {
				t.Fatalf("line %d: %+v", n, l)
			}
		}
		if taken != shares || left != r.Goods.Minor() || items+shares != r.Discount.Minor() {
			t.Fatalf("coupons took %d, lines lost %d: %+v", taken, shares, r)
		}
		b.Claims = rapid.Permutation(b.Claims).Draw(t, "order")
		again := quote(t, b)
		if !slices.EqualFunc(again.Lines, r.Lines, func(x, y Priced) bool { return x == y }) {
			t.Fatalf("typed in another order: %+v, was %+v", again, r)
		}
	})
}

func TestTwoSpellingsOfAnAddressAreOneCustomer(t *testing.T) {
	one, two := Buyer{"", "a@x.example"}.Keys(), Buyer{"", " A@X.Example"}.Keys()
	if !slices.Equal(one, two) || len(one) != 1 || len((Buyer{}).Keys()) != 0 || len((Buyer{"anna", "a@x.example"}).Keys()) != 2 {
		t.Errorf("%v, %v", one, two)
	}
}

func TestWhatTakesOffIsOneOfBoth(t *testing.T) {
	amount := func(minor int64) *money.Money { m := money.New(minor, "EUR"); return &m }
	for _, c := range []struct {
		percent string
		off     *money.Money
		good    bool
	}{{"10", nil, true}, {"100", nil, true}, {"", amount(1), true}, {"", nil, false}, {"10", amount(1), false}, {"0", nil, false}, {"100.01", nil, false}, {"", amount(0), false}, {"", amount(-1), false}} {
		if _, err := NewOff(c.percent, c.off); (err == nil) != c.good || err != nil && !fault.Is(err, fault.InvalidKind) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	for _, c := range []Coupon{{Code: " "}, {Code: "A B"}, {Code: "A", Minimum: amount(-1)}, {Code: "A", Off: off(t, "1.00", "USD"), Minimum: amount(1)}} {
		if got, err := NewCoupon(c); !fault.Is(err, fault.InvalidKind) {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if c, err := NewCoupon(Coupon{Code: " ten ", Off: off(t, "10%", "")}); err != nil || c.Code != "TEN" || c.Version != 1 {
		t.Errorf("%+v, %v", c, err)
	}
}

// C08: whatever happens to a redemption, in whatever order and however often, its coupons come back once at most, and never while
// there is an order.
func TestC08CouponsComeBackOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, uses, order := Redemption{State: Reserved}, 1, uuid.New()
		for range rapid.IntRange(0, 12).Draw(t, "steps") {
			before, after, err := r, r, error(nil)
			switch rapid.SampledFrom([]string{"commit", "commit another", "release", "cancel"}).Draw(t, "step") {
			case "commit":
				after, err = r.Commit(order)
			case "commit another":
				after, err = r.Commit(uuid.New())
				if r.Order != nil && err == nil {
					t.Fatalf("%+v went to another order", r)
				}
				if err == nil {
					order = *after.Order
				}
			case "release":
				if after, err = r.Release(); r.State == Committed && err == nil {
					t.Fatal("the coupons of an order were given back as if there were none")
				}
			case "cancel":
				after = r.Cancel()
			}
			if err != nil {
				if !fault.Is(err, fault.ConflictKind) {
					t.Fatal(err)
				}
				continue
			}
			if r = after; before.State.counts() && !after.State.counts() {
				uses--
			} else if !before.State.counts() && after.State.counts() {
				t.Fatalf("%s became %s: uses that nobody counted", before.State, after.State)
			}
		}
		if want := map[bool]int{true: 1, false: 0}[r.State.counts()]; uses != want {
			t.Fatalf("%d uses in state %s", uses, r.State)
		}
	})
}
