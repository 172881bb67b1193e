package checkout

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// asking is how long each question of a quote may take.
const asking = time.Second

// others are the services that checkout asks.
type others struct {
	cart, pricing, promotions, tax, inventory, payments, orders *client.Client
	// shipping is nil in a shop that has none: Policy says then what delivery costs.
	shipping *client.Client
	// loyalty is nil in a shop that has none: then nobody has points or gift cards.
	loyalty *client.Client
}

// wish is what an offer is asked for, beside its terms.
type wish struct {
	wants []want
	codes []string
	who   buyer
	spends
	// shown is the quote that is made anew: what is not offered any more makes another one.
	shown *Quote
}

// buyer is who buys, as far as coupons care.
type buyer struct{ customer, email string }

// cartBody is what is read of a cart; what may be missing there has its omitempty.
type cartBody struct {
	Orders int `json:"orders,omitempty"`
	Lines  []struct {
		SKU         string `json:"sku"`
		Name        string `json:"name"`
		Quantity    int    `json:"quantity"`
		Unavailable bool   `json:"unavailable,omitempty"`
	} `json:"lines"`
	Total money.Money `json:"total"`
}

type pricingAsked struct {
	Currency string   `json:"currency"`
	Country  string   `json:"country,omitempty"`
	SKUs     []string `json:"skus"`
}

type pricingBody struct {
	Prices []struct {
		SKU   string      `json:"sku"`
		Price money.Money `json:"price"`
	} `json:"prices"`
}

type amountLine struct {
	ID       string      `json:"id"`
	SKU      string      `json:"sku"`
	Quantity int         `json:"quantity,omitempty"`
	Amount   money.Money `json:"amount"`
}

type promotionsAsked struct {
	Currency string       `json:"currency"`
	Customer string       `json:"customer,omitempty"`
	Email    string       `json:"email,omitempty"`
	Lines    []amountLine `json:"lines"`
	Coupons  []string     `json:"coupons"`
}

type promotionsBody struct {
	Lines []struct {
		ID     string      `json:"id"`
		Amount money.Money `json:"amount"`
	} `json:"lines"`
	Coupons  []Coupon    `json:"coupons"`
	Discount money.Money `json:"discount"`
	Goods    money.Money `json:"goods"`
}

type shippingAmount struct {
	Amount money.Money `json:"amount"`
}

type taxAsked struct {
	Country   string          `json:"country"`
	Currency  string          `json:"currency"`
	Includes  bool            `json:"pricesIncludeTax"`
	Lines     []amountLine    `json:"lines"`
	Shipping  *shippingAmount `json:"shipping,omitempty"`
	VATNumber string          `json:"vatNumber,omitempty"`
}

type taxLine struct {
	ID    string      `json:"id,omitempty"`
	Rate  string      `json:"rate"`
	Gross money.Money `json:"gross"`
	Tax   money.Money `json:"tax"`
}

type taxBody struct {
	Lines     []taxLine   `json:"lines"`
	Shipping  []taxLine   `json:"shipping"`
	Rates     []Rate      `json:"rates"`
	Gross     money.Money `json:"gross"`
	Net       money.Money `json:"net"`
	Tax       money.Money `json:"tax"`
	VATNumber string      `json:"vatNumber,omitempty"`
	Reason    string      `json:"reason,omitempty"`
}

// inCart is what a cart holds, and what the cart counts in.
func (o *others) inCart(ctx context.Context, t Terms) (Terms, []want, error) {
	c, _, err := client.Call[cartBody](ctx, o.cart, client.Request{Path: "/api/cart/" + t.Cart.String(), Timeout: asking})
	if client.Status(err) == http.StatusNotFound {
		return t, nil, fault.NotFound("cart", t.Cart.String())
	}
	if err != nil {
		return t, nil, err
	}
	if t.Currency == "" {
		t.Currency = c.Total.Currency()
	}
	t.CartTurn = c.Orders
	var wants []want
	for _, l := range c.Lines {
		wants = append(wants, want{l.SKU, l.Name, l.Quantity, l.Unavailable})
	}
	return t, wants, nil
}

// offer asks for prices, discounts, ways of delivery and taxes as they are now, and adds up.
func (o *others) offer(ctx context.Context, p Policy, t Terms, w wish, now time.Time) (Quote, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // nobody waits for an answer that is not needed any more
	lines, err := o.prices(ctx, t, w.wants)
	if err != nil {
		return Quote{}, err
	}
	expected := o.expect(ctx, t, lines, len(w.codes) > 0 || w.Points > 0)
	reduced, err := o.discounts(ctx, t, lines, w.codes, w.who)
	if err != nil {
		return Quote{}, err
	}
	spent, err := o.points(ctx, w.spends, &reduced)
	if err != nil {
		return Quote{}, err
	}
	ways, cost, err := o.delivered(ctx, p, &t, w, reduced.Goods, expected)
	if err != nil {
		return Quote{}, err
	}
	q := Quote{Terms: t, Lines: lines, Coupons: reduced.Coupons, Discount: reduced.Discount, Points: spent, Deliveries: ways, spends: w.spends, ExpiresAt: now.Add(life).UTC().Truncate(time.Microsecond)}
	if err := o.taxes(ctx, &q, reduced, cost); err != nil {
		return Quote{}, err
	}
	if err := o.giftCards(ctx, &q, w.spends); err != nil {
		return Quote{}, err
	}
	if q.ID, err = uuid.NewV7(); err != nil {
		return Quote{}, err
	}
	return q.sealed()
}

func (o *others) prices(ctx context.Context, t Terms, wants []want) ([]Line, error) {
	prices := map[string]money.Money{}
	asked := pricingAsked{Currency: t.Currency, Country: t.Country}
	for _, w := range wants {
		if !slices.Contains(asked.SKUs, w.SKU) {
			asked.SKUs = append(asked.SKUs, w.SKU)
		}
	}
	if len(asked.SKUs) > 0 {
		body, _, err := client.Call[pricingBody](ctx, o.pricing, question("/internal/pricing/quotes", asked))
		if err != nil {
			return nil, err
		}
		for _, one := range body.Prices {
			prices[one.SKU] = one.Price
		}
	}
	return priced(wants, t.Currency, prices)
}

func (o *others) discounts(ctx context.Context, t Terms, lines []Line, codes []string, who buyer) (promotionsBody, error) {
	asked := promotionsAsked{Currency: t.Currency, Customer: who.customer, Email: who.email, Coupons: append([]string{}, codes...)}
	for n, l := range lines {
		asked.Lines = append(asked.Lines, amountLine{lineID(n), l.SKU, l.Quantity, l.Total})
	}
	body, _, err := client.Call[promotionsBody](ctx, o.promotions, question("/internal/promotions/quotes", asked))
	if err == nil && len(body.Lines) != len(lines) {
		err = fault.Unavailable("The discounts cannot be worked out right now.", errLines)
	}
	if body.Coupons == nil {
		body.Coupons = []Coupon{}
	}
	return body, refusedAs(err, map[string]string{"#/coupons": "#/coupons", "#/email": "#/email"})
}

var errLines = errors.New("the answer has other lines than the question")

// taxes adds tax, and what delivery costs.
func (o *others) taxes(ctx context.Context, q *Quote, reduced promotionsBody, shipping money.Money) error {
	asked := taxAsked{Country: q.Country, Currency: q.Currency, Includes: true, VATNumber: q.VATNumber}
	for n, l := range q.Lines {
		asked.Lines = append(asked.Lines, amountLine{ID: lineID(n), SKU: l.SKU, Amount: reduced.Lines[n].Amount})
	}
	if !shipping.IsZero() {
		asked.Shipping = &shippingAmount{shipping}
	}
	body, _, err := client.Call[taxBody](ctx, o.tax, question("/internal/tax/quotes", asked))
	if err == nil && len(body.Lines) != len(q.Lines) {
		err = fault.Unavailable("The tax cannot be worked out right now.", errLines)
	}
	if err != nil {
		return refusedAs(err, map[string]string{"#/vatNumber": "#/vatNumber", "#/country": "#/country"})
	}
	for n, l := range body.Lines {
		q.Lines[n].Total, q.Lines[n].Tax, q.Lines[n].Rate = l.Gross, l.Tax, l.Rate
	}
	var parts []money.Money
	for _, part := range body.Shipping {
		parts = append(parts, part.Gross)
		net, err := part.Gross.Sub(part.Tax)
		if err != nil {
			return fmt.Errorf("taking the tax out of shipping: %w", err)
		}
		q.ShippingTaxes = append(q.ShippingTaxes, Rate{part.Rate, net, part.Tax})
	}
	q.Shipping, err = money.Sum(q.Currency, parts...)
	q.Total, q.Net, q.Tax, q.Taxes, q.TaxReason = body.Gross, body.Net, body.Tax, append([]Rate{}, body.Rates...), body.Reason
	if body.VATNumber != "" {
		q.VATNumber = body.VATNumber
	}
	return err
}

func lineID(n int) string { return fmt.Sprintf("line-%d", n) }

// question is a POST that only asks.
func question(path string, body any) client.Request {
	return client.Request{Method: http.MethodPost, Path: path, Body: body, Safe: true, Timeout: asking}
}

// refusedAs tells the customer what another service found wrong with what he sent, at the place where he sent it.
func refusedAs(err error, places map[string]string) error {
	var refused *client.Error
	if !errors.As(err, &refused) || refused.Status != http.StatusUnprocessableEntity {
		return err
	}
	for _, f := range refused.Problem.Errors {
		for theirs, ours := range places {
			if strings.HasPrefix(f.Pointer, theirs) {
				return fault.Invalid(ours, f.Detail)
			}
		}
	}
	return err
}
