package returns

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestTheDescriptionIsThatOfTheCode(t *testing.T) { servicetest.OpenAPI(t, Service()) }

// announces is the body of the first step.
func announces(order uuid.UUID, line, quantity string) string {
	return `{"order":"` + order.String() + `","lines":[{"line":` + line + `,"quantity":` + quantity + `}],"reason":"Too small"}`
}

// confirmed is a return that anna announced and confirmed.
func (s *shop) confirmed(order uuid.UUID, line, quantity string) answered {
	s.t.Helper()
	a := s.send("POST", root, announces(order, line, quantity), s.anna()...)
	if a.status != 201 || a.State != Announced || a.at != ownRoot+"/"+a.ID.String() {
		s.t.Fatalf("announcing: %d %s", a.status, a.text)
	}
	if a = s.send("POST", ownRoot+"/"+a.ID.String()+"/confirmations", "", s.anna()...); a.status != 201 || a.State != Confirmed {
		s.t.Fatalf("confirming: %d %s", a.status, a.text)
	}
	return a
}

// C34 as the shop sees it: two steps and a receipt, goods that come in two lots, each refunded and told once.
func TestC34FromTheWithdrawalToTheRefund(t *testing.T) {
	s := serve(t)
	order := s.store.sent(t)
	first := s.send("POST", root, announces(order, "1", "3"), s.anna()...)
	if receipt := s.send("GET", ownRoot+"/"+first.ID.String()+"/receipt", "", s.anna()...); receipt.status != 404 {
		t.Errorf("a receipt of what was not confirmed: %d %s", receipt.status, receipt.text)
	}
	if early := s.send("POST", staffRoot+"/"+first.ID.String()+"/acceptances", `{"lines":[{"line":1,"sellable":1}]}`, s.jo()...); early.status != 409 {
		t.Errorf("accepted before it was confirmed: %d %s", early.status, early.text)
	}
	r := s.confirmed(order, "1", "3")
	at := staffRoot + "/" + r.ID.String() + "/acceptances"
	receipt := s.send("GET", ownRoot+"/"+r.ID.String()+"/receipt", "", s.anna()...)
	if receipt.status != 200 || !strings.Contains(receipt.text, "3 × Pan (A)") || !strings.Contains(receipt.text, "10001") {
		t.Errorf("%d %s", receipt.status, receipt.text)
	}
	if again := s.send("POST", ownRoot+"/"+r.ID.String()+"/confirmations", "", s.anna()...); again.status != 201 || again.text != r.text {
		t.Errorf("confirmed again: %d %s", again.status, again.text)
	}
	if late := s.send("POST", ownRoot+"/"+first.ID.String()+"/confirmations", "", s.anna()...); late.status != 409 {
		t.Errorf("the same goods by another announcement: %d %s", late.status, late.text)
	}
	same := append(s.jo(), "Idempotency-Key", uuid.NewString())
	for range 2 { // the same receipt again changes nothing
		a := s.send("POST", at, `{"lines":[{"line":1,"sellable":1,"damaged":1}]}`, same[0], same[1], same[2], same[3])
		if a.status != 201 || a.Refunded.Amount != "20.00" || a.Lines[0].Sellable != 1 || a.Lines[0].Damaged != 1 {
			t.Fatalf("%d %s", a.status, a.text)
		}
	}
	if more := s.send("POST", at, `{"lines":[{"line":1,"sellable":2}]}`, s.jo()...); more.status != 409 || !strings.Contains(more.text, "There are 1 left.") {
		t.Errorf("two more: %d %s", more.status, more.text)
	}
	if last := s.send("POST", at, `{"lines":[{"line":1,"damaged":1}]}`, s.jo()...); last.status != 201 || last.State != Completed || last.Refunded.Amount != "30.00" {
		t.Errorf("%d %s", last.status, last.text)
	}
	told := s.store.outboxed(t, events.ReturnAccepted)
	if len(told) != 2 || told[0].Subject != r.ID.String() {
		t.Fatalf("%d told: %+v", len(told), told)
	}
	var got Acceptance
	if err := told[0].Into(&got); err != nil || got.Order != order || got.Return != r.ID || len(got.Lines) != 2 || got.Lines[0].Gross != euro(1000) || got.Refund != euro(2000) {
		t.Errorf("%+v (%v)", got, err)
	}
	if strings.Contains(string(told[0].Data), "anna") {
		t.Errorf("personal data is told: %s", told[0].Data)
	}
	whole := s.confirmed(order, "2", "1")
	if a := s.send("POST", staffRoot+"/"+whole.ID.String()+"/acceptances", `{"lines":[{"line":2,"sellable":1}]}`, s.jo()...); a.Refunded.Amount != "9.90" {
		t.Errorf("the last goods bring shipping back: %d %s", a.status, a.text)
	}
}

// C24: to all but the customer and whoever has the token an order's returns are not there.
func TestReturnsOfOthersAreInvisible(t *testing.T) {
	s := serve(t)
	order, other := s.store.sent(t), s.store.sent(t)
	r := s.confirmed(order, "1", "1")
	berta := accesstest.Customer(t, "berta")
	for _, c := range []struct {
		name   string
		status int
		header []string
	}{
		{"the customer", 200, s.anna()}, {"the token", 200, []string{"X-Order-Token", "t-" + order.String()}}, {"somebody else", 404, []string{"Authorization", berta}},
		{"the token of another", 404, []string{"X-Order-Token", "t-" + other.String()}}, {"a guess", 404, []string{"X-Order-Token", "x"}}, {"nobody", 401, nil}, {"staff, at the wrong door", 401, s.jo()},
	} {
		for _, path := range []string{ownRoot + "/" + r.ID.String(), ownRoot + "/" + r.ID.String() + "/receipt", root + "/orders/" + order.String()} {
			if a := s.send("GET", path, "", c.header...); a.status != c.status {
				t.Errorf("%s, %s: %d %s", c.name, path, a.status, a.text)
			}
		}
		if c.status == 200 {
			continue
		}
		if a := s.send("POST", root, announces(order, "1", "1"), c.header...); a.status != c.status {
			t.Errorf("%s announces: %d %s", c.name, a.status, a.text)
		}
		if a := s.send("POST", ownRoot+"/"+r.ID.String()+"/confirmations", "", c.header...); a.status != c.status {
			t.Errorf("%s confirms: %d %s", c.name, a.status, a.text)
		}
	}
	for _, path := range []string{"/acceptances", "/closures"} {
		if a := s.send("POST", staffRoot+"/"+r.ID.String()+path, `{"lines":[{"line":1,"sellable":1}],"note":"x"}`, s.anna()...); a.status != 401 && a.status != 403 {
			t.Errorf("anna does what staff does: %d %s", a.status, a.text)
		}
	}
	if a := s.send("POST", staffRoot+"/"+r.ID.String()+"/acceptances", `{"lines":[{"line":1,"sellable":1}]}`, "Authorization", accesstest.Staff(t, "returns:read")); a.status != 403 {
		t.Errorf("staff that may read accepts: %d %s", a.status, a.text)
	}
}

// Of many who withdraw the last pieces at once, as many succeed as there are pieces.
func TestOfManyWhoReturnTheSameGoodsAsManyDoAsThereAre(t *testing.T) {
	s := serve(t)
	order := s.store.sent(t)
	var ids []uuid.UUID
	for range 8 {
		ids = append(ids, s.send("POST", root, announces(order, "1", "2"), s.anna()...).ID)
	}
	results := make([]int, len(ids))
	var all sync.WaitGroup
	for n, id := range ids {
		all.Go(func() { results[n] = s.send("POST", ownRoot+"/"+id.String()+"/confirmations", "", s.anna()...).status })
	}
	all.Wait()
	won := 0
	for _, status := range results {
		switch status {
		case 201:
			won++
		case 409:
		default:
			t.Errorf("%d", status)
		}
	}
	if won != 1 {
		t.Errorf("%d returns of two of three", won)
	}
}

// What the page of an order needs: what is left, until when, and why not.
func TestWhatOfAnOrderCanBeReturned(t *testing.T) {
	s := serve(t)
	order := uuid.New()
	at := root + "/orders/" + order.String()
	s.store.takes(t, bought(t, order))
	if a := s.send("GET", at, "", s.anna()...); a.status != 200 || a.Open || !strings.Contains(a.Why, "cancel it") {
		t.Errorf("%d %s", a.status, a.text)
	}
	if a := s.send("POST", root, announces(order, "1", "1"), s.anna()...); a.status != 409 {
		t.Errorf("not sent: %d %s", a.status, a.text)
	}
	s.store.takes(t, arrives(t, order, 1, time.Now().UTC()))
	r := s.confirmed(order, "1", "1")
	if a := s.send("GET", at, "", s.anna()...); !a.Open || a.LastDay != "" || len(a.Lines) != 2 || a.Lines[0].Left != 2 || len(a.Returns) != 1 || a.Returns[0].ID != r.ID {
		t.Errorf("%d %s", a.status, a.text)
	}
	s.store.takes(t, arrives(t, order, 3, time.Now().UTC().AddDate(0, 0, -30)))
	if a := s.send("GET", at, "", s.anna()...); !a.Open || a.LastDay == "" {
		t.Errorf("all arrived, the last today: %d %s", a.status, a.text)
	}
	old := uuid.New()
	s.store.takes(t, bought(t, old), arrives(t, old, 4, time.Now().UTC().AddDate(0, 0, -30)))
	if a := s.send("POST", root, announces(old, "1", "1"), s.anna()...); a.status != 409 || !strings.Contains(a.text, "last day") {
		t.Errorf("too late: %d %s", a.status, a.text)
	}
	if a := s.send("POST", staffRoot, announces(old, "1", "1"), s.jo()...); a.status != 201 || a.State != Confirmed {
		t.Errorf("as a courtesy: %d %s", a.status, a.text)
	}
	if a := s.send("POST", staffRoot, `{"declaredAt":"2999-01-01T00:00:00Z",`+announces(old, "1", "1")[1:], s.jo()...); a.status != 422 {
		t.Errorf("declared tomorrow: %d %s", a.status, a.text)
	}
}

// A return whose goods do not come is closed, and its goods can be returned again.
func TestAClosedReturnGivesItsGoodsFree(t *testing.T) {
	s := serve(t)
	order := s.store.sent(t)
	r := s.confirmed(order, "1", "3")
	at := staffRoot + "/" + r.ID.String()
	s.send("POST", at+"/acceptances", `{"lines":[{"line":1,"sellable":1}]}`, s.jo()...)
	if a := s.send("POST", at+"/closures", `{"note":"It did not come."}`, s.jo()...); a.status != 201 || a.State != Closed || a.Refunded.Amount != "10.00" {
		t.Errorf("%d %s", a.status, a.text)
	}
	if a := s.send("POST", at+"/acceptances", `{"lines":[{"line":1,"sellable":1}]}`, s.jo()...); a.status != 409 {
		t.Errorf("%d %s", a.status, a.text)
	}
	if a := s.send("POST", root, announces(order, "1", "3"), s.anna()...); a.status != 409 {
		t.Errorf("one of the three came back: %d %s", a.status, a.text)
	}
	if a := s.confirmed(order, "1", "2"); a.Worth.Amount != "20.00" {
		t.Errorf("%d %s", a.status, a.text)
	}
	if a := s.send("GET", staffRoot+"?state=closed&order="+order.String(), "", s.jo()...); len(a.Items) != 1 || a.Items[0].ID != r.ID {
		t.Errorf("%d %s", a.status, a.text)
	}
	for _, bad := range []string{`{}`, `{"lines":[]}`, `{"lines":[{"line":1,"quantity":1}]}`, `{"order":"x","lines":[{"line":1,"quantity":1}]}`, announces(order, "0", "1"), announces(order, "1", "-1"), announces(order, "1", "1.5")} {
		if a := s.send("POST", root, bad, s.anna()...); a.status != 422 {
			t.Errorf("%s: %d %s", bad, a.status, a.text)
		}
	}
}
