package promotions

import (
	"net/http"
	"time"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/calendar"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
)

const redemptions = "/internal/promotions/redemptions"

// api is the HTTP of quotes and redemptions; staff.go has that of rules and coupons.
type api struct {
	store    *store
	calendar calendar.Calendar
	now      func() time.Time
}

func (a *api) routes(k *app.Kit) *httpapi.API {
	r := k.NewAPI()
	checkout := access.Service("checkout")
	httpapi.Post(r, "/internal/promotions/quotes", checkout, a.quote, httpapi.Safe(),
		httpapi.ID("quotePromotions"), httpapi.Summary("What promotions and coupons take off a basket"), httpapi.Refuses(http.StatusTooManyRequests))
	httpapi.Post(r, redemptions, checkout, a.redeem,
		httpapi.ID("redeemCoupons"), httpapi.Summary("Hold the coupons of a checkout, all of them or none"), httpapi.Status(http.StatusCreated))
	httpapi.Get(r, redemptions+"/{id}", checkout, a.redemption,
		httpapi.ID("getRedemption"), httpapi.Summary("What became of a redemption"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Post(r, redemptions+"/{id}/commit", checkout, a.commit,
		httpapi.ID("commitRedemption"), httpapi.Summary("Say which order the coupons were for"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Post(r, redemptions+"/{id}/release", checkout, a.release,
		httpapi.ID("releaseRedemption"), httpapi.Summary("Give the coupons back: there will be no order"), httpapi.Refuses(http.StatusNotFound))
	a.staff(r)
	a.books(r)
	return r
}
