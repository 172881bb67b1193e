package tax

import (
	"context"
	"strconv"
	"time"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// What checkout asks: the tax of a basket.

type lineAsked struct {
	ID     string      `json:"id" minLength:"1" maxLength:"64" doc:"The caller's own, to find the line again"`
	SKU    string      `json:"sku" minLength:"1" maxLength:"64"`
	Amount money.Money `json:"amount" doc:"Of the whole line, after all discounts"`
}

type shippingAsked struct {
	Amount      money.Money `json:"amount"`
	IncludesTax *bool       `json:"includesTax,omitempty" doc:"As the prices do, where it is missing"`
}

type quoteAsked struct {
	Country          string         `json:"country" pattern:"^[A-Z]{2}$" example:"DE" doc:"Where the goods are sent to"`
	At               *time.Time     `json:"at,omitempty" doc:"On the day of which instant; now, where it is missing"`
	PricesIncludeTax bool           `json:"pricesIncludeTax"`
	Rounding         string         `json:"rounding,omitempty" enum:"line,rate" doc:"The shop's own, where it is missing"`
	Currency         string         `json:"currency" pattern:"^[A-Z]{3}$" example:"EUR"`
	Lines            []lineAsked    `json:"lines" minItems:"1" maxItems:"200" nullable:"false"`
	Shipping         *shippingAsked `json:"shipping,omitempty"`
	VATNumber        string         `json:"vatNumber,omitempty" maxLength:"32" example:"FR40303265045" doc:"Of a business, as people write it"`
}

type quoteInput struct{ Body quoteAsked }

type taxedBody struct {
	ID    string      `json:"id,omitempty"`
	Rate  string      `json:"rate" doc:"In per cent" example:"25.5"`
	Gross money.Money `json:"gross"`
	Net   money.Money `json:"net"`
	Tax   money.Money `json:"tax"`
}

type rateSum struct {
	Rate string      `json:"rate" doc:"In per cent" example:"19"`
	Net  money.Money `json:"net"`
	Tax  money.Money `json:"tax"`
}

type quoteBody struct {
	Lines      []taxedBody `json:"lines" nullable:"false" doc:"As they were asked about"`
	Shipping   []taxedBody `json:"shipping" nullable:"false" doc:"Split over the rates of the goods"`
	Rates      []rateSum   `json:"rates" nullable:"false" doc:"The lowest first"`
	Gross      money.Money `json:"gross" doc:"What is to be paid"`
	Net        money.Money `json:"net"`
	Tax        money.Money `json:"tax"`
	Rounding   string      `json:"rounding" doc:"line or rate: the unit on which tax was rounded, to be stored with the order"`
	VATNumber  string      `json:"vatNumber,omitempty" doc:"As it is stored"`
	VATChecked *bool       `json:"vatChecked,omitempty" doc:"Whether the register answered; where it did not, tax is taken"`
	Reason     string      `json:"reason,omitempty" doc:"Why tax is taken from a business, or not"`
}

type quoteOutput struct{ Body quoteBody }

func (a *api) quote(ctx context.Context, in *quoteInput) (*quoteOutput, error) {
	if err := in.Body.check(); err != nil {
		return nil, err
	}
	now := a.now()
	at := now
	if in.Body.At != nil {
		at = *in.Body.At
	}
	business, err := a.business(ctx, in.Body, now)
	if err != nil {
		return nil, err
	}
	b, err := a.basket(ctx, in.Body, a.calendar.Day(at), business.exempt)
	if err != nil {
		return nil, err
	}
	bill, err := b.Bill()
	if err != nil {
		return nil, err
	}
	return wire(bill, b.Rounding, business), nil
}

// check holds amounts to one currency, and above zero.
func (q quoteAsked) check() error {
	for n, line := range q.Lines {
		if err := q.amount("#/lines/"+strconv.Itoa(n)+"/amount", line.Amount); err != nil {
			return err
		}
	}
	if q.Shipping == nil {
		return nil
	}
	return q.amount("#/shipping/amount", q.Shipping.Amount)
}

func (q quoteAsked) amount(at string, m money.Money) error {
	switch {
	case m.Currency() != q.Currency:
		return fault.Invalid(at+"/currency", "The basket counts in "+q.Currency+".")
	case m.Sign() < 0:
		return fault.Invalid(at+"/amount", "It is below zero.")
	}
	return nil
}

func (a *api) basket(ctx context.Context, in quoteAsked, day string, exempt bool) (Basket, error) {
	skus := make([]string, len(in.Lines))
	for n, line := range in.Lines {
		skus[n] = line.SKU
	}
	rates, classOf, err := a.store.basis(ctx, in.Country, skus)
	if err != nil {
		return Basket{}, err
	}
	b := Basket{Currency: in.Currency, Rounding: a.rounding, Shipping: money.New(0, in.Currency), ShippingInside: in.PricesIncludeTax}
	if in.Rounding != "" {
		b.Rounding = Rounding(in.Rounding)
	}
	for _, line := range in.Lines {
		class := classOf[line.SKU]
		if class == "" {
			class = Standard
		}
		rate, there := rates.At(class, day)
		if !there {
			return Basket{}, fault.Invalid("#/country", "The shop does not know the taxes of "+in.Country+" on "+day+".")
		}
		if exempt {
			rate = money.Rate{}
		}
		b.Lines = append(b.Lines, Item{line.ID, rate, line.Amount, in.PricesIncludeTax})
	}
	if s := in.Shipping; s != nil {
		if b.Shipping = s.Amount; s.IncludesTax != nil {
			b.ShippingInside = *s.IncludesTax
		}
	}
	return b, nil
}

func wire(b Bill, how Rounding, who business) *quoteOutput {
	out := &quoteOutput{quoteBody{Lines: taxed(b.Lines), Shipping: taxed(b.Shipping), Rates: make([]rateSum, len(b.Rates)),
		Gross: b.Gross, Net: b.Net, Tax: b.Tax, Rounding: string(how), VATNumber: who.number, Reason: who.reason}}
	for n, r := range b.Rates {
		out.Body.Rates[n] = rateSum{r.Rate.PercentText(), r.Net, r.Tax}
	}
	if who.number != "" {
		out.Body.VATChecked = &who.checked
	}
	return out
}

func taxed(list []Taxed) []taxedBody {
	out := make([]taxedBody, len(list))
	for n, t := range list {
		out[n] = taxedBody{t.ID, t.Rate.PercentText(), t.Gross, t.Net, t.Tax}
	}
	return out
}
