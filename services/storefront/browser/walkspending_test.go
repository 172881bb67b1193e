package browser

import "strings"

// wishedSKU is what the customer keeps for later; it is the second order.
const wishedSKU = "KIT-1003"

// wishes puts a product on the wish list, finds it there, and puts it from there into the cart. Where the shop has no wish lists it is bought as it is.
func (w *walk) wishes() {
	w.Helper()
	until(w.T, "the cart of the first order is empty", func() bool {
		w.b.Open(w.T, "/cart", 200)
		return strings.Contains(w.b.HTML(w.T), "Your cart is empty.")
	})
	if !w.wished {
		buys(w.T, w.b, wishedSKU, "")
		return
	}
	w.b.Open(w.T, "/products/"+wishedSKU, 200)
	w.b.Click(w.T, `form[action="/account/wishlists"] button`, 200)
	w.sees("wish-list", "It is on your wish list.", `href="/products/`+wishedSKU+`"`)
	w.b.Open(w.T, "/account", 200)
	w.b.Click(w.T, `main a[href="/account/wishlists"]`, 200)
	w.b.Click(w.T, `.wishes form[action="/cart/items"] button`, 200)
	w.sees("wish-in-cart", "is in your cart.", "/cart/items/"+wishedSKU)
	w.b.Open(w.T, "/account/wishlists", 200)
	w.b.Click(w.T, `.wishes form[action="/account/wishlists"] button`, 200)
	w.sees("wish-list-empty", "It is off your wish list.", "Nothing is on this list.")
}

// spends orders what is in the cart, and has points pay a part of it.
func (w *walk) spends() {
	w.Helper()
	w.b.Open(w.T, "/cart", 200)
	w.b.Click(w.T, ".total a.button", 200)
	w.typesAddress()
	w.b.Click(w.T, "form.sheet button", 200)
	w.b.Wants(w.T, "You can spend ")
	w.b.Fill(w.T, "#points", "20")
	w.b.Click(w.T, `button[formaction="/checkout/points"]`, 200)
	w.sees("points-at-the-checkout", "20 points take off")
	w.orders()
	w.sees("order-with-points", "ACME-", "20 points take off")
	until(w.T, "the points are spent", func() bool {
		w.b.Open(w.T, "/account/points", 200)
		return strings.Contains(w.b.HTML(w.T), "Spent")
	})
	w.sees("points-spent", "Earned", "-20")
}
