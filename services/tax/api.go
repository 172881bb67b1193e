package tax

import (
	"net/http"
	"time"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/calendar"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
)

const root = "/api/tax/rates"

// api is the HTTP.
type api struct {
	store    *store
	register *register
	calendar calendar.Calendar
	// seller is the country that goods are sent from.
	seller   string
	rounding Rounding
	now      func() time.Time
}

var rateShape, classShape = etag.ShapeOf[rateBody](), etag.ShapeOf[classBody]()

func (a *api) routes(k *app.Kit) *httpapi.API {
	r := k.NewAPI()
	read, write := access.Staff("tax:read"), access.Staff("tax:write")
	httpapi.Post(r, "/internal/tax/quotes", access.Service("checkout"), a.quote, httpapi.Safe(),
		httpapi.ID("quoteTax"), httpapi.Summary("The tax of a basket"),
		httpapi.About("Net and tax make gross, for each line, each rate and the whole. Where prices include tax, gross does not depend on how tax is rounded."))
	httpapi.List(r, root, read, a.list,
		httpapi.ID("listRates"), httpapi.Summary("Rates by country, class and day"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.Post(r, root, write, a.create,
		httpapi.ID("enterRate"), httpapi.Summary("Enter a rate that begins on a later day"), httpapi.Status(http.StatusCreated),
		httpapi.About("Of two rates that begin on one day, the one that was entered later counts."))
	httpapi.Get(r, root+"/{id}", read, a.rate,
		httpapi.ID("getRate"), httpapi.Summary("One rate"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Get(r, "/api/tax/classes/{sku}", read, a.class,
		httpapi.ID("getClass"), httpapi.Summary("The class of a product; standard where nobody said otherwise"))
	httpapi.Put(r, "/api/tax/classes/{sku}", write, a.classify,
		httpapi.ID("classify"), httpapi.Summary("Say of which class a product is"))
	return r
}
