package load

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// office answers staff at a path with some JSON. Whoever is not staff is told so.
func office(t *testing.T, answers map[string]any) Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.Path
		if cursor := r.URL.Query().Get("cursor"); cursor != "" {
			path += "?" + cursor
		}
		said, there := answers[path]
		switch {
		case r.Header.Get("Authorization") != "Bearer t":
			w.WriteHeader(http.StatusUnauthorized)
			said = map[string]any{"title": "Who are you?"}
		case !there:
			w.WriteHeader(http.StatusNotFound)
			said = map[string]any{"title": "There is no such thing"}
		}
		json.NewEncoder(w).Encode(said)
	}))
	t.Cleanup(server.Close)
	return Client{URL: server.URL, Token: "t"}
}

type object = map[string]any

func listed(id string, minutes int) object {
	return object{"id": id, "state": "paid", "placedAt": at(minutes * 60000)}
}

// Whose an order is need be asked only where no customer was told of it, and old orders are not ours.
func TestOrdersAreReadPageByPage(t *testing.T) {
	c := office(t, map[string]any{
		"/api/orders/staff":    object{"items": []object{listed("o3", 3), listed("o2", 2)}, "next": "2"},
		"/api/orders/staff?2":  object{"items": []object{listed("o1", 1), listed("o0", -60)}, "next": "3"}, // a third page would be not found
		"/api/orders/staff/o2": object{"email": emailOf("k2")},
	})
	found, err := c.Orders(t.Context(), begin, those(so(bought("k1"), func(p *Purchase) { p.Order = "o1" }), so(bought("k3"), func(p *Purchase) { p.Order = "o3" })))
	if err != nil {
		t.Fatal(err)
	}
	want := []Placed{{"o3", "paid", "", at(180000)}, {"o2", "paid", emailOf("k2"), at(120000)}, {"o1", "paid", "", at(60000)}}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("want - / got +:\n%s", diff)
	}
}

func TestBooksAreRead(t *testing.T) {
	c := office(t, map[string]any{
		"/api/books":            object{"balanced": false, "comparedAt": at(0), "pending": 2, "rules": []object{{"rule": "charged-once", "open": 1}, {"rule": "saga-ends", "open": 0}}},
		"/api/books/violations": object{"items": []object{{"rule": "charged-once", "object": "order ACME-1", "detail": "2 charges"}}},
	})
	b, err := c.Books(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&Books{ComparedAt: at(0), Pending: 2, ChargedTwice: 1, Said: []string{"charged-once: order ACME-1: 2 charges"}}, b); diff != "" {
		t.Errorf("want - / got +:\n%s", diff)
	}
}

func TestAShopWithoutBooksHasNone(t *testing.T) {
	if b, err := office(t, nil).Books(t.Context()); b != nil || err != nil {
		t.Errorf("%+v, %v", b, err)
	}
	stranger := office(t, nil)
	stranger.Token = "x"
	if _, err := stranger.Books(t.Context()); err == nil || !strings.Contains(err.Error(), "401 Who are you?") {
		t.Errorf("who may not see them is told %v", err)
	}
}

// A round that began before the last order says nothing of it.
func TestBooksSettleWithTwoRoundsAfterTheLastOrder(t *testing.T) {
	var s settling
	seen := func(ms, pending int) bool {
		return s.sees(&Books{Balanced: true, ComparedAt: at(ms), Pending: pending})
	}
	for n, look := range []struct {
		ms, pending int
		settled     bool
	}{{0, 0, false}, {0, 0, false}, {100, 0, false}, {200, 1, false}, {200, 0, true}} {
		if seen(look.ms, look.pending) != look.settled {
			t.Errorf("look %d: they settle too early, or too late", n)
		}
	}
	if !new(settling).sees(nil) {
		t.Error("books that are not there are waited for")
	}
}

func TestABalanceThatIsOlderThanTheOrdersIsNone(t *testing.T) {
	for rounds, want := range []bool{false, false, true} {
		b := &Books{Balanced: true}
		(&settling{rounds: rounds}).judge(b)
		if b.Balanced != want || want != (len(b.Said) == 0) {
			t.Errorf("after %d rounds: %+v", rounds, b)
		}
	}
}
