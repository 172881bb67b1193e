// Vouchers: the field on the review page, which says there what is wrong with a code.
package storefront

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// takeVoucher tries a code that was typed, or takes one out. The card that was chosen in the same form is kept.
func (s *shop) takeVoucher(w http.ResponseWriter, r *http.Request, d draft, c cart) {
	if gone := r.PostForm.Get("remove"); gone != "" {
		d.Coupons = slices.DeleteFunc(slices.Clone(d.Coupons), func(one string) bool { return one == gone })
		d.Was = ""
		d.keep(w, r)
		http.Redirect(w, r, reviewPath, http.StatusSeeOther)
		return
	}
	s.tryVoucher(w, r, d, c, strings.TrimSpace(r.PostForm.Get("code")))
}

// tryVoucher asks for a quote with the code. Where it takes something off that is the quote from now on; where it does not,
// all stays as it was, and what was typed stands beside the reason.
func (s *shop) tryVoucher(w http.ResponseWriter, r *http.Request, d draft, c cart, code string) {
	if wrong := d.unfit(code); wrong != "" {
		s.showReview(w, r, d, c, verdict{code: http.StatusUnprocessableEntity, wrong: flaws{{"code", "Voucher", wrong}}, voucher: code})
		return
	}
	if code == "" || d.Address.check(s.countries) != nil {
		d.keep(w, r)
		http.Redirect(w, r, reviewPath, http.StatusSeeOther)
		return
	}
	with := d
	with.Coupons = append(slices.Clone(d.Coupons), code)
	q, err := s.checkouts.offer(r.Context(), with.termsOf(c))
	if err != nil {
		s.noOffer(w, r, d, c, err)
		return
	}
	for _, one := range q.Coupons {
		if strings.EqualFold(one.Code, code) && !one.Active {
			s.showReview(w, r, d, c, verdict{code: http.StatusUnprocessableEntity, wrong: flaws{{"code", "Voucher", capital(reason(one.Reason))}}, voucher: code})
			return
		}
	}
	d = d.anew()
	d.Quote, d.Was, d.Coupons = q.ID, "", nil
	for _, one := range q.Coupons { // as promotions writes them
		d.Coupons = append(d.Coupons, one.Code)
	}
	d.keep(w, r)
	http.Redirect(w, r, reviewPath, http.StatusSeeOther)
}

// unfit says why a code is not even asked for; empty: it is.
func (d draft) unfit(code string) string {
	switch {
	case len(code) > longestCode || strings.ContainsFunc(code, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return capital(reason(""))
	case slices.ContainsFunc(d.Coupons, func(one string) bool { return strings.EqualFold(one, code) }):
		return "You have put in this voucher already."
	case len(d.Coupons) >= mostCoupons && code != "":
		return fmt.Sprintf("More than %d vouchers cannot be used at once.", mostCoupons)
	}
	return ""
}

func capital(text string) string { return recased(text, unicode.ToUpper) }

// recased changes the first letter.
func recased(text string, to func(rune) rune) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return ""
	}
	return string(to(first)) + text[size:]
}
