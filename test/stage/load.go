package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/emporium-shop/emporium/test/load"
)

// rate is what two cores carry beside the start of a whole stack, in requests a second: shop, database, load and the
// cluster itself share them.
const rate = 30

// Load begins to send load at the shop.
func (s Stage) Load(ctx context.Context) (*load.Generator, error) {
	target, err := s.target(ctx)
	if err != nil {
		return nil, err
	}
	return load.Start(ctx, load.Options{Rate: rate, Target: target})
}

// Pages begins to ask for the pages that the storefront makes of products, and for nothing else.
func (s Stage) Pages(ctx context.Context, rate int) (*load.Generator, error) {
	target, err := s.target(ctx)
	if err != nil {
		return nil, err
	}
	for _, sku := range target.SKUs {
		target.Paths = append(target.Paths, "/", "/products/"+sku)
	}
	return load.Start(ctx, load.Options{Rate: rate, Target: target})
}

func (s Stage) target(ctx context.Context) (load.Target, error) {
	url, err := s.Address(ctx)
	if err != nil {
		return load.Target{}, err
	}
	skus, err := products(ctx, url)
	return load.Target{URL: url, SKUs: skus}, err
}

// products asks the catalog what there is.
func products(ctx context.Context, url string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/catalog/products?limit=20", nil)
	if err != nil {
		return nil, fmt.Errorf("asking for products: %w", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking for products: %w", err)
	}
	defer res.Body.Close()
	return skusOf(json.NewDecoder(res.Body))
}

func skusOf(body *json.Decoder) (skus []string, err error) {
	var page struct {
		Items []struct {
			SKU string `json:"sku"`
		} `json:"items"`
	}
	if err := body.Decode(&page); err != nil {
		return nil, fmt.Errorf("reading the list of products: %w", err)
	}
	for _, item := range page.Items {
		skus = append(skus, item.SKU)
	}
	if len(skus) == 0 {
		return nil, errors.New("reading the list of products: it is empty")
	}
	return skus, nil
}
