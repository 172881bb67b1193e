// The page of one order, for who has its link, and the form for who lost it.
package storefront

import (
	"net/http"
	"strings"
)

type orderBody struct {
	Order bought
	// New says that it was placed just now.
	New bool
	// Link is the page's own address: it alone shows the order.
	Link string
	// Parcels are where the goods are; none where shipping does not say.
	Parcels []shownParcel
}

type findBody struct {
	Number, Email string
	Wrong         flaws
}

// orderPage shows an order. Somebody else's is not told from one that there is not (C24).
func (s *shop) orderPage(w http.ResponseWriter, r *http.Request) {
	id, token := r.PathValue("id"), r.URL.Query().Get("token")
	if s.orders.api == nil || !isID(id) || token == "" || len(token) > 100 {
		s.fail(w, r, http.StatusNotFound)
		return
	}
	counting, parcels := s.counting(r), s.parcels(r.Context(), id, token)
	b, err := s.orders.read(r.Context(), id, token)
	switch code := status(err); {
	case code == http.StatusUnauthorized || code == http.StatusNotFound:
		s.fail(w, r, http.StatusNotFound)
		return
	case err != nil:
		s.noOrderPage(w, r, id, err)
		return
	}
	fresh := r.URL.Query().Get("placed") == b.Number && b.fresh()
	title := s.say(r, "Order %s", b.Number)
	if fresh {
		title = s.say(r, "Thank you for your order")
	}
	s.render(w, r, http.StatusOK, "order", page{
		Title: title, Unlisted: true, Personal: true, Secret: true, Count: <-counting,
		Body: s.withReturns(orderBody{b, fresh, orderPath(b.ID, token), parcelsOf(<-parcels, b)}, token),
	})
}

// noOrderPage says of an order that was just placed that it is, though it cannot be shown. That is known from the buyer's own cookie,
// and not from an address that somebody may have made up.
func (s *shop) noOrderPage(w http.ResponseWriter, r *http.Request, id string, err error) {
	d := draftOf(r)
	if d.Order != id || d.Number == "" {
		s.failed(w, r, err)
		return
	}
	s.log.WarnContext(r.Context(), "asking orders", "error", err)
	w.Header().Set("Retry-After", "5")
	sorry := apology{
		Code: http.StatusServiceUnavailable, Heading: s.say(r, "Your order %s is placed", d.Number), Retry: r.URL.RequestURI(),
		Words: "Thank you. We cannot show its page at the moment, and a mail is on its way to you. You need not order again.",
	}
	s.render(w, r, sorry.Code, "error", page{Title: sorry.Heading, Unlisted: true, Personal: true, Secret: true, Body: sorry})
}

func (s *shop) findPage(w http.ResponseWriter, r *http.Request) {
	number := strings.TrimSpace(r.URL.Query().Get("number")) // of the link in a mail
	if len(number) > 64 {
		number = ""
	}
	s.showFind(w, r, http.StatusOK, findBody{Number: number})
}

func (s *shop) showFind(w http.ResponseWriter, r *http.Request, code int, body findBody) {
	if s.orders.api == nil {
		s.fail(w, r, http.StatusNotFound)
		return
	}
	s.render(w, r, code, "find", page{Title: s.say(r, "Find your order"), Problem: body.Wrong != nil, Unlisted: true, Personal: true, Count: <-s.counting(r), Body: body})
}

// findOrder leads to an order's page.
func (s *shop) findOrder(w http.ResponseWriter, r *http.Request) {
	get, code := fieldsOf(r)
	if code != 0 {
		s.fail(w, r, code)
		return
	}
	body := findBody{Number: strings.TrimSpace(get("number")), Email: strings.TrimSpace(get("email"))}
	if body.Number == "" || len(body.Number) > 64 {
		body.Wrong = append(body.Wrong, flaw{"number", "Order number", "Enter the number of your order, such as ACME-100001."})
	}
	if !isMail(body.Email) || len(body.Email) > longest["email"] {
		body.Wrong = append(body.Wrong, flaw{"email", "Email", "Enter the email address that you ordered with."})
	}
	if body.Wrong != nil || s.orders.api == nil {
		s.showFind(w, r, http.StatusUnprocessableEntity, body)
		return
	}
	at, err := s.orders.find(r.Context(), body.Number, body.Email, strings.Join(r.Header["X-Forwarded-For"], ","))
	switch code := status(err); {
	case code == http.StatusNotFound || code == http.StatusUnprocessableEntity:
		body.Wrong = flaws{{"number", "Order number", "We find no order with this number and this email address."}}
		s.showFind(w, r, http.StatusUnprocessableEntity, body)
	case code == http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "60")
		body.Wrong = flaws{{"number", "Order number", "That were too many tries. Please wait a minute."}}
		s.showFind(w, r, http.StatusTooManyRequests, body)
	case err != nil:
		s.failed(w, r, err)
	default:
		http.Redirect(w, r, orderPath(at.ID, at.Token), http.StatusSeeOther)
	}
}
