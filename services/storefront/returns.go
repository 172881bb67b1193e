// What the storefront reads of returns, and asks of it.
package storefront

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/emporium-shop/emporium/services/internal/client"
)

// returnable is what of an order can be returned, and what was.
type returnable struct {
	Order   string           `json:"order"`
	Number  string           `json:"number"`
	Open    bool             `json:"open"`
	Why     string           `json:"why,omitempty"`
	LastDay string           `json:"lastDay,omitempty"`
	Lines   []returnableLine `json:"lines"`
	Returns []returned       `json:"returns"`
}

type returnableLine struct {
	Line   int    `json:"line"`
	Name   string `json:"name"`
	Bought int    `json:"bought"`
	Left   int    `json:"left"`
}

// Until is the last day to withdraw; zero where that is not known yet.
func (r returnable) Until() time.Time { return dayOf(r.LastDay) }

// returned is a return.
type returned struct {
	ID          string         `json:"id"`
	Order       string         `json:"order"`
	State       string         `json:"state"`
	Lines       []returnedLine `json:"lines"`
	Reason      string         `json:"reason,omitempty"`
	Note        string         `json:"note,omitempty"`
	Worth       money          `json:"worth"`
	Refunded    money          `json:"refunded"`
	ConfirmedAt time.Time      `json:"confirmedAt,omitzero"`
}

type returnedLine struct {
	Name     string `json:"name"`
	Quantity int    `json:"quantity"`
}

var returnWords = map[string]string{
	"announced": "Not confirmed yet", "confirmed": "We wait for the goods", "completed": "All goods came back", "closed": "Ended",
}

// Words is how far the return is; a state that came later than this page is shown as it is called.
func (r returned) Words() string {
	if text := returnWords[r.State]; text != "" {
		return text
	}
	return r.State
}

// Announced tells that the second step is missing.
func (r returned) Announced() bool { return r.State == "announced" }

// Stamp is when it was confirmed, as <time> wants it.
func (r returned) Stamp() string { return r.ConfirmedAt.UTC().Format(time.RFC3339) }

// returnWish is the first step.
type returnWish struct {
	Order  string           `json:"order"`
	Lines  []returnWishLine `json:"lines"`
	Reason string           `json:"reason,omitempty"`
}

type returnWishLine struct {
	Line     int `json:"line"`
	Quantity int `json:"quantity"`
}

// returns asks returns for who has an order's token, which is kept out of addresses. A shop need not have it: then there is no client.
type returns struct{ api *client.Client }

func shown(token string) http.Header { return http.Header{"X-Order-Token": {token}} }

func (r returns) ofOrder(ctx context.Context, order, token string) (returnable, error) {
	b, _, err := client.Call[returnable](ctx, r.api, client.Request{Path: "/api/returns/orders/" + url.PathEscape(order), Header: shown(token), Timeout: accountPatience})
	return b, err
}

func (r returns) read(ctx context.Context, id, token string) (returned, error) {
	b, _, err := client.Call[returned](ctx, r.api, client.Request{Path: "/api/returns/own/" + url.PathEscape(id), Header: shown(token), Timeout: accountPatience})
	return b, err
}

// announce is the first step. attempt is the form's: sent twice, it is one return.
func (r returns) announce(ctx context.Context, w returnWish, token, attempt string) (returned, error) {
	b, _, err := client.Call[returned](ctx, r.api, client.Request{Method: http.MethodPost, Path: "/api/returns", Key: attempt, Header: shown(token), Body: w})
	return b, err
}

// confirm is the second step. A return is confirmed once, however often it is said.
func (r returns) confirm(ctx context.Context, id, token string) error {
	_, _, err := client.Call[returned](ctx, r.api, client.Request{Method: http.MethodPost, Path: "/api/returns/own/" + url.PathEscape(id) + "/confirmations", Key: "confirm:" + id, Header: shown(token)})
	return err
}
