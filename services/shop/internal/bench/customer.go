package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// customer fills a cart, asks what it costs, and orders.
type customer struct {
	shop      *shop
	transport *http.Transport
}

// reply is what is read of an answer.
type reply struct {
	status int
	header http.Header
	text   []byte
}

func (c *customer) send(ctx context.Context, method, address string, body any, header ...string) (reply, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return reply{}, err
	}
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(text))
	if err != nil {
		return reply{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	for n := 0; n+1 < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	res, err := c.transport.RoundTrip(r)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	out := reply{status: res.StatusCode, header: res.Header}
	out.text, err = io.ReadAll(res.Body)
	return out, err
}

func (c *customer) post(ctx context.Context, address string, body any) (reply, error) {
	return c.send(ctx, http.MethodPost, address, body, "Idempotency-Key", uuid.NewString())
}

// order is one order of one product. It tells how long it took to place it, once the quote was there.
func (c *customer) order(ctx context.Context) (time.Duration, error) {
	made, err := c.post(ctx, c.shop.at["cart"]+"/api/cart", map[string]any{})
	if err != nil || made.status != http.StatusCreated {
		return 0, failed("making a cart", made, err)
	}
	cart := made.header.Get("Location")
	sku := c.shop.skus[rand.IntN(len(c.shop.skus))]                                                                                                                  //nolint:gosec // no secret
	put, err := c.send(ctx, http.MethodPut, c.shop.at["cart"]+cart+"/items/"+sku, map[string]any{"quantity": 1 + rand.IntN(3)}, "If-Match", made.header.Get("ETag")) //nolint:gosec // no secret
	if err != nil || put.status != http.StatusOK {
		return 0, failed("filling a cart", put, err)
	}
	quoted, err := c.post(ctx, c.shop.at["checkout"]+"/api/checkout/quotes", map[string]any{"cart": cart[len("/api/cart/"):], "country": "DE"})
	if err != nil || quoted.status != http.StatusCreated {
		return 0, failed("asking for a quote", quoted, err)
	}
	var quote struct{ ID, Hash string }
	if err := json.Unmarshal(quoted.text, &quote); err != nil {
		return 0, err
	}
	began := time.Now()
	placed, err := c.post(ctx, c.shop.at["checkout"]+"/api/checkout/orders", map[string]any{
		"quote": quote.ID, "hash": quote.Hash, "card": "tok_visa", "email": "jane@example.org",
		"address": map[string]any{"name": "Jane", "street": "Street 1", "postcode": "10115", "city": "Berlin", "country": "DE"},
	})
	if err != nil || placed.status != http.StatusCreated {
		return 0, failed("ordering", placed, err)
	}
	return time.Since(began), nil
}

func failed(what string, r reply, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return fmt.Errorf("%s: %d %s", what, r.status, r.text)
}
