package checkout

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// root is the path that the shop gives to this service: shop/service.yaml.
const root = "/api/checkout"

// api is the HTTP.
type api struct {
	store  *store
	others *others
	run    *runner
	policy Policy
	now    func() time.Time
}

func (a *api) routes(k *app.Kit) *httpapi.API {
	r := k.NewAPI()
	conflict, missing := httpapi.Refuses(http.StatusConflict), httpapi.Refuses(http.StatusNotFound)
	httpapi.Post(r, root+"/quotes", access.Public, a.quote, httpapi.ID("createQuote"), httpapi.Status(http.StatusCreated), conflict, missing, httpapi.Refuses(http.StatusUnauthorized, http.StatusTooManyRequests),
		httpapi.Summary("Ask what a cart costs"), httpapi.About("Prices, discounts, shipping and tax as they are now. The quote is good for 15 minutes. Nothing is held. Points and gift cards are for who is signed in, and a quote with any is ordered by nobody else; 503 where the shop cannot count them now: leave points and cards out."))
	httpapi.Get(r, root+"/quotes/{id}", access.Public, a.get, httpapi.ID("getQuote"), httpapi.Summary("A quote"), missing)
	httpapi.Post(r, root+"/orders", access.Public, a.place, httpapi.ID("placeOrder"), httpapi.Status(http.StatusCreated), conflict, missing,
		httpapi.With(httpapi.Limits{Deadline: placing}), httpapi.Summary("Order what was quoted"),
		httpapi.About("201 with the order; 409 quote-changed, with the new quote as the member quote; 409 sold-out; 409 payment-declined; 503 while nobody knows yet: send the same again with the same key, until there is an answer. After a 409 of these the key is used up: try again with a new one."))
	httpapi.Get(r, root+"/attempts/{id}", access.Public, a.attempt, httpapi.ID("getAttempt"), httpapi.Summary("How far an order is that is being placed"), missing)
	httpapi.Get(r, "/internal/checkout/sagas/{id}", access.Service("inventory", "payments", "promotions", "loyalty", "books"), a.verdict, httpapi.ID("getSaga"), httpapi.Summary("What became of a saga"), missing)
	a.books(r)
	return r
}

func (a *api) quote(ctx context.Context, in *quoteInput) (*httpapi.Answer[Quote], error) {
	if stored, err := idempotency.Answered(ctx, a.store.db, in.Key(ctx), in.Sent(ctx)); err != nil || stored != nil {
		if err != nil {
			return nil, err
		}
		return httpapi.Replay[Quote](*stored), nil
	}
	b := in.Body
	spends, err := wishes(ctx, b)
	if err != nil {
		return nil, err
	}
	t := Terms{Cart: b.Cart, Country: b.Country, Postcode: b.Postcode, VATNumber: b.VATNumber, Currency: b.Currency, Delivery: b.Delivery}
	t, wants, err := a.others.inCart(ctx, t)
	if err != nil {
		return nil, err
	}
	q, err := a.others.offer(ctx, a.policy, t, wish{wants: wants, codes: b.Coupons, who: buyer{customerOf(ctx), b.Email}, spends: spends}, a.now())
	if err != nil {
		return nil, err
	}
	stored, err := idempotency.Once(ctx, a.store.db, in.Key(ctx), in.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		text, err := httpapi.Encode(q)
		return idempotency.Stored{
			Status: http.StatusCreated, Body: text, Header: map[string]string{"ETag": shape.Tag(1), "Location": root + "/quotes/" + q.ID.String()},
		}, errors.Join(err, keep(ctx, tx, q))
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[Quote](stored), nil
}

func customerOf(ctx context.Context) string {
	if who := access.From(ctx); who.Kind == access.CustomerKind {
		return who.Subject
	}
	return ""
}

func (a *api) get(ctx context.Context, in *readInput) (*quoteOutput, error) {
	q, err := a.store.quote(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &quoteOutput{shape.Tag(1), q}, nil
}

func (a *api) attempt(ctx context.Context, in *readInput) (*attemptOutput, error) {
	s, err := a.store.saga(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &attemptOutput{attemptBody{State: string(s.Verdict())}}
	switch {
	case s.State == Placed:
		out.Body.Order = &orderBody{s.order.ID, s.order.Number, s.order.Token, s.quote.Total}
	case s.Decided():
		out.Body.Problem = a.refusal(ctx, *s.Refusal, "")
	}
	return out, nil
}

func (a *api) verdict(ctx context.Context, in *readInput) (*sagaOutput, error) {
	s, err := a.store.saga(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &sagaOutput{sagaBody{ID: s.ID, State: string(s.Verdict())}}
	if s.order != nil && s.State == Placed {
		out.Body.Order = &s.order.ID
	}
	return out, nil
}

// amount reads an amount of the environment: "4.90 EUR".
func amount(text, otherwise string) (money.Money, error) {
	if text == "" {
		text = otherwise
	}
	number, currency, _ := strings.Cut(text, " ")
	return money.Parse(number, currency)
}
