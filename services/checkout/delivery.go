package checkout

import (
	"context"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// Delivery is a way to send the goods, as shipping offers it.
type Delivery struct {
	Method   string       `json:"method" example:"standard"`
	Name     string       `json:"name" example:"Standard"`
	Cost     money.Money  `json:"cost" doc:"With tax"`
	FreeFrom *money.Money `json:"freeFrom,omitempty" doc:"What the goods must cost after discounts for it to cost nothing"`
	Chosen   bool         `json:"chosen,omitempty" doc:"The quote counts with this one"`
}

// delivery is the way that the quote counts with; nil in a shop that has no shipping.
func (q Quote) delivery() *Delivery {
	for n := range q.Deliveries {
		if q.Deliveries[n].Chosen {
			return &q.Deliveries[n]
		}
	}
	return nil
}

// choose marks the way that the customer named, or else the one that was shown to him before, or else the first, which is the cheapest, and
// returns what it costs. There is none where nothing is sent, and one that is not offered is told by its field.
func choose(offers []Delivery, named, shown string) ([]Delivery, money.Money, error) {
	if len(offers) == 0 {
		return nil, money.Money{}, fault.Invalid("#/country", "Nothing is sent there.")
	}
	at := func(method string) int {
		return slices.IndexFunc(offers, func(d Delivery) bool { return d.Method == method })
	}
	n := max(at(shown), 0)
	if named != "" {
		if n = at(named); n < 0 {
			var ways []string
			for _, d := range offers {
				ways = append(ways, d.Method)
			}
			return nil, money.Money{}, fault.Invalid("#/delivery", "The goods are not sent so. Choose one of: "+strings.Join(ways, ", ")+".")
		}
	}
	list := slices.Clone(offers)
	list[n].Chosen = true
	return list, list[n].Cost, nil
}

// offeredTo tells whether a way is among offers.
func offeredTo(offers []Delivery, method string) bool {
	return slices.ContainsFunc(offers, func(d Delivery) bool { return d.Method == method })
}

type shippingAsked struct {
	Country string      `json:"country"`
	Goods   money.Money `json:"goods"`
}

type shippingBody struct {
	Offers []struct {
		Method   string       `json:"method"`
		Name     string       `json:"name"`
		Cost     money.Money  `json:"cost"`
		FreeFrom *money.Money `json:"freeFrom,omitempty"`
	} `json:"offers"`
}

// deliveries asks how goods can be sent that cost so much after all discounts.
func (o *others) deliveries(ctx context.Context, country string, goods money.Money) ([]Delivery, error) {
	body, _, err := client.Call[shippingBody](ctx, o.shipping, question("/internal/shipping/quotes", shippingAsked{country, goods}))
	if err != nil {
		return nil, refusedAs(err, map[string]string{"#/country": "#/country"})
	}
	var list []Delivery
	for _, one := range body.Offers {
		list = append(list, Delivery{Method: one.Method, Name: one.Name, Cost: one.Cost, FreeFrom: one.FreeFrom})
	}
	return list, nil
}

// early is an answer of shipping to a question that was asked before its time: about goods of a total that was only expected.
type early struct {
	goods  money.Money
	offers []Delivery
	err    error
}

// expect asks shipping about what the goods cost before discounts, while promotions is asked for those: without codes they are mostly
// none. Where some are wanted, and in a shop without shipping, nobody is asked yet.
func (o *others) expect(ctx context.Context, t Terms, lines []Line, less bool) <-chan early {
	var all []money.Money
	for _, l := range lines {
		all = append(all, l.Total)
	}
	goods, err := money.Sum(t.Currency, all...)
	if o.shipping == nil || less || err != nil {
		return nil
	}
	answer := make(chan early, 1)
	go func() {
		offers, err := o.deliveries(ctx, t.Country, goods)
		answer <- early{goods, offers, err}
	}()
	return answer
}

// delivered is how the goods can be sent and what that costs: by shipping where the shop has it, and by the shop's policy where it has not.
func (o *others) delivered(ctx context.Context, p Policy, t *Terms, w wish, goods money.Money, expected <-chan early) ([]Delivery, money.Money, error) {
	if o.shipping == nil {
		if t.Delivery != "" {
			return nil, money.Money{}, fault.Invalid("#/delivery", "This shop has one way to send goods. Leave it out.")
		}
		return nil, p.For(goods), nil
	}
	var got early
	if expected != nil {
		got = <-expected
	}
	if expected == nil || got.goods != goods {
		got.offers, got.err = o.deliveries(ctx, t.Country, goods)
	}
	if got.err != nil {
		return nil, money.Money{}, got.err
	}
	shown := ""
	if w.shown != nil {
		if before := w.shown.delivery(); before != nil {
			shown = before.Method
		}
		if !offeredTo(got.offers, t.Delivery) {
			t.Delivery = "" // it was chosen, and is not offered any more: another quote, and no mistake of the customer's
		}
	}
	return choose(got.offers, t.Delivery, shown)
}
