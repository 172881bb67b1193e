package payments

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/changes"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/page"
)

const (
	// root is the public path: shop/service.yaml. inside is where services ask.
	root   = "/api/payments"
	inside = "/internal/payments"
)

// api is the HTTP.
type api struct {
	store *store
	till  *till
	// secrets sign webhooks; now is the clock that they are signed by.
	secrets []string
	now     func() time.Time
}

// paymentBody is a payment on the wire.
type paymentBody struct {
	ID           uuid.UUID   `json:"id" format:"uuid"`
	Saga         string      `json:"saga"`
	Order        *uuid.UUID  `json:"order,omitempty" format:"uuid"`
	State        State       `json:"state" enum:"pending,authorized,captured,refunded,voided,failed" example:"authorized"`
	Amount       money.Money `json:"amount"`
	Captured     money.Money `json:"captured"`
	Refunded     money.Money `json:"refunded"`
	Released     money.Money `json:"released" doc:"What will never be taken"`
	Capturable   money.Money `json:"capturable" doc:"What may still be asked for"`
	Refundable   money.Money `json:"refundable" doc:"What may still be given back: by the provider first, and beyond that to gift cards"`
	RefundedTax  money.Money `json:"refundedTax" doc:"Of what was refunded, by the running total"`
	PSPReference string      `json:"pspReference,omitempty" doc:"The provider's id of the authorisation"`
	// Cards and CardsBack are missing where no gift card pays.
	Cards     *money.Money `json:"cards,omitempty" doc:"What gift cards pay of the order, beside amount"`
	CardsBack *money.Money `json:"cardsBack,omitempty" doc:"What of it goes back to them"`
	// Operation is what this request did.
	Operation *uuid.UUID `json:"operation,omitempty" format:"uuid" doc:"The capture, void or refund that the request made"`
}

type authorizeBody struct {
	Saga        string      `json:"saga" format:"uuid" doc:"One saga pays once" example:"0198c9a5-0000-7000-8000-000000000001"`
	Amount      money.Money `json:"amount"`
	Card        string      `json:"card" minLength:"1" maxLength:"200" doc:"What the provider exchanged the card's number for; never the number" example:"tok_visa"`
	Description string      `json:"description,omitempty" maxLength:"200"`
}

type captureBody struct {
	Amount money.Money `json:"amount"`
	Final  bool        `json:"final,omitempty" doc:"The last one: what is left is released"`
}

type refundBody struct {
	Amount money.Money `json:"amount"`
	Reason string      `json:"reason,omitempty" maxLength:"200"`
}

type voidBody struct{}

type sagaBody struct {
	Saga string `json:"saga" format:"uuid" example:"0198c9a5-0000-7000-8000-000000000001"`
}

// bookBody is a payment as books compare it.
type bookBody struct {
	Payment      uuid.UUID   `json:"payment" format:"uuid"`
	Saga         string      `json:"saga"`
	Order        *uuid.UUID  `json:"order,omitempty" format:"uuid"`
	State        State       `json:"state" enum:"pending,authorized,captured,refunded,voided,failed"`
	Amount       money.Money `json:"amount" doc:"What the customer is to pay"`
	Authorized   money.Money `json:"authorized"`
	Captured     money.Money `json:"captured"`
	Refunded     money.Money `json:"refunded"`
	Voided       money.Money `json:"voided" doc:"What was released"`
	Held         money.Money `json:"held" doc:"By the ledger: what is still promised"`
	Provider     money.Money `json:"provider" doc:"By the ledger: what the provider owes the shop"`
	Balanced     bool        `json:"balanced" doc:"The entries of the ledger make zero, and say what the payment says"`
	UnderWay     bool        `json:"underWay" doc:"The provider was asked for something, and has not said what came of it"`
	PSPReference string      `json:"pspReference,omitempty"`
	ChangedAt    time.Time   `json:"changedAt"`
	// Cards and CardsBack are missing where no gift card pays.
	Cards     *money.Money `json:"cards,omitempty" doc:"What gift cards pay of the order, beside amount"`
	CardsBack *money.Money `json:"cardsBack,omitempty" doc:"What of it goes back to them"`
}

type authorizeInput struct {
	httpapi.Idempotent
	Body authorizeBody
}

type captureInput struct {
	httpapi.Idempotent
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body captureBody
}

type refundInput struct {
	httpapi.Idempotent
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body refundBody
}

type voidInput struct {
	httpapi.Idempotent
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body *voidBody
}

type undoInput struct {
	httpapi.Idempotent
	Body sagaBody
}

type readInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type booksInput struct{ page.Query }

type paymentOutput struct {
	ETag string `header:"ETag"`
	Body paymentBody
}

type booksOutput struct{ Body changes.Page[bookBody] }

var shape = etag.ShapeOf[paymentBody]()

// routes lists the routes. Staff and services do the same to a payment, below
// paths of their own.
func (a *api) routes(k *app.Kit) *httpapi.API {
	r := k.NewAPI()
	made, gone := httpapi.Status(http.StatusCreated), httpapi.Refuses(http.StatusNotFound)
	httpapi.Post(r, inside+"/authorizations", access.Service("checkout"), a.authorize, made, httpapi.ID("authorizePayment"),
		httpapi.Summary("Have a saga's payment authorised"),
		httpapi.About("409 payment-declined is for good. 503 says that the outcome is not known: repeat it with the same key, and never with another one."))
	httpapi.Post(r, inside+"/voids", access.Service("checkout"), a.undo, made, httpapi.ID("voidSaga"),
		httpapi.Summary("Undo a saga's payment, whatever became of it"),
		httpapi.About("Also where its authorisation has no outcome yet, or never arrived: nothing is authorised for the saga after that."))
	for _, way := range []struct {
		path, name  string
		read, write access.Access
	}{
		{inside + "/payments/{id}", "", access.Service("checkout", "orders"), access.Service("checkout", "orders")},
		{root + "/{id}", "ByStaff", access.Staff("payments:read"), access.Staff("payments:write")},
	} {
		httpapi.Get(r, way.path, way.read, a.get, gone, httpapi.ID("getPayment"+way.name), httpapi.Summary("One payment"))
		httpapi.Post(r, way.path+"/captures", way.write, a.capture, made, gone, httpapi.ID("capturePayment"+way.name), httpapi.Summary("Take what is authorised, or a part of it"))
		httpapi.Post(r, way.path+"/voids", way.write, a.void, made, gone, httpapi.ID("voidPayment"+way.name), httpapi.Summary("Release a payment of which nothing was taken"))
		httpapi.Post(r, way.path+"/refunds", way.write, a.refund, made, gone, httpapi.ID("refundPayment"+way.name), httpapi.Summary("Give back what was taken, or a part of it"),
			httpapi.About("The provider comes first. What is beyond what he took goes back to the gift cards that paid the rest; an order that they paid all of has a payment of its own id."))
	}
	httpapi.List(r, inside+"/books", access.Service("books"), a.books, httpapi.ID("listPaymentBooks"), httpapi.Summary("All payments, for the books"),
		httpapi.Refuses(http.StatusBadRequest), httpapi.About(changes.About))
	httpapi.Page(r, http.MethodPost, root+"/webhooks", access.Public, a.webhook, httpapi.Webhook(), httpapi.Produces("text/plain"),
		httpapi.With(httpapi.Limits{Body: webhookLimit}), httpapi.Refuses(http.StatusBadRequest, http.StatusNotFound, http.StatusUnprocessableEntity),
		httpapi.ID("takeWebhook"), httpapi.Summary("What the provider tells, signed by it"))
	return r
}

// wanted is what a request asks for. path is the place of the payment for its caller.
func want(ctx context.Context, in httpapi.Idempotent, id uuid.UUID) wanted {
	key := in.Key(ctx)
	key.Route = strings.Replace(key.Route, "{id}", id.String(), 1) // a key belongs to one payment
	at := inside + "/payments/"
	if strings.Contains(key.Route, " "+root) {
		at = root + "/"
	}
	return wanted{key, in.Sent(ctx), func(p Payment, done Attempt) (idempotency.Stored, error) {
		body := bodyOf(p, false)
		if done.ID != uuid.Nil && done.Kind != Authorize {
			body.Operation = &done.ID
		}
		text, err := httpapi.Encode(body)
		header := map[string]string{"ETag": shape.Tag(p.Version), "Location": at + p.ID.String()}
		return idempotency.Stored{Status: http.StatusCreated, Header: header, Body: text}, err
	}}
}

func (a *api) authorize(ctx context.Context, in *authorizeInput) (*httpapi.Answer[paymentBody], error) {
	return replied(a.till.authorize(ctx, want(ctx, in.Idempotent, uuid.Nil), in.Body.Saga, in.Body.Card, in.Body.Amount))
}

func (a *api) capture(ctx context.Context, in *captureInput) (*httpapi.Answer[paymentBody], error) {
	return replied(a.till.operate(ctx, want(ctx, in.Idempotent, in.ID), in.ID, Capture, in.Body.Amount, in.Body.Final))
}

func (a *api) refund(ctx context.Context, in *refundInput) (*httpapi.Answer[paymentBody], error) {
	return replied(a.till.operate(ctx, want(ctx, in.Idempotent, in.ID), in.ID, Refund, in.Body.Amount, false))
}

func (a *api) void(ctx context.Context, in *voidInput) (*httpapi.Answer[paymentBody], error) {
	return replied(a.till.void(ctx, want(ctx, in.Idempotent, in.ID), func(ctx context.Context, tx pgx.Tx) (Payment, error) {
		return readPayment(ctx, tx, in.ID, locked)
	}))
}

// undo voids by the saga. One of which nothing is known gets a payment of nothing,
// so that what arrives late finds it undone.
func (a *api) undo(ctx context.Context, in *undoInput) (*httpapi.Answer[paymentBody], error) {
	return replied(a.till.void(ctx, want(ctx, in.Idempotent, uuid.Nil), func(ctx context.Context, tx pgx.Tx) (Payment, error) {
		return paymentOf(ctx, tx, in.Body.Saga, nothing)
	}))
}

// nothing is no money of no currency (ISO 4217: XXX).
var nothing = money.New(0, "XXX")

func replied(stored idempotency.Stored, err error) (*httpapi.Answer[paymentBody], error) {
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[paymentBody](stored), nil
}

func (a *api) get(ctx context.Context, in *readInput) (*paymentOutput, error) {
	p, err := readPayment(ctx, a.store.db, in.ID, "")
	if err != nil {
		return nil, err
	}
	failed, err := a.till.failed(ctx, a.store.db, p)
	return &paymentOutput{shape.Tag(p.Version), bodyOf(p, failed)}, err
}

func (a *api) books(ctx context.Context, in *booksInput) (*booksOutput, error) {
	piece, err := changes.List(ctx, a.store.db, in.Query, changes.Source[book, bookBody]{
		Name: "payments", Read: a.store.books, Mark: func(b book) changes.Mark { return b.mark }, Body: book.body,
	})
	return &booksOutput{piece}, err
}

func (b book) body() bookBody {
	return bookBody{
		b.ID, b.Saga, b.Order, b.state, b.Money(b.Amount), b.Money(b.promised()), b.Money(b.Captured), b.Money(b.Refunded), b.Money(b.Released),
		b.Money(b.held), b.Money(b.provider), b.balanced(), b.underWay(), b.Reference, b.mark.At.UTC(), b.ofCards(b.Cards), b.ofCards(b.CardsBack),
	}
}

func bodyOf(p Payment, failed bool) paymentBody {
	return paymentBody{
		ID: p.ID, Saga: p.Saga, Order: p.Order, State: p.State(failed), Amount: p.Money(p.Amount),
		Captured: p.Money(p.Captured), Refunded: p.Money(p.Refunded), Released: p.Money(p.Released),
		Capturable: p.Money(p.Capturable()), Refundable: p.Money(p.givable()), RefundedTax: p.Money(p.RefundedTax), PSPReference: p.Reference,
		Cards: p.ofCards(p.Cards), CardsBack: p.ofCards(p.CardsBack),
	}
}

// ofCards is an amount that is told where gift cards pay a part.
func (p Payment) ofCards(minor int64) *money.Money {
	if p.Cards == 0 {
		return nil
	}
	m := p.Money(minor)
	return &m
}
