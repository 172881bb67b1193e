// The page of who is signed in, and its forms. It is made of parts: a service that is away costs its own.
package storefront

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
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

// change is a form of the account's page. What it does is said on that page, or what is wrong with it.
func (s *shop) change(done string, do func(ctx context.Context, who session, get func(string) string) (flaws, error)) http.HandlerFunc {
	return s.mine(func(w http.ResponseWriter, r *http.Request, who session) {
		get, code := fieldsOf(r)
		if code != 0 {
			s.fail(w, r, code)
			return
		}
		wrong, err := do(r.Context(), who, get)
		body := accountBody{Wrong: wrong.in(get("id")), Kept: addressIn(get)}
		refused, _ := refusedOf(err)
		switch {
		case wrong != nil:
			s.showAccount(w, r, http.StatusUnprocessableEntity, who, body)
		case err == nil:
			http.Redirect(w, r, accountPath+"?done="+done, http.StatusSeeOther)
		case refused == nil || refused.Status >= http.StatusInternalServerError:
			s.failed(w, r, err)
		case refused.Status == http.StatusUnauthorized:
			http.Redirect(w, r, signInTo(accountPath), http.StatusSeeOther)
		default:
			body.Said, body.Wrong = refusedChange(refused)
			body.Wrong = body.Wrong.in(get("id"))
			s.showAccount(w, r, refused.Status, who, body)
		}
	})
}

// fields are what the page calls what another service refuses.
var fieldNames = map[string]string{
	"name": "Full name", "street": "Street and number", "postcode": "Postcode", "city": "Town or city", "country": "Country", "phone": "Phone", "email": "Email",
	"password": "Password", "newPassword": "New password",
}

// refusedChange says what is wrong with a form, at its field where there is one.
func refusedChange(refused *client.Error) (says string, wrong flaws) {
	for _, f := range refused.Problem.Errors {
		id := f.Pointer[strings.LastIndexByte(f.Pointer, '/')+1:]
		if label := fieldNames[id]; label != "" {
			wrong = append(wrong, flaw{id, label, f.Detail})
		}
	}
	switch {
	case wrong != nil:
		return "", wrong
	case refused.Status == http.StatusPreconditionFailed:
		return "This was changed in another window. Here is what it is now: please change it again.", nil
	case refused.Status == http.StatusNotFound:
		return "That is not there any more.", nil
	case refused.Problem.Detail != "":
		return refused.Problem.Detail, nil
	}
	return "That could not be done. Please check what you typed.", nil
}

func (s *shop) saveProfile(w http.ResponseWriter, r *http.Request) {
	s.change("profile", func(ctx context.Context, who session, get func(string) string) (flaws, error) {
		if s.accounts.customers == nil {
			return nil, errAway
		}
		said := typedIn(get, "email", "name", "phone", "country", "locale")
		return nil, s.accounts.saveProfile(ctx, who.Token, get("tag"), said)
	})(w, r)
}

// errAway is of a service that the shop has not.
var errAway = errors.New("the shop has no such service")

// typedIn are the fields of a form that are not empty.
func typedIn(get func(string) string, fields ...string) map[string]string {
	said := map[string]string{}
	for _, id := range fields {
		if text := strings.TrimSpace(get(id)); text != "" {
			said[id] = text
		}
	}
	return said
}

func addressIn(get func(string) string) savedAddress {
	t := typedIn(get, "id", "name", "street", "postcode", "city", "country", "phone")
	return savedAddress{t["id"], t["name"], t["street"], t["postcode"], t["city"], t["country"], t["phone"]}
}

// saveAddress adds an address, or with an id changes or removes it.
func (s *shop) saveAddress(w http.ResponseWriter, r *http.Request) {
	s.change("address", func(ctx context.Context, who session, get func(string) string) (wrong flaws, err error) {
		id := get("id")
		switch {
		case s.accounts.customers == nil:
			return nil, errAway
		case id != "" && !isID(id):
			return flaws{{"name", "Address", "That is not there any more."}}, nil
		case id != "" && get("remove") != "":
			return nil, s.accounts.changeAddress(ctx, who.Token, id, nil)
		}
		said := typedIn(get, "name", "street", "postcode", "city", "country", "phone")
		for _, f := range addressFields {
			if f.id != "email" && f.id != "postcode" && said[f.id] == "" {
				wrong = append(wrong, flaw{f.id, f.label, f.missing})
			}
		}
		switch {
		case wrong != nil:
			return wrong, nil
		case id != "":
			return nil, s.accounts.changeAddress(ctx, who.Token, id, said)
		}
		return nil, s.accounts.addAddress(ctx, who.Token, keyOf(get("attempt")), said)
	})(w, r)
}

// keyOf is the key of a form that is sent once, however often it comes.
func keyOf(attempt string) string {
	if isID(attempt) {
		return attempt
	}
	return uuid.NewString()
}

func (s *shop) giveConsent(w http.ResponseWriter, r *http.Request) {
	s.change("consent", func(ctx context.Context, who session, get func(string) string) (flaws, error) {
		if s.accounts.customers == nil {
			return nil, errAway
		}
		return nil, s.accounts.consent(ctx, who.Token, keyOf(get("attempt")), consent{Purpose: newsletter, TextVersion: newsletterText, Granted: get("granted") == "yes"})
	})(w, r)
}

func (s *shop) changePassword(w http.ResponseWriter, r *http.Request) {
	s.change("password", func(ctx context.Context, who session, get func(string) string) (flaws, error) {
		if was := get("password"); was == "" || len(was) > mostPassword {
			return flaws{{"password", "Password", "Enter the password that you have now."}}, nil
		}
		if wrong := fit(get("newPassword")); wrong != "" {
			return flaws{{"newPassword", "New password", wrong}}, nil
		}
		return nil, s.accounts.changePassword(ctx, who.Token, get("password"), get("newPassword"))
	})(w, r)
}

func (s *shop) endLogin(w http.ResponseWriter, r *http.Request) {
	s.change("session", func(ctx context.Context, who session, get func(string) string) (flaws, error) {
		if !isID(get("id")) {
			return nil, nil // what never was has ended
		}
		err := s.accounts.endLogin(ctx, who.Token, get("id"))
		if status(err) == http.StatusNotFound {
			return nil, nil
		}
		return nil, err
	})(w, r)
}

type erasedBody struct{ Proof erasure }

// erase forgets the customer. The proof's page needs no account: there is none any more.
func (s *shop) erase(w http.ResponseWriter, r *http.Request) {
	s.mine(func(w http.ResponseWriter, r *http.Request, who session) {
		get, code := fieldsOf(r)
		switch {
		case code != 0:
			s.fail(w, r, code)
			return
		case s.accounts.customers == nil:
			s.fail(w, r, http.StatusNotFound)
			return
		case get("sure") != "yes":
			s.showAccount(w, r, http.StatusUnprocessableEntity, who, accountBody{Wrong: flaws{{"sure", "Delete account", "Tick the box, so that nobody is forgotten by accident."}}})
			return
		}
		proof, err := s.accounts.erase(r.Context(), who.Token, who.Customer)
		if err != nil {
			s.failed(w, r, err)
			return
		}
		leaveSession(w, r)
		leaveDraft(w, r)
		forget(w, r)
		http.Redirect(w, r, "/account/erasures/"+url.PathEscape(proof.ID), http.StatusSeeOther)
	})(w, r)
}

// erasedPage shows how far an erasure is, to whoever has its id.
func (s *shop) erasedPage(w http.ResponseWriter, r *http.Request) {
	if s.accounts.customers == nil || !isID(r.PathValue("id")) {
		s.fail(w, r, http.StatusNotFound)
		return
	}
	proof, err := s.accounts.proof(r.Context(), r.PathValue("id"))
	if err != nil {
		s.failed(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "erased", page{Title: s.say(r, "Your data"), Unlisted: true, Personal: true, Secret: true, Body: erasedBody{proof}})
}

// knownAddress is what a customer who orders need not type: his mail address, and the first of his address book. Where it cannot be had
// he types it.
func (s *shop) knownAddress(ctx context.Context) address {
	who, a := buyerIn(ctx), s.accounts
	if who.Token == "" {
		return address{}
	}
	about := part(ctx, a.customers, func(ctx context.Context) (profile, error) { return a.profile(ctx, who.Token) })
	book := part(ctx, a.customers, listed[savedAddress](a.customers, who.Token, addressBook))
	var known address
	if p := <-about; p != nil {
		known.Email, known.Name = p.Email, p.Name
	}
	if b := <-book; b != nil && len(b.Items) > 0 {
		one := b.Items[0]
		known.Name, known.Street, known.Postcode, known.City, known.Country = one.Name, one.Street, one.Postcode, one.City, one.Country
	}
	return known.cut()
}
