package promotions

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/changes"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/page"
)

// booksRoot is where the shop's books are read from.
const booksRoot = "/internal/promotions/books"

// bookedCoupon is a coupon of a redemption, redemptionBook a redemption and couponBook a coupon as the books see them.
type bookedCoupon struct {
	Coupon string      `json:"coupon"`
	Amount money.Money `json:"amount"`
}

type redemptionBook struct {
	ID        uuid.UUID      `json:"id" format:"uuid"`
	Saga      uuid.UUID      `json:"saga" format:"uuid"`
	State     string         `json:"state" doc:"reserved, committed, released, or returned by an order that was cancelled"`
	Order     *uuid.UUID     `json:"order,omitempty" format:"uuid"`
	Coupons   []bookedCoupon `json:"coupons" nullable:"false"`
	ChangedAt time.Time      `json:"changedAt"`
}

type couponBook struct {
	ID       uuid.UUID `json:"id" format:"uuid"`
	Code     string    `json:"code"`
	Used     int64     `json:"used" doc:"What the coupon says of itself"`
	Redeemed int64     `json:"redeemed" doc:"How many redemptions have it that count: used"`
	Uses     int64     `json:"uses,omitempty" doc:"How many orders may have it; absent: any number"`
}

type booksInput struct{ page.Query }

type redemptionsOutput struct{ Body changes.Page[redemptionBook] }

type couponBooksOutput struct{ Body page.Of[couponBook] }

// books are what the shop's books compare: redemptions with orders, coupons with their redemptions.
func (a *api) books(r *httpapi.API) {
	books := access.Service("books")
	httpapi.List(r, booksRoot+"/redemptions", books, a.redemptionBooks,
		httpapi.ID("listRedemptionBooks"), httpapi.Summary("Every redemption"), httpapi.Refuses(http.StatusBadRequest),
		httpapi.About(changes.About))
	httpapi.List(r, booksRoot+"/coupons", books, a.couponBooks,
		httpapi.ID("listCouponBooks"), httpapi.Summary("Each coupon with what its redemptions add up to"), httpapi.Refuses(http.StatusBadRequest),
		httpapi.About("A page is of one moment. Two pages may be of two."))
}

func (a *api) redemptionBooks(ctx context.Context, in *booksInput) (*redemptionsOutput, error) {
	piece, err := changes.List(ctx, a.store.db, in.Query, changes.Source[booked, redemptionBook]{
		Name: "redemptions", Read: a.store.changed, Mark: func(b booked) changes.Mark { return b.mark }, Body: booked.body,
	})
	return &redemptionsOutput{piece}, err
}

func (b booked) body() redemptionBook {
	out := redemptionBook{b.ID, b.Saga, string(b.State), b.Order, []bookedCoupon{}, b.mark.At.UTC()}
	for _, c := range b.Coupons {
		out.Coupons = append(out.Coupons, bookedCoupon{c.Code, c.Amount})
	}
	return out
}

func (a *api) couponBooks(ctx context.Context, in *booksInput) (*couponBooksOutput, error) {
	after, err := page.After[string](in.Query, "coupons")
	if err != nil {
		return nil, err
	}
	found, err := a.store.counts(ctx, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	piece, err := page.New(in.Query, found, func(c couponCount) string { return c.code }, "coupons")
	if err != nil {
		return nil, err
	}
	out := &couponBooksOutput{page.Of[couponBook]{Items: make([]couponBook, len(piece.Items)), Next: piece.Next}}
	for n, c := range piece.Items {
		out.Body.Items[n] = couponBook{c.id, c.code, c.used, c.redeemed, c.uses}
	}
	return out, nil
}
