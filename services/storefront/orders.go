// What the storefront reads of orders.
package storefront

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/emporium-shop/emporium/services/internal/client"
)

// bought is an order as its buyer may see it.
type bought struct {
	ID       string      `json:"id"`
	Number   string      `json:"number"`
	State    string      `json:"state"`
	PlacedAt time.Time   `json:"placedAt"`
	Email    string      `json:"email"`
	Address  destination `json:"address"`
	Lines    []quoteLine `json:"lines"`
	Shipping money       `json:"shipping"`
	Discount money       `json:"discount"`
	Total    money       `json:"total"`
	Taxes    []taxRate   `json:"taxes"`
	Refunded money       `json:"refunded"`
	// Spent is what points and gift cards did, where the customer used any.
	Spent    *spentOn   `json:"spent,omitempty"`
	Delivery *sentBy    `json:"delivery,omitempty"`
	Carrier  string     `json:"carrier,omitempty"`
	Tracking string     `json:"tracking,omitempty"`
	History  []happened `json:"history"`
}

type happened struct {
	Kind string    `json:"kind"`
	At   time.Time `json:"at"`
}

var stateWords = map[string]string{
	"placed": "We have your order", "paid": "Paid", "sent": "On its way", "completed": "Delivered", "cancelled": "Cancelled", "refunded": "Refunded", "partly-sent": "A part is on its way", "delivered": "Arrived",
}

// stateIn is a state in words; one that came later than this page is shown as it is called.
func stateIn(state string) string {
	if text := stateWords[state]; text != "" {
		return text
	}
	return state
}

// fresh tells whether nothing has left yet: then there is a mail to wait for. Its page may be looked at again much later, by the same address.
func (b bought) fresh() bool { return b.State == "placed" || b.State == "paid" }

// arrived tells whether all goods are with the customer.
func (b bought) arrived() bool {
	return b.State == "completed" || slices.ContainsFunc(b.History, func(h happened) bool { return h.Kind == "delivered" })
}

// Words is how far the order is.
func (b bought) Words() string { return stateIn(b.State) }

// Where is the address as it is written on a parcel.
func (b bought) Where() []string {
	a := b.Address
	return address{Name: a.Name, Street: a.Street, Postcode: a.Postcode, City: a.City, Country: a.Country}.Lines()
}

// Words is what happened.
func (h happened) Words() string {
	if h.Kind == "placed" {
		return "Ordered"
	}
	return stateIn(h.Kind)
}

// Stamp is when, as <time> wants it.
func (h happened) Stamp() string { return h.At.UTC().Format(time.RFC3339) }

// located is where an order is.
type located struct {
	ID    string `json:"id"`
	Token string `json:"token"`
}

// orders asks orders. A shop need not have it: then there is no client.
type orders struct{ api *client.Client }

// read gets an order for who has its token, which is kept out of addresses.
func (o orders) read(ctx context.Context, id, token string) (bought, error) {
	b, _, err := client.Call[bought](ctx, o.api, client.Request{Path: "/api/orders/" + url.PathEscape(id), Header: http.Header{"X-Order-Token": {token}}})
	return b, err
}

// find looks for an order. Orders counts tries in vain by the visitor, whom the front door names.
func (o orders) find(ctx context.Context, number, email, visitor string) (located, error) {
	r := client.Request{Method: http.MethodPost, Path: "/api/orders/lookups", Safe: true, Body: map[string]string{"number": number, "email": email}, Header: http.Header{}}
	if visitor != "" {
		r.Header.Set("X-Forwarded-For", visitor)
	}
	f, _, err := client.Call[located](ctx, o.api, r)
	return f, err
}
