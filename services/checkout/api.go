package checkout

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
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
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// root is the path that the shop gives to this service: shop/service.yaml.
const root = "/api/checkout"

// placeRoute is where orders are placed; their keys are kept under it.
const placeRoute = "POST " + root + "/orders"

// placing is how long a customer waits for his order. What takes longer goes on without him.
const placing = 10 * time.Second

// api is the HTTP.
type api struct {
	store  *store
	others *others
	run    *runner
	policy Policy
	now    func() time.Time
}

type termsBody struct {
	Cart      uuid.UUID `json:"cart" format:"uuid"`
	Country   string    `json:"country" pattern:"^[A-Z]{2}$" doc:"Where the goods go, ISO 3166-1" example:"DE"`
	Postcode  string    `json:"postcode,omitempty" maxLength:"20"`
	VATNumber string    `json:"vatNumber,omitempty" maxLength:"32" doc:"Of a business"`
	Coupons   []string  `json:"coupons,omitempty" maxItems:"10" nullable:"false" doc:"Codes, as they were typed"`
	Email     string    `json:"email,omitempty" format:"email" maxLength:"254" doc:"For coupons that each customer may use once"`
	Currency  string    `json:"currency,omitempty" pattern:"^[A-Z]{3}$" doc:"The cart's where it is not said" example:"EUR"`
	Points    int64     `json:"points,omitempty" minimum:"0" maximum:"10000000" doc:"How many of his points the customer, who is signed in, wants to spend: as many of them as he has and the goods cost are"`
	Cards     []string  `json:"cards,omitempty" maxItems:"10" nullable:"false" doc:"Codes of gift cards, in the order in which they pay; of who is signed in"`
	Delivery  string    `json:"delivery,omitempty" pattern:"^[a-z0-9-]{1,64}$" doc:"Which of the quote's deliveries; the cheapest where it is not said" example:"express"`
}

type quoteInput struct {
	httpapi.Idempotent
	Body termsBody
}

type readInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type placeBody struct {
	Quote   uuid.UUID `json:"quote" format:"uuid"`
	Hash    string    `json:"hash" minLength:"1" maxLength:"64" doc:"The quote's, as it was shown"`
	Card    string    `json:"card,omitempty" maxLength:"200" doc:"The provider's token for the means of payment; never a number" example:"tok_visa"`
	Email   string    `json:"email" format:"email" maxLength:"254"`
	Locale  string    `json:"locale,omitempty" pattern:"^[a-z]{2}(-[A-Z]{2})?$" example:"de"`
	Address Address   `json:"address"`
}

type placeInput struct {
	httpapi.Idempotent
	Body placeBody
}

type orderBody struct {
	Order  uuid.UUID   `json:"order" format:"uuid"`
	Number string      `json:"number" example:"ACME-100001"`
	Token  string      `json:"token" doc:"Whoever has it may see and cancel the order"`
	Total  money.Money `json:"total"`
}

type attemptBody struct {
	State   string           `json:"state" doc:"running, placed or undone"`
	Order   *orderBody       `json:"order,omitempty"`
	Problem *problem.Problem `json:"problem,omitempty"`
}

type sagaBody struct {
	ID    uuid.UUID  `json:"id" format:"uuid"`
	State string     `json:"state" doc:"running, placed or undone"`
	Order *uuid.UUID `json:"order,omitempty" format:"uuid"`
}

type quoteOutput struct {
	ETag string `header:"ETag"`
	Body Quote
}

type attemptOutput struct{ Body attemptBody }

type sagaOutput struct{ Body sagaBody }

var shape = etag.ShapeOf[Quote]()

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

// place takes the key, or tells what came of it. From then on it does not end with the customer's patience: what was begun is gone on
// with until its own end.
func (a *api) place(ctx context.Context, in *placeInput) (*httpapi.Answer[orderBody], error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), placing-500*time.Millisecond)
	defer cancel()
	claim, s, stored, err := a.take(ctx, in)
	switch {
	case errors.Is(err, idempotency.ErrLost):
		return nil, open(claim.ID())
	case err != nil:
		return nil, err
	case stored != nil:
		return a.told(ctx, *stored, in.Body.Email)
	}
	if err := a.run.run(ctx, claim, s); err != nil { // what was not committed is not told
		slog.WarnContext(ctx, "leaving a saga to another process", "saga", s.ID, "error", err)
		return nil, open(s.ID)
	}
	answer, err := s.answer()
	switch {
	case err != nil:
		return nil, err
	case answer != nil:
		return a.told(ctx, *answer, in.Body.Email)
	case s.Decided():
		return nil, a.refusal(ctx, s.refused(), in.Body.Email)
	}
	return nil, open(s.ID)
}

// open says that nobody knows yet.
func open(saga uuid.UUID) error {
	return problem.New(problem.Unavailable, "We are still working on your order. Send the same again with the same key; you are charged once at most.").
		With("Retry-After", "1").Member("saga", saga)
}

// take takes the key of an order: for a new saga, for one that the key began before, or for the answer that it got.
func (a *api) take(ctx context.Context, in *placeInput) (*idempotency.Attempt, *attempt, *idempotency.Stored, error) {
	stored, err := idempotency.Answered(ctx, a.store.db, in.Key(ctx), in.Sent(ctx))
	if stored != nil || (err != nil && !fault.Is(err, fault.InFlightKind)) {
		return nil, nil, stored, err
	}
	if err == nil {
		claim, s, err := a.start(ctx, in)
		if !errors.Is(err, idempotency.ErrTaken) && !errors.Is(err, errChanged) {
			return claim, s, nil, err
		}
	}
	claim, stored, err := idempotency.Begin(ctx, a.store.db, in.Key(ctx), in.Sent(ctx), a.run.lease)
	if err != nil || stored != nil {
		return nil, nil, stored, err
	}
	s, err := a.goOn(ctx, claim, in)
	return claim, s, nil, err
}

// start begins a saga, if the quote is still good. Another request with the same key may come first: then it begins none. Where the quote
// is not good any more nothing is told yet: a double click may be ordering at this moment, so the key is taken before the customer is refused.
func (a *api) start(ctx context.Context, in *placeInput) (*idempotency.Attempt, *attempt, error) {
	s, changed, err := a.planned(ctx, in, uuid.Must(uuid.NewV7()))
	if err != nil {
		return nil, nil, err
	}
	if changed != nil {
		return nil, nil, errChanged
	}
	first, _ := s.Next()
	s.Saga = s.Begin(first, a.now().UTC())
	claim, err := a.store.start(ctx, in.Key(ctx), in.Sent(ctx), a.run.lease, s)
	return claim, s, err
}

// errChanged says that a quote is not good any more, to who has not taken the key.
var errChanged = errors.New("the quote is not good any more")

// goOn is the saga that a key began before, or, where its process died before that, a new one. Who is refused has used up the key, as
// after every refusal: were it free, the same order sent once more could be taken after all.
func (a *api) goOn(ctx context.Context, claim *idempotency.Attempt, in *placeInput) (*attempt, error) {
	s, err := a.store.saga(ctx, claim.ID())
	if err == nil {
		s.Saga = s.Adopt()
	}
	if !fault.Is(err, fault.NotFoundKind) {
		return s, err
	}
	s, changed, err := a.planned(ctx, in, claim.ID())
	if changed != nil {
		return nil, a.refuse(ctx, claim, in.Body.Quote, *changed)
	}
	if err == nil {
		if err = a.store.begin(ctx, claim, s); err == nil {
			return s, nil
		}
	}
	return nil, errors.Join(err, a.store.forget(ctx, claim))
}

// refuse ends a key with the refusal of a quote, and keeps the new one.
func (a *api) refuse(ctx context.Context, claim *idempotency.Attempt, old uuid.UUID, now Quote) error {
	text, err := json.Marshal(Refusal{Kind: "quote-changed", Detail: changedDetail, Quote: &old})
	if err == nil {
		err = a.store.refuse(ctx, claim, idempotency.Stored{Status: http.StatusConflict, Body: text}, now)
	}
	if err != nil {
		return err
	}
	return quoteChanged(now)
}

const changedDetail = "Prices or conditions changed since the quote. Look at the new one."

func quoteChanged(now Quote) error {
	return problem.New(problem.QuoteChanged, changedDetail).Member("quote", now)
}

// planned is the saga of a request, or the new quote where the one that it names is not good any more.
func (a *api) planned(ctx context.Context, in *placeInput, id uuid.UUID) (s *attempt, changed *Quote, err error) {
	q, changed, err := a.agreed(ctx, in.Body)
	if err != nil || changed != nil {
		return nil, changed, err
	}
	return &attempt{
		quote: q, Saga: NewSaga(id, len(q.redeemed()) > 0, q.held(), !q.due().IsZero()),
		request: Request{Customer: customerOf(ctx), Email: in.Body.Email, Locale: in.Body.Locale, Card: in.Body.Card, Address: in.Body.Address},
	}, nil, nil
}

// agreed is the quote, if it is still what would be offered; else the new one.
func (a *api) agreed(ctx context.Context, b placeBody) (q Quote, changed *Quote, err error) {
	if q, err = a.store.quote(ctx, b.Quote); err != nil {
		return q, nil, err
	}
	if err := q.owned(customerOf(ctx)); err != nil {
		return q, nil, err
	}
	if !q.due().IsZero() && b.Card == "" {
		return q, nil, fault.Invalid("#/card", "There is something to pay.")
	}
	now, err := a.again(ctx, q, b.Address.Country, buyer{customerOf(ctx), b.Email})
	if err != nil {
		return q, nil, err
	}
	if now.Hash != q.Hash || b.Hash != q.Hash || !q.Valid(a.now()) {
		return q, &now, nil
	}
	return q, nil, nil
}

// again is the same lines offered anew, for where the goods go: the cart is not asked, for it may have changed meanwhile (C21).
func (a *api) again(ctx context.Context, q Quote, country string, who buyer) (Quote, error) {
	t := q.Terms
	t.Country = country
	return a.others.offer(ctx, a.policy, t, wish{q.wants(), q.codes(), who, q.again(), &q}, a.now())
}

// told is a final answer.
func (a *api) told(ctx context.Context, s idempotency.Stored, email string) (*httpapi.Answer[orderBody], error) {
	if s.Status == http.StatusCreated {
		return httpapi.Replay[orderBody](s), nil
	}
	var r Refusal
	if err := json.Unmarshal(s.Body, &r); err != nil {
		return nil, err
	}
	p := a.refusal(ctx, r, email)
	if s.Replayed {
		p = p.With("Idempotent-Replayed", "true")
	}
	return nil, p
}

// refusal is what the customer is told. With a quote that is not good any more he gets a new one, if there can be one right now.
func (a *api) refusal(ctx context.Context, r Refusal, email string) *problem.Problem {
	var fields []problem.Field
	for _, f := range r.Fields {
		fields = append(fields, problem.Field(f))
	}
	p := problem.New(problem.Of(string(r.Kind)), r.Detail, fields...)
	if r.Quote == nil {
		return p
	}
	now, err := a.anew(ctx, *r.Quote, buyer{customerOf(ctx), email})
	if err != nil {
		slog.WarnContext(ctx, "making a new quote", "error", err)
		return p
	}
	return p.Member("quote", now)
}

// anew is a quote of the same lines as they are offered now.
func (a *api) anew(ctx context.Context, quote uuid.UUID, who buyer) (Quote, error) {
	q, err := a.store.quote(ctx, quote)
	if err != nil {
		return Quote{}, err
	}
	if err := q.owned(who.customer); err != nil {
		return Quote{}, err
	}
	now, err := a.again(ctx, q, q.Country, who)
	if err != nil {
		return Quote{}, err
	}
	return now, postgres.InTx(ctx, a.store.db, func(tx pgx.Tx) error { return keep(ctx, tx, now) })
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
