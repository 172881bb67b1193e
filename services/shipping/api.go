package shipping

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/page"
)

// root is the path that the shop gives to this service: shop/service.yaml.
const root, ratesRoot = "/api/shipping", "/api/shipping/rates"

// api is the HTTP of rates and quotes; parcelapi.go has that of parcels.
type api struct {
	store *store
	// from is the country that sends.
	from string
	now  func() time.Time
}

// RateChange is what a client may change of a rate; exported, or what has it as a part would not describe its members.
type RateChange struct {
	Name     string       `json:"name" minLength:"1" maxLength:"100" example:"Standard"`
	Price    money.Money  `json:"price" doc:"With tax"`
	FreeFrom *money.Money `json:"freeFrom,omitempty" doc:"The total of goods from which on it costs nothing, itself included; never, where it is missing"`
}

// NewRateBody is what a client says of a rate; exported, or what has it as a part would not describe its members.
type NewRateBody struct {
	Country  string `json:"country" pattern:"^([A-Z]{2}|\\*)$" example:"DE" doc:"ISO 3166-1; * is every country that has no rate of this method"`
	Method   string `json:"method" pattern:"^[a-z0-9-]{1,64}$" example:"standard"`
	MaxGrams int64  `json:"maxGrams,omitempty" minimum:"1" maximum:"1000000" doc:"Up to which weight, itself included; any weight, where it is missing"`
	RateChange
}

type rateBody struct {
	ID uuid.UUID `json:"id" format:"uuid"`
	NewRateBody
}

type createInput struct {
	httpapi.Idempotent
	Body NewRateBody
}

type rateInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type changeInput struct {
	httpapi.IfMatch
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body RateChange
}

type rateOutput struct {
	ETag string `header:"ETag"`
	Body rateBody
}

type ratesInput struct {
	page.Query
	Country string `query:"country" pattern:"^([A-Z]{2}|\\*)?$" doc:"Only those of this country"`
}

type ratesOutput struct{ Body page.Of[rateBody] }

type quoteInput struct {
	Body struct {
		Country string      `json:"country" pattern:"^[A-Z]{2}$" example:"DE"`
		Goods   money.Money `json:"goods" doc:"What the goods cost after all discounts, points included, with tax; before gift cards (R6)"`
		Grams   int64       `json:"grams,omitempty" minimum:"0" maximum:"1000000000" doc:"What they weigh"`
	}
}

type offerBody struct {
	Method   string       `json:"method"`
	Name     string       `json:"name"`
	Cost     money.Money  `json:"cost" doc:"With tax"`
	FreeFrom *money.Money `json:"freeFrom,omitempty"`
}

type quoteOutput struct {
	Body struct {
		Offers []offerBody `json:"offers" nullable:"false" doc:"The cheapest first; none where nothing is sent there"`
	}
}

// shape is that of a rate on the wire: a release that answers another one makes caches ask again.
var shape = etag.ShapeOf[rateBody]()

func (a *api) routes(k *app.Kit) *httpapi.API {
	r := k.NewAPI()
	write, bad, missing := access.Staff("shipping:write"), httpapi.Refuses(http.StatusBadRequest), httpapi.Refuses(http.StatusNotFound)
	httpapi.List(r, ratesRoot, access.Public, a.rates, httpapi.ID("listRates"), httpapi.Summary("What shipping costs"), bad)
	httpapi.Post(r, ratesRoot, write, a.create, httpapi.ID("createRate"), httpapi.Summary("Add a rate"), httpapi.Status(http.StatusCreated), httpapi.Refuses(http.StatusConflict))
	httpapi.Get(r, ratesRoot+"/{id}", access.Public, a.get, httpapi.ID("getRate"), httpapi.Summary("One rate"), missing)
	httpapi.Put(r, ratesRoot+"/{id}", write, a.change, httpapi.ID("changeRate"), httpapi.Summary("Change what a rate costs"), missing)
	httpapi.Post(r, "/internal/shipping/quotes", access.Service("checkout"), a.quote, httpapi.Safe(), httpapi.ID("quoteShipping"), httpapi.Summary("How goods can be sent, and what it costs"))
	a.parcels(r)
	return r
}

// rate is what a client says of one.
func (b NewRateBody) rate(id uuid.UUID) (Rate, error) {
	return NewRate(Rate{ID: id, Country: b.Country, Method: b.Method, Name: b.Name, Price: b.Price, FreeFrom: b.FreeFrom, MaxGrams: b.MaxGrams, Version: 1})
}

func (r Rate) body() rateBody {
	return rateBody{r.ID, NewRateBody{r.Country, r.Method, r.MaxGrams, RateChange{r.Name, r.Price, r.FreeFrom}}}
}

func answer(r Rate) *rateOutput { return &rateOutput{shape.Tag(r.Version), r.body()} }

func (a *api) rates(ctx context.Context, in *ratesInput) (*ratesOutput, error) {
	after, err := page.After[uuid.UUID](in.Query, in.Country)
	if err != nil {
		return nil, err
	}
	found, err := readRates(ctx, a.store.db, `WHERE id > $1 AND ($2 = '' OR country = $2) ORDER BY id LIMIT $3`, after, in.Country, in.Limit+1)
	if err != nil {
		return nil, err
	}
	piece, err := page.New(in.Query, found, func(r Rate) uuid.UUID { return r.ID }, in.Country)
	return &ratesOutput{pageOf(piece, Rate.body)}, err
}

// pageOf is a page as it is answered.
func pageOf[T, B any](piece page.Of[T], body func(T) B) page.Of[B] {
	out := page.Of[B]{Items: make([]B, len(piece.Items)), Next: piece.Next}
	for n, item := range piece.Items {
		out.Items[n] = body(item)
	}
	return out
}

func (a *api) create(ctx context.Context, in *createInput) (*httpapi.Answer[rateBody], error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	r, err := in.Body.rate(id)
	if err != nil {
		return nil, err
	}
	header := func(b rateBody) map[string]string {
		return map[string]string{"ETag": shape.Tag(1), "Location": ratesRoot + "/" + b.ID.String()}
	}
	return once(ctx, a.store, in.Idempotent, http.StatusCreated, header, func(ctx context.Context, tx pgx.Tx) (rateBody, error) {
		return r.body(), insertRate(ctx, tx, r)
	})
}

// once has an effect and stores its answer in one commit.
func once[T any](ctx context.Context, s *store, key httpapi.Idempotent, status int, header func(T) map[string]string, do func(context.Context, pgx.Tx) (T, error)) (*httpapi.Answer[T], error) {
	stored, err := idempotency.Once(ctx, s.db, key.Key(ctx), key.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		body, err := do(ctx, tx)
		if err != nil {
			return idempotency.Stored{}, err
		}
		text, err := httpapi.Encode(body)
		return idempotency.Stored{Status: status, Header: header(body), Body: text}, err
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[T](stored), nil
}

func (a *api) get(ctx context.Context, in *rateInput) (*rateOutput, error) {
	r, err := a.store.rate(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return answer(r), nil
}

func (a *api) change(ctx context.Context, in *changeInput) (*rateOutput, error) {
	before, err := a.store.rate(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if in.Body.Price.Currency() != before.Price.Currency() {
		return nil, fault.Invalid("#/price/currency", "The rate counts in "+before.Price.Currency()+".")
	}
	after := before
	after.Name, after.Price, after.FreeFrom = in.Body.Name, in.Body.Price, in.Body.FreeFrom
	if after, err = NewRate(after); err != nil {
		return nil, err
	}
	if in.Repeated(before.Version, before.says(after)) {
		return answer(before), nil
	}
	if err := in.Check(before.Version); err != nil {
		return nil, err
	}
	if err := a.store.save(ctx, before, after); err != nil {
		return nil, err
	}
	after.Version++
	return answer(after), nil
}

// says tells whether two rates say the same of what a client may change.
func (r Rate) says(other Rate) bool {
	same := r.Name == other.Name && r.Price == other.Price && (r.FreeFrom == nil) == (other.FreeFrom == nil)
	return same && (r.FreeFrom == nil || *r.FreeFrom == *other.FreeFrom)
}

func (a *api) quote(ctx context.Context, in *quoteInput) (*quoteOutput, error) {
	if in.Body.Goods.Sign() < 0 {
		return nil, fault.Invalid("#/goods/amount", "It is below zero.")
	}
	rates, err := readRates(ctx, a.store.db, `WHERE country IN ($1, '*') ORDER BY id`, in.Body.Country)
	if err != nil {
		return nil, err
	}
	out := &quoteOutput{}
	out.Body.Offers = []offerBody{}
	for _, o := range Offers(rates, in.Body.Country, in.Body.Goods, in.Body.Grams) {
		out.Body.Offers = append(out.Body.Offers, offerBody{o.Rate.Method, o.Rate.Name, o.Cost, o.Rate.FreeFrom})
	}
	return out, nil
}
