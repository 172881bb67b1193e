package analytics

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestTheDescriptionIsThatOfTheCode(t *testing.T) { servicetest.OpenAPI(t, Service()) }

const june = "?from=2026-06-01&until=2026-06-03"

func TestStaffSeesWhatWasSold(t *testing.T) {
	s := serve(t)
	p, other := buys(t, noon), buys(t, noon.AddDate(0, 0, 1))
	other.sku, other.units, other.currency = "=HYPERLINK(\"x\")", 7, "CHF"
	s.takes(t, p.placed(), other.placed(), p.says(events.OrderPaid, noon), p.redeems("TEN", noon), other.releases("undone", noon))
	s.rolls(t)
	sum := s.ask("GET", root+june, "")
	if sum.status != 200 || sum.Orders.Placed != 2 || len(sum.Revenue) != 2 || sum.Revenue[1].Gross.Amount != "23.80" || sum.Holds.Conversion != "66.7" || sum.TimeZone != "Europe/Berlin" {
		t.Errorf("%s", sum.text)
	}
	first := s.ask("GET", root+"/days"+june+"&limit=1", "")
	second := s.ask("GET", root+"/days"+june+"&limit=1&cursor="+first.Next, "")
	if len(first.Items) != 1 || first.Items[0].Day != "2026-06-01" || first.Items[0].Orders.Placed != 1 || len(second.Items) != 1 || second.Items[0].Day != "2026-06-02" || second.Next != "" {
		t.Errorf("%s\n%s", first.text, second.text)
	}
	top := s.ask("GET", root+"/products"+june+"&limit=1", "")
	next := s.ask("GET", root+"/products"+june+"&limit=1&cursor="+top.Next, "")
	if len(top.Items) != 1 || top.Items[0].Units != 7 || len(next.Items) != 1 || next.Items[0].SKU != "KIT-1001" || next.Next != "" {
		t.Errorf("%s\n%s", top.text, next.text)
	}
	if a := s.ask("GET", root+"/coupons"+june, ""); len(a.Items) != 1 || a.Items[0].Coupon != "TEN" || a.Items[0].Uses != 1 {
		t.Errorf("%s", a.text)
	}
	for day, want := range map[string]int{"2026-03-29": 23, "2026-10-25": 25, "2026-06-01": 24} {
		if a := s.ask("GET", root+"/hours?limit=100&day="+day, ""); len(a.Items) != want {
			t.Errorf("%s has %d hours, want %d", day, len(a.Items), want)
		}
	}
}

// A table that staff opens in a spreadsheet computes nothing that a product's name says.
func TestATableForSpreadsheets(t *testing.T) {
	s := serve(t)
	p := buys(t, noon)
	p.sku = `=cmd|'/C calc'!A0`
	s.takes(t, p.placed(), p.redeems("@SUM(A1)", noon))
	s.rolls(t)
	for name, want := range map[string]string{
		"products": "sku,units,units cancelled,currency,amount\r\n'=cmd|'/C calc'!A0,2,0,EUR,18.90\r\n",
		"coupons":  "coupon,uses,currency,amount\r\n'@SUM(A1),1,EUR,1.00\r\n",
		"days":     "2026-06-01,24,1,0,0,0,0,1,0,0,100.0,EUR,23.80,20.00,3.80,4.90,1.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00\r\n2026-06-02,24,0",
	} {
		if a := s.ask("GET", root+"/"+name+".csv"+june, ""); a.status != 200 || !strings.Contains(a.text, want) {
			t.Errorf("%s: %d %q, want %q", name, a.status, a.text, want)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	s := serve(t)
	if _, err := s.db.Exec(t.Context(), `UPDATE analytics.state SET horizon = '2026-01-01'`); err != nil {
		t.Fatal(err)
	}
	other := s.ask("GET", root+"/days"+june+"&limit=1", "").Next
	for name, c := range map[string]struct {
		status       int
		method, path string
		header       []string
	}{
		"nobody":                {401, "GET", root, []string{"Authorization", ""}},
		"a customer":            {403, "GET", root + "/products", []string{"Authorization", accesstest.Customer(t, "anna")}},
		"other staff":           {403, "GET", root + "/days.csv", []string{"Authorization", accesstest.Staff(t, "orders:read")}},
		"who may only read":     {403, "POST", root + "/rebuilds", []string{"Authorization", accesstest.Staff(t, "analytics:read"), "Idempotency-Key", uuid.NewString()}},
		"an empty range":        {422, "GET", root + "?from=2026-06-01&until=2026-06-01", nil},
		"no day":                {422, "GET", root + "/days?from=2026-02-30", nil},
		"no day for a table":    {422, "GET", root + "/days.csv?from=x", nil},
		"too many days":         {422, "GET", root + "/coupons?from=2020-01-01", nil},
		"hours of a closed day": {422, "GET", root + "/hours?day=2025-12-31", nil},
		"a foreign cursor":      {400, "GET", root + "/days?cursor=x", nil},
		"of another range":      {400, "GET", root + "/days?cursor=" + other, nil},
		"of another list":       {400, "GET", root + "/products" + june + "&cursor=x", nil},
		"never asked":           {404, "GET", root + "/rebuilds/0198c9a5-0000-7000-8000-000000000000", nil},
	} {
		body := ""
		if c.method == "POST" {
			body = "{}"
		}
		if a := s.ask(c.method, c.path, body, c.header...); a.status != c.status {
			t.Errorf("%s: %d %s, want %d", name, a.status, a.text, c.status)
		}
	}
}

// Asked twice by one key it is done once; the answer says how many figures were wrong.
func TestStaffHasTheFiguresMadeAnew(t *testing.T) {
	s := serve(t)
	s.takes(t, buys(t, noon).placed())
	s.rolls(t)
	if _, err := s.db.Exec(t.Context(), `UPDATE analytics.rollups SET value = 9 WHERE measure = 'placed' AND grain = 'day'`); err != nil {
		t.Fatal(err)
	}
	key := uuid.NewString()
	asked, again := s.ask("POST", root+"/rebuilds", "{}", "Idempotency-Key", key), s.ask("POST", root+"/rebuilds", "{}", "Idempotency-Key", key)
	if asked.status != 201 || asked.at != root+"/rebuilds/"+asked.ID || again.ID != asked.ID {
		t.Fatalf("%+v, then %+v", asked, again)
	}
	if a := s.ask("GET", asked.at, ""); a.status != 200 || a.Differing != nil {
		t.Errorf("before it is done: %s", a.text)
	}
	if err := s.rebuildAsked(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := s.ask("GET", asked.at, ""); a.Differing == nil || *a.Differing != 1 {
		t.Errorf("%s", a.text)
	}
	if a := s.ask("GET", root+june, ""); a.Orders.Placed != 1 {
		t.Errorf("%s", a.text)
	}
}
