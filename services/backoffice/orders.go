package backoffice

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/desk"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// states are those of an order, in the order in which it has them.
var states = []string{"placed", "paid", "sent", "completed", "cancelled"}

type ordersView struct {
	State  string
	States []string
	Orders []summary
	Next   string
}

func (s *staff) ordersPage(w http.ResponseWriter, r *http.Request) {
	asked := url.Values{"limit": {"25"}}
	v := ordersView{States: states, State: r.URL.Query().Get("state")}
	if slices.Contains(states, v.State) {
		asked.Set("state", v.State)
	} else {
		v.State = ""
	}
	if cursor := r.URL.Query().Get("cursor"); cursor != "" {
		asked.Set("cursor", cursor)
	}
	list, err := read[listed[summary]](r, s.orders, "/api/orders/staff", asked)
	if err != nil {
		s.unread(w, r, err)
		return
	}
	v.Orders, v.Next = list.Items, list.Next
	s.Show(w, r, http.StatusOK, "orders", desk.View{Title: "Orders", SignedIn: true, Body: v})
}

type orderView struct {
	Order order
	// Payment is nil where there was nothing to pay, or nobody says what became of it; Untold says why.
	Payment *payment
	Untold  string
	Form    form
}

// Refunds tells whether there is money to pay back.
func (v orderView) Refunds() bool { return v.Payment != nil && v.Payment.Refundable.Minor() > 0 }

// paid is the payment that a refund is asked of; what gift cards paid in full has one of the order's own id.
func (o order) paid() *uuid.UUID {
	if o.Payment == nil && o.Spent != nil && !o.Spent.Cards.IsZero() {
		return &o.ID
	}
	return o.Payment
}

// untold is why nothing can be said of what was paid.
func untold(o order, err error) string {
	var refused *client.Error
	if o.Payment == nil && errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		return "Gift cards paid all of it, before payments kept that. It is paid back by cancelling it, by a return, or with another card."
	}
	return "What was paid cannot be shown: payments did not say, or your account lacks the scope payments:read."
}

func (s *staff) orderPage(w http.ResponseWriter, r *http.Request) {
	s.showOrder(w, r, http.StatusOK, form{})
}

func (s *staff) showOrder(w http.ResponseWriter, r *http.Request, code int, f form) {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		id = uuid.Nil // which no order has
	}
	o, err := read[order](r, s.orders, "/api/orders/staff/"+id.String(), nil)
	if err != nil {
		s.unread(w, r, err)
		return
	}
	v := orderView{Order: o, Form: f}
	if paid := o.paid(); paid != nil {
		p, err := read[payment](r, s.payments, "/api/payments/"+paid.String(), nil)
		if v.Payment = &p; err != nil {
			v.Payment, v.Untold = nil, untold(o, err)
		}
	}
	s.Show(w, r, code, "order", desk.View{Title: "Order " + o.Number, Problem: f.Said != "", SignedIn: true, Body: v})
}

func (s *staff) ship(w http.ResponseWriter, r *http.Request) {
	s.deed(w, r, "ship", []string{"carrier", "tracking"}, func(f form) (path string, body any, wrong string) {
		return "/api/orders/" + r.PathValue("id") + "/shipments", map[string]string{"carrier": f.Values["carrier"], "tracking": f.Values["tracking"]}, ""
	})
}

func (s *staff) cancel(w http.ResponseWriter, r *http.Request) {
	s.deed(w, r, "cancel", []string{"reason"}, func(f form) (path string, body any, wrong string) {
		if n := len([]rune(f.Values["reason"])); n < 3 || n > 200 {
			return "", nil, "Say in 3 to 200 characters why: the customer is told."
		}
		return "/api/orders/staff/" + r.PathValue("id") + "/cancellations", map[string]string{"reason": f.Values["reason"]}, ""
	})
}

func (s *staff) refund(w http.ResponseWriter, r *http.Request) {
	s.deed(w, r, "refund", []string{"payment", "amount", "currency", "reason"}, func(f form) (path string, body any, wrong string) {
		id, err := uuid.Parse(f.Values["payment"])
		amount, bad := money.Parse(strings.Replace(f.Values["amount"], ",", ".", 1), f.Values["currency"])
		if err != nil || bad != nil || amount.Minor() <= 0 {
			return "", nil, "Enter how much goes back, as 12.90."
		}
		return "/api/payments/" + id.String() + "/refunds", map[string]any{"amount": amount, "reason": f.Values["reason"]}, ""
	})
}

// deed sends a form of an order's page to the service that does it. What is refused is said at the form, with what was typed.
func (s *staff) deed(w http.ResponseWriter, r *http.Request, name string, fields []string, ask func(form) (path string, body any, wrong string)) {
	get, ok := s.Fields(w, r)
	if !ok {
		return
	}
	f := typed(name, func(field string) string { return strings.TrimSpace(get(field)) }, fields...)
	if _, err := uuid.Parse(r.PathValue("id")); err != nil {
		s.showOrder(w, r, http.StatusNotFound, f)
		return
	}
	path, body, wrong := ask(f)
	if f.Said = wrong; wrong != "" {
		s.showOrder(w, r, http.StatusUnprocessableEntity, f)
		return
	}
	at := s.orders
	if name == "refund" {
		at = s.payments
	}
	if err := do(r.Context(), r, at, path, f.Key, body); err != nil {
		shown, code, _ := f.refusedAs(err)
		s.showOrder(w, r, code, shown)
		return
	}
	http.Redirect(w, r, root+"/orders/"+r.PathValue("id"), http.StatusSeeOther)
}
