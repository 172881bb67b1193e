// What it means to a customer that checkout places no order, and where on the page it is said.
package storefront

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/problem"
)

// refusedOrder is the draft after a refusal, with what the page says of it. Another attempt begins: the key is used up.
func refusedOrder(d draft, err error) (draft, verdict) {
	refused, kind := refusedOf(err)
	d = d.anew()
	v := verdict{code: http.StatusConflict}
	switch {
	case kind == problem.PaymentDeclined.Type():
		v.wrong = flaws{{"card", "Payment", cmp.Or(detailOf(refused.Problem, "card"), refused.Problem.Detail, "The bank did not accept the card. Choose another one.")}}
	case kind == problem.SoldOut.Type():
		v.said = "Something was sold to others in the meantime. Nothing was charged. Change your cart, and order again."
		v.lines = linesOf(refused)
	case kind == problem.QuoteChanged.Type():
		v.said = "Prices or conditions have changed. Nothing was charged. Please look at the new total before you order."
		d.Was = d.Quote
		var q quote
		if !refused.Member("quote", &q) || !isID(q.ID) {
			d.Quote, d.Was = "", "" // a new one is made for the page
			break
		}
		d = d.as(q)
		d.Quote, d.Delivery = q.ID, q.Delivery
	case refused.Status == http.StatusUnprocessableEntity && detailOf(refused.Problem, "card") != "":
		v.code, v.wrong = http.StatusUnprocessableEntity, flaws{{"card", "Payment", "Choose how you want to pay."}}
	case refused.Status == http.StatusUnprocessableEntity && flawsOf(refused) != nil:
		v.code, v.wrong = http.StatusUnprocessableEntity, flawsOf(refused)
	case refused.Status == http.StatusNotFound:
		v.said = "This page was open for too long. Please look at it again: this is what it costs now. Nothing was ordered."
		d.Quote, d.Was = "", ""
	default:
		v.said = cmp.Or(refused.Problem.Detail, "The order could not be placed, and nothing was charged. Please try again.")
		d.Quote, d.Was = "", ""
	}
	return d, v
}

// detailOf is what a problem says of a field; empty where it says nothing.
func detailOf(p problem.Problem, field string) string {
	for _, f := range p.Errors {
		if strings.HasSuffix(f.Pointer, "/"+field) {
			return f.Detail
		}
	}
	return ""
}
