package backoffice

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/desk"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// What is asked of the other services, each time in the name of who is signed in.

// listed is a page of something, with the cursor of the next.
type listed[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

type summary struct {
	ID       uuid.UUID   `json:"id"`
	Number   string      `json:"number"`
	State    string      `json:"state"`
	PlacedAt time.Time   `json:"placedAt"`
	Total    money.Money `json:"total"`
	Lines    int         `json:"lines"`
}

type order struct {
	ID       uuid.UUID `json:"id"`
	Number   string    `json:"number"`
	State    string    `json:"state"`
	PlacedAt time.Time `json:"placedAt"`
	Email    string    `json:"email"`
	Address  struct {
		Name     string `json:"name"`
		Street   string `json:"street"`
		Postcode string `json:"postcode"`
		City     string `json:"city"`
		Country  string `json:"country"`
	} `json:"address"`
	Lines []struct {
		SKU      string      `json:"sku"`
		Name     string      `json:"name"`
		Quantity int         `json:"quantity"`
		Unit     money.Money `json:"unit"`
		Total    money.Money `json:"total"`
	} `json:"lines"`
	Shipping    money.Money `json:"shipping"`
	Discount    money.Money `json:"discount"`
	Total       money.Money `json:"total"`
	Tax         money.Money `json:"tax"`
	Refunded    money.Money `json:"refunded"`
	Carrier     string      `json:"carrier"`
	Tracking    string      `json:"tracking"`
	Cancellable bool        `json:"cancellable"`
	Payment     *uuid.UUID  `json:"payment"`
	// Spent is where gift cards paid a part, or all of it.
	Spent *struct {
		Cards money.Money  `json:"cards"`
		Back  *money.Money `json:"back,omitempty"`
	} `json:"spent,omitempty"`
	History []struct {
		Kind   string    `json:"kind"`
		At     time.Time `json:"at"`
		Reason string    `json:"reason"`
	} `json:"history"`
}

type payment struct {
	ID         uuid.UUID   `json:"id"`
	State      string      `json:"state"`
	Captured   money.Money `json:"captured"`
	Refunded   money.Money `json:"refunded"`
	Refundable money.Money `json:"refundable"`
	// Cards and CardsBack are missing where no gift card paid.
	Cards     *money.Money `json:"cards,omitempty"`
	CardsBack *money.Money `json:"cardsBack,omitempty"`
}

type stocked struct {
	SKU       string `json:"sku"`
	OnHand    int64  `json:"onHand"`
	Reserved  int64  `json:"reserved"`
	Short     int64  `json:"short"`
	Unlimited bool   `json:"unlimited"`
}

type movement struct {
	Quantity int64     `json:"quantity"`
	Reason   string    `json:"reason"`
	At       time.Time `json:"at"`
}

type entry struct {
	List       string      `json:"list"`
	Price      money.Money `json:"price"`
	ValidFrom  time.Time   `json:"validFrom"`
	ValidUntil time.Time   `json:"validUntil"`
	EnteredAt  time.Time   `json:"enteredAt"`
}

// bearer is the header that says in whose name is asked.
func bearer(r *http.Request) http.Header {
	return http.Header{"Authorization": {"Bearer " + desk.Token(r)}}
}

func read[T any](r *http.Request, of *client.Client, path string, query url.Values) (T, error) {
	out, _, err := client.Call[T](r.Context(), of, client.Request{Path: path, Query: query, Header: bearer(r)})
	return out, err
}

// do has an effect once, however often its form is sent: the key is in the form.
func do(ctx context.Context, r *http.Request, of *client.Client, path, key string, body any) error {
	_, _, err := client.Call[client.None](ctx, of, client.Request{Method: http.MethodPost, Path: path, Key: key, Header: bearer(r), Body: body})
	return err
}
