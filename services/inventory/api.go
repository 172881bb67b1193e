package inventory

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/page"
)

const (
	// root is the path that the shop gives to this service: shop/service.yaml.
	root = "/api/inventory"
	// holdsRoot never passes the front door.
	holdsRoot = "/internal/inventory/holds"
	booksRoot = "/internal/inventory/books"
)

// api is the HTTP of stock and movements; holds.go has that of holds.
type api struct {
	store *store
	holds *holds
	now   func() time.Time
}

// stockBody is what everybody may know of a product's stock.
type stockBody struct {
	SKU       string `json:"sku"`
	Available int64  `json:"available" doc:"How many can be ordered now"`
	Unlimited bool   `json:"unlimited,omitempty" doc:"It is made when it is ordered, and never sold out"`
}

type stockList struct {
	Items []stockBody `json:"items" nullable:"false" doc:"In the order in which they were asked for"`
}

type stocksInput struct {
	SKUs []string `query:"skus" required:"true" minItems:"1" maxItems:"100" doc:"SKUs, separated by commas"`
}

type stocksOutput struct {
	Cache string `header:"Cache-Control"`
	Body  stockList
}

type stockInput struct {
	SKU string `path:"sku" maxLength:"64"`
}

type stockOutput struct {
	ETag  string `header:"ETag" doc:"Changes with the answer"`
	Cache string `header:"Cache-Control"`
	Body  httpapi.Encoded[stockBody]
}

// movementChange is what staff may write into the ledger.
type movementChange struct {
	SKU      string `json:"sku" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" example:"KIT-1001"`
	Quantity int64  `json:"quantity" minimum:"-1000000" maximum:"1000000" doc:"What came; below zero: what went. Not 0"`
	Reason   Cause  `json:"reason" enum:"received,counted,damaged,corrected"`
}

// movementBody is a line of the ledger.
type movementBody struct {
	ID       uuid.UUID  `json:"id" format:"uuid"`
	SKU      string     `json:"sku"`
	Quantity int64      `json:"quantity"`
	Reason   Cause      `json:"reason" doc:"received, counted, damaged, corrected; sold and cancelled are an order's"`
	Hold     *uuid.UUID `json:"hold,omitempty" format:"uuid" doc:"Whose goods were sold or came back"`
	At       time.Time  `json:"at"`
}

type moveInput struct {
	httpapi.Idempotent
	Body movementChange
}

type movementsInput struct {
	page.Query
	SKU string `query:"sku" maxLength:"64" doc:"Of one product"`
}

type movementsOutput struct{ Body page.Of[movementBody] }

type movementInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type movementOutput struct {
	ETag string `header:"ETag"`
	Body movementBody
}

// productChange is what staff may change of how a product is kept.
type productChange struct {
	Unlimited bool `json:"unlimited" doc:"It is made when it is ordered, and never sold out"`
}

// productStart is a product that was not kept before. A movement begins to keep one
// as well: this is for what has no stock that could move.
type productStart struct {
	SKU       string `json:"sku" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" example:"KIT-1001-12"`
	Unlimited bool   `json:"unlimited,omitempty" doc:"It is made when it is ordered, and never sold out"`
	Piece     string `json:"piece,omitempty" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" example:"KIT-1001" doc:"It is a carton of this product"`
	Pieces    int64  `json:"pieces,omitempty" minimum:"1" maximum:"10000" doc:"How many are in the carton"`
}

// productBody is a product as staff see it.
type productBody struct {
	SKU       string `json:"sku"`
	OnHand    int64  `json:"onHand" doc:"The sum of its movements"`
	Reserved  int64  `json:"reserved" doc:"What open holds have of it"`
	Short     int64  `json:"short" doc:"How many are reserved and not there any more"`
	Unlimited bool   `json:"unlimited"`
	Piece     string `json:"piece,omitempty"`
	Pieces    int64  `json:"pieces,omitempty"`
}

type productStartInput struct {
	httpapi.Idempotent
	Body productStart
}

type productChangeInput struct {
	httpapi.IfMatch
	SKU  string `path:"sku" maxLength:"64"`
	Body productChange
}

type productOutput struct {
	ETag string `header:"ETag" doc:"Version of what can be changed: how many there are is another thing"`
	Body productBody
}

// shape is that of what can be changed of a product.
var shape = etag.ShapeOf[productChange]()

// writtenOnce is the version of a line of the ledger, which nobody changes.
var writtenOnce = etag.ShapeOf[movementBody]().Tag(1)

// known are SKUs. Anything else is no product's.
var known = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// routes lists the routes. Each says who may call it.
func (a *api) routes(k *app.Kit) *httpapi.API {
	r := k.NewAPI()
	read, write := access.Staff("inventory:read"), access.Staff("inventory:write")
	httpapi.List(r, root+"/stock", access.Public, a.stocks,
		httpapi.ID("listStock"), httpapi.Summary("How many of some products can be ordered"),
		httpapi.About("Of a product that is not kept here there are none."))
	httpapi.Get(r, root+"/stock/{sku}", access.Public, a.stock,
		httpapi.ID("getStock"), httpapi.Summary("How many of a product can be ordered"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Post(r, root+"/movements", write, a.move,
		httpapi.ID("createMovement"), httpapi.Summary("Write into the ledger what came or went"), httpapi.Status(http.StatusCreated), httpapi.Refuses(http.StatusConflict))
	httpapi.List(r, root+"/movements", read, a.movements,
		httpapi.ID("listMovements"), httpapi.Summary("The ledger, in the order in which it was written"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.Get(r, root+"/movements/{id}", read, a.movement,
		httpapi.ID("getMovement"), httpapi.Summary("One line of the ledger"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Post(r, root+"/products", write, a.keep,
		httpapi.ID("createStockedProduct"), httpapi.Summary("Begin to keep a product, or a carton of one"), httpapi.Status(http.StatusCreated), httpapi.Refuses(http.StatusConflict))
	httpapi.Get(r, root+"/products/{sku}", read, a.product,
		httpapi.ID("getStockedProduct"), httpapi.Summary("How a product is kept"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Put(r, root+"/products/{sku}", write, a.limit,
		httpapi.ID("changeStockedProduct"), httpapi.Summary("Change how a product is kept"), httpapi.Refuses(http.StatusNotFound, http.StatusConflict))
	a.holds.routes(r)
	a.books(r)
	return r
}

// fresh lets nobody keep what may be sold in a moment.
const fresh = "no-cache"

func (a *api) stocks(ctx context.Context, in *stocksInput) (*stocksOutput, error) {
	for n, sku := range in.SKUs {
		if !known.MatchString(sku) {
			return nil, fault.InvalidParameter(fmt.Sprintf("query.skus[%d]", n), "It is no SKU.")
		}
	}
	l, err := a.store.stock(ctx, in.SKUs)
	if err != nil {
		return nil, err
	}
	out := &stocksOutput{Cache: fresh, Body: stockList{Items: make([]stockBody, len(in.SKUs))}}
	for n, sku := range in.SKUs {
		out.Body.Items[n] = available(l, sku)
	}
	return out, nil
}

func available(l *Ledger, sku string) stockBody {
	return stockBody{SKU: sku, Available: l.Available(sku), Unlimited: l.stock[l.taken(sku)].Unlimited}
}

func (a *api) stock(ctx context.Context, in *stockInput) (*stockOutput, error) {
	if !known.MatchString(in.SKU) {
		return nil, fault.NotFound("product", in.SKU)
	}
	l, err := a.store.stock(ctx, []string{in.SKU})
	if err != nil {
		return nil, err
	}
	if _, kept := l.stock[in.SKU]; !kept {
		return nil, fault.NotFound("product", in.SKU)
	}
	body, err := httpapi.Encode(available(l, in.SKU))
	return &stockOutput{tagOf(body), fresh, body}, err
}

// tagOf is the version of what has no number of its own: it changes with what is answered.
func tagOf(body []byte) string { return etag.ShapeFrom(string(body)).Tag(1) }

func (a *api) move(ctx context.Context, in *moveInput) (*httpapi.Answer[movementBody], error) {
	if in.Body.Quantity == 0 {
		return nil, fault.Invalid("#/quantity", "Nothing moves.")
	}
	stored, err := idempotency.Once(ctx, a.store.db, in.Key(ctx), in.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		id, err := uuid.NewV7()
		if err != nil {
			return idempotency.Stored{}, err
		}
		m := Movement{ID: id, SKU: in.Body.SKU, Quantity: in.Body.Quantity, Cause: in.Body.Reason, Staff: access.From(ctx).Subject, At: a.now().UTC()}
		if err := move(ctx, tx, m); err != nil {
			return idempotency.Stored{}, err
		}
		return made(movementOf(m), root+"/movements/"+id.String(), writtenOnce)
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[movementBody](stored), nil
}

// made is the answer that a request gets that made something, whenever it is repeated.
func made[T any](body T, location, tag string) (idempotency.Stored, error) {
	text, err := httpapi.Encode(body)
	return idempotency.Stored{Status: http.StatusCreated, Header: map[string]string{"Location": location, "ETag": tag}, Body: text}, err
}

func movementOf(m Movement) movementBody {
	return movementBody{ID: m.ID, SKU: m.SKU, Quantity: m.Quantity, Reason: m.Cause, Hold: optional(m.Hold), At: m.At.UTC()}
}

func (a *api) movements(ctx context.Context, in *movementsInput) (*movementsOutput, error) {
	if in.SKU != "" && !known.MatchString(in.SKU) {
		return nil, fault.InvalidParameter("query.sku", "It is no SKU.")
	}
	after, err := page.After[uuid.UUID](in.Query, in.SKU)
	if err != nil {
		return nil, err
	}
	found, err := a.store.movements(ctx, in.SKU, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	piece, err := pieceOf(in.Query, found, func(m Movement) uuid.UUID { return m.ID }, movementOf, in.SKU)
	return &movementsOutput{piece}, err
}

// pieceOf is a page of what was found, as it is answered.
func pieceOf[T, K, B any](q page.Query, found []T, key func(T) K, body func(T) B, filter ...string) (page.Of[B], error) {
	piece, err := page.New(q, found, key, filter...)
	out := page.Of[B]{Items: make([]B, len(piece.Items)), Next: piece.Next}
	for n, one := range piece.Items {
		out.Items[n] = body(one)
	}
	return out, err
}

func (a *api) movement(ctx context.Context, in *movementInput) (*movementOutput, error) {
	m, err := a.store.movement(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &movementOutput{writtenOnce, movementOf(m)}, nil
}

func (a *api) keep(ctx context.Context, in *productStartInput) (*httpapi.Answer[productBody], error) {
	p := Stock{SKU: in.Body.SKU, Unlimited: in.Body.Unlimited, Piece: in.Body.Piece, Pieces: in.Body.Pieces, Version: 1}
	if err := p.carton(); err != nil {
		return nil, err
	}
	stored, err := idempotency.Once(ctx, a.store.db, in.Key(ctx), in.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		if err := keep(ctx, tx, p); err != nil {
			return idempotency.Stored{}, err
		}
		out := productOf(p)
		return made(out.Body, root+"/products/"+p.SKU, out.ETag)
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[productBody](stored), nil
}

func productOf(p Stock) *productOutput {
	return &productOutput{shape.Tag(p.Version), productBody{p.SKU, p.OnHand, p.Reserved, p.Short, p.Unlimited, p.Piece, p.Pieces}}
}

func (a *api) product(ctx context.Context, in *stockInput) (*productOutput, error) {
	if !known.MatchString(in.SKU) {
		return nil, fault.NotFound("product", in.SKU)
	}
	p, err := a.store.product(ctx, in.SKU)
	if err != nil {
		return nil, err
	}
	return productOf(p), nil
}

func (a *api) limit(ctx context.Context, in *productChangeInput) (*productOutput, error) {
	before, err := a.product(ctx, &stockInput{in.SKU})
	if err != nil {
		return nil, err
	}
	p, err := a.store.product(ctx, before.Body.SKU)
	if err != nil {
		return nil, err
	}
	if in.Repeated(p.Version, p.Unlimited == in.Body.Unlimited) {
		return productOf(p), nil
	}
	if err := in.Check(p.Version); err != nil {
		return nil, err
	}
	after, err := p.Limit(in.Body.Unlimited)
	if err != nil {
		return nil, err
	}
	if after, err = a.store.limit(ctx, p, after.Unlimited); err != nil {
		return nil, err
	}
	return productOf(after), nil
}
