package backoffice

import (
	"cmp"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/desk"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

const (
	// root is a path that the shop gives to this service: shop/service.yaml.
	root = "/staff"
	// readsOrders is what staff needs to be here at all; what a page does needs the scope of the service that does it.
	readsOrders = "orders:read"
)

//go:embed templates
var files embed.FS

var pages = desk.Parse(files, template.FuncMap{
	"stamp":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"clock":   func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04") },
	"reasons": func() []string { return reasons },
}, "orders", "order", "returns", "stock", "prices")

// staff are the pages.
type staff struct {
	*desk.Desk
	orders, payments, inventory, pricing *client.Client
	// returns is nil in a shop without it.
	returns *client.Client
}

func (s *staff) routes(a *httpapi.API) {
	s.Desk.Routes(a)
	for _, p := range []struct {
		path, id, about string
		handler         http.HandlerFunc
	}{
		{root, "staffOrders", "Everybody's orders, the newest first", s.ordersPage},
		{root + "/orders/{id}", "staffOrder", "An order, and what can be done with it", s.orderPage},
		{root + "/returns", "staffReturns", "Goods that come back", s.returnsPage},
		{root + "/stock", "staffStock", "How much there is of a product, and why", s.stockPage},
		{root + "/prices", "staffPrices", "What a product costs, and cost", s.pricesPage},
	} {
		httpapi.Page(a, "GET", p.path, access.Staff(readsOrders), p.handler, desk.Session(), httpapi.ID(p.id), httpapi.Summary(p.about), httpapi.Refuses(http.StatusNotFound))
	}
	for _, f := range []struct {
		path, id, about string
		handler         http.HandlerFunc
	}{
		{root + "/orders/{id}/shipment", "staffShip", "Say that an order was sent", s.ship},
		{root + "/orders/{id}/cancellation", "staffCancel", "Cancel an order", s.cancel},
		{root + "/orders/{id}/refund", "staffRefund", "Pay money back", s.refund},
		{root + "/returns/{id}/acceptance", "staffAcceptReturn", "Accept goods that came back", s.accept},
		{root + "/returns/{id}/closure", "staffCloseReturn", "End a return whose goods do not come", s.closeReturn},
		{root + "/stock", "staffMove", "Book goods in or out", s.move},
		{root + "/prices", "staffPrice", "Enter a price", s.enterPrice},
	} {
		httpapi.Page(a, "POST", f.path, access.Staff(readsOrders), f.handler,
			append(desk.Forms(), desk.Session(), httpapi.ID(f.id), httpapi.Summary(f.about), httpapi.Refuses(http.StatusNotFound, http.StatusConflict))...)
	}
}

// form is what was typed, and what became of it.
type form struct {
	// Sent names the form that was sent; Said is what is wrong with it, for people.
	Sent, Said string
	// Values are as they were typed, by the names of the fields.
	Values map[string]string
	// Key makes sending the same form twice one deed. A form that is shown again keeps it, unless it was refused for good.
	Key string
}

// typed reads fields of a form that was sent.
func typed(name string, get func(string) string, fields ...string) form {
	f := form{Sent: name, Values: map[string]string{}, Key: get("key")}
	for _, field := range fields {
		f.Values[field] = get(field)
	}
	return f
}

// Of is what was typed into a field of a form; empty for every other form.
func (f form) Of(name, field string) string {
	if f.Sent != name {
		return ""
	}
	return f.Values[field]
}

// Wrong is what is wrong with a form; empty for every other form.
func (f form) Wrong(name string) string {
	if f.Sent != name {
		return ""
	}
	return f.Said
}

// Once is the key of a form: of one that is shown again that which it had.
func (f form) Once(name string) string {
	if f.Sent == name && f.Key != "" {
		return f.Key
	}
	return uuid.NewString()
}

// refusedAs is how a refusal of another service is shown at the form that it refuses. again tells that the deed may have been done, or may
// yet be: then the key stays.
func (f form) refusedAs(err error) (shown form, code int, again bool) {
	var refused *client.Error
	if !errors.As(err, &refused) || refused.Status >= http.StatusInternalServerError || refused.Status == http.StatusTooManyRequests {
		f.Said = "Nobody answered in time, so it is not known whether this was done. Send it again: it is done once at most."
		return f, http.StatusServiceUnavailable, true
	}
	f.Key, f.Said = "", cmp.Or(refused.Problem.Detail, refused.Problem.Title)
	switch refused.Status {
	case http.StatusUnauthorized:
		f.Said = "You are signed out. Sign in again, then send this once more."
	case http.StatusForbidden:
		f.Said = "Your account may not do this: " + refused.Problem.Detail
	}
	return f, refused.Status, false
}

// unread is the page where another service did not say what is to be shown.
func (s *staff) unread(w http.ResponseWriter, r *http.Request, err error) {
	var refused *client.Error
	if errors.As(err, &refused) {
		switch refused.Status {
		case http.StatusNotFound:
			s.Sorry(w, r, problem.New(problem.NotFound, refused.Problem.Detail))
			return
		case http.StatusForbidden:
			s.Sorry(w, r, problem.New(problem.Plain(http.StatusForbidden), "Your account may not see this: "+refused.Problem.Detail))
			return
		}
	}
	slog.WarnContext(r.Context(), "reading for a page of staff", "error", err)
	s.Sorry(w, r, problem.New(problem.Unavailable, "This cannot be shown right now: another service does not answer. Try again in a few seconds.").With("Retry-After", "5"))
}
