// When the storefront may take its first visitors.
package main

import (
	"context"
	"fmt"
	"sync/atomic"
)

// warmth is had once catalog was reached once: an address that is wrong or
// not allowed shows before a switch, while visitors are still elsewhere.
//
// Later nothing asks again. If readiness went on depending on catalog, a short
// failure there would take all storefronts out at once, and visitors would get
// the front door's bare error in place of our page, style sheet and carts.
type warmth struct {
	catalog catalog
	reached atomic.Bool
}

func (w *warmth) check(ctx context.Context) error {
	if w.reached.Load() {
		return nil
	}
	if _, err := w.catalog.products(ctx, listing{Limit: 1}); err != nil {
		return fmt.Errorf("reaching catalog for the first time: %w", err)
	}
	w.reached.Store(true)
	return nil
}
