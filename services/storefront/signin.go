// Signing in and out. What auth refuses is said in one way, whoever has an account (C42).
package storefront

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
)

const accountPath, signInPath = "/account", "/account/signin"

// accountViews are the templates of the pages about accounts.
var accountViews = []string{"signin", "mailwanted", "confirm", "account", "history", "ownorder", "points", "erased", "wishlists", "invoice", "ownreview"}

// accountRoutes are those of customers. Each page finds out itself who is signed in: without a session it leads to signing in.
func (s *shop) accountRoutes(a *httpapi.API, forms []httpapi.Option) {
	tries := httpapi.Refuses(http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusNotFound)
	page := func(path, id, summary string, h http.HandlerFunc) {
		httpapi.Page(a, "GET", path, access.Public, s.private(h), httpapi.ID(id), httpapi.Summary(summary), httpapi.Refuses(http.StatusNotFound))
	}
	form := func(path, id, summary string, h http.HandlerFunc) {
		httpapi.Page(a, "POST", path, access.Public, s.ownForm(s.private(h)), append(forms[:len(forms):len(forms)], tries, httpapi.ID(id), httpapi.Summary(summary))...)
	}
	page(signInPath, "signInPage", "The form to sign in", s.signInPage)
	form(signInPath, "signIn", "Sign in", s.signIn)
	form("/account/signout", "signOut", "Sign out", s.signOut)
	page("/account/register", "registerPage", "The form to register", s.mailPage(registering))
	form("/account/register", "register", "Get a mail that lets one register", s.wantMail(registering))
	page("/account/forgot", "forgotPage", "The form of who forgot the password", s.mailPage(forgotten))
	form("/account/forgot", "forgot", "Get a mail that lets one set a password", s.wantMail(forgotten))
	page("/account/confirm", "confirmPage", "The form that sets a password, for who has the link of a mail", s.confirmPage)
	form("/account/confirm", "confirm", "Set a password with the link of a mail", s.confirm)
	page(accountPath, "account", "What the shop knows of who is signed in", s.accountPage)
	form("/account/profile", "saveProfile", "Say something of oneself", s.saveProfile)
	form("/account/addresses", "saveAddress", "Add, change or remove an address", s.saveAddress)
	form("/account/consents", "giveConsent", "Agree to something, or take it back", s.giveConsent)
	form("/account/password", "changePassword", "Change one's password", s.changePassword)
	form("/account/sessions", "endSession", "End one of one's sessions", s.endLogin)
	form("/account/erasure", "erase", "Be forgotten", s.erase)
	page("/account/erasures/{id}", "erased", "The proof of an erasure", s.erasedPage)
	page(historyPath, "history", "One's own orders", s.historyPage)
	page(historyPath+"/{id}", "ownOrder", "One of one's own orders, with its invoices", s.ownOrderPage)
	page(historyPath+"/{id}/invoices/{document}", "invoice", "An invoice or a credit note of one's own order, to print", s.paperPage)
	page("/account/points", "points", "One's own points", s.pointsPage)
}

// private is a page of a shop with accounts. No cache keeps it, whatever it shows.
func (s *shop) private(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.accounts.there() {
			s.fail(w, r, http.StatusNotFound)
			return
		}
		next(w, r)
	}
}

// signInTo is where to sign in for who goes on elsewhere.
func signInTo(next string) string { return signInPath + "?next=" + url.QueryEscape(next) }

// afterSignIn is where somebody goes on who has signed in: to a page of ours, whatever the address says.
func afterSignIn(next string) string {
	switch next {
	case "/cart", checkoutPath, reviewPath, orderingPath, historyPath, "/account/points", wishesPath:
		return next
	}
	if id, there := strings.CutPrefix(next, historyPath+"/"); there && isID(id) {
		return next
	}
	if sku, there := strings.CutPrefix(next, ownReviewPath); there && reviewable.MatchString(sku) {
		return next
	}
	return accountPath
}

type signInBody struct {
	Email, Next string
	// Said is what is to be known of the form as a whole; it never tells whether there is an account.
	Said  string
	Wrong flaws
	// Done says what was done before: a password that was set.
	Done string
}

func (s *shop) signInPage(w http.ResponseWriter, r *http.Request) {
	body := signInBody{Next: afterSignIn(r.URL.Query().Get("next"))}
	if r.URL.Query().Has("set") {
		body.Done = "Your password is set. Sign in with it."
	}
	s.showSignIn(w, r, http.StatusOK, body)
}

func (s *shop) showSignIn(w http.ResponseWriter, r *http.Request, code int, body signInBody) {
	s.render(w, r, code, "signin", page{Title: s.say(r, "Sign in"), Problem: body.Said != "" || body.Wrong != nil, Unlisted: true, Personal: true, Count: <-s.counting(r), Body: body})
}

// visitorOf is who asks, as the front door says: auth counts tries by it.
func visitorOf(r *http.Request) string { return strings.Join(r.Header["X-Forwarded-For"], ",") }

// signIn begins a session of auth's making, whatever the browser showed before (C40).
func (s *shop) signIn(w http.ResponseWriter, r *http.Request) {
	get, code := fieldsOf(r)
	if code != 0 {
		s.fail(w, r, code)
		return
	}
	body := signInBody{Email: strings.TrimSpace(get("email")), Next: afterSignIn(get("next"))}
	if body.Wrong = credentials(body.Email, get("password")); body.Wrong != nil {
		s.showSignIn(w, r, http.StatusUnprocessableEntity, body)
		return
	}
	made, err := s.accounts.signIn(r.Context(), body.Email, get("password"), device(r.UserAgent()), visitorOf(r))
	if err != nil {
		s.notSignedIn(w, r, body, err)
		return
	}
	who := sessionFrom(made)
	who.keep(w, r)
	next := body.Next
	if j := s.joinCart(w, r, who); j.Told() {
		next = "/cart?joined=" + strconv.Itoa(len(j.LeftOut))
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// credentials is what is wrong with what was typed, before anybody is asked.
func credentials(email, password string) (wrong flaws) {
	if email == "" || len(email) > longest["email"] {
		wrong = append(wrong, flaw{"email", "Email", "Enter the email address of your account."})
	}
	if password == "" || len(password) > mostPassword {
		wrong = append(wrong, flaw{"password", "Password", "Enter your password."})
	}
	return wrong
}

// mostPassword is what auth takes, in bytes.
const mostPassword = 256

func (s *shop) notSignedIn(w http.ResponseWriter, r *http.Request, body signInBody, err error) {
	code := http.StatusServiceUnavailable
	switch status(err) {
	case http.StatusUnauthorized, http.StatusUnprocessableEntity, http.StatusBadRequest:
		code, body.Said = http.StatusUnauthorized, "The address or the password is wrong."
		w.Header().Set("WWW-Authenticate", `Bearer realm="shop"`)
	case http.StatusTooManyRequests:
		code, body.Said = http.StatusTooManyRequests, "Those were too many tries. Please wait a minute."
		w.Header().Set("Retry-After", "60")
	default:
		s.log.WarnContext(r.Context(), "signing a customer in", "error", err)
		body.Said = "Nobody can sign in at the moment. You can order without an account, or try again in a few seconds."
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	s.showSignIn(w, r, code, body)
}

// signOut ends the session at auth, as far as auth can be reached, and takes everything personal out of the browser.
func (s *shop) signOut(w http.ResponseWriter, r *http.Request) {
	if was, there := sessionOf(r); there {
		if err := s.accounts.signOut(r.Context(), was.Refresh); err != nil {
			s.log.WarnContext(r.Context(), "ending a session", "error", err)
		}
	}
	leaveSession(w, r)
	leaveDraft(w, r)
	forget(w, r)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// leaveDraft forgets what was typed on the way to an order, and the link to the last one.
func leaveDraft(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: draftName(secure(r)), Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure(r)})
}

// device is what a browser is called in the list of sessions.
func device(agent string) string {
	first := func(names ...string) string {
		for _, name := range names {
			if strings.Contains(agent, name) {
				return name
			}
		}
		return ""
	}
	browser, system := first("Edg", "OPR", "Firefox", "Chrome", "Safari"), first("Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux")
	switch {
	case browser == "":
		return system
	case system == "":
		return browser
	}
	return browser + ", " + system
}
