package storefront

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
)

// parcelShop is a world whose storefront knows returns: one order of three lamps, of which one return can be made.
type parcelShop struct {
	*world
	order, made string
	state       string
	asked       []returnWish
	keys        []string
	closed      string // why nothing can be returned
}

func newParcelShop(t *testing.T) *parcelShop {
	t.Helper()
	p := &parcelShop{world: newWorld(t), order: uuid.NewString(), made: uuid.NewString(), state: "announced"}
	double := clienttest.Double(t, "../returns/openapi.json", map[string]http.HandlerFunc{
		"GET /api/returns/orders/{id}": p.mine(p.ofOrder), "GET /api/returns/own/{id}": p.mine(p.one),
		"POST /api/returns": p.mine(p.announce), "POST /api/returns/own/{id}/confirmations": p.mine(p.confirm),
	})
	p.start(t, "RETURNS_URL", double.URL)
	return p
}

// mine answers who shows the order's token, in its header and nowhere else.
func (p *parcelShop) mine(next http.HandlerFunc) http.HandlerFunc {
	return func(out http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if r.Header.Get("X-Order-Token") != aToken || r.URL.RawQuery != "" {
			clienttest.Problem(out, http.StatusNotFound)
			return
		}
		next(out, r)
	}
}

func (p *parcelShop) wire() map[string]any {
	b := map[string]any{"id": p.made, "order": p.order, "state": p.state, "worth": money{"20.00", "EUR"}, "refunded": money{"0.00", "EUR"}, "announcedAt": "2026-11-27T10:00:00Z",
		"lines": []any{map[string]any{"line": 1, "sku": "LAMP-1", "name": "Brass <lamp>", "quantity": 2, "sellable": 0, "damaged": 0}}}
	if p.state != "announced" {
		b["confirmedAt"] = "2026-11-27T10:05:00Z"
	}
	return b
}

func (p *parcelShop) ofOrder(out http.ResponseWriter, r *http.Request) {
	if r.PathValue("id") != p.order {
		clienttest.Problem(out, http.StatusNotFound)
		return
	}
	b := map[string]any{"order": p.order, "number": "ACME-1", "open": p.closed == "", "lastDay": "2026-12-11", "returns": []any{},
		"lines": []any{map[string]any{"line": 1, "sku": "LAMP-1", "name": "Brass <lamp>", "bought": 3, "left": 3, "total": money{"30.00", "EUR"}}}}
	if p.closed != "" {
		b["why"] = p.closed
	}
	if p.state != "announced" {
		b["returns"] = []any{p.wire()}
	}
	clienttest.JSON(out, 200, b)
}

func (p *parcelShop) one(out http.ResponseWriter, r *http.Request) {
	if r.PathValue("id") != p.made {
		clienttest.Problem(out, http.StatusNotFound)
		return
	}
	clienttest.JSON(out, 200, p.wire())
}

func (p *parcelShop) announce(out http.ResponseWriter, r *http.Request) {
	var wish returnWish
	if err := json.NewDecoder(r.Body).Decode(&wish); err != nil || wish.Lines[0].Quantity > 3 {
		clienttest.Problem(out, http.StatusConflict)
		return
	}
	p.asked, p.keys = append(p.asked, wish), append(p.keys, r.Header.Get("Idempotency-Key"))
	clienttest.JSON(out, 201, p.wire())
}

func (p *parcelShop) confirm(out http.ResponseWriter, _ *http.Request) {
	p.state = "confirmed"
	clienttest.JSON(out, 201, p.wire())
}

func (p *parcelShop) page() string { return "/orders/" + p.order + "/returns?token=" + aToken }

// A withdrawal has two steps: what, and then the word; before that nothing has happened.
func TestAWithdrawalHasTwoStepsAndAReceipt(t *testing.T) {
	p := newParcelShop(t)
	p.get(t, p.page()).want(t, 200, "Brass &lt;lamp&gt;: how many of 3", "until 11 December 2026", `name="line-1"`).lacks(t, "<lamp>")
	attempt := uuid.NewString()
	second := p.post(t, p.page(), "attempt="+attempt+"&line-1=2&reason=Too+small")
	second.want(t, 200, "Confirm your withdrawal", "2 × Brass &lt;lamp&gt;", "€20.00", `method="post"`).lacks(t, "receipt")
	if len(p.asked) != 1 || p.asked[0].Order != p.order || p.asked[0].Reason != "Too small" || p.asked[0].Lines[0] != (returnWishLine{1, 2}) || p.keys[0] != attempt || p.state != "announced" {
		t.Errorf("asked %+v by %v, %s", p.asked, p.keys, p.state)
	}
	at := "/orders/" + p.order + "/returns/" + p.made + "?token=" + aToken
	p.post(t, at, "").want(t, 200, "We wait for the goods", "27 November 2026, 10:05 UTC", "/api/returns/own/"+p.made+"/receipt?token="+aToken)
	p.get(t, p.page()).want(t, 200, "Your returns", "2 × Brass &lt;lamp&gt;")
}

func TestWhatIsWrongWithAReturnIsSaidOnItsPage(t *testing.T) {
	p := newParcelShop(t)
	for fields, code := range map[string]int{"": 422, "line-1=0": 422, "line-1=-1": 422, "line-1=1.5": 422, "line-1=x": 422, "line-1=1&reason=" + strings.Repeat("x", 501): 422, "line-1=4": 409} {
		p.post(t, p.page(), fields).want(t, code, `role="alert"`, "Send something back")
	}
	if len(p.asked) != 0 {
		t.Errorf("asked %+v", p.asked)
	}
	p.set(func() { p.closed = "The last day to withdraw from the order was 2026-06-19." })
	p.get(t, p.page()).want(t, 200, "The last day to withdraw").lacks(t, "<form class=\"sheet\"")
}

// C24: without the order's token there is nothing, and returns of other orders are not shown under this one.
func TestReturnsOfOthersAreNotThere(t *testing.T) {
	p := newParcelShop(t)
	other := uuid.NewString()
	for _, path := range []string{
		"/orders/" + p.order + "/returns", "/orders/" + p.order + "/returns?token=other", "/orders/x/returns?token=" + aToken, "/orders/" + other + "/returns?token=" + aToken,
		"/orders/" + p.order + "/returns/x?token=" + aToken, "/orders/" + other + "/returns/" + p.made + "?token=" + aToken, "/orders/" + p.order + "/returns/" + p.made + "?token=" + url.QueryEscape("é"),
	} {
		p.get(t, path).want(t, 404).lacks(t, "lamp&gt;")
	}
	if w := newWorld(t); w.get(t, p.page()).code != 404 {
		t.Error("a shop without returns has the page")
	}
}
