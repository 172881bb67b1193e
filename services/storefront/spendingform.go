package storefront

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// What a customer does with the fields for points and gift cards, and what is said where it does not work.

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
