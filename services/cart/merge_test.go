package cart

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/erasure"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestWhatIsToldOfAMergeIsWhatIsPromised(t *testing.T) {
	eventstest.Reads[mergedData](t, events.CartMerged)
	eventstest.Reads[erasure.Erased](t, events.CustomerErased)
}

// lines of a cart as "A 7", and "A 7 of 9" where more were wanted.
func lines(c Cart) (all []string) {
	for _, l := range c.Lines {
		text := fmt.Sprint(l.SKU, " ", l.Quantity)
		if l.Wanted > 0 {
			text += fmt.Sprint(" of ", l.Wanted)
		}
		all = append(all, text)
	}
	return all
}

func withLines(all ...string) Cart {
	c := New(uuid.New(), "EUR")
	for _, one := range all {
		var l Line
		_, _ = fmt.Sscan(one, &l.SKU, &l.Quantity)
		l.Name, l.Price = l.SKU, euros(100)
		c.Lines = append(c.Lines, l)
	}
	return c
}

func offered(available map[string]int64) map[string]Offer {
	all := map[string]Offer{}
	for sku, n := range available {
		all[sku] = Offer{Product: Product{SKU: sku, Name: sku, Price: euros(150)}, Available: n, Gone: n == -2}
	}
	return all
}

func TestC16TwoCartsAreOne(t *testing.T) {
	for name, c := range map[string]struct {
		own, guest []string
		stock      map[string]int64
		want       []string
		out        []LeftOut
	}{
		"the case":               {[]string{"A 4", "C 2"}, []string{"A 5", "B 1"}, map[string]int64{"A": 7, "B": 10, "C": 10}, []string{"A 7 of 9", "C 2", "B 1"}, nil},
		"sixty and sixty":        {[]string{"A 60"}, []string{"A 60"}, map[string]int64{"A": 500}, []string{"A 99 of 120"}, nil},
		"nobody knows the stock": {[]string{"A 4"}, []string{"A 5"}, map[string]int64{"A": -1}, []string{"A 9"}, nil},
		"sold out meanwhile":     {[]string{"A 4"}, []string{"A 5", "B 2"}, map[string]int64{"A": 0, "B": 0}, []string{"A 5 of 9", "B 2"}, nil},
		"not sold any more":      {[]string{"A 4"}, []string{"B 5"}, map[string]int64{"B": -2}, []string{"A 4"}, []LeftOut{{"B", "B", "gone"}}},
		"nothing":                {[]string{"A 4"}, nil, nil, []string{"A 4"}, nil},
		"put in meanwhile":       {nil, []string{"A 4"}, nil, []string{"A 4"}, nil},
	} {
		got, out := withLines(c.own...).Merge(withLines(c.guest...), offered(c.stock))
		if !slices.Equal(lines(got), c.want) || !slices.Equal(out, c.out) {
			t.Errorf("%s: %v without %v, want %v without %v", name, lines(got), out, c.want, c.out)
		}
	}
	yen := offered(map[string]int64{"B": 5})
	yen["B"] = Offer{Product: Product{SKU: "B", Name: "B", Price: money.New(100, "JPY")}, Available: 5}
	if got, out := withLines("A 1").Merge(withLines("B 1"), yen); len(got.Lines) != 1 || len(out) != 1 || out[0].Reason != "currency" {
		t.Errorf("%v without %v", lines(got), out)
	}
}

// Whatever two carts hold: nothing becomes less, nothing more than both together, no product stands there twice, and what is not in is told.
func TestC16JoiningLosesNothingAndInventsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) Cart {
			var all []string
			for n := range rapid.IntRange(0, 40).Draw(t, name) {
				all = append(all, fmt.Sprintf("%s-%d %d", []string{"S", name}[n%2], n, rapid.IntRange(1, 99).Draw(t, "quantity")))
			}
			return withLines(all...)
		}
		own, guest := draw("own"), draw("guest")
		stock := map[string]int64{}
		for _, l := range guest.Lines {
			stock[l.SKU] = rapid.Int64Range(-2, 200).Draw(t, "stock")
		}
		got, out := own.Merge(guest, offered(stock))
		seen := map[string]bool{}
		for _, l := range got.Lines {
			a, _ := own.Line(l.SKU)
			b, _ := guest.Line(l.SKU)
			if stock[l.SKU] == -2 {
				b.Quantity = 0
			}
			if seen[l.SKU] || l.Quantity < max(a.Quantity, b.Quantity) || l.Quantity > min(99, a.Quantity+b.Quantity) || (l.Wanted > 0) != (l.Quantity < a.Quantity+b.Quantity) {
				t.Fatalf("%+v of %d and %d, stock %d", l, a.Quantity, b.Quantity, stock[l.SKU])
			}
			seen[l.SKU] = true
		}
		for _, l := range slices.Concat(own.Lines, guest.Lines) {
			if !seen[l.SKU] && !slices.ContainsFunc(out, func(o LeftOut) bool { return o.SKU == l.SKU }) {
				t.Fatalf("%s is lost", l.SKU)
			}
		}
		if len(got.Lines) > mostLines {
			t.Fatalf("%d lines", len(got.Lines))
		}
	})
}

// desk is the cart beside a catalog and an inventory with 7 of A and 10 of all others.
func desk(t *testing.T) (*servicetest.Service, *store) {
	t.Helper()
	url := pgtest.URL(t, schema())
	stock := clienttest.Double(t, "../inventory/openapi.json", map[string]http.HandlerFunc{"GET /api/inventory/stock": func(w http.ResponseWriter, r *http.Request) {
		items := []any{}
		for _, sku := range strings.Split(r.URL.Query().Get("skus"), ",") {
			items = append(items, map[string]any{"sku": sku, "available": map[bool]int{true: 7, false: 10}[sku == "A"]})
		}
		clienttest.JSON(w, 200, map[string]any{"items": items})
	}})
	db, err := postgres.Open(postgres.Options{URL: url, Release: "acme-1a2b3c4d"}, schema())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return serve(t, "DATABASE_URL", url, "INVENTORY_URL", stock.URL, "SHOP_JWKS", accesstest.JWKS()), &store{db}
}

type joinedAnswer struct {
	Cart struct {
		ID    string
		Lines []struct {
			SKU              string
			Quantity, Wanted int
		}
	}
	LeftOut []struct{ SKU, Reason string }
}

func (j joinedAnswer) String() string { return fmt.Sprint(j.Cart.Lines) }

func merge(t *testing.T, h *servicetest.Service, token, guest, key string) (j joinedAnswer) {
	t.Helper()
	body := `{}`
	if guest != "" {
		body = `{"cart":"` + guest + `"}`
	}
	w := h.Ask("POST", "/api/cart/merges", body, "Idempotency-Key", key, "Authorization", token)
	if err := json.Unmarshal(w.Body.Bytes(), &j); w.Code != 200 || err != nil {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	return j
}

// fill puts things into a cart and returns its id.
func fill(t *testing.T, h *servicetest.Service, path string, things ...string) string {
	t.Helper()
	for _, one := range things {
		var sku string
		var n int
		_, _ = fmt.Sscan(one, &sku, &n)
		tag := h.Ask("GET", path, "").Header().Get("ETag")
		if w := h.Ask("PUT", path+"/items/"+sku, fmt.Sprintf(`{"quantity":%d}`, n), "If-Match", tag); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	return strings.TrimPrefix(path, "/api/cart/")
}

func TestC16TheGuestsCartJoinsTheCustomersOnce(t *testing.T) {
	h, s := desk(t)
	ann := accesstest.Customer(t, "ann")
	own := merge(t, h, ann, "", uuid.NewString()).Cart.ID
	fill(t, h, "/api/cart/"+own, "A 4", "C 2")
	path, _ := begin(t, h)
	guest := fill(t, h, path, "A 5", "B 1")
	key := uuid.NewString()
	first := merge(t, h, ann, guest, key)
	if want := "[{A 7 9} {C 2 0} {B 1 0}]"; first.Cart.ID != own || first.String() != want {
		t.Fatalf("%s, want %s in %s", first, want, own)
	}
	if w := h.Ask("GET", path, ""); w.Code != 404 {
		t.Errorf("the guest's cart: %d %s", w.Code, w.Body) // C40
	}
	if again := merge(t, h, ann, guest, key); again.String() != first.String() {
		t.Errorf("by the same key: %s", again)
	}
	var tabs sync.WaitGroup
	for range 6 {
		tabs.Go(func() {
			if again := merge(t, h, ann, guest, uuid.NewString()); again.String() != first.String() || again.Cart.ID != own {
				t.Errorf("by another key: %s", again)
			}
		})
	}
	tabs.Wait()
	var told int
	if err := s.db.QueryRow(t.Context(), `SELECT count(*) FROM cart.outbox WHERE event->>'type' = 'cart.cart.merged.v1'`).Scan(&told); err != nil || told != 1 {
		t.Errorf("told %d times (%v)", told, err)
	}
	fill(t, h, "/api/cart/"+own, "A 3")
	if w := h.Ask("GET", "/api/cart/"+own, ""); strings.Contains(w.Body.String(), "wanted") {
		t.Errorf("it is told for ever: %s", w.Body)
	}
}

// Two windows that sign in at once, each with a cart of its own, or both with the same: all of it is in one cart.
func TestC17TwoDevicesThatSignInAtOnceHaveOneCart(t *testing.T) {
	h, _ := desk(t)
	ann := accesstest.Customer(t, "ann")
	var all sync.WaitGroup
	ids := make(chan string, 8)
	for n := range 4 {
		path, _ := begin(t, h)
		guest := fill(t, h, path, fmt.Sprintf("S-%d 1", n))
		for range 2 {
			all.Go(func() { ids <- merge(t, h, ann, guest, uuid.NewString()).Cart.ID })
		}
	}
	all.Wait()
	own := <-ids
	for range 7 {
		if id := <-ids; id != own {
			t.Errorf("%s and %s", own, id)
		}
	}
	if got := merge(t, h, ann, "", uuid.NewString()); len(got.Cart.Lines) != 4 {
		t.Errorf("%s", got)
	}
}

func TestC16NobodyJoinsACartThatIsAnothers(t *testing.T) {
	h, _ := desk(t)
	ann, bob := accesstest.Customer(t, "ann"), accesstest.Customer(t, "bob")
	anns := merge(t, h, ann, "", uuid.NewString()).Cart.ID
	fill(t, h, "/api/cart/"+anns, "A 4")
	if got := merge(t, h, bob, anns, uuid.NewString()); len(got.Cart.Lines) != 0 || got.Cart.ID == anns {
		t.Errorf("bob has %s", got)
	}
	if got := merge(t, h, ann, anns, uuid.NewString()); got.String() != "[{A 4 0}]" {
		t.Errorf("ann has %s", got)
	}
	if w := h.Ask("POST", "/api/cart/merges", `{}`, "Idempotency-Key", uuid.NewString()); w.Code != 401 {
		t.Errorf("a guest: %d %s", w.Code, w.Body)
	}
	if w := h.Ask("POST", "/api/cart/merges", `{"cart":"7"}`, "Idempotency-Key", uuid.NewString(), "Authorization", ann); w.Code != 422 {
		t.Errorf("no id: %d %s", w.Code, w.Body)
	}
	path, _ := begin(t, h)
	guest := fill(t, h, path, "A 1")
	if w := h.Ask("POST", "/api/cart/merges", `{"cart":"`+guest+`"}`, "Idempotency-Key", uuid.NewString(), "Authorization", accesstest.Staff(t, "cart:write")); w.Code != 403 {
		t.Errorf("staff: %d %s", w.Code, w.Body)
	}
}

// An order that was made of the guest's cart, and is heard of after the carts joined, takes what it bought out of the customer's; once.
func TestC21AnOrderOfACartThatJoinedAnotherTakesOutWhatWasBought(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	guest := filled(t, s, 2, 1)
	var own Cart
	err := postgres.InTx(t.Context(), s.db, func(tx pgx.Tx) (err error) {
		own, _, err = join(t.Context(), tx, "ann", guest.ID, "EUR", nil)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	bought := guest
	bought.Lines = guest.Lines[:1]
	e := orderOf(t, uuid.New(), bought)
	take(t, s, e)
	take(t, s, e)
	holds(t, s, own, 1, "S-2 1")
}

func TestC39TheCartOfAnErasedCustomerIsGone(t *testing.T) {
	s := &store{pgtest.Open(t, schema())}
	guest := filled(t, s, 2)
	err := postgres.InTx(t.Context(), s.db, func(tx pgx.Tx) error {
		_, _, err := join(t.Context(), tx, "ann", guest.ID, "EUR", nil)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	e, err := events.New(t.Context(), "customers", events.CustomerErased, "ann", map[string]any{"customer": "ann"})
	if err != nil {
		t.Fatal(err)
	}
	take(t, s, e)
	take(t, s, e)
	var carts, answers int
	if err := s.db.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM cart.carts), (SELECT count(*) FROM cart.outbox WHERE event->>'type' = 'customers.erasure.done.v1')`).Scan(&carts, &answers); err != nil || carts != 0 || answers != 2 {
		t.Errorf("%d carts, %d answers (%v)", carts, answers, err)
	}
}
