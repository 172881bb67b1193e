package browser

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/chromedp/chromedp"
)

// reviewedSKU is what the customer says something of: a part of the first order.
const reviewedSKU = "KIT-1001"

// receives has the parcel come: staff of the warehouse pack and send it, and the carrier brings it. While it is on its way nobody reviews what is
// in it; then the customer says what it is like.
func (w *walk) receives(order string) {
	w.Helper()
	id := orderID(w.T, order)
	parcel := "/api/shipping/parcels/" + w.staff("shipping:write", "/api/shipping/parcels",
		fmt.Sprintf(`{"order":%q,"carrier":"DHL","lines":[{"sku":"KIT-1001","quantity":1},{"sku":"KIT-1002","quantity":1}]}`, id))
	w.staff("shipping:write", parcel+"/dispatches", "{}")
	w.awaits(order, "<h1>Order ACME-") // which orders says; the parcel alone may be known sooner
	w.sees("on-its-way", "On its way", "DHL: ")
	if w.reviewed {
		w.reviewsTooEarly()
	}
	w.staff("shipping:write", parcel+"/deliveries", "{}")
	w.awaits(order, "Arrived")
	w.sees("arrived", "DHL: ")
	if w.reviewed {
		w.reviews("/account/orders/" + id)
	}
}

// awaits opens a page until it shows something.
func (w *walk) awaits(path, text string) {
	w.Helper()
	until(w.T, text, func() bool {
		w.b.Open(w.T, path, 200)
		return strings.Contains(w.b.HTML(w.T), text)
	})
}

// opinion is what this customer thinks.
func (w *walk) opinion() string {
	return "It heats evenly and the handle stays cool, seen on a " + w.device + "."
}

func (w *walk) typesReview() {
	w.Helper()
	x, y := w.b.Find(w.T, `input[name=stars][value="4"]`)
	w.b.Do(w.T, chromedp.MouseClickXY(x, y))
	w.b.Fill(w.T, "#author", "Jane")
	w.b.Fill(w.T, "#title", "As it should be")
	w.b.Fill(w.T, "#text", w.opinion())
}

func (w *walk) reviewsTooEarly() {
	w.Helper()
	w.b.Open(w.T, "/products/"+reviewedSKU, 200)
	w.b.Click(w.T, `main a[href="/account/reviews/`+reviewedSKU+`"]`, 200)
	w.sees("review-form", "Your review of ")
	w.typesReview()
	w.b.Click(w.T, "form.sheet button", http.StatusForbidden)
	w.refused("review-too-early", "Who bought the product can review it, once it has arrived.", w.opinion())
}

// reviews sends what the customer thinks, from the page of the order: again, until the shop knows that the parcel has come.
func (w *walk) reviews(order string) {
	w.Helper()
	w.b.Open(w.T, order, 200)
	w.sees("own-order-arrived", "Write a review")
	w.b.Click(w.T, `main a[href="/account/reviews/`+reviewedSKU+`"]`, 200)
	w.typesReview()
	until(w.T, "the review is taken", func() bool { return w.b.Press(w.T, "form.sheet button") == http.StatusOK })
	w.b.Forget() // that it was too early
	w.sees("review-sent", "Thank you. Your review is at the product now.")
	w.b.Click(w.T, `main a.button[href="/products/`+reviewedSKU+`"]`, 200)
	w.sees("review-published", "What customers say", "As it should be", w.opinion())
}
