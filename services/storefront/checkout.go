// The first page on the way to an order: who buys, and where the goods go.
package storefront

import (
	"net/http"
	"strings"
)

const checkoutPath, reviewPath, orderingPath = "/checkout", "/checkout/review", "/checkout/order"

type addressBody struct {
	Address   address
	Countries []country
	Wrong     flaws
	Note      string
	// Delivery is the page about shipping.
	Delivery string
}

// control is a field of the form as the page shows it.
type control struct {
	ID, Label, Value, Wrong string
	// Type, Mode, Fill and Hint are its type and its attributes inputmode, autocomplete and aria-describedby's text.
	Type, Mode, Fill, Hint string
	Most                   int
	// First tells that the focus goes there: the first field that is wrong.
	First bool
}

// Described names what says more of the field.
func (c control) Described() string {
	var ids []string
	if c.Hint != "" {
		ids = append(ids, "hint-"+c.ID)
	}
	if c.Wrong != "" {
		ids = append(ids, "wrong-"+c.ID)
	}
	return strings.Join(ids, " ")
}

// fills are what browsers know each field as.
var fills = map[string]string{
	"email": "email", "name": "shipping name", "street": "shipping street-address", "postcode": "shipping postal-code",
	"city": "shipping address-level2", "country": "shipping country",
}

// Controls are all fields but the country, which is a list.
func (b addressBody) Controls() (all []control) {
	for _, f := range addressFields {
		c := control{ID: f.id, Label: f.label, Value: b.Address.field(f.id), Wrong: b.Wrong.Of(f.id), Type: "text", Fill: fills[f.id], Most: longest[f.id]}
		c.First = c.Wrong != "" && b.Wrong[0].ID == f.id
		switch f.id {
		case "email":
			c.Type, c.Mode, c.Hint = "email", "email", "We send the confirmation there."
		case "country":
			c.Type = "list"
		}
		all = append(all, c)
	}
	return all
}

// draftFor is the draft of who is signed in, or a guest's, without what only customers may spend.
func draftFor(r *http.Request) draft {
	d := draftOf(r)
	if buyerIn(r.Context()).Customer == "" {
		return d.without()
	}
	return d
}

// selling lets a visitor in who has something to buy, in a shop that sells. Who has just bought it, and came by the back button, a reload
// or a second window, is led to his order; anybody else goes back to his cart.
func (s *shop) selling(next func(http.ResponseWriter, *http.Request, draft, cart)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.checkouts.there() {
			s.fail(w, r, http.StatusNotFound)
			return
		}
		r = s.asBuyer(w, r)
		d := draftFor(r)
		if r.Method == http.MethodPost {
			get, code := fieldsOf(r)
			switch {
			case code != 0:
				s.fail(w, r, code)
				return
			case d.Order != "" && get("quote") == d.Ordered:
				http.Redirect(w, r, orderPath(d.Order, d.Token), http.StatusSeeOther)
				return
			}
			d = d.typed(get)
			d.keep(w, r) // before anything can fail
		}
		current, err := s.current(r)
		switch {
		case err != nil:
			s.failed(w, r, err)
		case len(current.Lines) > 0:
			next(w, r, d, current)
		case d.Order != "":
			http.Redirect(w, r, orderPath(d.Order, d.Token), http.StatusSeeOther)
		default:
			http.Redirect(w, r, "/cart", http.StatusSeeOther)
		}
	}
}

// typed keeps what a form says of address and card, though something may be wrong with it: nothing that was typed is lost.
func (d draft) typed(get func(string) string) draft {
	if nameOf(get("card")) != "" {
		d.Card = get("card")
	}
	// As far as there is room for it.
	if a := addressOf(get).cut(); a != (address{}) && a != d.Address {
		d.Address, d.Was = a, "" // another country has other taxes, which is no news
	}
	return d
}

func (s *shop) addressPage(w http.ResponseWriter, r *http.Request, d draft, c cart) {
	if d.Address == (address{}) {
		d.Address = s.knownAddress(r.Context())
	}
	s.showAddress(w, r, http.StatusOK, d.Address, c, nil)
}

func (s *shop) showAddress(w http.ResponseWriter, r *http.Request, code int, a address, c cart, wrong flaws) {
	body := addressBody{Address: a, Countries: s.countries, Wrong: wrong, Note: s.note, Delivery: s.delivery()}
	s.render(w, r, code, "checkout", page{Title: s.say(r, "Checkout: address and delivery"), Problem: wrong != nil, Unlisted: true, Personal: true, Count: c.Count(), Body: body})
}

// takeAddress goes on when what was typed is whole.
//
// There is one way of delivery: no service knows any other yet, and checkout has one price for it. The page says so,
// and the form sends nothing of it.
func (s *shop) takeAddress(w http.ResponseWriter, r *http.Request, d draft, c cart) {
	// As it came, with what the draft has no room for.
	if a := addressOf(r.PostForm.Get); a.check(s.countries) != nil {
		s.showAddress(w, r, http.StatusUnprocessableEntity, a, c, a.check(s.countries))
		return
	}
	http.Redirect(w, r, reviewPath, http.StatusSeeOther)
}
