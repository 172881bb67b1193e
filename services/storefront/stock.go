// How many of a product there are: a part of its page that the page can do without.
package storefront

import (
	"context"
	"net/url"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/client"
)

const (
	// few is how many are left when the page says so.
	few = 5
	// mostAsked is of how many products inventory tells at once.
	mostAsked = 100
)

// stock is how many of a product can be bought; the zero value is that nobody knows,
// and then the page says nothing of it. The checkout decides.
type stock struct {
	SKU       string `json:"sku"`
	Available *int   `json:"available"`
	Unlimited bool   `json:"unlimited,omitempty"`
}

// known tells whether anybody said so.
func (s stock) known() bool { return s.Unlimited || s.Available != nil }

// Out tells that it is sold out.
func (s stock) Out() bool { return s.known() && !s.Unlimited && *s.Available <= 0 }

// Few is how many are left where these are few, 0 otherwise.
func (s stock) Few() int {
	if !s.known() || s.Unlimited || *s.Available > few {
		return 0
	}
	return max(0, *s.Available)
}

// In tells that there are enough to say no number.
func (s stock) In() bool { return s.known() && !s.Out() && s.Few() == 0 }

// Most is how many the form lets somebody choose: all that are left, if they are
// fewer than anybody may buy.
func (s stock) Most(most int) int {
	if s.Few() > 0 {
		return min(most, s.Few())
	}
	return most
}

// stockList is what is read of inventory's answer.
type stockList struct {
	Items []stock `json:"items"`
}

// stocks asks inventory. A shop need not have it: then there is no client.
type stocks struct{ api *client.Client }

// of is how many there are of a product. An error leaves that part of the page out.
func (s stocks) of(sku string) func(context.Context) (stock, error) {
	return func(ctx context.Context) (stock, error) {
		found, err := s.ask(ctx, sku)
		if err != nil || len(found) != 1 {
			return stock{}, err
		}
		return found[0], nil
	}
}

// each is how many there are of each of several products; of those that nobody tells of, nothing is known.
func (s stocks) each(ctx context.Context, skus []string) map[string]stock {
	found, err := s.ask(ctx, strings.Join(skus[:min(len(skus), mostAsked)], ","))
	if err != nil {
		return nil
	}
	all := map[string]stock{}
	for _, one := range found {
		all[one.SKU] = one
	}
	return all
}

func (s stocks) ask(ctx context.Context, skus string) ([]stock, error) {
	if s.api == nil || skus == "" {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, partPatience)
	defer cancel()
	found, _, err := client.Call[stockList](ctx, s.api, client.Request{Path: "/api/inventory/stock", Query: url.Values{"skus": {skus}}})
	return found.Items, err
}
