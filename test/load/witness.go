package load

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// skew is how far the clocks of the shop and of its customers may be apart.
const skew = 5 * time.Minute

// Orders reads what staff sees of the orders that were placed since then. Of those that no customer was told of it reads
// whose they are.
func (c Client) Orders(ctx context.Context, since time.Time, purchases []Purchase) ([]Placed, error) {
	told := map[string]bool{}
	for _, p := range purchases {
		told[p.Order] = true
	}
	var found []Placed
	err := all(ctx, c, "/api/orders/staff", func(items []Placed) bool {
		for _, o := range items {
			if o.PlacedAt.After(since.Add(-skew)) {
				found = append(found, o)
			}
		}
		return len(items) > 0 && items[len(items)-1].PlacedAt.After(since.Add(-skew))
	})
	if err != nil {
		return nil, err
	}
	for n, o := range found {
		if told[o.ID] {
			continue
		}
		var whole struct{ Email string }
		if err := c.get(ctx, "/api/orders/staff/"+url.PathEscape(o.ID), nil, &whole); err != nil {
			return nil, fmt.Errorf("asking whose an order is: %w", err)
		}
		found[n].Email = whole.Email
	}
	return found, nil
}

// Books asks how the books stand; nil where the shop has none.
func (c Client) Books(ctx context.Context) (*Books, error) {
	var said struct {
		Balanced bool
		Findings []struct{ Kind, Detail string }
	}
	err := c.get(ctx, "/api/books", nil, &said)
	var refused problem
	if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		return nil, nil // that is no error
	}
	if err != nil {
		return nil, err
	}
	b := &Books{Balanced: said.Balanced}
	for _, f := range said.Findings {
		if f.Kind == "charged-twice" {
			b.ChargedTwice++
		}
		b.Said = append(b.Said, f.Kind+": "+f.Detail)
	}
	return b, nil
}

// quiet is how long the shop may take until nothing is under way any more: the leases of orders whose process died, and
// what the provider tells late.
const quiet = 60 * time.Second

// Settled waits until the books balance, or until they had time to, and returns what the shop says then.
func (c Client) Settled(ctx context.Context, since time.Time, purchases []Purchase) (found Found, err error) {
	const look = time.Second
	end := time.Now().Add(quiet)
	for {
		if found.Books, err = c.Books(ctx); err != nil {
			return found, err
		}
		next := time.Now().Add(look)
		if found.Books == nil || found.Books.Balanced || next.After(end) || !wait(ctx, next) {
			break
		}
	}
	if err := ctx.Err(); err != nil {
		return found, fmt.Errorf("waiting for the books: %w", err)
	}
	found.Orders, err = c.Orders(ctx, since, purchases)
	return found, err
}
