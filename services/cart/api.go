package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// carts answers requests: the store keeps, the catalog knows names and prices.
type carts struct {
	store   *store
	catalog *client.Client
}

type createInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"Names this request; required. The same key gets the same cart."`
	Body *struct{}
}

type createOutput struct {
	ETag     string `header:"ETag"`
	Type     string `header:"Content-Type"`
	Replayed string `header:"Idempotent-Replayed"`
	Body     []byte
}

type readInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type putInput struct {
	etag.IfMatch
	ID   uuid.UUID `path:"id" format:"uuid"`
	SKU  string    `path:"sku" maxLength:"64"`
	Body struct {
		Quantity int `json:"quantity" minimum:"1" maximum:"99"`
	}
}

type removeInput struct {
	etag.IfMatch
	ID  uuid.UUID `path:"id" format:"uuid"`
	SKU string    `path:"sku" maxLength:"64"`
}

type cartOutput struct {
	ETag string `header:"ETag"`
	Body Cart
}

// newAPI lists the cart's routes.
func newAPI(c *carts) *httpapi.API {
	a := httpapi.NewAPI("Cart", "What customers mean to buy.")
	huma.Register(a, huma.Operation{
		OperationID: "post-cart", Method: http.MethodPost, Path: "/api/cart", Summary: "Post cart", DefaultStatus: http.StatusCreated,
	}, c.post)
	huma.Get(a, "/api/cart/{id}", c.get)
	huma.Put(a, "/api/cart/{id}/items/{sku}", c.put)
	huma.Register(a, huma.Operation{
		OperationID: "delete-item", Method: http.MethodDelete, Path: "/api/cart/{id}/items/{sku}", Summary: "Delete item", DefaultStatus: http.StatusOK,
	}, c.remove)
	return a
}

func (c *carts) post(ctx context.Context, in *createInput) (*createOutput, error) {
	if in.Key == "" {
		return nil, problem.New(http.StatusBadRequest, "", "Send an Idempotency-Key: without one, a repeated request would make a second cart.")
	}
	body, err := json.Marshal(in.Body)
	if err != nil {
		return nil, err
	}
	m, err := c.store.create(ctx, in.Key, body)
	if err != nil {
		return nil, err
	}
	out := &createOutput{ETag: m.etag, Type: "application/json", Body: m.answer}
	if m.replayed {
		out.Replayed = "true"
	}
	return out, nil
}

func (c *carts) get(ctx context.Context, in *readInput) (*cartOutput, error) {
	return answer(c.store.cart(ctx, in.ID))
}

// put asks the catalog before it opens a transaction: no lock waits for
// another service.
func (c *carts) put(ctx context.Context, in *putInput) (*cartOutput, error) {
	have, err := c.matching(ctx, in.ID, &in.IfMatch)
	if err != nil {
		return nil, err
	}
	var p product
	if _, err := c.catalog.Get(ctx, "/api/catalog/products/"+url.PathEscape(in.SKU), &p); err != nil {
		return nil, upstream(in.SKU, err)
	}
	if err := have.room(p); err != nil {
		return nil, err
	}
	return answer(c.store.put(ctx, have, p, in.Body.Quantity))
}

func (c *carts) remove(ctx context.Context, in *removeInput) (*cartOutput, error) {
	have, err := c.matching(ctx, in.ID, &in.IfMatch)
	if err != nil {
		return nil, err
	}
	if !have.has(in.SKU) {
		return nil, problem.NotFound("product in the cart", in.SKU)
	}
	return answer(c.store.remove(ctx, have, in.SKU))
}

func (c *carts) matching(ctx context.Context, id uuid.UUID, match *etag.IfMatch) (Cart, error) {
	have, err := c.store.cart(ctx, id)
	if err == nil {
		err = match.Check(have.version)
	}
	return have, err
}

// upstream says what a failed question to the catalog means for the customer.
func upstream(sku string, err error) error {
	var refused *client.Error
	switch {
	case errors.As(err, &refused) && refused.Status == http.StatusNotFound:
		return problem.NotFound("product", sku)
	}
	return problem.New(http.StatusServiceUnavailable, "", "The catalog does not answer right now.").With("Retry-After", "1")
}

func answer(c Cart, err error) (*cartOutput, error) {
	if err != nil {
		return nil, err
	}
	return &cartOutput{ETag: c.tag(), Body: c}, nil
}
