package inventory

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/changes"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/page"
)

// countBody is a product as the books see it.
type countBody struct {
	SKU       string `json:"sku"`
	OnHand    int64  `json:"onHand" doc:"What the product says of itself"`
	Reserved  int64  `json:"reserved"`
	Short     int64  `json:"short"`
	Unlimited bool   `json:"unlimited"`
	Moved     int64  `json:"moved" doc:"The sum of its movements: onHand"`
	Held      int64  `json:"held" doc:"The sum of its open holds: reserved"`
}

type booksInput struct{ page.Query }

type countsOutput struct{ Body page.Of[countBody] }

// bookedHold is a hold as the books see it.
type bookedHold struct {
	ID        uuid.UUID  `json:"id" format:"uuid"`
	Saga      uuid.UUID  `json:"saga" format:"uuid"`
	State     State      `json:"state" doc:"open, released, committed, cancelled"`
	Reason    Reason     `json:"reason,omitempty" doc:"Of a released hold: undone by checkout, or expired"`
	Order     *uuid.UUID `json:"order,omitempty" format:"uuid"`
	ExpiresAt time.Time  `json:"expiresAt"`
	Lines     []lineBody `json:"lines" nullable:"false" doc:"By product, and not as they were asked for"`
	ChangedAt time.Time  `json:"changedAt"`
}

func (h booked) body() bookedHold {
	b := holdOf(h.Hold)
	return bookedHold{b.ID, b.Saga, b.State, b.Reason, b.Order, b.ExpiresAt, b.Lines, h.mark.At.UTC()}
}

type holdsOutput struct{ Body changes.Page[bookedHold] }

// books are what the shop's books compare: stock with its ledger, holds with orders.
func (a *api) books(r *httpapi.API) {
	books := access.Service("books")
	httpapi.List(r, booksRoot, books, a.counts,
		httpapi.ID("listStockBooks"), httpapi.Summary("Each product with what its movements and holds add up to"), httpapi.Refuses(http.StatusBadRequest),
		httpapi.About("A page is of one moment. Two pages may be of two."))
	httpapi.List(r, booksRoot+"/holds", books, a.allHolds,
		httpapi.ID("listHoldBooks"), httpapi.Summary("Every hold"), httpapi.Refuses(http.StatusBadRequest),
		httpapi.About(changes.About))
}

func (a *api) counts(ctx context.Context, in *booksInput) (*countsOutput, error) {
	after, err := page.After[string](in.Query, "stock")
	if err != nil {
		return nil, err
	}
	found, err := a.store.counts(ctx, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	piece, err := pieceOf(in.Query, found, func(c Count) string { return c.SKU }, func(c Count) countBody {
		return countBody{c.SKU, c.OnHand, c.Reserved, c.Short, c.Unlimited, c.Moved, c.Held}
	}, "stock")
	return &countsOutput{piece}, err
}

func (a *api) allHolds(ctx context.Context, in *booksInput) (*holdsOutput, error) {
	piece, err := changes.List(ctx, a.store.db, in.Query, changes.Source[booked, bookedHold]{
		Name: "holds", Read: a.store.holds, Mark: func(h booked) changes.Mark { return h.mark }, Body: booked.body,
	})
	return &holdsOutput{piece}, err
}
