package desk

import (
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// Who is signed in: the token of auth, in a cookie that no script reads, that no other site lets the browser send, and that is sent to
// the pages of staff alone, whichever service has them. It ends with the token, after five minutes.

const (
	// SecureCookie and PlainCookie are the names of the cookie. Over TLS the name asks the browser to take it over TLS alone. Not __Host-, which would have it sent to every service of the shop.
	SecureCookie = "__Secure-shop_staff"
	PlainCookie  = "shop_staff"
	// CookiePath is where pages of staff are.
	CookiePath = "/staff"
)

// secure tells whether the browser speaks TLS with the front door. Only the front door says so: what a visitor says of it is dropped there.
func secure(r *http.Request) bool { return r.Header.Get("X-Forwarded-Proto") == "https" }

func sessionName(r *http.Request) string {
	if secure(r) {
		return SecureCookie
	}
	return PlainCookie
}

// sessionOf is the token in the cookie; empty is none.
func sessionOf(r *http.Request) string {
	cookie, err := r.Cookie(sessionName(r))
	if err != nil {
		return ""
	}
	return cookie.Value
}

func setSession(w http.ResponseWriter, r *http.Request, token string, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: sessionName(r), Value: token, Path: CookiePath, MaxAge: age, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: secure(r),
	})
}

// ticket is what is read of auth's answer.
type ticket struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expiresAt"`
	Scopes    []string  `json:"scopes"`
}

// signInView is the form: the password is never in it.
type signInView struct {
	Name string
	// Root and About are where the form is, and what for.
	Root, About string
	// Said is what is to be known of the form as a whole.
	Said string
	// Wrong are what is wrong with a field, by its id.
	Wrong map[string]string
}

// signIn exchanges name and password for a token at auth.
func (d *Desk) signIn(w http.ResponseWriter, r *http.Request) {
	get, ok := d.Fields(w, r)
	if !ok {
		return
	}
	v := signInView{Name: strings.TrimSpace(get("name")), Wrong: map[string]string{}}
	password := get("password")
	if v.Name == "" || len(v.Name) > 128 {
		v.Name, v.Wrong["name"] = "", "Enter your name, as auth knows it."
	}
	if password == "" || len(password) > 256 {
		v.Wrong["password"] = "Enter your password."
	}
	if len(v.Wrong) > 0 {
		d.showSignIn(w, r, http.StatusUnprocessableEntity, v)
		return
	}
	if d.Auth == nil {
		d.Sorry(w, r, problem.New(problem.Unavailable, "This shop has no service auth: nobody can sign in here. Use the API with a token."))
		return
	}
	t, _, err := client.Call[ticket](r.Context(), d.Auth, client.Request{
		Method: http.MethodPost, Path: "/api/auth/tokens", Safe: true, Body: map[string]string{"name": v.Name, "password": password},
	})
	if err != nil {
		d.notSignedIn(w, r, v, err)
		return
	}
	if !slices.Contains(t.Scopes, d.Scope) {
		v.Said = d.lacks()
		d.showSignIn(w, r, http.StatusForbidden, v)
		return
	}
	setSession(w, r, t.Token, max(1, int(t.ExpiresAt.Sub(d.Now()).Seconds())))
	http.Redirect(w, r, d.Root, http.StatusSeeOther)
}

// notSignedIn says why auth gave no token.
func (d *Desk) notSignedIn(w http.ResponseWriter, r *http.Request, v signInView, err error) {
	code := http.StatusServiceUnavailable
	switch client.Status(err) {
	case http.StatusUnauthorized, http.StatusUnprocessableEntity, http.StatusBadRequest:
		code, v.Said = http.StatusUnauthorized, "The name or the password is wrong."
		w.Header().Set("WWW-Authenticate", `Bearer realm="shop"`)
	case http.StatusTooManyRequests:
		code, v.Said = http.StatusTooManyRequests, "Too many tries with this name. Come back in a minute."
		w.Header().Set("Retry-After", "60")
	default:
		slog.WarnContext(r.Context(), "signing in", "error", err)
		v.Said = "Nobody can sign in right now: auth does not answer. Try again in a few seconds."
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	d.showSignIn(w, r, code, v)
}

// signOut takes the token out of the browser.
func (d *Desk) signOut(w http.ResponseWriter, r *http.Request) {
	setSession(w, r, "", -1)
	http.Redirect(w, r, d.Root, http.StatusSeeOther)
}

func (d *Desk) showSignIn(w http.ResponseWriter, r *http.Request, code int, v signInView) {
	v.Root, v.About = d.Root, capital(d.Name)+" are for staff."
	d.Show(w, r, code, signIn, View{Title: "Sign in", Problem: v.Said != "" || len(v.Wrong) > 0, Body: v})
}

// Token is that of who is signed in, to ask other services in his name; empty is none.
func Token(r *http.Request) string { return sessionOf(r) }
