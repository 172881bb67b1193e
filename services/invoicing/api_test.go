package invoicing

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestTheDescriptionIsThatOfTheCode(t *testing.T) { servicetest.OpenAPI(t, Service()) }

// C24: an invoice is shown to the customer, and to whoever has the order's token; to all others it is not there.
func TestC24InvoicesOfOthersAreInvisible(t *testing.T) {
	s := serve(t)
	p, invoice := s.sold()
	other, _ := s.sold()
	anna, berta := accesstest.Customer(t, "anna"), accesstest.Customer(t, "berta")
	never := own + "/" + uuid.NewString()
	for _, form := range []string{"", "/ubl", "/page"} {
		at := own + "/" + invoice.ID.String() + form
		for name, c := range map[string]struct {
			status int
			path   string
			header []string
		}{
			"the customer":             {200, at, []string{"Authorization", anna}},
			"the token":                {200, at + "?token=" + p.Token, nil},
			"the token in a header":    {200, at, []string{"X-Order-Token", p.Token}},
			"somebody else":            {404, at, []string{"Authorization", berta}},
			"the token of another":     {404, at + "?token=" + other.Token, nil},
			"a guess":                  {404, at + "?token=x", nil},
			"nobody":                   {401, at, nil},
			"staff, at the wrong door": {401, at, []string{"Authorization", accesstest.Staff(t, "invoicing:read")}},
			"what never was":           {404, never + form, []string{"Authorization", anna}},
			"no id":                    {422, own + "/x" + form, []string{"Authorization", anna}},
		} {
			if a := s.send("GET", c.path, "", c.header...); a.status != c.status {
				t.Errorf("%s%s: %d %s, want %d", name, form, a.status, a.text, c.status)
			}
		}
		there := s.send("GET", at, "", "Authorization", berta)
		not := s.send("GET", never+form, "", "Authorization", berta)
		if blank(there.text, invoice.ID.String()) != blank(not.text, strings.TrimPrefix(never, own+"/")) {
			t.Errorf("what is not yours is told apart from what is not there:\n%s\n%s", there.text, not.text)
		}
	}
}

// blank is a problem without what differs in each: the id that was asked for, and the trace.
func blank(text, id string) string {
	text = strings.ReplaceAll(text, id, "")
	before, after, _ := strings.Cut(text, `"traceId":"`)
	_, after, _ = strings.Cut(after, `"`)
	return before + after
}

func TestTheInvoiceIsReadAsJSONAsUBLAndAsAPage(t *testing.T) {
	s := serve(t)
	_, invoice := s.sold()
	for _, door := range []func(string) answered{
		func(form string) answered {
			return s.send("GET", own+"/"+invoice.ID.String()+form, "", "Authorization", accesstest.Customer(t, "anna"))
		},
		func(form string) answered { return s.read(staff + "/" + invoice.ID.String() + form) },
	} {
		if a := door(""); a.status != 200 || a.Number != invoice.Number || a.Totals != invoice.Totals || a.header.Get("ETag") == "" {
			t.Errorf("JSON: %+v", a)
		}
		if a := door("/ubl"); a.text != invoice.UBL || a.header.Get("Content-Type") != "application/xml" || a.header.Get("Content-Disposition") != `attachment; filename="`+invoice.Number+`.xml"` {
			t.Errorf("UBL: %+v", a)
		}
		if a := door("/page"); !strings.Contains(a.text, invoice.Number) || a.header.Get("Content-Type") != "text/html; charset=utf-8" || a.header.Get("Referrer-Policy") != "no-referrer" ||
			!strings.HasPrefix(a.header.Get("Content-Security-Policy"), "default-src 'none'") || !strings.Contains(a.header.Get("Cache-Control"), "no-store") {
			t.Errorf("page: %+v", a)
		}
	}
}

func TestAnOrderHasItsInvoiceAndItsCreditNotes(t *testing.T) {
	s := serve(t)
	p, invoice := s.sold()
	taken(t, s.db, p.refunded(t, 1000, true))
	a := s.send("GET", root+"/orders/"+p.Order.String()+"?token="+p.Token, "")
	if a.status != 200 || len(a.Items) != 2 || a.Items[0].ID != invoice.ID || a.Items[1].Kind != CreditNote || a.Items[1].Corrects.ID != invoice.ID || a.Items[1].Total != euro(1000) {
		t.Errorf("%d %s", a.status, a.text)
	}
	waits := basket()
	taken(t, s.db, waits.placed(t))
	for name, c := range map[string]struct {
		status int
		path   string
		header []string
	}{
		"not paid":      {404, root + "/orders/" + waits.Order.String() + "?token=" + waits.Token, nil},
		"somebody else": {404, root + "/orders/" + p.Order.String(), []string{"Authorization", accesstest.Customer(t, "berta")}},
		"nobody":        {401, root + "/orders/" + p.Order.String(), nil},
	} {
		if a := s.send("GET", c.path, "", c.header...); a.status != c.status {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
}

// Lists hold only one's own; staff sees all, page by page, the newest first.
func TestInvoicesAreListed(t *testing.T) {
	s := serve(t)
	var want []string
	for range 5 {
		_, invoice := s.sold()
		want = append([]string{invoice.Number}, want...)
	}
	foreign := basket()
	foreign.Customer = "berta"
	taken(t, s.db, foreign.placed(t), foreign.paid(t), foreign.refunded(t, 100, true))
	walk := func(path string, read func(string) answered) (got []string) {
		for next := ""; ; {
			a := read(path + next)
			if a.status != 200 {
				t.Fatalf("%d %s", a.status, a.text)
			}
			for _, i := range a.Items {
				got = append(got, i.Number)
			}
			if a.Next == "" {
				return got
			}
			next = "&cursor=" + a.Next
		}
	}
	mine := func(path string) answered {
		return s.send("GET", path, "", "Authorization", accesstest.Customer(t, "anna"))
	}
	if got := walk(own+"?limit=2", mine); !slices.Equal(got, want) {
		t.Errorf("one's own: %v, want %v", got, want)
	}
	all := append([]string{"CN-2026-000001", "2026-000006"}, want...)
	for path, want := range map[string][]string{
		staff + "?limit=2": all, staff + "?limit=3&kind=invoice": all[1:], staff + "?limit=1&kind=credit-note": all[:1],
		staff + "?limit=1&order=" + foreign.Order.String(): all[:2], staff + "?limit=1&order=" + uuid.NewString(): nil,
	} {
		if got := walk(path, s.read); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	next := s.read(staff + "?limit=2").Next
	if a := s.read(staff + "?limit=2&kind=invoice&cursor=" + next); a.status != 400 {
		t.Errorf("a cursor of another filter: %d %s", a.status, a.text)
	}
}

// C37 e and C36 over HTTP: the pan, the pan again, shipping, the rest; a key has one number.
func TestC37StaffCreditsLinesOnce(t *testing.T) {
	s := serve(t)
	_, invoice := s.sold()
	pan, key := `{"lines":[{"line":3,"quantity":1}],"reason":"Scratched"}`, []string{"Idempotency-Key", uuid.NewString()}
	first := s.credit(invoice.ID, pan, key...)
	if first.status != 201 || first.Number != "CN-2026-000001" || first.Totals.Gross != euro(3990) || first.header.Get("Location") != staff+"/"+first.ID.String() {
		t.Fatalf("%d %s", first.status, first.text)
	}
	if again := s.credit(invoice.ID, pan, key...); again.status != 201 || again.text != first.text {
		t.Errorf("the same key: %d %s", again.status, again.text)
	}
	if a := s.read(first.header.Get("Location")); a.status != 200 || a.text != first.text {
		t.Errorf("%d %s, made %s", a.status, a.text, first.text)
	}
	for _, c := range []struct {
		status int
		body   string
		gross  int64
	}{
		{409, pan, 0}, {201, `{"shipping":true,"reason":"Late"}`, 495}, {409, `{"shipping":true,"reason":"Late"}`, 0},
		{201, `{"all":true,"reason":"All of it"}`, 1748}, {409, `{"all":true,"reason":"All of it"}`, 0},
	} {
		if a := s.credit(invoice.ID, c.body); a.status != c.status || (c.status == 201 && a.Totals.Gross != euro(c.gross)) {
			t.Errorf("%s: %d %s", c.body, a.status, a.text)
		}
	}
}

// C30: two of 40.00 of 62.33 at once: one is credited.
func TestC30TwoCreditsAtOnceAreNoMoreThanTheInvoice(t *testing.T) {
	s := serve(t)
	for round := range 10 {
		p, invoice := s.sold()
		var both sync.WaitGroup
		statuses := make([]int, 2)
		for n := range statuses {
			both.Go(func() {
				statuses[n] = s.credit(invoice.ID, `{"amount":{"amount":"40.00","currency":"EUR"},"reason":"Sorry"}`).status
			})
		}
		both.Wait()
		slices.Sort(statuses)
		if !slices.Equal(statuses, []int{201, 409}) || len(issued(t, s.db, p)) != 2 {
			t.Errorf("round %d: %v", round, statuses)
		}
	}
}

// What staff credited before the money went back is not credited again.
func TestARefundOfWhatStaffCreditedIsOneCreditNote(t *testing.T) {
	s := serve(t)
	p, invoice := s.sold()
	if a := s.credit(invoice.ID, `{"lines":[{"line":3,"quantity":1}],"reason":"Sent back"}`); a.status != 201 {
		t.Fatal(a.text)
	}
	taken(t, s.db, p.refunded(t, 3990, true))
	if all := issued(t, s.db, p); len(all) != 2 {
		t.Errorf("%v", numbers(all))
	}
	taken(t, s.db, p.refunded(t, 100, true))
	if all := issued(t, s.db, p); len(all) != 3 || all[2].Totals.Gross != euro(100) {
		t.Errorf("%v", numbers(all))
	}
}

func TestWhatIsRefusedCreditsNothing(t *testing.T) {
	s := serve(t)
	p, invoice := s.sold()
	note := s.credit(invoice.ID, `{"amount":{"amount":"1.00","currency":"EUR"},"reason":"Sorry"}`)
	at := staff + "/" + invoice.ID.String() + "/credit-notes"
	good, write, key := `{"all":true,"reason":"x"}`, accesstest.Staff(t, "invoicing:write"), uuid.NewString()
	for name, c := range map[string]struct {
		status             int
		kind, path, body   string
		authorization, key string
	}{
		"nobody":                    {401, "unauthenticated", at, good, "", key},
		"a customer":                {403, "forbidden", at, good, accesstest.Customer(t, "anna"), key},
		"staff who may only read":   {403, "forbidden", at, good, accesstest.Staff(t, "invoicing:read"), key},
		"no key":                    {400, "malformed", at, good, write, ""},
		"nothing":                   {422, "invalid", at, `{"reason":"x"}`, write, key},
		"two things":                {422, "invalid", at, `{"all":true,"shipping":true,"reason":"x"}`, write, key},
		"no reason":                 {422, "invalid", at, `{"all":true,"reason":" "}`, write, key},
		"no line of the invoice":    {422, "invalid", at, `{"lines":[{"line":4,"quantity":1}],"reason":"x"}`, write, key},
		"none of a line":            {422, "invalid", at, `{"lines":[{"line":1,"quantity":0}],"reason":"x"}`, write, key},
		"more than was bought":      {409, "conflict", at, `{"lines":[{"line":1,"quantity":2}],"reason":"x"}`, write, key},
		"a line twice":              {409, "conflict", at, `{"lines":[{"line":1,"quantity":1},{"line":1,"quantity":1}],"reason":"x"}`, write, key},
		"more than is left":         {409, "conflict", at, `{"amount":{"amount":"61.34","currency":"EUR"},"reason":"x"}`, write, key},
		"dollars":                   {422, "invalid", at, `{"amount":{"amount":"1.00","currency":"USD"},"reason":"x"}`, write, key},
		"nothing of euros":          {422, "invalid", at, `{"amount":{"amount":"0.00","currency":"EUR"},"reason":"x"}`, write, key},
		"a credit note":             {404, "not-found", staff + "/" + note.ID.String() + "/credit-notes", good, write, key},
		"what never was":            {404, "not-found", staff + "/" + uuid.NewString() + "/credit-notes", good, write, key},
		"a field that is not known": {422, "invalid", at, `{"all":true,"reason":"x","number":"1"}`, write, key},
	} {
		var header []string
		if c.authorization != "" {
			header = append(header, "Authorization", c.authorization)
		}
		if c.key != "" {
			header = append(header, "Idempotency-Key", fmt.Sprintf("%s-%x", c.key, name))
		}
		if a := s.send("POST", c.path, c.body, header...); a.status != c.status || !strings.Contains(a.text, "urn:emporium:problem:"+c.kind+`"`) {
			t.Errorf("%s: %d %s, want %d %s", name, a.status, a.text, c.status, c.kind)
		}
	}
	if all := issued(t, s.db, p); len(all) != 2 {
		t.Errorf("a refusal credited something: %v", numbers(all))
	}
	for _, path := range []string{staff, staff + "/" + invoice.ID.String(), staff + "/" + invoice.ID.String() + "/ubl", staff + "/" + invoice.ID.String() + "/page"} {
		if a := s.send("GET", path, "", "Authorization", accesstest.Customer(t, "anna")); a.status != 403 {
			t.Errorf("a customer at %s: %d", path, a.status)
		}
	}
}
