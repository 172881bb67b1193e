package shipping

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// C35: the limit looks at what the goods cost after all discounts, with tax, before gift cards.
func TestC35FreeShippingByTheRightTotal(t *testing.T) {
	for goods, want := range map[string]string{
		"43.00": "4.90", // 53.00 less a coupon of 10.00
		"50.00": "0.00",
		"48.00": "4.90", // 60.00 less 20 %
		"52.00": "0.00", // 43.70 without tax
		"55.00": "0.00", // and a gift card of 20.00, which changes no price
		"49.99": "4.90", "0.00": "4.90",
	} {
		offers := Offers(samples(), "DE", eur(t, goods), 0)
		if len(offers) != 2 || offers[0].Rate.Method != "standard" || offers[0].Cost.Amount() != want || offers[1].Cost.Amount() != "9.90" {
			t.Errorf("goods of %s: %+v, want %s", goods, offers, want)
		}
	}
}

func TestARateIsForACountryACurrencyAndAWeight(t *testing.T) {
	rate := func(country, method, price string, grams int64) Rate {
		return Rate{Country: country, Method: method, Price: eur(t, price), MaxGrams: grams}
	}
	rates := []Rate{
		rate("DE", "standard", "9.00", 0), rate("DE", "standard", "4.00", 1000), rate("DE", "standard", "6.00", 5000),
		rate("DE", "letter", "1.00", 500), rate(Everywhere, "letter", "2.00", 0), rate(Everywhere, "standard", "15.00", 0), rate(Everywhere, "freight", "99.00", 0),
		{Country: "DE", Method: "sledge", Price: money.New(100, "SEK")},
	}
	for name, c := range map[string]struct {
		country string
		grams   int64
		want    string
	}{
		"nobody says what it weighs": {"DE", 0, "letter 1.00, standard 4.00, freight 99.00"},
		"as much as may be":          {"DE", 500, "letter 1.00, standard 4.00, freight 99.00"},
		"a gram more":                {"DE", 501, "standard 4.00, freight 99.00"}, // its own letter is too light, so there is none
		"the second step":            {"DE", 1001, "standard 6.00, freight 99.00"},
		"beyond all steps":           {"DE", 5001, "standard 9.00, freight 99.00"},
		"another country":            {"FR", 5001, "letter 2.00, standard 15.00, freight 99.00"},
	} {
		var got []string
		for _, o := range Offers(rates, c.country, eur(t, "10.00"), c.grams) {
			got = append(got, o.Rate.Method+" "+o.Cost.Amount())
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%s: %s, want %s", name, text, c.want)
		}
	}
	if offers := Offers(rates, "DE", money.New(1000, "USD"), 0); len(offers) != 0 {
		t.Errorf("for dollars: %+v", offers)
	}
}

func TestWhatIsNoRate(t *testing.T) {
	below, kronor := money.New(-1, "EUR"), money.New(5000, "SEK")
	good := Rate{Name: " Standard ", Price: eur(t, "4.90")}
	for name, change := range map[string]func(*Rate){
		"a blank name": func(r *Rate) { r.Name = " " }, "below zero": func(r *Rate) { r.Price = below },
		"free from kronor": func(r *Rate) { r.FreeFrom = &kronor }, "free from below zero": func(r *Rate) { r.FreeFrom = &below },
	} {
		r := good
		change(&r)
		if _, err := NewRate(r); !fault.Is(err, fault.InvalidKind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if r, err := NewRate(good); err != nil || r.Name != "Standard" {
		t.Errorf("%+v (%v)", r, err)
	}
}

// C35: parcels share what a line costs, to the cent.
func TestC35ParcelsShareAndDoNotDouble(t *testing.T) {
	for name, c := range map[string]struct {
		bought         int64
		lots           []int64
		goods, freight []string
	}{
		"2 in two":       {2, []int64{1, 1}, []string{"13.00", "12.99"}, []string{"2.45", "2.45"}},
		"3, 1 then 2":    {3, []int64{1, 2}, []string{"8.66", "17.33"}, []string{"1.63", "3.27"}},
		"3, 2 then 1":    {3, []int64{2, 1}, []string{"17.33", "8.66"}, []string{"3.27", "1.63"}},
		"3, all at once": {3, []int64{3}, []string{"25.99"}, []string{"4.90"}},
	} {
		o := Order{Shipping: eur(t, "4.90"), Lines: []Line{{SKU: "A", Quantity: c.bought, Total: eur(t, "25.99")}}}
		for n, lot := range c.lots {
			goods, freight, items, err := o.Pack([]Item{{SKU: "A", Quantity: lot}})
			if err != nil || goods.Amount() != c.goods[n] || freight.Amount() != c.freight[n] || items[0].Amount != goods {
				t.Errorf("%s, parcel %d: %s and %s (%v), want %s and %s", name, n+1, goods, freight, err, c.goods[n], c.freight[n])
			}
			o.Lines[0].Packed += lot
		}
	}
}

func TestC35NoMoreIsPackedThanWasBought(t *testing.T) {
	o := Order{Shipping: eur(t, "4.90"), Lines: []Line{{SKU: "A", Quantity: 3, Packed: 2, Total: eur(t, "25.99")}, {SKU: "B", Quantity: 1, Total: eur(t, "1.00")}}}
	for name, c := range map[string]struct {
		items []Item
		kind  fault.Kind
	}{
		"2 and then 2 of 3":    {[]Item{{SKU: "A", Quantity: 2}}, fault.ConflictKind},
		"one of them too many": {[]Item{{SKU: "A", Quantity: 1}, {SKU: "B", Quantity: 2}}, fault.ConflictKind},
		"what was not bought":  {[]Item{{SKU: "C", Quantity: 1}}, fault.InvalidKind},
		"a line twice":         {[]Item{{SKU: "B", Quantity: 1}, {SKU: "B", Quantity: 1}}, fault.InvalidKind},
	} {
		if _, _, _, err := o.Pack(c.items); !fault.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, items, err := o.Pack([]Item{{SKU: "A", Quantity: 1}, {SKU: "B", Quantity: 1}}); err != nil || len(items) != 2 {
		t.Errorf("the rest: %v (%v)", items, err)
	}
	o.Cancelled = true
	if _, _, _, err := o.Pack([]Item{{SKU: "A", Quantity: 1}}); !fault.Is(err, fault.ConflictKind) {
		t.Errorf("of a cancelled order: %v", err)
	}
}

// However an order is packed, the parcels make what was paid, goods and shipping, and no part is below zero.
func TestParcelsMakeTheOrderHoweverItIsPacked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Order{Shipping: money.New(rapid.Int64Range(0, 10_000).Draw(t, "shipping"), "EUR")}
		want, left := int64(0), int64(0)
		for n := range rapid.IntRange(1, 4).Draw(t, "lines") {
			l := Line{SKU: string(rune('A' + n)), Quantity: rapid.Int64Range(1, 9).Draw(t, "quantity"), Total: money.New(rapid.Int64Range(0, 100_000).Draw(t, "total"), "EUR")}
			o.Lines, want, left = append(o.Lines, l), want+l.Total.Minor(), left+l.Quantity
		}
		var goods, freight int64
		for left > 0 {
			n := rapid.IntRange(0, len(o.Lines)-1).Draw(t, "line")
			open := o.Lines[n].Quantity - o.Lines[n].Packed
			if open == 0 {
				continue
			}
			lot := rapid.Int64Range(1, open).Draw(t, "lot")
			g, f, _, err := o.Pack([]Item{{SKU: o.Lines[n].SKU, Quantity: lot}})
			if err != nil || g.Sign() < 0 || f.Sign() < 0 {
				t.Fatalf("%s and %s (%v)", g, f, err)
			}
			goods, freight, left = goods+g.Minor(), freight+f.Minor(), left-lot
			o.Lines[n].Packed += lot
		}
		if goods != want || freight != o.Shipping.Minor() {
			t.Fatalf("parcels of %d and %d, the order was %d and %s", goods, freight, want, o.Shipping)
		}
	})
}

func TestAParcelGoesOneWay(t *testing.T) {
	packed := Parcel{State: Packed, Version: 1}
	if _, err := packed.Deliver(noon); !fault.Is(err, fault.ConflictKind) {
		t.Errorf("delivered before it was sent: %v", err)
	}
	if _, err := packed.Send(true, noon); !fault.Is(err, fault.ConflictKind) {
		t.Errorf("sent after the order was cancelled: %v", err)
	}
	sent, err := packed.Send(false, noon)
	if err != nil || sent.State != Sent || !sent.SentAt.Equal(noon) || sent.Version != 2 {
		t.Fatalf("%+v (%v)", sent, err)
	}
	delivered, err := sent.Deliver(noon.Add(time.Hour))
	if err != nil || delivered.State != Delivered || !delivered.DeliveredAt.Equal(noon.Add(time.Hour)) || delivered.Version != 3 {
		t.Fatalf("%+v (%v)", delivered, err)
	}
	for name, again := range map[string]func() (Parcel, error){
		"sent":      func() (Parcel, error) { return delivered.Send(true, noon.Add(2*time.Hour)) },
		"delivered": func() (Parcel, error) { return delivered.Deliver(noon.Add(2 * time.Hour)) },
	} {
		if p, err := again(); err != nil || p.State != Delivered || p.Version != 3 || !p.DeliveredAt.Equal(noon.Add(time.Hour)) {
			t.Errorf("%s again: %+v (%v)", name, p, err)
		}
	}
}

func TestWhoSeesAnOrder(t *testing.T) {
	o := Order{ID: uuid.New(), Customer: "anna", TokenHash: tokenHash("secret")}
	guest := Order{TokenHash: tokenHash("secret")}
	for name, c := range map[string]struct {
		order           Order
		customer, token string
		want            bool
	}{
		"the customer": {o, "anna", "", true}, "who has the token": {o, "", "secret", true}, "both": {o, "ben", "secret", true},
		"somebody else": {o, "ben", "", false}, "a wrong token": {o, "", "guess", false}, "nobody": {o, "", "", false},
		"nobody, of a guest": {guest, "", "", false}, "no token was told": {Order{Customer: "anna"}, "", "x", false},
	} {
		if got := c.order.Mine(c.customer, c.token); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// The check digits are those of UPU S10: 47312482 has 9 in the standard's own example.
func TestATrackingNumberHasTheCheckDigitOfS10(t *testing.T) {
	for digits, want := range map[string]rune{"47312482": '9', "00000000": '5', "10000000": '3'} {
		if got := checkDigit(digits); got != want {
			t.Errorf("%s: %c, want %c", digits, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		number := TrackingNumber(rapid.Int64Range(10_000_000, 99_999_999).Draw(t, "serial"), "DE")
		if len(number) != 13 || !strings.HasPrefix(number, "LX") || !strings.HasSuffix(number, "DE") || strings.Trim(number[2:11], "0123456789") != "" {
			t.Fatal(number)
		}
		// One wrong digit is found.
		n := rapid.IntRange(2, 9).Draw(t, "place")
		wrong := []byte(number)
		wrong[n] = '0' + (wrong[n]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		if d := checkDigit(string(wrong[2:10])); byte(d) == number[10] && d != '0' && d != '5' {
			t.Fatalf("%s passes for %s", wrong, number)
		}
	})
}
