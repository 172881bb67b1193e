// How the goods are sent: the choice on the review page, where the shop has more than one way.
package storefront

import (
	"net/http"
	"strings"
)

// longestWay bounds what a form and a cookie may name as a way of delivery.
const longestWay = 64

// way is one way to send the goods, as checkout offers it.
type way struct {
	Method string `json:"method"`
	Name   string `json:"name"`
	Cost   money  `json:"cost"`
	Chosen bool   `json:"chosen,omitempty"`
}

// Free tells whether it costs nothing.
func (w way) Free() bool { return w.Cost.None() }

// Way is how the goods of a quote are sent, for people.
func (q quote) Way() string {
	for _, one := range q.Deliveries {
		if one.Chosen {
			return strings.ToLower(one.Name)
		}
	}
	return "standard"
}

// Choice tells whether there is more than one way.
func (q quote) Choice() bool { return len(q.Deliveries) > 1 }

// Way is how the goods of an order are sent, for people.
func (b bought) Way() string {
	if b.Delivery == nil {
		return "standard"
	}
	return strings.ToLower(b.Delivery.Name)
}

// sentBy is how an order's goods are sent.
type sentBy struct {
	Name string `json:"name"`
}

// isWay tells whether a text may name a way: it goes into a cookie and into a question to checkout, and nowhere else.
func isWay(text string) bool {
	return len(text) <= longestWay && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}

// takeDelivery takes the way that was chosen; the card that was chosen in the same form is kept. What is no way of this shop is told by noOffer.
func (s *shop) takeDelivery(w http.ResponseWriter, r *http.Request, d draft, _ cart) {
	named := r.PostForm.Get("delivery")
	if !isWay(named) {
		s.fail(w, r, http.StatusBadRequest)
		return
	}
	d.Delivery, d.Was = named, "" // what another way costs is no news
	d.keep(w, r)
	http.Redirect(w, r, reviewPath, http.StatusSeeOther)
}
