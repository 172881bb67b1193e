package load

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// mostGoods bounds how many products customers know.
const mostGoods = 1000

// Goods asks what the shop sells: the target of visits.
func (c Client) Goods(ctx context.Context) (Target, error) {
	t := Target{URL: c.URL}
	err := all(ctx, c, "/api/catalog/products", func(items []struct{ SKU, Name string }) bool {
		for _, item := range items {
			t.SKUs = append(t.SKUs, item.SKU)
			word, _, _ := strings.Cut(item.Name, " ")
			t.Words = append(t.Words, word)
		}
		return len(t.SKUs) < mostGoods
	})
	var categories piece[struct{ Slug string }]
	if err == nil {
		err = c.get(ctx, "/api/catalog/categories", nil, &categories)
	}
	for _, item := range categories.Items {
		t.Categories = append(t.Categories, item.Slug)
	}
	if err == nil && len(t.SKUs) == 0 {
		err = errors.New("asking what the shop sells: nothing")
	}
	if err == nil {
		t.Searches, err = c.searches(ctx)
	}
	return t, err
}

// searches asks whether the shop has search. One that does not answer is no shop without it: then pages would be measured that
// look for words elsewhere.
func (c Client) searches(ctx context.Context) (bool, error) {
	var found struct{}
	err := c.get(ctx, "/api/search/products", url.Values{"limit": {"1"}}, &found)
	var refused problem
	if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		return false, nil
	}
	return err == nil, err
}

// Stock asks how many of each product can be ordered. What never runs out is left out.
func (c Client) Stock(ctx context.Context, skus []string) (map[string]int, error) {
	stock := map[string]int{}
	for from := 0; from < len(skus); from += 100 {
		var p piece[struct {
			SKU       string
			Available int
			Unlimited bool
		}]
		some := skus[from:min(from+100, len(skus))]
		if err := c.get(ctx, "/api/inventory/stock", url.Values{"skus": {strings.Join(some, ",")}}, &p); err != nil {
			return nil, err
		}
		for _, item := range p.Items {
			if !item.Unlimited {
				stock[item.SKU] = item.Available
			}
		}
	}
	return stock, nil
}

// Count writes into the ledger that units of a product came, or went. Repeated by the same key it has its effect once.
func (c Client) Count(ctx context.Context, key, sku string, units int) error {
	body, err := json.Marshal(map[string]any{"sku": sku, "quantity": units, "reason": "counted"})
	if err != nil {
		return err
	}
	var line struct{}
	return c.do(ctx, spec{method: http.MethodPost, path: "/api/inventory/movements", body: string(body), key: key}, &line)
}
