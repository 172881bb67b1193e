// The page of who is signed in, and its forms. It is made of parts: a service that is away costs its own.
package storefront

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client"
)

const (
	// accountPatience is how long a part of the page is waited for.
	accountPatience = 2 * time.Second
	// newsletter is what somebody may agree to, by which text.
	newsletter, newsletterText = "newsletter", "2026-11"
)

type accountBody struct {
	// Of each part nil is that its service does not answer, or that the shop has none.
	Profile   *profile
	Tag       string
	Addresses *listOf[savedAddress]
	Consents  *listOf[consent]
	Logins    *listOf[login]
	Points    *points
	Countries []country
	// Attempt makes one address of a form that is sent twice.
	Attempt string
	// Known tells which services the shop has.
	HasProfile, HasPoints, HasOrders, HasWishes bool
	Said                                        string
	Wrong                                       flaws
	// Kept is what was typed into a form with something wrong.
	Kept savedAddress
	// Done says what was just done.
	Done string
}

// Newsletter tells whether the customer gets it: the last word counts.
func (b accountBody) Newsletter() (on bool) {
	if b.Consents == nil {
		return false
	}
	for _, c := range b.Consents.Items {
		if c.Purpose == newsletter {
			on = c.Granted
		}
	}
	return on
}

// doneWords is what the account's page says after a form, by the word in its address.
var doneWords = map[string]string{
	"profile": "Your details are saved.", "address": "Your address book is saved.", "consent": "Your choice is saved.",
	"password": "Your password is changed, and all other devices are signed out.", "session": "That device is signed out.",
}

// mine is a page for who is signed in; anybody else signs in first.
func (s *shop) mine(next func(http.ResponseWriter, *http.Request, session)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		one, err := s.customer(w, r)
		switch {
		case errors.Is(err, errNobody):
			http.Redirect(w, r, signInTo(r.URL.Path), http.StatusSeeOther)
		case err != nil:
			s.failed(w, r, err)
		default:
			next(w, r, one)
		}
	}
}

func (s *shop) accountPage(w http.ResponseWriter, r *http.Request) {
	s.mine(func(w http.ResponseWriter, r *http.Request, who session) {
		s.showAccount(w, r, http.StatusOK, who, accountBody{Done: doneWords[r.URL.Query().Get("done")]})
	})(w, r)
}

// part asks for a part of the page; nil is that it could not be had.
func part[T any](ctx context.Context, api *client.Client, read func(context.Context) (T, error)) <-chan *T {
	return alongside(ctx, func(ctx context.Context) (*T, error) {
		if api == nil {
			return nil, nil //nolint:nilnil // a part that the shop has not
		}
		ctx, cancel := context.WithTimeout(ctx, accountPatience)
		defer cancel()
		found, err := read(ctx)
		if err != nil {
			return nil, err
		}
		return &found, nil
	})
}

func listed[T any](api *client.Client, token, path string) func(context.Context) (listOf[T], error) {
	return func(ctx context.Context) (listOf[T], error) {
		return ask[listOf[T]](ctx, api, token, path, url.Values{"limit": {"100"}})
	}
}

// logins are a customer's sessions. They are waited for as any other part is: the page has more to show.
func (s *shop) logins(ctx context.Context, who session) (listOf[login], error) {
	ctx, cancel := context.WithTimeout(ctx, accountPatience)
	defer cancel()
	return listed[login](s.accounts.auth, who.Token, "/api/auth/sessions")(ctx)
}

func (s *shop) showAccount(w http.ResponseWriter, r *http.Request, code int, who session, body accountBody) {
	ctx, a := r.Context(), s.accounts
	counting := s.counting(r)
	about := part(ctx, a.customers, func(ctx context.Context) (profile, error) { return a.profile(ctx, who.Token) })
	book := part(ctx, a.customers, listed[savedAddress](a.customers, who.Token, addressBook))
	consents := part(ctx, a.customers, listed[consent](a.customers, who.Token, "/api/customers/me/consents"))
	earned := part(ctx, a.loyalty, func(ctx context.Context) (points, error) {
		return ask[points](ctx, a.loyalty, who.Token, "/api/loyalty/account", nil)
	})
	logins, err := s.logins(ctx, who)
	if status(err) == http.StatusUnauthorized { // ended elsewhere
		leaveSession(w, r)
		http.Redirect(w, r, signInTo(accountPath), http.StatusSeeOther)
		return
	}
	if err == nil {
		body.Logins = &logins
	}
	body.Profile, body.Addresses, body.Consents, body.Points = <-about, <-book, <-consents, <-earned
	if body.Profile != nil {
		body.Tag = body.Profile.etag
	}
	body.Countries, body.Attempt = s.countries, uuid.NewString()
	body.HasProfile, body.HasPoints, body.HasOrders, body.HasWishes = a.customers != nil, a.loyalty != nil, s.orders.api != nil, s.wishes.api != nil
	s.render(w, r, code, "account", page{
		Title: s.say(r, "Your account"), Problem: body.Wrong != nil || body.Said != "", Unlisted: true, Personal: true, Count: <-counting, Body: body,
	})
}
