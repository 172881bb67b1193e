// The page where a customer says what he thinks of a product that he received: its form, and what is said where it is not taken.
package storefront

import (
	"cmp"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

const (
	ownReviewPath = "/account/reviews/"
	// mostReview is what its form may hold, in bytes: each character of a text may take twelve on the way.
	mostReview = 64 << 10
)

// reviewable are the SKUs that reviews takes.
var reviewable = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

type ownReviewBody struct {
	Product product
	typedReview
	// Own is the review that there is already, and that this one takes the place of.
	Own *ownReview
	// Attempt is the form's own: sent twice, it is one review.
	Attempt string
	Wrong   flaws
	Said    string
	// Done says what became of a review that was sent.
	Done string
}

// Here is the page's own address.
func (b ownReviewBody) Here() string { return ownReviewPath + b.Product.SKU }

// Rates are the numbers of stars, the best first.
func (b ownReviewBody) Rates() (all []rate) {
	for n := mostStars; n > 0; n-- {
		all = append(all, rate{n, drawn(n), mostStars, n == b.stars()})
	}
	return all
}

type rate struct {
	Stars  int
	Drawn  string
	Most   int
	Chosen bool
}

// reviewDone is what the page says after the form, by the word in its address.
var reviewDone = map[string]string{
	"published": "Thank you. Your review is at the product now.",
	"pending":   "Thank you. We look at your review before others see it.",
}

func (s *shop) ownReviewRoutes(a *httpapi.API, forms []httpapi.Option) {
	missing := httpapi.Refuses(http.StatusNotFound)
	httpapi.Page(a, "GET", ownReviewPath+"{sku}", access.Public, s.private(s.reviewing(s.ownReviewPage)), httpapi.ID("ownReview"), httpapi.Summary("The form of a review of one's own"), missing)
	httpapi.Page(a, "POST", ownReviewPath+"{sku}", access.Public, s.ownForm(s.private(s.reviewing(s.takeReview))),
		append(forms[:len(forms):len(forms)], httpapi.With(httpapi.Limits{Body: mostReview}), httpapi.ID("takeReview"), httpapi.Summary("Say what one thinks of a product that one received"), missing)...)
}

// reviewing lets in who is signed in, to a product of a shop with reviews.
func (s *shop) reviewing(next func(http.ResponseWriter, *http.Request, session, product)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.reviews.api == nil || !reviewable.MatchString(r.PathValue("sku")) {
			s.fail(w, r, http.StatusNotFound)
			return
		}
		s.mine(func(w http.ResponseWriter, r *http.Request, who session) {
			p, err := s.catalog.product(r.Context(), r.PathValue("sku"))
			if err != nil {
				s.failed(w, r, err)
				return
			}
			next(w, r, who, p)
		})(w, r)
	}
}

func (s *shop) ownReviewPage(w http.ResponseWriter, r *http.Request, _ session, p product) {
	s.showOwnReview(w, r, http.StatusOK, ownReviewBody{Product: p, Attempt: uuid.NewString(), Done: reviewDone[r.URL.Query().Get("done")]})
}

func (s *shop) showOwnReview(w http.ResponseWriter, r *http.Request, code int, b ownReviewBody) {
	s.render(w, r, code, "ownreview", page{
		Title: s.say(r, "Your review of %s", b.Product.Name), Problem: code != http.StatusOK, Unlisted: true, Personal: true, Count: <-s.counting(r), Body: b,
	})
}

// takeReview sends what was typed, as a new review or in the place of the one that the form names.
func (s *shop) takeReview(w http.ResponseWriter, r *http.Request, who session, p product) {
	get, code := fieldsOf(r)
	if code != 0 {
		s.fail(w, r, code)
		return
	}
	b := ownReviewBody{Product: p, typedReview: typedReviewIn(get), Attempt: keyOf(get("attempt"))}
	if isID(get("own")) {
		b.Own = &ownReview{ID: get("own"), Tag: get("tag")}
	}
	if b.Wrong = b.check(); b.Wrong != nil {
		s.showOwnReview(w, r, http.StatusUnprocessableEntity, b)
		return
	}
	made, err := s.reviews.send(r.Context(), who.Token, p.SKU, b.Attempt, b.typedReview, b.Own)
	if err != nil {
		s.notReviewed(w, r, who, b, err)
		return
	}
	done := "pending"
	if made.State == "published" {
		done = "published"
	}
	http.Redirect(w, r, b.Here()+"?done="+done, http.StatusSeeOther)
}

// notReviewed says why a review was not taken, beside what was typed. Another attempt begins, unless nobody knows what became of this one.
func (s *shop) notReviewed(w http.ResponseWriter, r *http.Request, who session, b ownReviewBody, err error) {
	refused, _ := refusedOf(err)
	if undecided(err) {
		s.reviewsAway(w, r, b, err)
		return
	}
	code := refused.Status
	b.Attempt = uuid.NewString()
	switch code {
	case http.StatusUnauthorized:
		http.Redirect(w, r, signInTo(r.URL.Path), http.StatusSeeOther)
		return
	case http.StatusPreconditionFailed:
		s.showEarlier(w, r, who, b, b.Own.ID, "This was changed in another window. Here is what it is now: please change it again.")
		return
	case http.StatusNotFound: // removed meanwhile
		code, b.Own, b.Said = http.StatusConflict, nil, "That is not there any more."
	default:
		var id string
		if refused.Member("review", &id) && isID(id) {
			s.showEarlier(w, r, who, b, id, "You have reviewed this product already. Send this one, and it takes the place of the other.")
			return
		}
		if b.Wrong = wrongReview(refused.Problem); b.Wrong == nil {
			b.Said = cmp.Or(refused.Problem.Detail, "That could not be done. Please check what you typed.")
		}
	}
	s.showOwnReview(w, r, code, b)
}

// showEarlier shows the review that there is beside the one that was typed: sent again, it takes its place.
func (s *shop) showEarlier(w http.ResponseWriter, r *http.Request, who session, b ownReviewBody, id, said string) {
	found, err := s.reviews.own(r.Context(), who.Token, id)
	if err != nil {
		s.reviewsAway(w, r, b, err)
		return
	}
	b.Own, b.Said = &found, said
	s.showOwnReview(w, r, http.StatusConflict, b)
}

func (s *shop) reviewsAway(w http.ResponseWriter, r *http.Request, b ownReviewBody, err error) {
	s.log.WarnContext(r.Context(), "asking reviews", "error", err)
	w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	b.Said = "Your review cannot be taken right now. What you typed is kept here: please send it again in a minute."
	s.showOwnReview(w, r, http.StatusServiceUnavailable, b)
}

// wrongReview is what reviews says of fields.
func wrongReview(p problem.Problem) (wrong flaws) {
	for _, f := range p.Errors {
		for _, field := range reviewFields {
			if strings.HasSuffix(f.Pointer, "/"+field.id) {
				wrong = append(wrong, flaw{field.id, field.label, f.Detail})
			}
		}
	}
	return wrong
}
