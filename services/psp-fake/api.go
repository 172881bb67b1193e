package pspfake

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/changes"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/page"
)

// root is where merchants ask. No customer does: it has no public path.
const root = "/internal/psp"

// longest is longer than any card or mood makes a merchant wait, so that the
// provider is late and not unavailable.
const longest = 30 * time.Second

// api is the HTTP.
type api struct {
	store *store
	given Mood
	// draw decides what the mood leaves to chance.
	draw func() float64
}

// authorizationBody is an authorisation on the wire.
type authorizationBody struct {
	ID          uuid.UUID `json:"id" format:"uuid"`
	Reference   string    `json:"reference"`
	State       State     `json:"state" enum:"authorized,declined"`
	DeclineCode string    `json:"declineCode,omitempty" example:""`
	Minor       int64     `json:"minor" doc:"In the smallest unit of the currency" example:"1290"`
	Currency    string    `json:"currency" example:"EUR"`
	Captured    int64     `json:"captured" example:"0"`
	Refunded    int64     `json:"refunded" example:"0"`
	Released    int64     `json:"released" example:"0"`
}

type authorizeBody struct {
	Reference string `json:"reference" minLength:"1" maxLength:"200" doc:"The merchant's own; asked by and told in webhooks"`
	Minor     int64  `json:"minor" minimum:"1" maximum:"999999999999999" doc:"In the smallest unit of the currency" example:"1290"`
	Currency  string `json:"currency" pattern:"^[A-Z]{3}$" example:"EUR"`
	Card      string `json:"card" minLength:"1" maxLength:"200" doc:"What the card's number was exchanged for" example:"tok_visa"`
}

// operationBody is a capture, a void or a refund on the wire.
type operationBody struct {
	ID            uuid.UUID `json:"id" format:"uuid"`
	Authorization uuid.UUID `json:"authorization" format:"uuid"`
	Reference     string    `json:"reference"`
	Kind          Kind      `json:"kind" enum:"capture,void,refund"`
	State         string    `json:"state" enum:"succeeded,failed"`
	Minor         int64     `json:"minor" example:"1290"`
	Released      int64     `json:"released" doc:"What it set free of the authorisation" example:"0"`
	Currency      string    `json:"currency" example:"EUR"`
}

type captureBody struct {
	Reference string `json:"reference" minLength:"1" maxLength:"200"`
	Minor     int64  `json:"minor" minimum:"1" maximum:"999999999999999" example:"1290"`
	Final     bool   `json:"final" doc:"What is left is released"`
}

type voidBody struct {
	Reference string `json:"reference" minLength:"1" maxLength:"200"`
}

type refundBody struct {
	Reference string `json:"reference" minLength:"1" maxLength:"200"`
	Minor     int64  `json:"minor" minimum:"1" maximum:"999999999999999" example:"1290"`
}

// balanceBody is what the ledger says of an authorisation.
type balanceBody struct {
	Authorization uuid.UUID `json:"authorization" format:"uuid"`
	Reference     string    `json:"reference"`
	Currency      string    `json:"currency"`
	Authorized    int64     `json:"authorized" doc:"What the issuer promised"`
	Held          int64     `json:"held" doc:"What of it is still reserved on the card"`
	Captured      int64     `json:"captured"`
	Refunded      int64     `json:"refunded"`
	Merchant      int64     `json:"merchant" doc:"What the merchant has of it"`
	Balanced      bool      `json:"balanced" doc:"The entries of the ledger make zero, and say what the authorisation says"`
	ChangedAt     time.Time `json:"changedAt"`
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

type voidInput struct {
	httpapi.Idempotent
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body voidBody
}

type refundInput struct {
	httpapi.Idempotent
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body refundBody
}

type readInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type listInput struct {
	page.Query
	Reference string `query:"reference" maxLength:"200"`
}

type ledgerInput struct{ page.Query }

type moodInput struct {
	httpapi.IfMatch
	Body Mood
}

type authorizationOutput struct {
	ETag string `header:"ETag"`
	Body authorizationBody
}

type operationOutput struct {
	ETag string `header:"ETag"`
	Body operationBody
}

type moodOutput struct {
	ETag string `header:"ETag"`
	Body Mood
}

type authorizationsOutput struct{ Body page.Of[authorizationBody] }

type operationsOutput struct{ Body page.Of[operationBody] }

type ledgerOutput struct{ Body changes.Page[balanceBody] }

var (
	authorizationShape = etag.ShapeOf[authorizationBody]()
	operationShape     = etag.ShapeOf[operationBody]()
	moodShape          = etag.ShapeOf[Mood]()
)

// routes lists the routes.
func (a *api) routes(k *app.Kit) *httpapi.API {
	r := k.NewAPI()
	merchant, late := access.Service("payments"), httpapi.With(httpapi.Limits{Deadline: longest})
	gone, made := httpapi.Refuses(http.StatusNotFound), httpapi.Status(http.StatusCreated)
	httpapi.Post(r, root+"/authorizations", merchant, a.authorize, late, made, httpapi.ID("authorize"), httpapi.Summary("Reserve an amount on a card"))
	httpapi.List(r, root+"/authorizations", merchant, a.list, httpapi.ID("listAuthorizations"), httpapi.Summary("Authorisations, by the merchant's reference"))
	httpapi.Get(r, root+"/authorizations/{id}", merchant, a.get, gone, httpapi.ID("getAuthorization"), httpapi.Summary("One authorisation"))
	httpapi.Post(r, root+"/authorizations/{id}/captures", merchant, a.capture, late, made, gone, httpapi.ID("capture"), httpapi.Summary("Take an amount that is reserved"))
	httpapi.Post(r, root+"/authorizations/{id}/voids", merchant, a.void, late, made, gone, httpapi.ID("void"), httpapi.Summary("Release what is reserved"))
	httpapi.Post(r, root+"/authorizations/{id}/refunds", merchant, a.refund, late, made, gone, httpapi.ID("refund"), httpapi.Summary("Give back what was taken"))
	httpapi.List(r, root+"/operations", merchant, a.operations, httpapi.ID("listOperations"), httpapi.Summary("Captures, voids and refunds, by the merchant's reference"))
	httpapi.Get(r, root+"/operations/{id}", merchant, a.operation, gone, httpapi.ID("getOperation"), httpapi.Summary("One capture, void or refund"))
	httpapi.List(r, root+"/ledger", access.Service("payments", "books"), a.ledger, httpapi.ID("listLedger"), httpapi.Summary("What the ledger says of each authorisation"),
		httpapi.About(changes.About))
	httpapi.Get(r, root+"/mood", access.Staff("psp:write"), a.mood, httpapi.ID("getMood"), httpapi.Summary("How badly the provider behaves"))
	httpapi.Put(r, root+"/mood", access.Staff("psp:write"), a.feel, httpapi.ID("putMood"), httpapi.Summary("Let the provider behave otherwise"))
	return r
}

// treated is how a merchant's request about a card is treated now; 503 while the
// provider is away.
func (a *api) treated(ctx context.Context, card string) (Mood, manners, error) {
	m, _, err := a.store.mood(ctx, a.given)
	if err == nil && m.Away {
		err = fault.Unavailable("The provider is away.", nil)
	}
	return m, m.manners(a.draw, card), err
}

// behave does something once for a key, in the manner of the mood. What begins
// late is done even when the merchant has given up meanwhile.
func behave[T any](ctx context.Context, a *api, by manners, key idempotency.Key, sent []byte, do func(context.Context, pgx.Tx) (idempotency.Stored, error)) (*httpapi.Answer[T], error) {
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), longest)
	defer cancel()
	wait(work, by.before)
	stored, err := idempotency.Once(work, a.store.db, key, sent, do)
	if err != nil {
		return nil, err
	}
	wait(ctx, by.after)
	// Whose time is over while he waits hears nothing: an answer just then may reach him, and would not be late.
	if by.lose || (by.after > 0 && ctx.Err() != nil) {
		panic(http.ErrAbortHandler) // breaks the connection, as a proxy between that is restarted
	}
	return httpapi.Replay[T](stored), nil
}

func wait(ctx context.Context, d time.Duration) {
	if d == 0 {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (a *api) authorize(ctx context.Context, in *authorizeInput) (*httpapi.Answer[authorizationBody], error) {
	mood, by, err := a.treated(ctx, in.Body.Card)
	if err != nil {
		return nil, err
	}
	return behave[authorizationBody](ctx, a, by, in.Key(ctx), in.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		id, err := uuid.NewV7()
		if err != nil {
			return idempotency.Stored{}, err
		}
		minor, currency := mood.promise(a.draw, in.Body.Minor, in.Body.Currency)
		made := Authorize(id, in.Body.Reference, minor, currency, known(in.Body.Card))
		if err := insertAuthorization(ctx, tx, made); err != nil {
			return idempotency.Stored{}, err
		}
		if err := tell(ctx, tx, ofAuthorization(made), mood.deliveries(a.draw)); err != nil {
			return idempotency.Stored{}, err
		}
		return stored(bodyOf(made), authorizationShape.Tag(made.Version), root+"/authorizations/"+id.String())
	})
}

func (a *api) capture(ctx context.Context, in *captureInput) (*httpapi.Answer[operationBody], error) {
	return a.operate(ctx, in.ID, in.Idempotent, Capture, in.Body.Reference, in.Body.Minor, in.Body.Final)
}

func (a *api) void(ctx context.Context, in *voidInput) (*httpapi.Answer[operationBody], error) {
	return a.operate(ctx, in.ID, in.Idempotent, Void, in.Body.Reference, 0, false)
}

func (a *api) refund(ctx context.Context, in *refundInput) (*httpapi.Answer[operationBody], error) {
	return a.operate(ctx, in.ID, in.Idempotent, Refund, in.Body.Reference, in.Body.Minor, false)
}

func (a *api) operate(ctx context.Context, id uuid.UUID, in httpapi.Idempotent, kind Kind, reference string, minor int64, final bool) (*httpapi.Answer[operationBody], error) {
	mood, by, err := a.treated(ctx, "")
	if err != nil {
		return nil, err
	}
	return behave[operationBody](ctx, a, by, keyOf(in.Key(ctx), id), in.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		before, err := authorization(ctx, tx, id, "FOR UPDATE")
		if err != nil {
			return idempotency.Stored{}, err
		}
		operation, err := uuid.NewV7()
		if err != nil {
			return idempotency.Stored{}, err
		}
		after, o, err := Operate(operation, before, kind, reference, minor, final)
		if err != nil {
			return idempotency.Stored{}, err
		}
		if err := change(ctx, tx, before, after, o); err != nil {
			return idempotency.Stored{}, err
		}
		if err := tell(ctx, tx, ofOperation(after, o), mood.deliveries(a.draw)); err != nil {
			return idempotency.Stored{}, err
		}
		return stored(operationOf(o), operationShape.Tag(1), root+"/operations/"+o.ID.String())
	})
}

// keyOf makes the key one of the authorisation, too: the pattern of the path does not say which.
func keyOf(k idempotency.Key, id uuid.UUID) idempotency.Key {
	k.Route = strings.Replace(k.Route, "{id}", id.String(), 1)
	return k
}

func stored(body any, tag, at string) (idempotency.Stored, error) {
	text, err := httpapi.Encode(body)
	if err != nil {
		return idempotency.Stored{}, fmt.Errorf("writing an answer: %w", err)
	}
	return idempotency.Stored{Status: http.StatusCreated, Header: map[string]string{"ETag": tag, "Location": at}, Body: text}, nil
}

func (a *api) get(ctx context.Context, in *readInput) (*authorizationOutput, error) {
	if _, _, err := a.treated(ctx, ""); err != nil {
		return nil, err
	}
	found, err := authorization(ctx, a.store.db, in.ID, "")
	if err != nil {
		return nil, err
	}
	return &authorizationOutput{authorizationShape.Tag(found.Version), bodyOf(found)}, nil
}

func (a *api) operation(ctx context.Context, in *readInput) (*operationOutput, error) {
	if _, _, err := a.treated(ctx, ""); err != nil {
		return nil, err
	}
	found, err := a.store.operation(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &operationOutput{operationShape.Tag(1), operationOf(found)}, nil
}

func (a *api) list(ctx context.Context, in *listInput) (*authorizationsOutput, error) {
	if _, _, err := a.treated(ctx, ""); err != nil {
		return nil, err
	}
	piece, err := paged(in.Query, func(after uuid.UUID, limit int) ([]Authorization, error) {
		return a.store.referred(ctx, in.Reference, after, limit)
	}, func(a Authorization) uuid.UUID { return a.ID }, bodyOf, in.Reference)
	return &authorizationsOutput{piece}, err
}

func (a *api) operations(ctx context.Context, in *listInput) (*operationsOutput, error) {
	if _, _, err := a.treated(ctx, ""); err != nil {
		return nil, err
	}
	piece, err := paged(in.Query, func(after uuid.UUID, limit int) ([]Operation, error) {
		return a.store.operations(ctx, in.Reference, after, limit)
	}, func(o Operation) uuid.UUID { return o.ID }, operationOf, in.Reference)
	return &operationsOutput{piece}, err
}

// ledger is answered in any mood: it is what books are closed by.
func (a *api) ledger(ctx context.Context, in *ledgerInput) (*ledgerOutput, error) {
	piece, err := changes.List(ctx, a.store.db, in.Query, changes.Source[balance, balanceBody]{
		Name: "ledger", Read: a.store.balances, Mark: func(b balance) changes.Mark { return b.mark }, Body: balance.body,
	})
	return &ledgerOutput{piece}, err
}

// paged is a page of what read returns, each item as it is on the wire.
func paged[T, B any](q page.Query, read func(after uuid.UUID, limit int) ([]T, error), key func(T) uuid.UUID, body func(T) B, filter ...string) (page.Of[B], error) {
	after, err := page.After[uuid.UUID](q, filter...)
	if err != nil {
		return page.Of[B]{}, err
	}
	found, err := read(after, q.Limit+1)
	if err != nil {
		return page.Of[B]{}, err
	}
	piece, err := page.New(q, found, key, filter...)
	out := page.Of[B]{Items: make([]B, len(piece.Items)), Next: piece.Next}
	for n, item := range piece.Items {
		out.Items[n] = body(item)
	}
	return out, err
}

func (a *api) mood(ctx context.Context, _ *struct{}) (*moodOutput, error) {
	m, version, err := a.store.mood(ctx, a.given)
	return &moodOutput{moodShape.Tag(version), m}, err
}

func (a *api) feel(ctx context.Context, in *moodInput) (*moodOutput, error) {
	before, version, err := a.store.mood(ctx, a.given)
	if err != nil {
		return nil, err
	}
	if in.Repeated(version, before == in.Body) {
		return &moodOutput{moodShape.Tag(version), before}, nil
	}
	if err := in.Check(version); err != nil {
		return nil, err
	}
	return &moodOutput{moodShape.Tag(version + 1), in.Body}, a.store.feel(ctx, in.Body, version)
}

func (b balance) body() balanceBody {
	return balanceBody{b.ID, b.Reference, b.Currency, b.authorized, b.held, b.captured, b.refunded, b.captured - b.refunded, b.balanced(), b.mark.At.UTC()}
}

func bodyOf(a Authorization) authorizationBody {
	return authorizationBody{a.ID, a.Reference, a.State, a.DeclineCode, a.Minor, a.Currency, a.Captured, a.Refunded, a.Released}
}

func operationOf(o Operation) operationBody {
	return operationBody{o.ID, o.Authorization, o.Reference, o.Kind, o.State, o.Minor, o.Released, o.Currency}
}

// chance is what the mood is left to, outside of tests.
func chance() float64 { return rand.Float64() } //nolint:gosec // no secret
