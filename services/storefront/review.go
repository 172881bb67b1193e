// The page before the order: the quote, as it will be ordered, the voucher's field and the card.
package storefront

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/services/internal/client"
)

type reviewBody struct {
	Quote   quote
	Changed *changed
	Draft   draft
	// Code is what stands in the voucher's field.
	Code  string
	Cards []card
	Wrong flaws
	// Lines are what is wrong with lines of the quote, by their place.
	Lines map[int]string
	// Said is what is to be known of the page as a whole; Alert tells that it is bad news.
	Said  string
	Alert bool
	Note  string
	// Owned are the owner's own pages, terms and withdrawal among them.
	Owned []text
	// Spending is what is shown of points and gift cards; nil where there are none for this visitor. MaySpend tells that he needs only sign in.
	Spending *spending
	MaySpend bool
}

// Seen is the address that the page shows.
func (b reviewBody) Seen() string { return b.Draft.Address.digest() }

// Until is when the quote ends, as <time> wants it; Clock is the same for people.
func (b reviewBody) Until() string { return b.Quote.ExpiresAt.UTC().Format(time.RFC3339) }

// Clock is when the quote ends.
func (b reviewBody) Clock() string { return b.Quote.ExpiresAt.UTC().Format("15:04 UTC") }

// Free tells whether there is nothing to pay.
func (b reviewBody) Free() bool { return b.Quote.ToPay().zero() }

// verdict is why an order was not placed, as it is shown where it belongs.
type verdict struct {
	code  int
	said  string
	wrong flaws
	// lines are what is wrong with lines, by their place in the quote.
	lines map[int]string
	// voucher is what was typed into that field.
	voucher string
	// points and gift are what was typed there; after is how many seconds to wait.
	points, gift, after string
}

func (s *shop) reviewPage(w http.ResponseWriter, r *http.Request, d draft, c cart) {
	s.showReview(w, r, d, c, verdict{code: http.StatusOK})
}

// showReview shows the quote of the draft, or a new one.
func (s *shop) showReview(w http.ResponseWriter, r *http.Request, d draft, c cart, v verdict) {
	if d.Address.check(s.countries) != nil {
		http.Redirect(w, r, checkoutPath, http.StatusSeeOther)
		return
	}
	if as := buyerIn(r.Context()).Customer; d.Attempt == "" || d.As != as {
		d = d.anew()
		d.As = as
	}
	shown, now, err := s.offer(r.Context(), d, c, s.now())
	if err != nil && d.spends() && isUnspendable(err) { // then without: he can order all the same, and is told what it costs
		shown, now, err = s.offer(r.Context(), d.without(), c, s.now())
		v.said = s.say(r, "Points and gift cards cannot be used at the moment, so they were taken out.")
	}
	if err != nil {
		s.noOffer(w, r, d, c, err)
		return
	}
	d = now
	if lost := shown.now.lost(); lost != nil && v.wrong.Of("code") == "" {
		v.wrong = append(v.wrong, *lost)
	}
	d.keep(w, r)
	if v.after != "" {
		w.Header().Set("Retry-After", v.after)
	}
	body := reviewBody{
		Spending: s.spendingOf(r, shown.now, v), MaySpend: d.As == "" && s.accounts.loyalty != nil,
		Quote: shown.now, Changed: shown.now.changes(shown.was), Draft: d, Code: v.voucher, Cards: cards, Wrong: v.wrong, Lines: v.lines,
		Said: v.said, Alert: v.code != http.StatusOK, Note: s.note, Owned: s.foot(s.languageIn(r)),
	}
	bad := v.wrong != nil || v.lines != nil || v.code != http.StatusOK
	s.render(w, r, v.code, "review", page{Title: s.say(r, "Checkout: review and pay"), Problem: bad, Unlisted: true, Personal: true, Count: c.Count(), Body: body})
}

// lost is the first voucher that takes nothing off any more. It stays until the customer takes it out, and so does the word of it.
func (q quote) lost() *flaw {
	for _, one := range q.Coupons {
		if !one.Active {
			return &flaw{"code", "Voucher", one.Code + ": " + reason(one.Reason)}
		}
	}
	return nil
}

// noOffer tells why there is no quote: at the line of the cart, at the field of the address, or not at all.
func (s *shop) noOffer(w http.ResponseWriter, r *http.Request, d draft, c cart, err error) {
	refused, _ := refusedOf(err)
	switch {
	case refused == nil || refused.Status >= http.StatusInternalServerError:
		s.noCheckout(w, r, err)
	case refused.Status == http.StatusNotFound:
		http.Redirect(w, r, "/cart", http.StatusSeeOther)
	case d.Delivery != "" && detailOf(refused.Problem, "delivery") != "":
		d.Delivery = "" // it is not offered any more, or never was: the page shows what is
		d.keep(w, r)
		http.Redirect(w, r, reviewPath, http.StatusSeeOther)
	case refused.Status == http.StatusUnprocessableEntity:
		wrong := flawsOf(refused)
		if wrong == nil {
			wrong = flaws{{"country", "Country", "We cannot work out what it costs to send it there."}}
		}
		s.showAddress(w, r, http.StatusUnprocessableEntity, d.Address, c, wrong)
	case len(linesOf(refused)) > 0:
		for n, text := range linesOf(refused) {
			if n < len(c.Lines) {
				s.showCart(w, r, http.StatusConflict, c, typed{c.Lines[n].SKU, strconv.Itoa(c.Lines[n].Quantity), text})
				return
			}
		}
		s.noCheckout(w, r, err)
	default:
		s.noCheckout(w, r, err)
	}
}

// noCheckout tells that nothing can be ordered right now, and that nothing was.
func (s *shop) noCheckout(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(r.Context().Err(), context.Canceled) {
		s.failed(w, r, err) // nobody reads it
		return
	}
	s.log.WarnContext(r.Context(), "asking checkout", "error", err)
	w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	sorry := apology{
		Code: http.StatusServiceUnavailable, Heading: "Ordering takes a break", Retry: reviewPath,
		Words: "We cannot take orders at the moment. Nothing was ordered and nothing was charged. Your cart and what you typed are kept: please try again in a minute.",
	}
	s.render(w, r, sorry.Code, "error", page{Title: s.say(r, sorry.Heading), Unlisted: true, Personal: true, Body: sorry})
}

// linesOf are what a refusal says of lines, by their place.
func linesOf(refused *client.Error) map[int]string {
	var lines map[int]string
	for _, f := range refused.Problem.Errors {
		place, there := strings.CutPrefix(f.Pointer, "#/lines/")
		if n, err := strconv.Atoi(strings.SplitN(place, "/", 2)[0]); there && err == nil && n >= 0 {
			if lines == nil {
				lines = map[int]string{}
			}
			lines[n] = f.Detail
		}
	}
	return lines
}

// flawsOf are what a refusal says of fields of ours.
func flawsOf(refused *client.Error) (wrong flaws) {
	for _, f := range refused.Problem.Errors {
		id := f.Pointer[strings.LastIndexByte(f.Pointer, '/')+1:]
		for _, field := range addressFields {
			if field.id == id {
				wrong = append(wrong, flaw{id, field.label, f.Detail})
			}
		}
	}
	return wrong
}

// reason says in words why a voucher takes nothing off.
func reason(code string) string {
	if words := map[string]string{
		"expired": "this voucher is not valid today.", "used-up": "this voucher was used already.", "not-yours": "this voucher is for somebody else.",
		"other-currency": "this voucher is for another currency.", "below-minimum": "your cart is not worth enough for this voucher yet.",
		"nothing-left": "there is nothing left that this voucher could take off.",
	}[code]; words != "" {
		return words
	}
	return "we know no such voucher, or it is not valid any more."
}
