package cart

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// api is the cart's HTTP: the store keeps, the catalog knows names and prices.
type api struct {
	store    *store
	catalog  *client.Client
	currency string
	// inventory is nil where the shop has none.
	inventory *client.Client
}

// cartBody is a cart on the wire.
type cartBody struct {
	ID    uuid.UUID   `json:"id" format:"uuid"`
	Lines []lineBody  `json:"lines" nullable:"false"`
	Total money.Money `json:"total" doc:"The sum of the lines"`
	// Orders lets checkout make one order of one state of the cart.
	Orders int `json:"orders,omitempty" doc:"How many orders were made of the cart, absent for none; each takes what was bought out of it"`
}

type lineBody struct {
	SKU      string      `json:"sku"`
	Name     string      `json:"name" doc:"As it was when the quantity was last set"`
	Quantity int         `json:"quantity"`
	Price    money.Money `json:"price" doc:"Of one, as it is now"`
	// Was is told until the quantity is set again.
	Was   *money.Money `json:"was,omitempty" doc:"The price when the quantity was last set, if it changed since: tell the customer"`
	Total money.Money  `json:"total"`
	// Wanted is told until the quantity is set again.
	Wanted int `json:"wanted,omitempty" doc:"How many two carts had together that were joined, where there are not as many: tell the customer"`
}

// cartStart is the body of a POST. There is nothing to say yet.
type cartStart struct{}

type createInput struct {
	httpapi.Idempotent
	Body *cartStart
}

type readInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type quantityBody struct {
	Quantity int `json:"quantity" minimum:"1" maximum:"99"`
}

type putInput struct {
	httpapi.IfMatch
	ID   uuid.UUID `path:"id" format:"uuid"`
	SKU  string    `path:"sku" maxLength:"64"`
	Body quantityBody
}

type removeInput struct {
	httpapi.IfMatch
	ID  uuid.UUID `path:"id" format:"uuid"`
	SKU string    `path:"sku" maxLength:"64"`
}

type cartOutput struct {
	ETag string `header:"ETag"`
	Body cartBody
}

// productBody is what is read of a product; the catalog may tell more.
type productBody struct {
	SKU     string      `json:"sku"`
	Name    string      `json:"name"`
	Price   money.Money `json:"price"`
	Variant *struct {
		Group string `json:"group"`
	} `json:"variant,omitempty"`
}

// shape is that of a cart on the wire.
var shape = etag.ShapeOf[cartBody]()

// routes lists the cart's routes. A cart belongs to whoever knows its id, so the id
// is a secret: see newID, and who keeps it to himself in docs/services.md, F24.
func (a *api) routes(k *app.Kit) *httpapi.API {
	r := k.NewAPI()
	httpapi.Post(r, "/api/cart", access.Public, a.create,
		httpapi.ID("createCart"), httpapi.Summary("Begin a cart"), httpapi.Status(http.StatusCreated))
	httpapi.Get(r, "/api/cart/{id}", access.Owner, a.get,
		httpapi.ID("getCart"), httpapi.Summary("The cart with its lines"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Put(r, "/api/cart/{id}/items/{sku}", access.Owner, a.put,
		httpapi.ID("putCartItem"), httpapi.Summary("Set how many of a product are in the cart"), httpapi.Refuses(http.StatusNotFound, http.StatusConflict),
		httpapi.About("Of a variant there cannot be put in more than there are: 409 sold-out. Of what is no variant, checkout tells it."))
	httpapi.Delete(r, "/api/cart/{id}/items/{sku}", access.Owner, a.remove,
		httpapi.ID("removeCartItem"), httpapi.Summary("Take a product out of the cart"), httpapi.Refuses(http.StatusNotFound))
	a.mergeRoute(r)
	return r
}

func (a *api) create(ctx context.Context, in *createInput) (*httpapi.Answer[cartBody], error) {
	stored, err := idempotency.Once(ctx, a.store.db, in.Key(ctx), in.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		id, err := newID()
		if err != nil {
			return idempotency.Stored{}, err
		}
		c := New(id, a.currency)
		if err := insert(ctx, tx, c); err != nil {
			return idempotency.Stored{}, err
		}
		return made(c)
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[cartBody](stored), nil
}

// newID is 122 bits of the system's randomness. An id in the order of time would tell
// when the cart was made and leave 62 of them.
func newID() (uuid.UUID, error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return uuid.UUID{}, fmt.Errorf("making a cart's id: %w", err)
	}
	return id, nil
}

// made is the answer that a new cart's request gets, whenever it is repeated.
func made(c Cart) (idempotency.Stored, error) {
	out, err := answer(c, nil)
	if err != nil {
		return idempotency.Stored{}, err
	}
	body, err := httpapi.Encode(out.Body)
	header := map[string]string{"ETag": out.ETag, "Location": "/api/cart/" + c.ID.String()}
	return idempotency.Stored{Status: http.StatusCreated, Header: header, Body: body}, err
}

func (a *api) get(ctx context.Context, in *readInput) (*cartOutput, error) {
	return answer(a.store.cart(ctx, in.ID))
}

// put asks the catalog before it writes: no lock waits for another service.
func (a *api) put(ctx context.Context, in *putInput) (*cartOutput, error) {
	before, err := a.store.cart(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if line, there := before.Line(in.SKU); in.Repeated(before.Version, there && line.Quantity == in.Body.Quantity) {
		return answer(before, nil)
	}
	if err := in.Check(before.Version); err != nil {
		return nil, err
	}
	p, err := a.product(ctx, in.SKU)
	if err != nil {
		return nil, err
	}
	if err := a.enough(ctx, before, p, in.Body.Quantity); err != nil {
		return nil, err
	}
	after, err := before.Put(p, in.Body.Quantity)
	if err != nil {
		return nil, err
	}
	return answer(after, a.store.put(ctx, before, after, in.SKU))
}

func (a *api) remove(ctx context.Context, in *removeInput) (*cartOutput, error) {
	before, err := a.store.cart(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if _, there := before.Line(in.SKU); in.Repeated(before.Version, !there) {
		return answer(before, nil)
	}
	after, err := before.Remove(in.SKU)
	if err != nil {
		return nil, err
	}
	if err := in.Check(before.Version); err != nil {
		return nil, err
	}
	return answer(after, a.store.remove(ctx, before, in.SKU))
}

// product asks the catalog.
func (a *api) product(ctx context.Context, sku string) (Product, error) {
	p, _, err := client.Call[productBody](ctx, a.catalog, client.Request{Path: "/api/catalog/products/" + url.PathEscape(sku)})
	if client.Status(err) == http.StatusNotFound {
		return Product{}, fault.NotFound("product", sku)
	}
	return Product{p.SKU, p.Name, p.Price, p.Variant != nil}, err
}

func answer(c Cart, err error) (*cartOutput, error) {
	if err != nil {
		return nil, err
	}
	out := &cartOutput{ETag: tag(c), Body: cartBody{ID: c.ID, Lines: make([]lineBody, len(c.Lines)), Orders: c.Orders}}
	for n, line := range c.Lines {
		total, err := line.Total()
		if err != nil {
			return nil, err
		}
		out.Body.Lines[n] = lineBody{SKU: line.SKU, Name: line.Name, Quantity: line.Quantity, Price: line.Price, Total: total, Wanted: line.Wanted}
		if line.Was.Currency() != "" {
			out.Body.Lines[n].Was = &line.Was
		}
	}
	out.Body.Total, err = c.Total()
	return out, err
}

// tag is the cart's ETag. Prices change without the cart, so they are part of what a cache compares; a write compares the version alone.
func tag(c Cart) string {
	parts := []string{string(shape)}
	for _, l := range c.Lines {
		if l.Was.Currency() != "" {
			parts = append(parts, l.SKU, l.Price.String())
		}
	}
	if len(parts) == 1 {
		return shape.Tag(c.Version)
	}
	return etag.ShapeFrom(parts...).Tag(c.Version)
}
