package promotions

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
)

// The books see each redemption as it is now, what changed last at the end, and each coupon with what its redemptions add up to.
func TestTheBooksSeeRedemptionsAndCoupons(t *testing.T) {
	accesstest.Service(t, "books") // its key is one of the shop's
	s := serve(t)
	s.coupon(`"code":"TEN","uses":3,` + tenEuros)
	first, second := s.redeem("TEN", uuid.NewString(), uuid.NewString(), ""), s.redeem("TEN", uuid.NewString(), uuid.NewString(), "")
	s.step(first.ID, "commit", `{"order":"`+uuid.NewString()+`"}`)
	books := []string{"Authorization", accesstest.Service(t, "books")}
	page := s.send("GET", booksRoot+"/redemptions?limit=1", "", books...)
	next := s.send("GET", booksRoot+"/redemptions?limit=1&cursor="+page.Next, "", books...)
	if len(page.Items) != 1 || page.Items[0].ID != second.ID || len(next.Items) != 1 || next.Items[0].ID != first.ID || next.Next != "" {
		t.Fatalf("%s, then %s", page.text, next.text)
	}
	if !strings.Contains(next.text, `"state":"committed"`) || !strings.Contains(next.text, `"coupons":[{"coupon":"TEN","amount":{"amount":"10.00","currency":"EUR"}}]`) {
		t.Errorf("%s", next.text)
	}
	s.step(second.ID, "release", "")
	var since struct{ Since string }
	if err := json.Unmarshal([]byte(next.text), &since); err != nil || since.Since == "" {
		t.Errorf("%s (%v)", next.text, err)
	}
	if changed := s.send("GET", booksRoot+"/redemptions?cursor="+since.Since, "", books...); len(changed.Items) != 1 || changed.Items[0].ID != second.ID {
		t.Errorf("what changed since: %s", changed.text)
	}
	coupons := s.send("GET", booksRoot+"/coupons", "", books...)
	if coupons.status != 200 || !strings.Contains(coupons.text, `"used":1,"redeemed":1,"uses":3`) {
		t.Errorf("%s", coupons.text)
	}
	for _, path := range []string{"/redemptions", "/coupons"} {
		if a := s.send("GET", booksRoot+path, ""); a.status != 403 {
			t.Errorf("staff read %s: %d", path, a.status)
		}
		if a := s.send("GET", booksRoot+path+"?cursor=x", "", books...); a.status != 400 {
			t.Errorf("a foreign cursor of %s: %d", path, a.status)
		}
	}
}
