// Who is signed in: auth's tokens, in a cookie that no script reads and that is read here alone.
package storefront

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	// Over TLS the browser takes it from this host alone, so no other host of the domain can plant a session; and no other name is read.
	secureSession = "__Host-shop_account"
	plainSession  = "shop_account"
	// sessionAge is how long auth keeps a session that nobody uses.
	sessionAge = 30 * 24 * time.Hour
	// mostSession is what a cookie of ours may hold.
	mostSession = 3800
	// early is how long before its end a token is exchanged: it must be good for what is asked with it.
	early = 30 * time.Second
)

// errNobody says that nobody is signed in.
var errNobody = errors.New("nobody is signed in")

// session is what the cookie holds. Whoever forges one gains nothing: each service checks the token, and auth the other one.
type session struct {
	// Token shows who asks until Ends, as Unix time; Refresh is exchanged for the next one.
	Token   string `json:"t"`
	Ends    int64  `json:"e"`
	Refresh string `json:"r"`
	// Customer is whom auth named.
	Customer string `json:"c"`
}

func sessionName(secure bool) string {
	if secure {
		return secureSession
	}
	return plainSession
}

// sessionOf reads the cookie. What we did not write is no session.
func sessionOf(r *http.Request) (s session, there bool) {
	cookie, err := r.Cookie(sessionName(secure(r)))
	if err != nil {
		return session{}, false
	}
	text, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil || json.Unmarshal(text, &s) != nil || !isID(s.Customer) || !opaque(s.Token) || !opaque(s.Refresh) || len(s.Refresh) > 100 {
		return session{}, false
	}
	return s, true
}

// opaque tells whether a text may be a token: it becomes part of a header.
func opaque(text string) bool {
	return text != "" && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") == ""
}

func sessionFrom(s signed) session {
	return session{s.Token, s.ExpiresAt.Unix(), s.RefreshToken, s.Customer}
}

// keep writes the cookie, over what this answer would have written before.
func (s session) keep(w http.ResponseWriter, r *http.Request) {
	text, err := json.Marshal(s)
	value := base64.RawURLEncoding.EncodeToString(text)
	if err != nil || len(value) > mostSession {
		return // auth's tokens are a tenth of it
	}
	setSession(w, r, value, int(sessionAge.Seconds()))
}

// leaveSession takes the session out of the browser.
func leaveSession(w http.ResponseWriter, r *http.Request) { setSession(w, r, "", -1) }

func setSession(w http.ResponseWriter, r *http.Request, value string, age int) {
	name := sessionName(secure(r))
	w.Header()["Set-Cookie"] = slices.DeleteFunc(w.Header()["Set-Cookie"], func(set string) bool { return strings.HasPrefix(set, name+"=") })
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure(r),
	})
}

// customer is who is signed in, with a token that is good for a while. A token near its end is exchanged, and the browser gets the next
// one with this answer; two pages that exchange the same one at once get the same, auth sees to that. errNobody: nobody is signed in.
// Any other error: auth does not answer.
func (s *shop) customer(w http.ResponseWriter, r *http.Request) (session, error) {
	was, there := sessionOf(r)
	if !there || !s.accounts.there() {
		return session{}, errNobody
	}
	left := time.Unix(was.Ends, 0).Sub(s.now())
	if left > early {
		return was, nil
	}
	next, err := s.accounts.refresh(r.Context(), was.Refresh)
	switch code := status(err); {
	case err == nil:
		now := sessionFrom(next)
		now.keep(w, r)
		s.joinCart(w, r, now)
		return now, nil
	case code == http.StatusUnauthorized || code == http.StatusUnprocessableEntity:
		leaveSession(w, r)
		return session{}, errNobody
	case left > 0: // it is good for a little longer
		return was, nil
	}
	return session{}, err
}

type buyerKey struct{}

// buyer is who orders: a customer, a guest, or a customer whom auth does not know for sure right now.
type buyer struct {
	session
	// Unknown tells that there is a session which auth could not go on with: he may order, as a guest.
	Unknown bool
}

// asBuyer finds out who orders, for all that is asked of checkout in this request.
func (s *shop) asBuyer(w http.ResponseWriter, r *http.Request) *http.Request {
	one, err := s.customer(w, r)
	b := buyer{one, err != nil && !errors.Is(err, errNobody)}
	if b.Unknown {
		s.log.WarnContext(r.Context(), "letting a customer order as a guest", "error", err)
	}
	return r.WithContext(context.WithValue(r.Context(), buyerKey{}, b))
}

func buyerIn(ctx context.Context) buyer {
	b, _ := ctx.Value(buyerKey{}).(buyer)
	return b
}

// shownTo is the header that shows checkout who orders; nil of a guest.
func shownTo(ctx context.Context) http.Header {
	if b := buyerIn(ctx); b.Token != "" {
		return bearer(b.Token)
	}
	return nil
}

// said is what a visitor is told who orders, but not as the one to whom the page was shown.
func said(b buyer) string {
	switch {
	case b.Unknown:
		return "We cannot reach your account right now. Nothing was ordered. You can order as a guest, or try again later."
	case b.Customer == "":
		return "You are not signed in any more. Nothing was ordered. Sign in again, or order as a guest."
	}
	return "You have signed in meanwhile. Please look at it again. Nothing was ordered."
}

// sameBuyer lets an attempt be repeated by who began it alone: checkout knows a key by who sent it, so that the same one of somebody else
// would be another order. Where it cannot be repeated it has answered: checkout goes on by itself.
func (s *shop) sameBuyer(w http.ResponseWriter, r *http.Request, d draft) (ctx context.Context, asked bool) {
	b := buyerIn(r.Context())
	switch {
	case d.As == "":
		return context.WithValue(r.Context(), buyerKey{}, buyer{}), true
	case d.As == b.Customer:
		return r.Context(), true
	case b.Unknown:
		s.showWorking(w, r, d)
	default:
		http.Redirect(w, r, signInTo(orderingPath), http.StatusSeeOther)
	}
	return nil, false
}

// visitor is what the frame of a page says of who looks at it.
type visitor struct {
	// Accounts tells whether the shop has customers who sign in; SignedIn that the browser has a session, which may have ended.
	Accounts, SignedIn bool
	// AsGuest tells a customer whom auth does not know right now that he orders as a guest.
	AsGuest bool
}

func (s *shop) visitor(r *http.Request) visitor {
	_, there := sessionOf(r)
	return visitor{s.accounts.there(), there && s.accounts.there(), buyerIn(r.Context()).Unknown}
}
