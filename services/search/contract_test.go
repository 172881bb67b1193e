package search

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/contracttest"
	"github.com/emporium-shop/emporium/services/internal/events"
)

// What catalog, pricing, inventory and reviews tell, by the contract's own examples.
func TestGoodsAreFoundByWhatTheContractShows(t *testing.T) {
	count, average, four := 2, 4.5, 1
	stars := clienttest.Double(t, "../reviews/openapi.json", map[string]http.HandlerFunc{"GET /api/reviews": func(w http.ResponseWriter, _ *http.Request) {
		clienttest.JSON(w, http.StatusOK, map[string]any{"items": []any{}, "summary": map[string]any{
			"count": count, "average": average, "stars": map[string]int{"1": 0, "2": 0, "3": 0, "4": four, "5": 1}}})
	}})
	g := shelved(t, Product{SKU: "KIT-1001", Name: "Kettle", Version: 1, Price: euros(100), Available: Unknown})
	f := &feed{goods: g, currency: "EUR", now: time.Now, poked: make(chan struct{}, 1), reviews: client.New(client.Options{Service: "reviews", URL: stars.URL})}
	pot := func(show func(*entry) any) func() string {
		return func() string { return fmt.Sprint(show(g.get("KIT-1001"))) }
	}
	contracttest.Follows(t, f.take, events.ProductChanged, pot(func(e *entry) any { return e.Name }), "Moka Pot")
	contracttest.Follows(t, f.take, events.PriceChanged, pot(func(e *entry) any { return e.Price }), fmt.Sprint(euros(1290)))
	contracttest.Follows(t, f.take, events.StockChanged, pot(func(e *entry) any { return e.Available }), "3")
	contracttest.Follows(t, f.take, events.ReviewPublished, pot(func(e *entry) any { return fmt.Sprint(e.Reviews, e.Stars) }), "2 9")
	count, average, four = 1, 5, 0
	contracttest.Follows(t, f.take, events.ReviewRemoved, pot(func(e *entry) any { return fmt.Sprint(e.Reviews, e.Stars) }), "1 5")
	contracttest.Follows(t, f.take, events.ProductRemoved, func() string { found, _ := g.asked(t, Question{}); return strings.Join(found, " ") }, "")
}
