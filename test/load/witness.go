package load

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
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

// chargedOnce is the books' rule that a checkout is charged once.
const chargedOnce = "charged-once"

// Books asks how the books stand; nil where the shop has none.
func (c Client) Books(ctx context.Context) (*Books, error) {
	var said struct {
		Balanced   bool
		ComparedAt time.Time
		Pending    int
		Rules      []struct {
			Rule string
			Open int
		}
	}
	err := c.get(ctx, "/api/books", nil, &said)
	var refused problem
	if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		return nil, nil // that is no error
	}
	if err != nil {
		return nil, err
	}
	b := &Books{Balanced: said.Balanced, ComparedAt: said.ComparedAt, Pending: said.Pending}
	for _, r := range said.Rules {
		if r.Rule == chargedOnce {
			b.ChargedTwice = r.Open
		}
	}
	if b.Balanced {
		return b, nil
	}
	var open piece[struct{ Rule, Object, Detail string }]
	err = c.get(ctx, "/api/books/violations", url.Values{"state": {"open"}, "limit": {strconv.Itoa(examples)}}, &open)
	for _, v := range open.Items {
		b.Said = append(b.Said, v.Rule+": "+v.Object+": "+v.Detail)
	}
	return b, err
}

// quiet is how long the shop may take until nothing is under way any more: the leases of orders whose process died, and
// what the provider tells late.
const quiet = 90 * time.Second

// Settled waits until the books were compared after all that was bought and balance, or until they had time to, and returns
// what the shop says then.
func (c Client) Settled(ctx context.Context, since time.Time, purchases []Purchase) (found Found, err error) {
	const look = time.Second
	var s settling
	for end := time.Now().Add(quiet); ; {
		if found.Books, err = c.Books(ctx); err != nil {
			return found, err
		}
		next := time.Now().Add(look)
		if s.sees(found.Books) || next.After(end) || !wait(ctx, next) {
			break
		}
	}
	if err := ctx.Err(); err != nil {
		return found, fmt.Errorf("waiting for the books: %w", err)
	}
	s.judge(found.Books)
	found.Orders, err = c.Orders(ctx, since, purchases)
	return found, err
}

// settling watches the books become quiet.
type settling struct {
	last   time.Time
	rounds int
}

// enough is how many comparisons must have ended: the one that runs at first may have read before the last order.
const enough = 2

// sees tells whether there is nothing to wait for any more.
func (s *settling) sees(b *Books) bool {
	if b == nil {
		return true
	}
	if !s.last.IsZero() && b.ComparedAt.After(s.last) {
		s.rounds++
	}
	s.last = b.ComparedAt
	return b.Balanced && b.Pending == 0 && s.rounds >= enough
}

// judge takes no balance for good that is older than the orders.
func (s *settling) judge(b *Books) {
	if b != nil && b.Balanced && s.rounds < enough {
		b.Balanced = false
		b.Said = append(b.Said, "nobody compared them after the last order: does books-worker run?")
	}
}
