package media

import (
	"testing"

	"github.com/emporium-shop/emporium/services/internal/contracttest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// A picture's sizes are told as the contract shows them.
func TestAVariantIsToldAsTheContractShowsIt(t *testing.T) {
	v := newMaker(pgtest.Open(t, schema()))
	h := v.original(t, file(t, quarters(500, 400), "image/png"))
	many(t, 1, []maker{v}, Address{h, 160, PNG}, Address{h, 320, JPEG})
	contracttest.Produced(t, v.store.db, events.VariantReady, string(h))
}
