package tax

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/calendar"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/page"
)

const root = "/api/tax/rates"

// api is the HTTP.
type api struct {
	store    *store
	register *register
	calendar calendar.Calendar
	// seller is the country that goods are sent from.
	seller   string
	rounding Rounding
	now      func() time.Time
}

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

type newRate struct {
	Country string `json:"country" pattern:"^[A-Z]{2}$" example:"DE"`
	Class   string `json:"class" enum:"standard,reduced,second-reduced,super-reduced,zero"`
	Percent string `json:"percent" pattern:"^\\d{1,3}(\\.\\d{1,4})?$" example:"19"`
	From    string `json:"from" format:"date" example:"2099-01-01" doc:"The day of the shop on which it begins"`
}

type createInput struct {
	httpapi.Idempotent
	Body newRate
}

type rateBody struct {
	ID      uuid.UUID `json:"id" format:"uuid"`
	Country string    `json:"country"`
	Class   string    `json:"class"`
	Percent string    `json:"percent"`
	From    string    `json:"from" format:"date"`
}

type rateOutput struct {
	ETag string `header:"ETag"`
	Body rateBody
}

type rateInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type listInput struct {
	page.Query
	Country string `query:"country" pattern:"^[A-Z]{2}$"`
}

type listOutput struct{ Body page.Of[rateBody] }

type classBody struct {
	Class string `json:"class" enum:"standard,reduced,second-reduced,super-reduced,zero"`
}

type classInput struct {
	SKU string `path:"sku" maxLength:"64"`
}

type classifyInput struct {
	httpapi.IfMatch
	SKU  string `path:"sku" maxLength:"64"`
	Body classBody
}

type classOutput struct {
	ETag string `header:"ETag"`
	Body classBody
}

var rateShape, classShape = etag.ShapeOf[rateBody](), etag.ShapeOf[classBody]()

func (a *api) routes(k *app.Kit) *httpapi.API {
	r := k.NewAPI()
	read, write := access.Staff("tax:read"), access.Staff("tax:write")
	httpapi.Post(r, "/internal/tax/quotes", access.Service("checkout"), a.quote, httpapi.Safe(),
		httpapi.ID("quoteTax"), httpapi.Summary("The tax of a basket"),
		httpapi.About("Net and tax make gross, for each line, each rate and the whole. Where prices include tax, gross does not depend on how tax is rounded."))
	httpapi.List(r, root, read, a.list,
		httpapi.ID("listRates"), httpapi.Summary("Rates by country, class and day"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.Post(r, root, write, a.create,
		httpapi.ID("enterRate"), httpapi.Summary("Enter a rate that begins on a later day"), httpapi.Status(http.StatusCreated),
		httpapi.About("Of two rates that begin on one day, the one that was entered later counts."))
	httpapi.Get(r, root+"/{id}", read, a.rate,
		httpapi.ID("getRate"), httpapi.Summary("One rate"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Get(r, "/api/tax/classes/{sku}", read, a.class,
		httpapi.ID("getClass"), httpapi.Summary("The class of a product; standard where nobody said otherwise"))
	httpapi.Put(r, "/api/tax/classes/{sku}", write, a.classify,
		httpapi.ID("classify"), httpapi.Summary("Say of which class a product is"))
	return r
}

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

// business is what is known of a customer with a VAT number.
type business struct {
	number, reason  string
	exempt, checked bool
}

// business asks the register only for who could be free of tax by it.
func (a *api) business(ctx context.Context, in quoteAsked, now time.Time) (business, error) {
	if in.VATNumber == "" {
		return business{}, nil
	}
	n, err := ParseNumber(in.VATNumber)
	if err != nil {
		return business{}, err
	}
	v := Unchecked
	if n.eligible(a.seller, in.Country) {
		if v, err = a.verdict(ctx, n, now); err != nil {
			return business{}, err
		}
	}
	why, exempt := n.reason(a.seller, in.Country, v)
	return business{n.String(), why, exempt, v != Unchecked}, nil
}

// verdict takes what the register said lately, so that an order is taxed as its quote was.
func (a *api) verdict(ctx context.Context, n Number, now time.Time) (Verdict, error) {
	v, err := a.store.checked(ctx, n, now)
	if err != nil || v != Unchecked {
		return v, err
	}
	if v = a.register.ask(ctx, n); v == Unchecked {
		return v, nil
	}
	if err := a.store.note(ctx, n, v, now); err != nil {
		slog.WarnContext(ctx, "asking the register again next time", "error", err)
	}
	return v, nil
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

func (a *api) list(ctx context.Context, in *listInput) (*listOutput, error) {
	after, err := page.After[place](in.Query, in.Country)
	if err != nil {
		return nil, err
	}
	found, err := a.store.list(ctx, in.Country, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	piece, err := page.New(in.Query, found, func(r Rate) place { return place{r.Country, r.Class, r.From, r.ID} }, in.Country)
	if err != nil {
		return nil, err
	}
	out := &listOutput{page.Of[rateBody]{Items: make([]rateBody, len(piece.Items)), Next: piece.Next}}
	for n, r := range piece.Items {
		out.Body.Items[n] = answer(r).Body
	}
	return out, nil
}

// create adds a rate once for a key: the rate and the stored answer are one commit.
func (a *api) create(ctx context.Context, in *createInput) (*httpapi.Answer[rateBody], error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	rate, err := NewRate(id, in.Body.Country, in.Body.Class, in.Body.Percent, in.Body.From, a.calendar.Day(a.now()))
	if err != nil {
		return nil, err
	}
	stored, err := idempotency.Once(ctx, a.store.db, in.Key(ctx), in.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		if err := insert(ctx, tx, rate); err != nil {
			return idempotency.Stored{}, err
		}
		out := answer(rate)
		body, err := httpapi.Encode(out.Body)
		header := map[string]string{"ETag": out.ETag, "Location": root + "/" + rate.ID.String()}
		return idempotency.Stored{Status: http.StatusCreated, Header: header, Body: body}, err
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[rateBody](stored), nil
}

func (a *api) rate(ctx context.Context, in *rateInput) (*rateOutput, error) {
	r, err := a.store.rate(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return answer(r), nil
}

func (a *api) class(ctx context.Context, in *classInput) (*classOutput, error) {
	class, version, err := a.store.class(ctx, in.SKU)
	if err != nil {
		return nil, err
	}
	return &classOutput{classShape.Tag(version), classBody{class}}, nil
}

func (a *api) classify(ctx context.Context, in *classifyInput) (*classOutput, error) {
	class, version, err := a.store.class(ctx, in.SKU)
	if err != nil {
		return nil, err
	}
	if in.Repeated(version, class == in.Body.Class) {
		return &classOutput{classShape.Tag(version), classBody{class}}, nil
	}
	if err := in.Check(version); err != nil {
		return nil, err
	}
	if err := a.store.classify(ctx, in.SKU, in.Body.Class, version); err != nil {
		return nil, err
	}
	return &classOutput{classShape.Tag(version + 1), in.Body}, nil
}

func answer(r Rate) *rateOutput {
	return &rateOutput{rateShape.Tag(1), rateBody{r.ID, r.Country, r.Class, r.Percent.PercentText(), r.From}}
}
