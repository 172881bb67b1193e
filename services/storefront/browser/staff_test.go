package browser

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"
)

// asks reads what the shop tells staff with a scope.
func (s *selling) asks(t *testing.T, path, scope string, into any) {
	t.Helper()
	token, err := s.services.Token("staff", "jo", scope, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.services.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(into); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("asking for %s: %d, %v", path, res.StatusCode, err)
	}
}

// list is what staff sees of orders, and of mails: so much of both as is looked at.
type list struct {
	Items []struct{ ID, Order, Kind string }
}

// everyOrderHasItsMail wants one mail for each order that Chromium placed, and none for anything else.
func (s *selling) everyOrderHasItsMail(t *testing.T) {
	var orders, mails list
	s.asks(t, "/api/orders/staff?limit=100", "orders:read", &orders)
	if len(orders.Items) < 5 { // four looks and a keyboard at least
		t.Fatalf("Chromium placed %d orders", len(orders.Items))
	}
	until(t, "the mails come", func() bool {
		s.asks(t, "/api/notifications/mails?to=jane@example.org&limit=100", "notifications:read", &mails)
		told := map[string]int{}
		for _, m := range mails.Items {
			if m.Kind == "placed" {
				told[m.Order]++
			}
		}
		for _, o := range orders.Items {
			if told[o.ID] != 1 {
				return false
			}
		}
		return len(told) == len(orders.Items)
	})
}

// theBooksBalance wants a comparison that began after the last order, with nothing left under way.
func (s *selling) theBooksBalance(t *testing.T) {
	began, rounds := time.Time{}, 0
	var books struct {
		Balanced, Complete bool
		ComparedAt         time.Time
		Pending, Open      int
	}
	until(t, "the books balance", func() bool {
		s.asks(t, "/api/books", "books:read", &books)
		if books.ComparedAt.After(began) {
			began = books.ComparedAt
			rounds++
		}
		return rounds > 2 && books.Complete && books.Pending == 0
	})
	if !books.Balanced || books.Open != 0 {
		t.Errorf("the books after all that Chromium bought: %+v", books)
	}
}
