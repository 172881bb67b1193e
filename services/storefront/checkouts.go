// What the storefront asks checkout for: quotes, and orders.
package storefront

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// placing is how long a visitor looks at a page that loads, before he is shown one that says how far his order is.
const placing = 8 * time.Second

// quote is what is bought, at which prices, until when: all prices on the way to an order are a quote's.
type quote struct {
	ID       string      `json:"id"`
	Hash     string      `json:"hash"`
	Cart     string      `json:"cart"`
	CartTurn int         `json:"cartTurn,omitempty"`
	Country  string      `json:"country"`
	Lines    []quoteLine `json:"lines"`
	Coupons  []coupon    `json:"coupons"`
	Shipping money       `json:"shipping"`
	// Delivery is the way that was chosen, Deliveries are all that there are.
	Delivery   string    `json:"delivery,omitempty"`
	Deliveries []way     `json:"deliveries,omitempty"`
	Discount   money     `json:"discount"`
	Total      money     `json:"total"`
	Tax        money     `json:"tax"`
	Taxes      []taxRate `json:"taxes"`
	TaxReason  string    `json:"taxReason,omitempty"`
	ExpiresAt  time.Time `json:"expiresAt"`
	// Points and GiftCards are those that were typed; Due is what is left to pay, where a card was.
	Points    *pointsSpent `json:"points,omitempty"`
	GiftCards []giftCard   `json:"giftCards,omitempty"`
	Due       *money       `json:"due,omitempty"`
}

type quoteLine struct {
	SKU      string `json:"sku"`
	Name     string `json:"name"`
	Quantity int    `json:"quantity"`
	Unit     money  `json:"unit"`
	Total    money  `json:"total"`
}

// Path is the product's page.
func (l quoteLine) Path() string { return product{SKU: l.SKU}.Path() }

// Picture is the product's.
func (l quoteLine) Picture() string { return picturePath(l.SKU) }

type coupon struct {
	Code   string `json:"code"`
	Active bool   `json:"active"`
	Amount money  `json:"amount"`
	Reason string `json:"reason,omitempty"`
}

type taxRate struct {
	Rate string `json:"rate"`
	Net  money  `json:"net"`
	Tax  money  `json:"tax"`
}

// terms are what a quote is asked for.
type terms struct {
	Cart     string   `json:"cart"`
	Country  string   `json:"country"`
	Postcode string   `json:"postcode,omitempty"`
	Email    string   `json:"email,omitempty"`
	Coupons  []string `json:"coupons,omitempty"`
	Delivery string   `json:"delivery,omitempty"`
	Points   int64    `json:"points,omitempty"`
	Cards    []string `json:"cards,omitempty"`
}

// purchase is what is sent to place an order.
type purchase struct {
	Quote   string      `json:"quote"`
	Hash    string      `json:"hash"`
	Card    string      `json:"card,omitempty"`
	Email   string      `json:"email"`
	Locale  string      `json:"locale,omitempty"`
	Address destination `json:"address"`
}

// destination is an address without the mail address.
type destination struct {
	Name     string `json:"name"`
	Street   string `json:"street"`
	Postcode string `json:"postcode"`
	City     string `json:"city"`
	Country  string `json:"country"`
}

// key is the same for the same purchase of the same attempt, however often and wherever it is sent: reloaded, clicked twice, after the
// back button. Another card, quote or address is another purchase, and after a refusal there is another attempt.
func (p purchase) key(attempt string) string {
	text, err := json.Marshal(p)
	if err != nil { // texts alone: cannot happen
		panic(err)
	}
	sum := sha256.Sum256(append([]byte(attempt), text...))
	id := uuid.UUID(sum[:16])
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // a random one, as the attempt is: nobody guesses it, and checkout takes no other
	return id.String()
}

// placed is an order that there is.
type placed struct {
	Order  string `json:"order"`
	Number string `json:"number"`
	Token  string `json:"token"`
}

// attempted is how far an order is.
type attempted struct {
	State string `json:"state"`
}

// checkouts asks checkout. A shop need not have it: then there is no client, and the shop does not sell.
type checkouts struct{ api *client.Client }

func (c checkouts) there() bool { return c.api != nil }

func (c checkouts) offer(ctx context.Context, t terms) (quote, error) {
	q, _, err := client.Call[quote](ctx, c.api, client.Request{Method: http.MethodPost, Path: "/api/checkout/quotes", Key: uuid.NewString(), Header: shownTo(ctx), Body: t})
	return q, err
}

func (c checkouts) quote(ctx context.Context, id string) (quote, error) {
	q, _, err := client.Call[quote](ctx, c.api, client.Request{Path: "/api/checkout/quotes/" + id})
	return q, err
}

func (c checkouts) place(ctx context.Context, attempt string, p purchase) (placed, error) {
	made, _, err := client.Call[placed](ctx, c.api, client.Request{Method: http.MethodPost, Path: "/api/checkout/orders", Key: p.key(attempt), Header: shownTo(ctx), Body: p, Timeout: placing})
	return made, err
}

func (c checkouts) attempt(ctx context.Context, saga string) (attempted, error) {
	a, _, err := client.Call[attempted](ctx, c.api, client.Request{Path: "/api/checkout/attempts/" + saga})
	return a, err
}

// purchaseOf is what a visitor orders.
func purchaseOf(d draft, q, hash, locale string) purchase {
	a := d.Address
	return purchase{q, hash, d.Card, a.Email, mailLocale(locale), destination{a.Name, a.Street, a.Postcode, a.City, a.Country}}
}

// mailLocale is the shop's locale as far as checkout takes one: "de" or "de-AT", empty for others.
func mailLocale(locale string) string {
	language, region, _ := strings.Cut(strings.ReplaceAll(locale, "_", "-"), "-")
	language, region = strings.ToLower(language), strings.ToUpper(region)
	switch {
	case len(language) != 2:
		return ""
	case len(region) == 2 && strings.Trim(region, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "":
		return language + "-" + region
	}
	return language
}

// refusedOf is a refusal of another service, with what kind it is; nil for all else.
func refusedOf(err error) (refused *client.Error, kind string) {
	if !errors.As(err, &refused) {
		return nil, ""
	}
	return refused, cmp.Or(refused.Problem.Type, "about:blank")
}

// undecided tells whether nobody knows yet what became of an order: it is asked for again by its key.
func undecided(err error) bool {
	refused, kind := refusedOf(err)
	return err != nil && (refused == nil || refused.Status >= http.StatusInternalServerError || refused.Status == http.StatusTooManyRequests || kind == problem.InFlight.Type())
}
