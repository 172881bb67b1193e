package cart

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/outbox"
)

// Joining a guest's cart with the customer's: asking, writing, telling.

type mergeInput struct {
	httpapi.Idempotent
	Body struct {
		Cart string `json:"cart,omitempty" format:"uuid" doc:"The guest's. Left out: only the customer's own is asked for"`
	}
}

type leftOutBody struct {
	SKU    string `json:"sku"`
	Name   string `json:"name"`
	Reason string `json:"reason" enum:"gone,cart-full,currency" doc:"gone: it is not sold any more"`
}

type mergedBody struct {
	Cart    cartBody      `json:"cart"`
	LeftOut []leftOutBody `json:"leftOut" nullable:"false" doc:"What the guest had put in, and the cart has not"`
}

// mergedData is the data of cart.cart.merged.v1.
type mergedData struct {
	Cart     uuid.UUID `json:"cart"`
	Customer string    `json:"customer"`
}

func (a *api) mergeRoute(r *httpapi.API) {
	httpapi.Post(r, "/api/cart/merges", access.Customer, a.merge, httpapi.ID("mergeCart"), httpapi.Summary("One's own cart, with what one put in as a guest"),
		httpapi.About("A customer has one cart, on all devices. The guest's is gone afterwards. Of each product there are as many as in both carts together, up to 99 and to what there is in stock; "+
			"a line then tells how many were wanted. A guest's cart that is not there, or is a customer's, changes nothing: so it does when it is sent again."))
}

// merge asks the catalog before it writes: no lock waits for another service.
func (a *api) merge(ctx context.Context, in *mergeInput) (*httpapi.Answer[mergedBody], error) {
	if stored, err := idempotency.Answered(ctx, a.store.db, in.Key(ctx), in.Sent(ctx)); err != nil || stored != nil {
		if err != nil {
			return nil, err
		}
		return httpapi.Replay[mergedBody](*stored), nil
	}
	customer, guest := access.From(ctx).Subject, uuid.Nil
	if in.Body.Cart != "" {
		guest = uuid.MustParse(in.Body.Cart) // its format was checked
	}
	offers, err := a.offers(ctx, guest)
	if err != nil {
		return nil, err
	}
	stored, err := idempotency.Once(ctx, a.store.db, in.Key(ctx), in.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		c, out, err := join(ctx, tx, customer, guest, a.currency, offers)
		if err != nil {
			return idempotency.Stored{}, err
		}
		return mergedAnswer(c, out)
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[mergedBody](stored), nil
}

func mergedAnswer(c Cart, out []LeftOut) (idempotency.Stored, error) {
	shown, err := answer(c, nil)
	if err != nil {
		return idempotency.Stored{}, err
	}
	body := mergedBody{shown.Body, []leftOutBody{}}
	for _, o := range out {
		body.LeftOut = append(body.LeftOut, leftOutBody(o))
	}
	text, err := httpapi.Encode(body)
	return idempotency.Stored{Status: http.StatusOK, Body: text}, err
}

// offers are the products of a guest's cart as they are sold now.
func (a *api) offers(ctx context.Context, guest uuid.UUID) (map[string]Offer, error) {
	c, err := a.store.cart(ctx, guest)
	if fault.Is(err, fault.NotFoundKind) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all := map[string]Offer{}
	for _, l := range c.Lines {
		p, err := a.product(ctx, l.SKU)
		if err != nil && !fault.Is(err, fault.NotFoundKind) {
			return nil, err
		}
		all[l.SKU] = Offer{Product: p, Gone: err != nil, Available: -1}
	}
	a.stocked(ctx, all)
	return all, nil
}

// stocked notes how many there are. Whatever cannot be learned bounds nothing: checkout decides what can be ordered.
func (a *api) stocked(ctx context.Context, all map[string]Offer) {
	var skus []string
	for sku, o := range all {
		if !o.Gone && !strings.Contains(sku, ",") {
			skus = append(skus, sku)
		}
	}
	if a.inventory == nil || len(skus) == 0 {
		return
	}
	type stocks struct {
		Items []struct {
			SKU       string `json:"sku"`
			Available int64  `json:"available"`
			Unlimited bool   `json:"unlimited,omitempty"`
		} `json:"items"`
	}
	found, _, err := client.Call[stocks](ctx, a.inventory, client.Request{Path: "/api/inventory/stock", Query: url.Values{"skus": {strings.Join(skus, ",")}}, Timeout: stockPatience})
	if err != nil {
		slog.WarnContext(ctx, "going on without knowing the stock", "error", err)
		return
	}
	for _, s := range found.Items {
		if o, asked := all[s.SKU]; asked && !s.Unlimited {
			o.Available = max(0, s.Available)
			all[s.SKU] = o
		}
	}
}

// join puts a guest's cart into the customer's, which it makes where there is none, and tells of it in the same commit. The customer's is
// locked first, so that two windows join one after another, and the second finds the guest's gone.
func join(ctx context.Context, tx pgx.Tx, customer string, guest uuid.UUID, currency string, offers map[string]Offer) (Cart, []LeftOut, error) {
	own, err := cartOf(ctx, tx, customer, currency)
	if err != nil || guest == uuid.Nil {
		return own, nil, err
	}
	var one int
	err = tx.QueryRow(ctx, `SELECT 1 FROM cart.carts WHERE id = $1 AND customer IS NULL FOR UPDATE`, guest).Scan(&one)
	if errors.Is(err, pgx.ErrNoRows) {
		return own, nil, nil
	}
	if err != nil {
		return own, nil, fmt.Errorf("locking a guest's cart: %w", err)
	}
	before, err := read(ctx, tx, guest)
	if err != nil {
		return own, nil, err
	}
	after, out := own.Merge(before, offers)
	if err := saveMerged(ctx, tx, own, after, guest); err != nil {
		return own, nil, err
	}
	e, err := events.New(ctx, "cart", events.CartMerged, own.ID.String(), mergedData{own.ID, customer})
	if err != nil {
		return own, nil, err
	}
	if err := outbox.Put(ctx, tx, "cart", e); err != nil {
		return own, nil, err
	}
	after, err = read(ctx, tx, own.ID) // with the prices that pricing told
	return after, out, err
}

// cartOf is the customer's one cart, locked. Its id is a new one, never a guest's: whoever planted that would read on (C40).
func cartOf(ctx context.Context, tx pgx.Tx, customer, currency string) (Cart, error) {
	fresh, err := newID()
	if err != nil {
		return Cart{}, err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO cart.carts (id, currency, version, customer) VALUES ($1, $2, 1, $3) ON CONFLICT (customer) WHERE customer IS NOT NULL DO NOTHING`, fresh, currency, customer); err != nil {
		return Cart{}, fmt.Errorf("making a customer's cart: %w", err)
	}
	var id uuid.UUID
	if err := tx.QueryRow(ctx, `SELECT id FROM cart.carts WHERE customer = $1 FOR UPDATE`, customer).Scan(&id); err != nil {
		return Cart{}, fmt.Errorf("locking a customer's cart: %w", err)
	}
	return read(ctx, tx, id)
}

// saveMerged writes the joined cart, and takes the guest's away. Orders that were made of the guest's cart are the other's from now on.
func saveMerged(ctx context.Context, tx pgx.Tx, before, after Cart, guest uuid.UUID) error {
	var b pgx.Batch
	b.Queue(`UPDATE cart.carts SET version = $2, changed_at = now() WHERE id = $1`, after.ID, after.Version)
	for _, now := range after.Lines {
		if was, there := before.Line(now.SKU); there && was == now {
			continue
		}
		var wanted *int
		if now.Wanted > 0 {
			wanted = &now.Wanted
		}
		b.Queue(`INSERT INTO cart.lines (cart_id, sku, name, quantity, price_minor, wanted) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (cart_id, sku) DO UPDATE SET name = excluded.name, quantity = excluded.quantity, price_minor = excluded.price_minor, wanted = excluded.wanted`,
			after.ID, now.SKU, now.Name, now.Quantity, now.Price.Minor(), wanted)
	}
	b.Queue(`UPDATE cart.closings SET cart_id = $2 WHERE cart_id = $1`, guest, after.ID)
	b.Queue(`INSERT INTO cart.merges (guest, cart_id) VALUES ($1, $2)`, guest, after.ID)
	b.Queue(`DELETE FROM cart.carts WHERE id = $1`, guest)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("joining two carts: %w", err)
	}
	return nil
}

// joinedTo is the cart that a guest's cart joined; uuid.Nil where it joined none.
func joinedTo(ctx context.Context, tx pgx.Tx, guest uuid.UUID) (id uuid.UUID, err error) {
	err = tx.QueryRow(ctx, `SELECT cart_id FROM cart.merges WHERE guest = $1`, guest).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, nil
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("looking for the cart that another one joined: %w", err)
	}
	return id, nil
}

// forgetCustomer deletes the cart of a customer who is to be erased, and what was answered to him.
func forgetCustomer(ctx context.Context, tx pgx.Tx, customer string) (count int64, err error) {
	for _, statement := range []string{`DELETE FROM cart.carts WHERE customer = $1`, `DELETE FROM cart.idempotency_keys WHERE caller = 'customer:' || $1`} {
		tag, err := tx.Exec(ctx, statement, customer)
		if err != nil {
			return 0, fmt.Errorf("forgetting a customer's cart: %w", err)
		}
		count += tag.RowsAffected()
	}
	return count, nil
}
