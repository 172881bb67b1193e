package load

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Offered lets so many customers fill a cart and ask what it costs. They order when Order is called: a release may be switched
// in between. What they ask for is in the generator's records.
func (g *Generator) Offered(ctx context.Context, customers int) ([]Basket, error) {
	if g.options.Visits == nil {
		return nil, errors.New("asking for offers: the load is of requests, not of customers")
	}
	baskets, errs := make([]Basket, customers), make([]error, customers)
	var all sync.WaitGroup
	for n := range customers {
		all.Go(func() {
			now := time.Now()
			baskets[n], errs[n] = (&customer{g, n, now}).offer(ctx, now)
		})
	}
	all.Wait()
	return baskets, errors.Join(errs...)
}

// Order lets the customers with these baskets order at once, and returns when each knows what became of it.
func (g *Generator) Order(ctx context.Context, baskets []Basket) {
	var all sync.WaitGroup
	for _, b := range baskets {
		all.Go(func() {
			b.customer.due = time.Now()
			b.order(ctx)
		})
	}
	all.Wait()
}
