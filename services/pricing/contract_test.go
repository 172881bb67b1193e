package pricing

import (
	"testing"

	"github.com/emporium-shop/emporium/services/internal/contracttest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// A price that becomes valid is told as the contract shows it.
func TestAPriceIsToldAsTheContractShowsIt(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	s.keep(t, c04(t)...)
	pass(t, s.at(t, "2026-06-02"))
	contracttest.Produced(t, s.db, events.PriceChanged, "A")
}
