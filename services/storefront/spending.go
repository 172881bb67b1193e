// Points and gift cards on the review page, of who is signed in. Each field says there what is wrong with what was typed.
package storefront

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

const (
	mostGifts = 3
	// mostPoints is what checkout takes.
	mostPoints = 10_000_000
)

// pointsSpent are the points that a quote counts with.
type pointsSpent struct {
	Points int64 `json:"points"`
	Amount money `json:"amount"`
}

// giftCard is one that was typed, and what it pays.
type giftCard struct {
	Ending string `json:"ending"`
	Active bool   `json:"active"`
	Amount money  `json:"amount"`
}

// spentOn is what of an order points took off and gift cards paid.
type spentOn struct {
	Points int64 `json:"points,omitempty"`
	Off    money `json:"off"`
	Cards  money `json:"cards"`
	Due    money `json:"due"`
}

// spending is what the page shows of points and gift cards; nil in a shop without them, and for guests.
type spending struct {
	// Balance is nil where loyalty does not say.
	Balance *points
	// Points is what stands in their field, Had how many the quote counts with, Gift what stands in the cards' field.
	Points, Had, Gift string
}

// ToPay is what is left for the payment.
func (q quote) ToPay() money {
	if q.Due == nil {
		return q.Total
	}
	return *q.Due
}

// spent is how many points the quote counts with.
func (q quote) spent() int64 {
	if q.Points == nil {
		return 0
	}
	return q.Points.Points
}

// spends tells whether the draft uses points or gift cards.
func (d draft) spends() bool { return d.Points > 0 || len(d.Gifts) > 0 }

// without is the draft without them: of somebody who is not signed in, or where they cannot be used.
func (d draft) without() draft {
	d.Points, d.Gifts = 0, nil
	return d
}

// soundSpending tells whether what the cookie says of them can have been typed.
func (d draft) soundSpending() bool {
	for _, code := range d.Gifts {
		if code == "" || len(code) > longestCode {
			return false
		}
	}
	return len(d.Gifts) <= mostGifts && d.Points >= 0 && d.Points <= mostPoints
}

// spendsAs tells whether a quote counts with the points and cards of a draft.
func (q quote) spendsAs(d draft) bool {
	return q.spent() == d.Points && len(q.GiftCards) == len(d.Gifts)
}

// as is the draft with the points and cards that checkout counts with in a quote of its own making: what it left out pays nothing any more.
func (d draft) as(q quote) draft {
	d.Points = q.spent()
	d.Gifts = slices.DeleteFunc(slices.Clone(d.Gifts), func(code string) bool {
		return !slices.ContainsFunc(q.GiftCards, func(g giftCard) bool { return strings.HasSuffix(code, g.Ending) })
	})
	return d
}

// takePoints takes how many points are spent; none, or nothing, takes them out.
func (s *shop) takePoints(w http.ResponseWriter, r *http.Request, d draft, c cart) {
	text := strings.TrimSpace(r.PostForm.Get("points"))
	n, err := strconv.ParseInt(text, 10, 64)
	if text == "" {
		n, err = 0, nil
	}
	if err != nil || n < 0 || n > mostPoints {
		s.notSpent(w, r, d, c, verdict{code: http.StatusUnprocessableEntity, points: text}, "points", "Enter how many points, as a whole number.")
		return
	}
	with := d
	with.Points = n
	s.trySpending(w, r, d, with, c, verdict{points: text}, "points")
}

// takeGift takes a gift card that was typed, or takes one out by its place.
func (s *shop) takeGift(w http.ResponseWriter, r *http.Request, d draft, c cart) {
	with, code := d, strings.ToUpper(strings.TrimSpace(r.PostForm.Get("gift")))
	if gone, err := strconv.Atoi(r.PostForm.Get("remove-gift")); err == nil {
		if gone >= 0 && gone < len(d.Gifts) {
			with.Gifts = slices.Delete(slices.Clone(d.Gifts), gone, gone+1)
		}
		s.trySpending(w, r, d, with, c, verdict{}, "gift")
		return
	}
	if wrong := d.unfitGift(code); wrong != "" {
		s.notSpent(w, r, d, c, verdict{code: http.StatusUnprocessableEntity, gift: code}, "gift", wrong)
		return
	}
	with.Gifts = append(slices.Clone(d.Gifts), code)
	s.trySpending(w, r, d, with, c, verdict{gift: code}, "gift")
}

const noSuchCard = "We know no such card, or there is nothing on it any more."

// unfitGift says why a code is not even asked for; empty: it is.
func (d draft) unfitGift(code string) string {
	switch {
	case code == "":
		return "Enter the code of your gift card."
	case len(code) > longestCode || strings.ContainsFunc(code, func(r rune) bool { return r < ' ' || r > '~' }):
		return noSuchCard
	case slices.Contains(d.Gifts, code):
		return "You have put in this card already."
	case len(d.Gifts) >= mostGifts:
		return "More gift cards cannot be used at once."
	}
	return ""
}

// trySpending asks for a quote with other points or cards. Where they pay something that is the quote from now on; where they do not, all
// stays as it was, and what was typed stands beside the reason.
func (s *shop) trySpending(w http.ResponseWriter, r *http.Request, d, with draft, c cart, v verdict, field string) {
	if buyerIn(r.Context()).Customer == "" || d.Address.check(s.countries) != nil {
		http.Redirect(w, r, reviewPath, http.StatusSeeOther)
		return
	}
	q, err := s.checkouts.offer(r.Context(), with.termsOf(c))
	switch {
	case err != nil:
		v.code, v.after = spendingCode(err)
		s.notSpent(w, r, d, c, v, field, whySpending(err, field))
		return
	case field == "points" && with.Points > 0 && q.spent() == 0:
		v.code = http.StatusUnprocessableEntity
		s.notSpent(w, r, d, c, v, field, "You have no points that can be spent on this order.")
		return
	case field == "gift" && len(q.GiftCards) > len(d.Gifts) && !q.GiftCards[len(q.GiftCards)-1].Active:
		v.code = http.StatusUnprocessableEntity
		s.notSpent(w, r, d, c, v, field, noSuchCard)
		return
	}
	with = with.anew()
	with.Quote, with.Was, with.Points = q.ID, "", q.spent() // as many as there are
	with.keep(w, r)
	http.Redirect(w, r, reviewPath, http.StatusSeeOther)
}

// notSpent shows the page as it was, with what is wrong at its field.
func (s *shop) notSpent(w http.ResponseWriter, r *http.Request, d draft, c cart, v verdict, field, why string) {
	label := map[string]string{"points": "Points", "gift": "Gift card"}[field]
	v.wrong = flaws{{field, s.say(r, label), s.say(r, why)}}
	s.showReview(w, r, d, c, v)
}

// spendingCode is the status of the page when checkout did not count points or cards, and how long is to be waited.
func spendingCode(err error) (code int, after string) {
	switch status(err) {
	case http.StatusUnprocessableEntity, http.StatusConflict:
		return http.StatusUnprocessableEntity, ""
	case http.StatusTooManyRequests:
		return http.StatusTooManyRequests, "60"
	}
	return http.StatusServiceUnavailable, strconv.Itoa(retryAfter)
}

// whySpending says in words why.
func whySpending(err error, field string) string {
	refused, _ := refusedOf(err)
	switch code, _ := spendingCode(err); {
	case code == http.StatusTooManyRequests:
		return "Too many codes were wrong. Wait a minute, then try again."
	case code == http.StatusServiceUnavailable:
		return "Points and gift cards cannot be used at the moment. You can order without them."
	case field == "gift" && pointsAt(refused, "#/cards"):
		return "This card cannot be used on this order."
	case field == "points":
		return "Points cannot be spent on this order."
	}
	return noSuchCard
}

// pointsAt tells whether a refusal is about a part of what was asked.
func pointsAt(refused *client.Error, place string) bool {
	return refused != nil && slices.ContainsFunc(refused.Problem.Errors, func(f problem.Field) bool { return strings.HasPrefix(f.Pointer, place) })
}

// isUnspendable tells whether no quote could be made because of points or cards: then one is made without them.
func isUnspendable(err error) bool {
	refused, _ := refusedOf(err)
	code := status(err)
	return code == http.StatusUnauthorized || code == http.StatusServiceUnavailable || code == http.StatusTooManyRequests || pointsAt(refused, "#/points") || pointsAt(refused, "#/cards")
}

// forgotten tells whether the order's form says other points than the quote counts with, or a card that was not applied: who forgot to
// press Apply must not pay more than he thinks.
func (s *shop) forgotten(w http.ResponseWriter, r *http.Request, d draft, c cart) bool {
	get := r.PostForm.Get
	switch {
	case strings.TrimSpace(get("gift")) != "":
		s.takeGift(w, r, d, c)
	case strings.TrimSpace(get("points")) != get("had"):
		s.takePoints(w, r, d, c)
	default:
		return false
	}
	return true
}

// spendingOf is what the page shows of them.
func (s *shop) spendingOf(r *http.Request, q quote, v verdict) *spending {
	who := buyerIn(r.Context())
	if who.Customer == "" || s.accounts.loyalty == nil {
		return nil
	}
	b := &spending{Points: v.points, Gift: v.gift}
	if n := q.spent(); n > 0 {
		b.Had = strconv.FormatInt(n, 10)
	}
	if v.wrong.Of("points") == "" {
		b.Points = b.Had
	}
	b.Balance = <-part(r.Context(), s.accounts.loyalty, func(ctx context.Context) (points, error) {
		return ask[points](ctx, s.accounts.loyalty, who.Token, "/api/loyalty/account", nil)
	})
	return b
}
