// What the cart's page shows beside the cart: what was just done, what was typed.
package storefront

import (
	"net/http"
	"net/url"
	"strconv"
)

type cartBody struct {
	Cart   cart
	Typed  typed
	Notice notice
	// Most is how many of one product there may be; Delivery the page about shipping.
	Most     int
	Note     string
	Delivery string
	// Sells tells whether the shop takes orders.
	Sells bool
	// Bought is what others bought with what is in it.
	Bought []product
}

// typed is what a visitor wanted of one line, and why it was not done.
type typed struct{ SKU, Quantity, Wrong string }

// Elsewhere tells of a refusal whose line is not in the cart any more.
func (b cartBody) Elsewhere() bool { return b.Typed.Wrong != "" && b.Cart.quantity(b.Typed.SKU) == 0 }

// notice tells what was just done. It is made from the address and the cart, so it
// can only say what is true of the cart.
type notice struct {
	Text string
	// Back puts a line back that was removed: the SKU, and how many.
	Back string
	N    int
}

func (s *shop) showCart(w http.ResponseWriter, r *http.Request, code int, c cart, t typed) {
	body := cartBody{Cart: c, Typed: t, Most: mostOfOne, Note: s.note, Delivery: s.delivery(), Sells: s.checkouts.there()}
	body.Bought = <-alongside(r.Context(), s.bought(c.skus()...))
	if t.Wrong == "" {
		body.Notice = noticeOf(speeches[s.languageIn(r)], c, r.URL.Query())
	}
	s.render(w, r, code, "cart", page{Title: s.say(r, "Your cart"), Problem: t.Wrong != "", Unlisted: true, Count: c.Count(), Body: body})
}

// joinedText says what became of a guest's cart when he signed in, by how many of its lines were left out.
func joinedText(leftOut string) string {
	switch n, err := strconv.Atoi(leftOut); {
	case err != nil || n < 0 || n >= 100:
		return ""
	case n > 0:
		return "What you put in before you signed in is in your cart. Some of it is not for sale any more, or found no room, and was left out."
	}
	return "What you put in before you signed in is in your cart."
}

func noticeOf(say speech, c cart, query url.Values) notice {
	if gone := query.Get("removed"); gone != "" && c.quantity(gone) == 0 {
		n, err := strconv.Atoi(query.Get("n"))
		if err != nil || n < 1 || n > mostOfOne {
			return notice{Text: say("The product is removed.")}
		}
		return notice{Text: say("The product is removed."), Back: gone, N: n}
	}
	if text := joinedText(query.Get("joined")); text != "" {
		return notice{Text: say(text)}
	}
	for _, line := range c.Lines {
		switch {
		case line.SKU == query.Get("added") && line.Quantity >= mostOfOne:
			return notice{Text: say("%s is in your cart. %d is the most you can have of it.", line.Name, mostOfOne)}
		case line.SKU == query.Get("added"):
			return notice{Text: say("%s is in your cart.", line.Name)}
		case line.SKU == query.Get("changed"):
			return notice{Text: say("%s: you have %d of it in your cart.", line.Name, line.Quantity)}
		}
	}
	return notice{}
}
