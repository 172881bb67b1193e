package orders

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// detailed is an order of a business abroad, sent by express.
func detailed() Placement {
	p := placement()
	p.Lines[0].Rate, p.Lines[1].Rate = "19", "19"
	p.Details = Details{
		Delivery: &Delivery{"express", "Express"}, ShippingTaxes: []Rate{{"19", euros(412), euros(78)}}, TaxReason: "It was not checked.", VATNumber: "FR40303265045",
	}
	return p
}

// What checkout told is kept, read again, and told to who writes the invoice; without it the event has none of it.
func TestTheDetailsOfAnOrderAreKeptAndTold(t *testing.T) {
	s := opened(t)
	o := placed(t, s, detailed())
	if got, err := s.order(t.Context(), o.ID); err != nil || !reflect.DeepEqual(got, o) {
		t.Errorf("%+v\nwant %+v (%v)", got, o, err)
	}
	plain := placed(t, s, placement())
	for id, want := range map[string]bool{o.ID.String(): true, plain.ID.String(): false} {
		var text string
		if err := s.db.QueryRow(t.Context(), `SELECT event->>'data' FROM orders.outbox WHERE event->>'subject' = $1 AND event->>'type' = $2`, id, events.OrderPlaced).Scan(&text); err != nil {
			t.Fatal(err)
		}
		var data map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &data); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"delivery", "shippingTaxes", "taxReason", "vatNumber"} {
			if _, told := data[name]; told != want {
				t.Errorf("%s is told: %t, want %t: %s", name, told, want, text)
			}
		}
		if strings.Contains(string(data["lines"]), `"rate"`) != want {
			t.Errorf("rates of lines: %s", data["lines"])
		}
	}
}

func TestShippingByRateAddsUpOrThereIsNoOrder(t *testing.T) {
	for name, spoil := range map[string]func(*Placement){
		"a cent more":      func(p *Placement) { p.Details.ShippingTaxes[0].Net = euros(413) },
		"another currency": func(p *Placement) { p.Details.ShippingTaxes[0].Tax = money.New(78, "USD") },
	} {
		p := detailed()
		spoil(&p)
		if _, _, err := New(placement().Saga, "ACME-1", "x", p, noon); !fault.Is(err, fault.InvalidKind) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// By the wire, as checkout sends it; a checkout of before sends none of it.
func TestTheDetailsComeByTheWire(t *testing.T) {
	d := serve(t)
	made := d.place(detailed())
	got := d.ask("GET", pathOf(made.ID, ""), nil, "X-Order-Token", made.Token)
	if !strings.Contains(got.text, `"delivery":{"method":"express","name":"Express"}`) || !strings.Contains(got.text, `"rate":"19"`) || strings.Contains(got.text, "FR40303265045") {
		t.Errorf("%s", got.text)
	}
	d.place(placement())
}
