// The routes of the shop and what its pages are made from.
package storefront

import (
	"html/template"
	"log/slog"
	"maps"
	"net/http"
	"time"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// shop serves the pages of one release of one shop.
type shop struct {
	settings
	name, release, version string
	catalog                catalog
	carts                  carts
	reviews                reviews
	stocks                 stocks
	checkouts              checkouts
	orders                 orders
	accounts               accounts
	returns                returns
	searches               searches
	shipments              shipments
	recommendations        recommendations
	wishes                 wishes
	// photos and contents are nil in a shop without media, or without cms.
	photos   *photos
	contents *contents
	now      func() time.Time
	log      *slog.Logger
	views    map[string]map[string]*template.Template // by language

	// What many pages share. A key is a category's slug; categories and paths have one, "".
	categories *kept[[]category]
	shelves    *kept[[]product]
	covers     *kept[product]
	goods      *kept[product] // by SKU
	groups     *kept[group]
	paths      *kept[[]string]
}

const formType = "application/x-www-form-urlencoded"

func (s *shop) routes(k *app.Kit) *httpapi.API {
	a := k.NewAPI()
	a.Refusals(s.refuse)
	forms := []httpapi.Option{httpapi.Consumes(formType), httpapi.Status(http.StatusSeeOther), httpapi.With(httpapi.Limits{Body: mostForm}), httpapi.Refuses(http.StatusForbidden, http.StatusConflict, http.StatusUnprocessableEntity)}
	httpapi.Page(a, "GET", "/{$}", access.Public, s.home, httpapi.ID("home"), httpapi.Summary("Products"))
	httpapi.Page(a, "GET", "/products/{sku}", access.Public, s.productPage, httpapi.ID("product"), httpapi.Summary("One product"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Page(a, "GET", "/cart", access.Public, s.cartPage, httpapi.ID("cart"), httpapi.Summary("The visitor's cart"))
	httpapi.Page(a, "POST", "/cart/items", access.Public, s.ownForm(s.addItem),
		append(forms, httpapi.ID("addItem"), httpapi.Summary("Put a product into the cart"))...)
	httpapi.Page(a, "POST", "/cart/items/{sku}", access.Public, s.ownForm(s.setItem),
		append(forms, httpapi.ID("setItem"), httpapi.Summary("Set how many are in the cart"))...)
	httpapi.Page(a, "GET", "/pages/{slug}", access.Public, s.textPage, httpapi.ID("text"), httpapi.Summary("A page of the shop's owner: imprint, terms"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Page(a, "GET", "/robots.txt", access.Public, s.robots, httpapi.ID("robots"), httpapi.Summary("What search engines may read"), httpapi.Produces("text/plain"))
	httpapi.Page(a, "GET", "/sitemap.xml", access.Public, s.sitemap, httpapi.ID("sitemap"), httpapi.Summary("All pages there are to be found"), httpapi.Produces("application/xml"))
	httpapi.Page(a, "GET", "/static/{file}", access.Public, s.style, httpapi.ID("static"), httpapi.Summary("The style sheet"), httpapi.Produces("text/css"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Page(a, "GET", searchPath, access.Public, s.search, httpapi.ID("search"), httpapi.Summary("What words find, with filters"))
	httpapi.Page(a, "GET", suggestPath, access.Public, s.suggestions, httpapi.ID("suggestions"), httpapi.Summary("What may be meant by the beginning of a search"))
	s.languageRoutes(a)
	s.orderRoutes(a, forms)
	s.accountRoutes(a, forms)
	s.returnRoutes(a, forms)
	s.wishRoutes(a, forms)
	s.ownReviewRoutes(a, forms)
	return a
}

// languageRoutes are the pages that are to be found, in each language, and what changes it.
func (s *shop) languageRoutes(a *httpapi.API) {
	for _, l := range languages {
		missing := httpapi.Refuses(http.StatusNotFound)
		httpapi.Page(a, "GET", "/"+l.Code+"/{$}", access.Public, s.in(l.Code, s.home), httpapi.ID("home"+title(l.Code)), httpapi.Summary("Products, in "+l.Name))
		httpapi.Page(a, "GET", "/"+l.Code+"/products/{sku}", access.Public, s.in(l.Code, s.productPage), httpapi.ID("product"+title(l.Code)), httpapi.Summary("One product, in "+l.Name), missing)
		httpapi.Page(a, "GET", "/"+l.Code+"/pages/{slug}", access.Public, s.in(l.Code, s.textPage), httpapi.ID("text"+title(l.Code)), httpapi.Summary("A page of the shop's owner, in "+l.Name), missing)
	}
	httpapi.Page(a, "GET", languagePath, access.Public, s.chooseLanguage, httpapi.ID("chooseLanguage"), httpapi.Summary("Choose a language, and go back to a page"), httpapi.Status(http.StatusSeeOther), httpapi.Refuses(http.StatusNotFound))
}

// orderRoutes are those from the cart to the order.
func (s *shop) orderRoutes(a *httpapi.API, forms []httpapi.Option) {
	// Checkout has as long to place an order as a visitor looks at a page that loads.
	patient := httpapi.With(httpapi.Limits{Body: mostForm, Deadline: placing + 2*time.Second})
	missing := httpapi.Refuses(http.StatusNotFound)
	httpapi.Page(a, "GET", checkoutPath, access.Public, s.selling(s.addressPage), httpapi.ID("checkout"), httpapi.Summary("Who buys, and where the goods go"), missing)
	httpapi.Page(a, "POST", checkoutPath, access.Public, s.ownForm(s.selling(s.takeAddress)),
		append(forms, httpapi.ID("takeAddress"), httpapi.Summary("Say who buys, and where the goods go"), missing)...)
	httpapi.Page(a, "GET", reviewPath, access.Public, s.selling(s.reviewPage), httpapi.ID("review"), httpapi.Summary("What is ordered, what it costs, and the card"), missing)
	httpapi.Page(a, "POST", "/checkout/vouchers", access.Public, s.ownForm(s.selling(s.takeVoucher)),
		append(forms, httpapi.ID("takeVoucher"), httpapi.Summary("Put in a voucher, or take it out"), missing)...)
	httpapi.Page(a, "POST", "/checkout/points", access.Public, s.ownForm(s.selling(s.takePoints)),
		append(forms, httpapi.ID("takePoints"), httpapi.Summary("Say how many points are spent"), missing, httpapi.Refuses(http.StatusTooManyRequests))...)
	httpapi.Page(a, "POST", "/checkout/gifts", access.Public, s.ownForm(s.selling(s.takeGift)),
		append(forms, httpapi.ID("takeGift"), httpapi.Summary("Put in a gift card, or take it out"), missing, httpapi.Refuses(http.StatusTooManyRequests))...)
	httpapi.Page(a, "POST", "/checkout/deliveries", access.Public, s.ownForm(s.selling(s.takeDelivery)),
		append(forms, httpapi.ID("takeDelivery"), httpapi.Summary("Choose how the goods are sent"), missing, httpapi.Refuses(http.StatusBadRequest))...)
	httpapi.Page(a, "POST", "/checkout/orders", access.Public, s.ownForm(s.selling(s.order)),
		append(forms, patient, httpapi.ID("order"), httpapi.Summary("Order what was shown"), missing)...)
	httpapi.Page(a, "GET", orderingPath, access.Public, s.ordering, patient, httpapi.ID("ordering"), httpapi.Summary("How far an order is that is being placed"))
	httpapi.Page(a, "GET", "/orders", access.Public, s.findPage, httpapi.ID("findPage"), httpapi.Summary("The form that finds an order"), missing)
	httpapi.Page(a, "POST", "/orders", access.Public, s.ownForm(s.findOrder),
		append(forms, httpapi.ID("findOrder"), httpapi.Summary("Find an order by its number and mail address"), httpapi.Refuses(http.StatusTooManyRequests))...)
	httpapi.Page(a, "GET", "/orders/{id}", access.Public, s.orderPage, httpapi.ID("orderPage"), httpapi.Summary("One order, for who has its token"), missing)
}

// refuse shows a page for what the chain and the mux refuse. They would know how
// to say it themselves, but in words for programmers.
func (s *shop) refuse(w http.ResponseWriter, r *http.Request, p *problem.Problem) {
	maps.Copy(w.Header(), p.Header())
	s.fail(w, r, p.Status)
}

// ownForm refuses forms of other sites. SameSite keeps the cookie from them, but
// a form without the cookie would still make a new cart and replace the visitor's.
func (s *shop) ownForm(next http.HandlerFunc) http.HandlerFunc {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, http.StatusForbidden)
	}))
	return protection.Handler(next).ServeHTTP
}
