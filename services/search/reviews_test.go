package search

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/events"
)

// critics play reviews, held to its document: the stars of the reviews of product A that count.
type critics struct {
	*clienttest.Provider
	mu    sync.Mutex
	stars []int
}

func newCritics(t testing.TB) *critics {
	t.Helper()
	c := &critics{}
	c.Provider = clienttest.Double(t, "../reviews/openapi.json", map[string]http.HandlerFunc{"GET /api/reviews": c.answer})
	return c
}

func (c *critics) say(stars ...int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stars = stars
}

func (c *critics) answer(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	items, of := []any{}, map[string]int{"1": 0, "2": 0, "3": 0, "4": 0, "5": 0}
	for _, n := range c.stars {
		of[fmt.Sprint(n)]++
		items = append(items, map[string]any{
			"id": uuid.NewString(), "sku": "A", "author": "Mika", "stars": n, "text": "Good.", "state": "published", "helpful": 0, "unhelpful": 0,
			"createdAt": noon.Format(time.RFC3339), "changedAt": noon.Format(time.RFC3339),
		})
	}
	body := map[string]any{"items": items}
	if r.URL.Query().Has("sku") {
		body["summary"] = map[string]any{"count": len(c.stars), "stars": of}
	}
	clienttest.JSON(w, http.StatusOK, body)
}

// following is a feed of product A that asks the critics.
func following(t testing.TB, c *critics) *feed {
	t.Helper()
	g := shelved(t, Product{SKU: "A", Name: "Kettle", Price: euros(100), Available: Unknown})
	return &feed{goods: g, reviews: client.New(client.Options{Service: "reviews", URL: c.URL}), currency: "EUR", now: time.Now, poked: make(chan struct{}, 1)}
}

func (f *feed) hear(t testing.TB, of events.Type, version int) {
	t.Helper()
	data := map[string]any{"review": uuid.NewString(), "version": version}
	if of == events.ReviewPublished {
		data["stars"] = 5
	}
	if err := f.take(t.Context(), event(t, of, "A", data)); err != nil || len(f.poked) > 0 {
		t.Fatalf("%v, left out: %v", err, len(f.poked) > 0)
	}
}

// Whatever an event is about, twice or late: the product has what reviews says when it comes.
func TestC46StarsFollowWhatIsPublishedAndRemoved(t *testing.T) {
	c := newCritics(t)
	f := following(t, c)
	for _, step := range []struct {
		of      events.Type
		stars   []int
		average int64
	}{
		{events.ReviewPublished, []int{5, 4, 4, 1}, 35},
		{events.ReviewRemoved, []int{5, 4, 4}, 43},
		{events.ReviewPublished, []int{5, 4, 5}, 47},
		{events.ReviewRemoved, nil, 0},
	} {
		c.say(step.stars...)
		for range 2 {
			f.hear(t, step.of, 1)
			if p := f.goods.get("A"); p.Average() != step.average || p.Reviews != int64(len(step.stars)) {
				t.Errorf("%s, reviews say %v: average %d of %d", step.of, step.stars, p.Average(), p.Reviews)
			}
		}
	}
}

// A list takes seconds: what an event has asked for since it was begun is newer than the list.
func TestC46AListThatWasBegunBeforeAnEventDoesNotBringARemovedReviewBack(t *testing.T) {
	c := newCritics(t)
	f := following(t, c)
	c.say(5, 1)
	stars, err := f.opinions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l := list{began: time.Now(), products: []Product{{SKU: "A", Name: "Kettle", Price: euros(100), Available: Unknown}}, reviews: stars}
	c.say(5)
	f.hear(t, events.ReviewRemoved, 2)
	for _, want := range []int64{1, 2} { // begun before the event, and after it
		if err := f.goods.load(l); err != nil || f.goods.get("A").Reviews != want {
			t.Errorf("%d reviews, want %d: %v", f.goods.get("A").Reviews, want, err)
		}
		l.began = time.Now()
	}
}
