package cart

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestLinesAreAddedUpAtTheCatalogsPrices(t *testing.T) {
	h := serve(t)
	path, tag := begin(t, h)
	put := h.Ask("PUT", path+"/items/A", `{"quantity":2}`, "If-Match", tag)
	put = h.Ask("PUT", path+"/items/B", `{"quantity":1}`, "If-Match", put.Header().Get("ETag"))
	if put.Code != 200 || !strings.Contains(put.Body.String(), `"total":{"amount":"38.70","currency":"EUR"}}`) {
		t.Fatalf("%d %s", put.Code, put.Body)
	}
	if got := put.Header().Get("X-Shop-Sources"); !strings.Contains(got, "cart=acme-1a2b3c4d") || !strings.Contains(got, "catalog=acme-1a2b3c4d") {
		t.Errorf("sources %q", got)
	}
	got := h.Ask("GET", path, "")
	if got.Body.String() != put.Body.String() || got.Header().Get("ETag") != put.Header().Get("ETag") {
		t.Errorf("read %s, put answered %s", got.Body, put.Body)
	}
	gone := h.Ask("DELETE", path+"/items/A", "", "If-Match", got.Header().Get("ETag"))
	if gone.Code != 200 || !strings.Contains(gone.Body.String(), `"total":{"amount":"12.90","currency":"EUR"}}`) {
		t.Errorf("after removing A: %d %s", gone.Code, gone.Body)
	}
}

func TestOfManyWritersOneWins(t *testing.T) {
	h := serve(t)
	path, _ := begin(t, h)
	n := 0
	servicetest.Writers(t, 4, 5, func() string {
		n++
		return h.Ask("GET", path, "").Header().Get("ETag")
	}, func(writer int, tag string) int {
		return h.Ask("PUT", path+"/items/A", fmt.Sprintf(`{"quantity":%d}`, 4*n+writer), "If-Match", tag).Code
	})
}

// The front door repeats a PUT whose connection broke.
func TestAChangeThatIsRepeatedIsDone(t *testing.T) {
	h := serve(t)
	path, tag := begin(t, h)
	first := h.Ask("PUT", path+"/items/A", `{"quantity":2}`, "If-Match", tag)
	again := h.Ask("PUT", path+"/items/A", `{"quantity":2}`, "If-Match", tag)
	if first.Code != 200 || again.Code != 200 || first.Body.String() != again.Body.String() || first.Header().Get("ETag") != again.Header().Get("ETag") {
		t.Errorf("%d %s, then %d %s", first.Code, first.Body, again.Code, again.Body)
	}
	now := first.Header().Get("ETag")
	gone := h.Ask("DELETE", path+"/items/A", "", "If-Match", now)
	late := h.Ask("DELETE", path+"/items/A", "", "If-Match", now)
	if gone.Code != 200 || late.Code != 200 || gone.Body.String() != late.Body.String() {
		t.Errorf("%d %s, then %d %s", gone.Code, gone.Body, late.Code, late.Body)
	}
}

func TestOneKeyMakesOneCart(t *testing.T) {
	h := serve(t)
	key := uuid.NewString()
	var all sync.WaitGroup
	var mu sync.Mutex
	bodies := map[string]int{}
	for range 8 {
		all.Go(func() {
			w := h.Ask("POST", "/api/cart", "{}", "Idempotency-Key", key)
			mu.Lock()
			defer mu.Unlock()
			switch w.Code {
			case 201:
				bodies[w.Body.String()]++
			case 409:
				if w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "idempotency-in-flight") {
					t.Errorf("in flight: %v %s", w.Header(), w.Body)
				}
			default:
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	all.Wait()
	again := h.Ask("POST", "/api/cart", "", "Idempotency-Key", key)
	if len(bodies) != 1 || bodies[again.Body.String()] == 0 || again.Code != 201 || again.Header().Get("Idempotent-Replayed") != "true" || again.Header().Get("Location") == "" || again.Header().Get("ETag") == "" {
		t.Errorf("made %v, replay %d %s %v", bodies, again.Code, again.Body, again.Header())
	}
	if w := h.Ask("POST", "/api/cart", "{}", "Idempotency-Key", uuid.NewString()); w.Header().Values("Idempotent-Replayed") != nil || bodies[w.Body.String()] != 0 {
		t.Errorf("another key: %v %s", w.Header(), w.Body)
	}
}

// The id is the right to the cart. It has no bit that is the same in all carts, but the
// six that say that it is random, and none that two carts of one moment share.
func TestNobodyCanGuessACartsID(t *testing.T) {
	const many = 4000
	ones, seen := [128]int{}, map[uuid.UUID]bool{}
	for range many {
		id, err := newID()
		if err != nil || seen[id] || id.Version() != 4 {
			t.Fatalf("%s, version %d (%v)", id, id.Version(), err)
		}
		seen[id] = true
		for bit := range ones {
			ones[bit] += int(id[bit/8] >> (7 - bit%8) & 1)
		}
	}
	random := 0
	for _, n := range ones {
		if n > many*2/5 && n < many*3/5 { // twelve standard deviations
			random++
		}
	}
	if random != 122 {
		t.Errorf("%d bits are random: %v", random, ones)
	}
	h := serve(t)
	path, _ := begin(t, h)
	if made := uuid.MustParse(path[strings.LastIndex(path, "/")+1:]); made.Version() != 4 {
		t.Errorf("the service makes %s", made)
	}
}

// C47: whatever is no quantity is refused with its place, and changes nothing.
func TestC47WhatIsNoQuantityIsLocated(t *testing.T) {
	h := serve(t)
	path, tag := begin(t, h)
	for _, quantity := range []string{"0", "-5", "1.5", "100", "9223372036854775808", `"3"`, "null"} {
		w := h.Ask("PUT", path+"/items/A", `{"quantity":`+quantity+`}`, "If-Match", tag)
		if w.Code != 422 || !strings.Contains(w.Body.String(), `"pointer":"#/quantity"`) {
			t.Errorf("%s: %d %s", quantity, w.Code, w.Body)
		}
	}
	if w := h.Ask("GET", path, ""); w.Header().Get("ETag") != tag {
		t.Errorf("the cart changed: %s", w.Body)
	}
}

// C47: no key, no precondition, stale, a quantity that is none, a price from outside.
func TestErrorsAreProblems(t *testing.T) {
	h := serve(t)
	path, tag := begin(t, h)
	match := []string{"If-Match", tag}
	key := func() []string { return []string{"Idempotency-Key", uuid.NewString()} }
	for name, c := range map[string]struct {
		code               int
		slug               string
		method, path, body string
		header             []string
	}{
		"no key":               {400, "malformed", "POST", "/api/cart", "", nil},
		"a key to be guessed":  {422, "invalid", "POST", "/api/cart", "", []string{"Idempotency-Key", "1"}},
		"no precondition":      {428, "precondition-required", "PUT", path + "/items/A", `{"quantity":1}`, nil},
		"delete without":       {428, "precondition-required", "DELETE", path + "/items/A", "", nil},
		"stale":                {412, "stale", "PUT", path + "/items/A", `{"quantity":1}`, []string{"If-Match", `"9-x"`}},
		"too few":              {422, "invalid", "PUT", path + "/items/A", `{"quantity":0}`, match},
		"too many":             {422, "invalid", "PUT", path + "/items/A", `{"quantity":100}`, match},
		"not whole":            {422, "invalid", "PUT", path + "/items/A", `{"quantity":1.5}`, match},
		"a price":              {422, "invalid", "PUT", path + "/items/A", `{"quantity":1,"price":"0.01"}`, match},
		"another currency":     {422, "invalid", "PUT", path + "/items/DEAR", `{"quantity":1}`, match},
		"no such product":      {404, "not-found", "PUT", path + "/items/NONE", `{"quantity":1}`, match},
		"the catalog is full":  {503, "unavailable", "PUT", path + "/items/BUSY", `{"quantity":1}`, match},
		"not in the cart":      {404, "not-found", "DELETE", path + "/items/A", "", match},
		"no such cart":         {404, "not-found", "GET", "/api/cart/0198c9a5-0000-7000-8000-000000000000", "", nil},
		"no cart's id":         {422, "invalid", "GET", "/api/cart/7", "", nil},
		"wrong method":         {405, "", "PATCH", path, "", nil},
		"not JSON":             {415, "", "PUT", path + "/items/A", `quantity=1`, []string{"If-Match", tag, "Content-Type", "application/x-www-form-urlencoded"}},
		"unknown to create":    {422, "invalid", "POST", "/api/cart", `{"total":1}`, key()},
		"an unknown parameter": {422, "invalid", "GET", path + "?x=1", "", nil},
	} {
		w := h.Ask(c.method, c.path, c.body, c.header...)
		var p struct {
			Type, TraceID string
			Status        int
		}
		err := json.Unmarshal(w.Body.Bytes(), &p)
		want := "about:blank"
		if c.slug != "" {
			want = "urn:emporium:problem:" + c.slug
		}
		if w.Code != c.code || err != nil || p.Status != c.code || p.Type != want || p.TraceID == "" || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %v %s (%v), want a problem with %d", name, w.Code, w.Header(), w.Body, err, c.code)
		}
		if c.code == 503 && w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: nobody says when to come back", name)
		}
	}
	if w := h.Ask("GET", path, ""); w.Header().Get("ETag") != tag {
		t.Errorf("a refusal changed the cart: %s", w.Body)
	}
}

func TestACartIsBounded(t *testing.T) {
	h := serve(t)
	path, tag := begin(t, h)
	for n := range mostLines {
		w := h.Ask("PUT", fmt.Sprintf("%s/items/S%d", path, n), `{"quantity":99}`, "If-Match", tag)
		if tag = w.Header().Get("ETag"); w.Code != 200 {
			t.Fatalf("line %d: %d %s", n, w.Code, w.Body)
		}
	}
	if w := h.Ask("PUT", path+"/items/MORE", `{"quantity":1}`, "If-Match", tag); w.Code != 422 || !strings.Contains(w.Body.String(), "urn:emporium:problem:cart-full") {
		t.Errorf("one line too many: %d %s", w.Code, w.Body)
	}
	if w := h.Ask("PUT", path+"/items/S0", `{"quantity":1}`, "If-Match", tag); w.Code != 200 {
		t.Errorf("a line of a full cart: %d %s", w.Code, w.Body)
	}
}

func TestACartCountsInTheShopsCurrency(t *testing.T) {
	h := serve(t, "SHOP_CURRENCY", "JPY")
	w := h.Ask("POST", "/api/cart", "", "Idempotency-Key", uuid.NewString())
	if !strings.Contains(w.Body.String(), `"total":{"amount":"0","currency":"JPY"}`) {
		t.Errorf("%s", w.Body)
	}
	put := h.Ask("PUT", w.Header().Get("Location")+"/items/DEAR", `{"quantity":2}`, "If-Match", w.Header().Get("ETag"))
	if put.Code != 200 || !strings.Contains(put.Body.String(), `"total":{"amount":"2580","currency":"JPY"}}`) {
		t.Errorf("%d %s", put.Code, put.Body)
	}
}

func TestTheDescriptionIsTheCodes(t *testing.T) { servicetest.OpenAPI(t, Service()) }

func TestTheContractIsKept(t *testing.T) { serve(t).Contract(t) }

// The catalog may tell more, and one day less: then this test is red, and no customer meets it.
func TestWhatIsReadOfAProductIsPromised(t *testing.T) {
	clienttest.Reads[productBody](t, catalogsDocument, oneProduct)
}
