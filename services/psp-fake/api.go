package pspfake

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/changes"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
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

// chance is what the mood is left to, outside of tests.
func chance() float64 { return rand.Float64() } //nolint:gosec // no secret
