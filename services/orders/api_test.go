package orders

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestTheDescriptionIsThatOfTheCode(t *testing.T) { servicetest.OpenAPI(t, Service()) }

func TestTheContractIsKept(t *testing.T) { serve(t).Contract(t) }

var private = regexp.MustCompile(`"(traceId|instance|detail)":"(\\.|[^"\\])*",?`)

// C24: what is somebody else's is told as what is not there.
func TestC24OrdersOfOthersAreInvisible(t *testing.T) {
	d := serve(t)
	a, b, guest := placement(), placement(), placement()
	a.Customer, b.Customer = "anna", "ben"
	mine, theirs, third := d.place(a), d.place(b), d.place(guest)
	anna := []string{"Authorization", accesstest.Customer(t, "anna")}
	none := d.ask("GET", pathOf(uuid.New(), ""), nil, anna...)
	for name, c := range map[string]struct {
		status int
		path   string
		header []string
	}{
		"her own":                        {200, pathOf(mine.ID, ""), anna},
		"another customer's":             {404, pathOf(theirs.ID, ""), anna},
		"a guest's, by a customer":       {404, pathOf(third.ID, ""), anna},
		"nobody":                         {401, pathOf(mine.ID, ""), nil},
		"nobody, of nothing":             {401, pathOf(uuid.New(), ""), nil},
		"a guest's with its token":       {200, pathOf(third.ID, "?token="+third.Token), nil},
		"the same in a header":           {200, pathOf(third.ID, ""), []string{"X-Order-Token", third.Token}},
		"with the token of another one":  {404, pathOf(theirs.ID, "?token="+third.Token), nil},
		"a token of no order":            {404, pathOf(third.ID, "?token=x"), nil},
		"nothing, with a token":          {404, pathOf(uuid.New(), "?token="+third.Token), nil},
		"staff read by a path of theirs": {200, root + "/staff/" + theirs.ID.String(), []string{"Authorization", accesstest.Staff(t, "orders:read")}},
		"customers do not":               {403, root + "/staff/" + theirs.ID.String(), anna},
	} {
		got := d.ask("GET", c.path, nil, c.header...)
		if got.status != c.status {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
		if c.status == 404 && private.ReplaceAllString(got.text, "") != private.ReplaceAllString(none.text, "") {
			t.Errorf("%s differs from what is not there:\n%s\n%s", name, got.text, none.text)
		}
	}
	if got := d.post(pathOf(theirs.ID, "/cancellations"), nil, anna...); got.status != 404 {
		t.Errorf("she cancels another's: %d %s", got.status, got.text)
	}
	if list := d.ask("GET", root, nil, anna...); len(list.Items) != 1 || list.Items[0].ID != mine.ID {
		t.Errorf("her orders: %s", list.text)
	}
}

func TestC24AGuestFindsAnOrderAndNobodyGuessesOne(t *testing.T) {
	url := pgtest.URL(t, schema())
	replicas := []*desk{serveAt(t, url), serveAt(t, url)}
	o := replicas[0].place(placement())
	look := func(n int, number, email string) answered {
		return replicas[n%2].ask("POST", root+"/lookups", lookupBody{number, email}, "X-Forwarded-For", "192.0.2.7, 198.51.100.1")
	}
	if got := look(0, strings.ToLower(o.Number)+" ", "jane@example.ORG"); got.status != 200 || got.ID != o.ID || got.Token != o.Token {
		t.Fatalf("%d %s", got.status, got.text)
	}
	if got := look(1, o.Number, ""); got.status != 422 {
		t.Errorf("the number alone: %d %s", got.status, got.text)
	}
	for n := range 10 {
		if got := look(n, o.Number, fmt.Sprintf("jane%d@example.org", n)); got.status != 404 {
			t.Fatalf("a wrong address: %d %s", got.status, got.text)
		}
	}
	res, text := replicas[1].Whole(t, "POST", root+"/lookups", `{"number":"ACME-1","email":"x@example.org"}`, "X-Forwarded-For", "203.0.113.9, 198.51.100.1")
	if res.StatusCode != 429 || res.Header.Get("Retry-After") == "" || !strings.Contains(string(text), "too-many-requests") {
		t.Errorf("the eleventh of one client, with another number: %d %s", res.StatusCode, text)
	}
	if got := replicas[0].ask("POST", root+"/lookups", lookupBody{o.Number, "Jane@Example.org"}, "X-Forwarded-For", "203.0.113.9"); got.status != 429 {
		t.Errorf("the right one, of the number that was guessed at: %d", got.status)
	}
}

func TestC33AnOrderIsCancelledOnceAndNotAfterShipping(t *testing.T) {
	d := serve(t)
	o, db := d.place(free()), d.db()
	token := []string{"X-Order-Token", o.Token}
	other := d.place(placement())
	staff := []string{"Authorization", accesstest.Staff(t, "orders:write")}
	if got := d.post(pathOf(other.ID, "/shipments"), nil, staff...); got.status != 409 {
		t.Errorf("sent before it is paid: %d %s", got.status, got.text)
	}
	for n := range 2 {
		if got := d.post(pathOf(other.ID, "/cancellations"), cancelBody{"too late"}, "X-Order-Token", other.Token); got.status != 201 || got.State != "cancelled" {
			t.Errorf("cancel %d: %d %s", n, got.status, got.text)
		}
	}
	if got := outboxed(t, db, other.ID); len(got) != 2 {
		t.Errorf("told %v", got)
	}
	if got := d.post(pathOf(o.ID, "/shipments"), shipmentBody{"post", "1Z"}, staff...); got.status != 201 || got.State != "sent" {
		t.Errorf("%d %s", got.status, got.text)
	}
	if got := d.post(pathOf(o.ID, "/cancellations"), nil, token...); got.status != 409 {
		t.Errorf("cancelled after it was sent: %d %s", got.status, got.text)
	}
	if got := d.ask("GET", pathOf(o.ID, ""), nil, token...); got.State != "sent" || !strings.Contains(got.text, `"tracking":"1Z"`) || !strings.Contains(got.text, `"cancellable":false`) {
		t.Errorf("%s", got.text)
	}
	if got := outboxed(t, db, o.ID); len(got) != 3 {
		t.Errorf("told %v", got)
	}
}

// Staff cancels what customers may, says why, and is told whom to ask for a refund; customers are told neither.
func TestStaffCancelsAnOrderAndKnowsItsPayment(t *testing.T) {
	d := serve(t)
	p := placement()
	o := d.place(p)
	at := root + "/staff/" + o.ID.String()
	reads, writes := []string{"Authorization", accesstest.Staff(t, "orders:read")}, []string{"Authorization", accesstest.Staff(t, "orders:write")}
	if got := d.ask("GET", at, nil, reads...); !strings.Contains(got.text, `"payment":"`+p.Payment.String()+`"`) {
		t.Errorf("staff is not told the payment: %s", got.text)
	}
	if got := d.ask("GET", pathOf(o.ID, ""), nil, "X-Order-Token", o.Token); got.status != 200 || strings.Contains(got.text, `"payment"`) {
		t.Errorf("its customer is told the payment: %s", got.text)
	}
	for name, c := range map[string]struct {
		body   any
		header []string
		status int
	}{
		"who may only read":  {staffCancelBody{"telephone"}, reads, 403},
		"with the token":     {staffCancelBody{"telephone"}, []string{"X-Order-Token", o.Token}, 401},
		"without a reason":   {staffCancelBody{}, writes, 422},
		"of nothing at all":  {nil, writes, 422},
		"staff, with a word": {staffCancelBody{"sold by telephone"}, writes, 201},
		"once more":          {staffCancelBody{"sold by telephone"}, writes, 201},
	} {
		if got := d.post(at+"/cancellations", c.body, c.header...); got.status != c.status && !(c.body == nil && got.status == 400) {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
	}
	if got := d.ask("GET", at, nil, reads...); got.State != "cancelled" || !strings.Contains(got.text, "sold by telephone") {
		t.Errorf("%s", got.text)
	}
	if got := outboxed(t, d.db(), o.ID); len(got) != 2 {
		t.Errorf("told %v", got)
	}
	if got := d.post(root+"/staff/"+uuid.NewString()+"/cancellations", staffCancelBody{"nothing"}, writes...); got.status != 404 {
		t.Errorf("an order that is not there: %d %s", got.status, got.text)
	}
}

func TestASagaIsAnsweredAgain(t *testing.T) {
	d, p := serve(t), placement()
	key := p.Saga.String() + ":order"
	head := []string{"Authorization", d.checkout(), "Idempotency-Key", key}
	first := d.ask("POST", internal, body(p), head...)
	again := d.ask("POST", internal, body(p), head...)
	if first.status != 201 || again.text != first.text || !again.again || first.again {
		t.Errorf("%s, then %s", first.text, again.text)
	}
	if _, err := d.db().Exec(t.Context(), `DELETE FROM orders.idempotency_keys`); err != nil {
		t.Fatal(err)
	}
	if late := d.ask("POST", internal, body(p), head...); late.status != 201 || late.ID != first.ID || late.Token != first.Token {
		t.Errorf("after a day: %s", late.text)
	}
	asked := d.post(internal+"/refusals", refusalBody{p.Saga}, "Authorization", d.checkout())
	if asked.status != 201 || asked.Order == nil || asked.Order.ID != first.ID {
		t.Errorf("the saga has an order: %s", asked.text)
	}
	never := placement()
	if got := d.post(internal+"/refusals", refusalBody{never.Saga}, "Authorization", d.checkout()); got.status != 201 || got.Order != nil {
		t.Errorf("%s", got.text)
	}
	if got := d.post(internal, body(never), "Authorization", d.checkout()); got.status != 409 {
		t.Errorf("placed after it was refused: %d %s", got.status, got.text)
	}
}

func TestWhatIsRefusedMakesNoOrder(t *testing.T) {
	d := serve(t)
	spoiled := func(change func(*placementBody)) placementBody {
		b := body(placement())
		change(&b)
		return b
	}
	for name, c := range map[string]struct {
		status int
		body   placementBody
		who    string
	}{
		"nobody":             {401, body(placement()), ""},
		"another service":    {403, body(placement()), accesstest.Service(t, "tax")},
		"a customer":         {403, body(placement()), accesstest.Customer(t, "anna")},
		"a wrong sum":        {422, spoiled(func(b *placementBody) { b.Total = euros(1) }), d.checkout()},
		"no line":            {422, spoiled(func(b *placementBody) { b.Lines = []lineBody{} }), d.checkout()},
		"no number":          {422, spoiled(func(b *placementBody) { b.Lines[0].Quantity = 0 }), d.checkout()},
		"no mail address":    {422, spoiled(func(b *placementBody) { b.Email = "x" }), d.checkout()},
		"a country in words": {422, spoiled(func(b *placementBody) { b.Address.Country = "Germany" }), d.checkout()},
	} {
		var head []string
		if c.who != "" {
			head = []string{"Authorization", c.who}
		}
		if got := d.post(internal, c.body, head...); got.status != c.status {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
	}
	books := []string{"Authorization", accesstest.Service(t, "books")}
	if list := d.ask("GET", internal+"/books", nil, books...); list.status != 200 || len(list.Items) != 0 {
		t.Errorf("%s", list.text)
	}
	o := d.place(placement())
	list := d.ask("GET", internal+"/books", nil, books...)
	if len(list.Items) != 1 || list.Items[0].Order != o.ID || strings.Contains(strings.ToLower(list.text), "jane") || !json.Valid([]byte(list.text)) {
		t.Errorf("the books: %s", list.text)
	}
}
