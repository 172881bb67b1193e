package pricing

import (
	"context"
	"net/http"
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

const (
	root    = "/api/pricing/prices"
	entries = "/api/pricing/entries"
)

// api is the HTTP.
type api struct {
	store    *store
	told     announcer
	calendar calendar.Calendar
	// currency is the one that is meant where a request names none.
	currency string
	now      func() time.Time
}

// quotesAsked is what other services ask for: many products at once.
type quotesAsked struct {
	Currency string     `json:"currency" pattern:"^[A-Z]{3}$" example:"EUR"`
	Country  string     `json:"country,omitempty" pattern:"^[A-Z]{2}$" example:"AT" doc:"Where the customer is; without it the prices of no country in particular"`
	At       *time.Time `json:"at,omitempty" doc:"At which instant; now, where it is missing"`
	SKUs     []string   `json:"skus" minItems:"1" maxItems:"100" uniqueItems:"true" nullable:"false" example:"[\"KIT-1001\"]"`
}

type quotesInput struct{ Body quotesAsked }

type quoted struct {
	SKU     string       `json:"sku"`
	Price   money.Money  `json:"price" doc:"Of one"`
	Prior   *money.Money `json:"prior,omitempty" doc:"The lowest price of the 30 days before the reduction (Directive 98/6/EC Art. 6a); absent where the price is no lower"`
	Percent string       `json:"percent,omitempty" doc:"How much less than prior, in per cent, rounded down to a tenth" example:"12.5"`
}

type quotesBody struct {
	Currency string   `json:"currency"`
	Prices   []quoted `json:"prices" nullable:"false" doc:"In the order in which they were asked for"`
	Missing  []string `json:"missing" nullable:"false" doc:"What has no price in this currency: nothing is ever converted"`
}

type quotesOutput struct{ Body quotesBody }

type readInput struct {
	SKU      string `path:"sku" maxLength:"64"`
	Currency string `query:"currency" pattern:"^[A-Z]{3}$" doc:"The shop's own, where it is missing"`
	Country  string `query:"country" pattern:"^[A-Z]{2}$"`
}

type shownBody struct {
	SKU        string       `json:"sku"`
	Price      money.Money  `json:"price" doc:"Of one"`
	Prior      *money.Money `json:"prior,omitempty" doc:"The lowest price of the 30 days before the reduction; absent where the price is no lower"`
	Percent    string       `json:"percent,omitempty" doc:"How much less than prior, in per cent, rounded down to a tenth" example:"12.5"`
	ValidFrom  time.Time    `json:"validFrom" doc:"Since when it has been this price"`
	ValidUntil *time.Time   `json:"validUntil,omitempty" doc:"When its campaign ends; that instant is no part of it"`
}

type shownOutput struct {
	Cache string `header:"Cache-Control"`
	Body  shownBody
}

// newPrice is what staff enter.
type newPrice struct {
	SKU        string      `json:"sku" minLength:"1" maxLength:"64" example:"KIT-1001"`
	List       string      `json:"list" pattern:"^[A-Z]{3}(-[A-Z]{2})?$" example:"EUR" doc:"The price list: a currency, or a currency and a country that has prices of its own (EUR-AT)"`
	Price      money.Money `json:"price"`
	ValidFrom  string      `json:"validFrom,omitempty" pattern:"^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2}))?$" example:"2099-03-27" doc:"An instant, or a day of the shop, from its beginning on; now, where it is missing"`
	ValidUntil string      `json:"validUntil,omitempty" pattern:"^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2}))?$" example:"2099-03-29" doc:"An instant, which is no part of it, or a day, all of which is. What has an end is a campaign, and goes before prices without"`
}

type createInput struct {
	httpapi.Idempotent
	Body newPrice
}

type entryInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type entryBody struct {
	ID         uuid.UUID   `json:"id" format:"uuid"`
	SKU        string      `json:"sku"`
	List       string      `json:"list"`
	Price      money.Money `json:"price"`
	ValidFrom  time.Time   `json:"validFrom"`
	ValidUntil *time.Time  `json:"validUntil,omitempty"`
	EnteredAt  time.Time   `json:"enteredAt"`
}

type entryOutput struct {
	ETag string `header:"ETag"`
	Body entryBody
}

type listInput struct {
	page.Query
	SKU string `query:"sku" maxLength:"64" doc:"Of one product"`
}

type listOutput struct{ Body page.Of[entryBody] }

var shape = etag.ShapeOf[entryBody]()

func (a *api) routes(k *app.Kit) *httpapi.API {
	r := k.NewAPI()
	httpapi.Post(r, "/internal/pricing/quotes", access.Service("checkout", "cart", "storefront"), a.quote, httpapi.Safe(),
		httpapi.ID("quotePrices"), httpapi.Summary("What products cost, many at once"))
	httpapi.Get(r, root+"/{sku}", access.Public, a.get,
		httpapi.ID("getPrice"), httpapi.Summary("What one product costs"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Post(r, root, access.Staff("pricing:write"), a.create,
		httpapi.ID("enterPrice"), httpapi.Summary("Enter a price from now on, or from later on"), httpapi.Status(http.StatusCreated),
		httpapi.About("Prices are only ever added. Where several are valid, the country's own counts, then a campaign, then what begins later."))
	httpapi.List(r, entries, access.Staff("pricing:read"), a.list,
		httpapi.ID("listEntries"), httpapi.Summary("Every price that was ever entered, in that order"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.Get(r, entries+"/{id}", access.Staff("pricing:read"), a.entry,
		httpapi.ID("getEntry"), httpapi.Summary("A price as it was entered"), httpapi.Refuses(http.StatusNotFound))
	return r
}

func (a *api) quote(ctx context.Context, in *quotesInput) (*quotesOutput, error) {
	at := a.now()
	if in.Body.At != nil {
		at = *in.Body.At
	}
	found, err := histories(ctx, a.store.db, List{in.Body.Currency, in.Body.Country}, in.Body.SKUs...)
	if err != nil {
		return nil, err
	}
	out := &quotesOutput{quotesBody{in.Body.Currency, []quoted{}, []string{}}}
	for _, sku := range in.Body.SKUs {
		if shown, there := found[sku].Show(a.calendar, at); there {
			out.Body.Prices = append(out.Body.Prices, wire(shown))
		} else {
			out.Body.Missing = append(out.Body.Missing, sku)
		}
	}
	return out, nil
}

func (a *api) get(ctx context.Context, in *readInput) (*shownOutput, error) {
	if in.Currency == "" {
		in.Currency = a.currency
	}
	found, err := histories(ctx, a.store.db, List{in.Currency, in.Country}, in.SKU)
	if err != nil {
		return nil, err
	}
	shown, there := found[in.SKU].Show(a.calendar, a.now())
	if !there {
		return nil, fault.NotFound("price in "+in.Currency+" of product", in.SKU)
	}
	return &shownOutput{"no-cache", shownBody{shown.SKU, shown.Price, shown.Prior, shown.Percent, shown.From, optional(shown.Until)}}, nil
}

// create adds a price once for a key: the price, what is told of it and the stored answer are one commit.
func (a *api) create(ctx context.Context, in *createInput) (*httpapi.Answer[entryBody], error) {
	// PostgreSQL counts in microseconds: what is stored is what was answered.
	now := a.now().UTC().Truncate(time.Microsecond)
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	p, err := a.read(in.Body, id, now)
	if err != nil {
		return nil, err
	}
	stored, err := idempotency.Once(ctx, a.store.db, in.Key(ctx), in.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		if err := insert(ctx, tx, p); err != nil {
			return idempotency.Stored{}, err
		}
		if err := a.told.tell(ctx, tx, p.SKU, now); err != nil {
			return idempotency.Stored{}, err
		}
		out := answer(p)
		body, err := httpapi.Encode(out.Body)
		header := map[string]string{"ETag": out.ETag, "Location": entries + "/" + p.ID.String()}
		return idempotency.Stored{Status: http.StatusCreated, Header: header, Body: body}, err
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[entryBody](stored), nil
}

// read makes a price of what staff sent.
func (a *api) read(in newPrice, id uuid.UUID, now time.Time) (Price, error) {
	valid, err := a.calendar.Range(in.ValidFrom, in.ValidUntil, now)
	if err != nil {
		return Price{}, fault.Invalid("#/validUntil", "A price is valid from a day or an instant to a later one.")
	}
	valid.From, valid.Until = valid.From.Truncate(time.Microsecond), valid.Until.Truncate(time.Microsecond)
	return New(id, in.SKU, ParseList(in.List), in.Price, valid, now)
}

func (a *api) list(ctx context.Context, in *listInput) (*listOutput, error) {
	after, err := page.After[uuid.UUID](in.Query, in.SKU)
	if err != nil {
		return nil, err
	}
	found, err := a.store.list(ctx, in.SKU, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	piece, err := page.New(in.Query, found, func(p Price) uuid.UUID { return p.ID }, in.SKU)
	if err != nil {
		return nil, err
	}
	out := &listOutput{page.Of[entryBody]{Items: make([]entryBody, len(piece.Items)), Next: piece.Next}}
	for n, p := range piece.Items {
		out.Body.Items[n] = answer(p).Body
	}
	return out, nil
}

func (a *api) entry(ctx context.Context, in *entryInput) (*entryOutput, error) {
	p, err := a.store.price(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return answer(p), nil
}

func answer(p Price) *entryOutput {
	return &entryOutput{shape.Tag(1), entryBody{p.ID, p.SKU, p.List.String(), p.Price, p.Valid.From, optional(p.Valid.Until), p.Entered}}
}

func wire(s Shown) quoted { return quoted{s.SKU, s.Price, s.Prior, s.Percent} }

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
