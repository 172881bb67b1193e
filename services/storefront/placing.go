// Placing the order, and the page while nobody knows yet whether it is placed.
package storefront

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// pollEvery is how often the page asks again by itself.
	pollEvery = 3
	// longWait is when the page says that it takes unusually long.
	longWait = 45 * time.Second
	// leaving is how long a visitor whose order is placed waits for another cart.
	leaving = 2 * time.Second
)

// order places what the page showed: the quote and the attempt are the form's, so that a page that is sent again, from wherever, is the
// same order; the address is the draft's, and must be the one that the page showed.
func (s *shop) order(w http.ResponseWriter, r *http.Request, d draft, c cart) {
	get := r.PostForm.Get
	q, hash, attempt := get("quote"), get("hash"), get("attempt")
	if !isID(q) || !isID(attempt) || hash == "" || len(hash) > 64 {
		s.fail(w, r, http.StatusBadRequest)
		return
	}
	switch typed := strings.TrimSpace(get("code")); {
	case d.Address.check(s.countries) != nil:
		http.Redirect(w, r, checkoutPath, http.StatusSeeOther)
		return
	case get("seen") != d.Address.digest():
		s.showReview(w, r, d, c, verdict{code: http.StatusConflict, said: "The address was changed in another window. Please look at it again. Nothing was ordered."})
		return
	case typed != "": // who forgot to press Apply must not pay more than he thinks
		s.tryVoucher(w, r, d, c, typed)
		return
	case s.forgotten(w, r, d, c):
		return
	case get("delivery") != get("way"): // nor who forgot to press Choose
		s.takeDelivery(w, r, d, c)
		return
	case get("card") != "" && nameOf(get("card")) == "":
		s.showReview(w, r, d, c, verdict{code: http.StatusUnprocessableEntity, wrong: flaws{{"card", "Payment", "Choose one of these cards."}}})
		return
	case d.As != buyerIn(r.Context()).Customer: // signed in, or out, since the page was shown
		s.showReview(w, r, d, c, verdict{code: http.StatusConflict, said: said(buyerIn(r.Context()))})
		return
	}
	d.Card = get("card")
	d.Quote, d.Hash, d.Attempt, d.Since, d.Saga = q, hash, attempt, s.now().Unix(), ""
	s.place(w, r, d)
}

// place asks for the order, for the first time or again, and shows what came of it.
func (s *shop) place(w http.ResponseWriter, r *http.Request, d draft) {
	ctx, asked := s.sameBuyer(w, r, d)
	if !asked {
		return
	}
	made, err := s.checkouts.place(ctx, d.Attempt, purchaseOf(d, d.Quote, d.Hash, s.locale)) //nolint:contextcheck // sameBuyer derives it of the request's
	switch {
	case err == nil:
		s.thank(w, r, d, made)
	case undecided(err):
		s.log.WarnContext(r.Context(), "placing an order", "error", err)
		if refused, _ := refusedOf(err); refused != nil {
			var saga string
			if refused.Member("saga", &saga) && isID(saga) {
				d.Saga = saga
			}
		}
		d.keep(w, r)
		if r.Method == http.MethodPost {
			http.Redirect(w, r, orderingPath, http.StatusSeeOther)
			return
		}
		s.showWorking(w, r, d)
	default:
		d, v := refusedOrder(d, err)
		current, err := s.current(r)
		if err != nil {
			d.keep(w, r)
			s.failed(w, r, err)
			return
		}
		s.showReview(w, r, d, current, v)
	}
}

// ordering is the page while an order is under way. Each time it is shown it asks how far the order is: by the saga where checkout said
// which, and for the outcome by the key. A read that sends a key again makes nothing that was not asked for before.
func (s *shop) ordering(w http.ResponseWriter, r *http.Request) {
	d := draftOf(r)
	r = s.asBuyer(w, r)
	if !s.checkouts.there() || !d.Under() {
		s.selling(func(w http.ResponseWriter, r *http.Request, _ draft, _ cart) {
			http.Redirect(w, r, reviewPath, http.StatusSeeOther)
		})(w, r)
		return
	}
	if d.Saga != "" {
		// Any other answer, and none at all, leads to the key: it says all that can be known.
		if a, err := s.checkouts.attempt(r.Context(), d.Saga); err == nil && a.State == "running" { //nolint:contextcheck // asBuyer derives it of the request's
			s.showWorking(w, r, d)
			return
		}
	}
	s.place(w, r, d)
}

type workingBody struct{ Long bool }

func (s *shop) showWorking(w http.ResponseWriter, r *http.Request, d draft) {
	// A header, and no element of the page: what axe-core has against the element (WCAG 2.2.1) is that it takes a page away from who
	// reads it. This page holds nothing to read a second time, and the link on it asks at once.
	w.Header().Set("Refresh", strconv.Itoa(pollEvery)+"; url="+orderingPath)
	long := s.now().Sub(time.Unix(d.Since, 0)) > longWait
	s.render(w, r, http.StatusOK, "working", page{Title: s.say(r, "We are working on your order"), Unlisted: true, Personal: true, Body: workingBody{long}})
}

// thank leads to the order's own page. What was typed is forgotten; the cart is left to those things that were not ordered.
func (s *shop) thank(w http.ResponseWriter, r *http.Request, d draft, made placed) {
	ctx, cancel := context.WithTimeout(r.Context(), leaving)
	defer cancel()
	s.leaveCart(ctx, w, r, d.Quote)
	draft{Order: made.Order, Number: made.Number, Token: made.Token, Ordered: d.Quote}.keep(w, r)
	http.Redirect(w, r, orderPath(made.Order, made.Token)+"&placed="+url.QueryEscape(made.Number), http.StatusSeeOther)
}

func orderPath(id, token string) string {
	return "/orders/" + url.PathEscape(id) + "?token=" + url.QueryEscape(token)
}
