package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"

	"github.com/google/uuid"
)

// The sample customer, as the samples of auth and of customers know her: auth makes her where the environment has her password.
const (
	sampleCustomer = "ann@example.org"
	samplePassword = "AUTH_SAMPLE_CUSTOMER_PASSWORD"
)

// account is a customer who is signed in at the storefront, as a browser is.
type account struct {
	front  *url.URL
	http   *http.Client
	signed string // her password
	// order is one of hers, token what shows it, and cart one that she does not order.
	order, token, cart string
}

// invitePassword lets auth make the sample customer, with a password that nobody else knows.
func invitePassword() (string, error) {
	password := uuid.NewString()
	return password, os.Setenv(samplePassword, password)
}

var errNotSignedIn = errors.New("she is not signed in")

// signIn signs the sample customer in.
func (w *world) signIn(ctx context.Context, password string) (*account, error) {
	front, err := url.Parse(w.front.url)
	if err != nil {
		return nil, fmt.Errorf("reading the front door's address: %w", err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil { // none is asked for that it could not make
		return nil, fmt.Errorf("making a browser: %w", err)
	}
	a := &account{front: front, http: w.client(), signed: password}
	a.http.Jar = jar
	form := url.Values{"email": {sampleCustomer}, "password": {password}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.front.url+"/account/signin", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := a.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("signing in: %w", err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK || a.authorization() == "" {
		return nil, fmt.Errorf("signing in: %w: %d", errNotSignedIn, res.StatusCode)
	}
	return a, nil
}

// authorization is the token that her browser holds now: pages exchange one that ends.
func (a *account) authorization() string {
	for _, cookie := range a.http.Jar.Cookies(a.front) {
		var session struct {
			Token string `json:"t"`
		}
		text, err := base64.RawURLEncoding.DecodeString(cookie.Value)
		if err == nil && cookie.Name == "shop_account" && json.Unmarshal(text, &session) == nil && session.Token != "" {
			return "Bearer " + session.Token
		}
	}
	return ""
}

// together are two goods that she buys more than once, so that others also bought one with the other.
var together = map[string]int64{"KIT-1002": 1, shownSKU: 1}

// timesTogether is how often: less often it is chance, for recommendations.
const timesTogether = 2

// furnish lets a customer have what her pages show: orders, and a cart.
func (l *load) furnish(ctx context.Context, a *account) error {
	l.account = a
	for n := range timesTogether {
		t := &attempt{email: fmt.Sprintf("ann%d@chaos.example", n), shown: a.authorization(), outcome: nobodyKnows, card: "tok_visa", key: uuid.NewString()}
		l.keep(t)
		if !l.fill(ctx, t, together) || !l.ask(ctx, t) {
			return fmt.Errorf("filling her cart: %w", errUnfurnished)
		}
		if l.place(ctx, t); t.outcome != placed {
			return fmt.Errorf("placing her order: %w: %s %s", errUnfurnished, t.outcome, t.why)
		}
		a.order, a.token = t.order, t.token
	}
	t := &attempt{email: "ann-looks@chaos.example", outcome: nobodyKnows}
	l.keep(t)
	if !l.fill(ctx, t, map[string]int64{"KIT-1002": 1}) {
		return fmt.Errorf("filling the cart that she looks at: %w", errUnfurnished)
	}
	a.cart = t.cart
	return nil
}

var errUnfurnished = errors.New("the shop does not do it, see the journal")

// look is a request for a page, as services/outage calls it.
func (a *account) look(page string) request {
	at := strings.NewReplacer("{sku}", shownSKU, "{id}", a.order, "{token}", url.QueryEscape(a.token)).Replace(page)
	r := request{who: "visitor", method: http.MethodGet, path: at, page: page}
	if page == "/cart" {
		r.header = map[string]string{"Cookie": "shop_cart=" + a.cart}
	}
	return r
}
