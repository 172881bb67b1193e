// What others bought: a part of pages that they can do without. recommendations says which, catalog what they are.
package storefront

import (
	"context"
	"net/url"
	"strconv"

	"github.com/emporium-shop/emporium/services/internal/client"
)

const (
	boughtShown = 4 // one row on a wide screen
	// boughtAsked is how many are asked for: some are in the cart, or sold no more.
	boughtAsked = 8
	// boughtFrom is how many lines of a cart are asked for, the last ones first.
	boughtFrom = 3
)

// recommended are products that others bought with one, the closest first.
type recommended struct {
	Items []struct {
		SKU string `json:"sku"`
	} `json:"items"`
}

// recommendations asks the service of that name. A shop need not have it: then there is no client.
type recommendations struct{ api *client.Client }

func (r recommendations) with(ctx context.Context, sku string) (recommended, error) {
	found, _, err := client.Call[recommended](ctx, r.api, client.Request{
		Path: "/api/recommendations/" + url.PathEscape(sku), Query: url.Values{"limit": {strconv.Itoa(boughtAsked)}},
	})
	return found, err
}

// bought is what others bought with these products. All of it takes no longer than a page waits for any part.
func (s *shop) bought(skus ...string) func(context.Context) ([]product, error) {
	return func(ctx context.Context) ([]product, error) {
		if s.recommendations.api == nil {
			return nil, nil
		}
		ctx, cancel := context.WithTimeout(ctx, partPatience)
		defer cancel()
		var asked []<-chan recommended
		for n := len(skus) - 1; n >= 0 && len(asked) < boughtFrom; n-- {
			asked = append(asked, alongside(ctx, func(ctx context.Context) (recommended, error) { return s.recommendations.with(ctx, skus[n]) }))
		}
		var lists []recommended
		for _, one := range asked {
			lists = append(lists, <-one)
		}
		return s.described(ctx, merged(lists, skus)), nil
	}
}

// merged are the closest of each list, then the second ones, and so on: none twice, and none of those that are there.
func merged(lists []recommended, have []string) (skus []string) {
	known := map[string]bool{}
	for _, sku := range have {
		known[sku] = true
	}
	for n := range boughtAsked {
		for _, list := range lists {
			if n < len(list.Items) && !known[list.Items[n].SKU] {
				known[list.Items[n].SKU] = true
				skus = append(skus, list.Items[n].SKU)
			}
		}
	}
	return skus[:min(len(skus), boughtAsked)]
}

// described are the products, those that catalog has, in their order.
func (s *shop) described(ctx context.Context, skus []string) (all []product) {
	asked := make([]<-chan product, len(skus))
	for n, sku := range skus {
		asked[n] = alongside(ctx, func(ctx context.Context) (product, error) {
			p, _ := s.goods.get(ctx, sku)
			return p, nil
		})
	}
	for _, one := range asked {
		if p := <-one; p.SKU != "" && len(all) < boughtShown {
			all = append(all, p)
		}
	}
	return all
}

// others are the products that are not among those.
func others(all, those []product) (rest []product) {
	known := map[string]bool{}
	for _, p := range those {
		known[p.SKU] = true
	}
	for _, p := range all {
		if !known[p.SKU] {
			rest = append(rest, p)
		}
	}
	return rest
}
