package shop

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/books"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgserver"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

// ledger is a shop whose books are compared all the time, with what tests do to them.
type ledger struct {
	*Shop
	t     *testing.T
	db    *pgx.Conn
	staff string
}

func keepBooks(t *testing.T) *ledger {
	t.Helper()
	s := begin(t, Options{Environment: map[string]string{
		"BOOKS_EVERY": "100ms", "BOOKS_LISTS": "0s", "BOOKS_WHOLE": "0s", "BOOKS_SKEW": "500ms", "BOOKS_LAG": "2s", "LOG_LEVEL": "error",
	}})
	db, err := pgx.Connect(t.Context(), s.database.own.URL(Name, pgserver.Superuser))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close(context.Background()) })
	token, err := s.Token("staff", "jo", "books:read books:write", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return &ledger{s, t, db, "Bearer " + token}
}

// post makes something, and reads the answer.
func (l *ledger) post(path, body string, out any) string {
	l.t.Helper()
	res, text := ask(l.t, "POST", l.URL()+path, body, "Idempotency-Key", uuid.NewString())
	if res.StatusCode != 201 {
		l.t.Fatalf("POST %s: %d %s", path, res.StatusCode, text)
	}
	if err := json.Unmarshal([]byte(text), out); err != nil {
		l.t.Fatal(err)
	}
	return res.Header.Get("ETag")
}

type placed struct{ Order, Number, Token string }

// buys places an order as a customer does; coupons are as they are typed.
func (l *ledger) buys(coupons string) (o placed) {
	l.t.Helper()
	var cart, quote struct{ ID, Hash string }
	tag := l.post("/api/cart", "{}", &cart)
	if res, text := ask(l.t, "PUT", l.URL()+"/api/cart/"+cart.ID+"/items/KIT-1001", `{"quantity":2}`, "If-Match", tag); res.StatusCode != 200 {
		l.t.Fatalf("filling a cart: %d %s", res.StatusCode, text)
	}
	l.post("/api/checkout/quotes", fmt.Sprintf(`{"cart":%q,"country":"DE","coupons":[%s]}`, cart.ID, coupons), &quote)
	l.post("/api/checkout/orders", fmt.Sprintf(`{"quote":%q,"hash":%q,"card":"tok_visa","email":"ann@example.org","locale":"en",
		"address":{"name":"Ann","street":"Main Street 1","postcode":"10115","city":"Berlin","country":"DE"}}`, quote.ID, quote.Hash), &o)
	return o
}

type stand struct {
	Balanced, Complete      bool
	Compared, Pending, Open int64
}

func (l *ledger) stands() (s stand) {
	l.t.Helper()
	res, text := ask(l.t, "GET", l.URL()+"/api/books", "", "Authorization", l.staff)
	if res.StatusCode != 200 || json.Unmarshal([]byte(text), &s) != nil {
		l.t.Fatalf("the books: %d %s", res.StatusCode, text)
	}
	return s
}

// balances waits until nothing is open or under way.
func (l *ledger) balances(what string) {
	l.t.Helper()
	servicetest.Eventually(l.t, "the books balance: "+what, func() bool { s := l.stands(); return s.Balanced && s.Pending == 0 })
}

type violation struct{ ID, Rule, Object, Detail, Mend string }

func (l *ledger) violations(rule string) []violation {
	l.t.Helper()
	var page struct{ Items []violation }
	res, text := ask(l.t, "GET", l.URL()+"/api/books/violations?state=open&limit=100&rule="+rule, "", "Authorization", l.staff)
	if res.StatusCode != 200 || json.Unmarshal([]byte(text), &page) != nil {
		l.t.Fatalf("violations: %d %s", res.StatusCode, text)
	}
	return page.Items
}

// breaks waits until a rule is broken by something that is named so.
func (l *ledger) breaks(rule, object string) (found violation) {
	l.t.Helper()
	servicetest.Eventually(l.t, rule+" is broken by "+object, func() bool {
		for _, v := range l.violations(rule) {
			if found = v; strings.Contains(v.Object, object) {
				return true
			}
		}
		return false
	})
	return found
}

func (l *ledger) exec(sql string, args ...any) {
	l.t.Helper()
	if _, err := l.db.Exec(l.t.Context(), sql, args...); err != nil {
		l.t.Fatalf("%s: %v", sql, err)
	}
}

// check is the release check, with what the operator tells it.
func (l *ledger) check() error {
	services, err := json.Marshal([]map[string]string{{"name": "books", "url": l.rooms["books"].url()}})
	if err != nil {
		l.t.Fatal(err)
	}
	environment := map[string]string{"SHOP": Name, "SHOP_SERVICES": string(services), "SHOP_SERVICE_KEY": string(l.own["books"].Private())}
	return books.Service().Commands["check"](l.t.Context(), func(name string) string { return environment[name] }, nil)
}

// Orders are placed, one is cancelled, and every book says the same. Then one row of
// one book is written past its service: the comparison names the rule and the thing.
func TestBooksBalanceAndARowThatIsWrittenPastAServiceIsNamed(t *testing.T) {
	l := keepBooks(t)
	first, second, gone := l.buys(""), l.buys(`"TEN"`), l.buys(`"ONCE"`)
	var none struct{}
	l.post("/api/orders/"+gone.Order+"/cancellations?token="+gone.Token, "{}", &none)
	servicetest.Eventually(t, "orders are paid, and cancelled", func() bool {
		var paid int
		err := l.db.QueryRow(t.Context(), `SELECT count(*) FROM orders.orders WHERE (id = $1 AND state = 'cancelled') OR (id <> $1 AND state = 'paid')`, gone.Order).Scan(&paid)
		return err == nil && paid == 3
	})
	l.balances("orders that were placed and cancelled")
	if err := l.check(); err != nil {
		t.Errorf("the check of books that balance: %v", err)
	}
	saga, payment := "", ""
	if err := l.db.QueryRow(t.Context(), `SELECT saga::text, payment::text FROM orders.orders WHERE id = $1`, first.Order).Scan(&saga, &payment); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ rule, object, spoil, mend string }{
		{"order-captured", first.Number, `UPDATE orders.orders SET total_minor = total_minor + 1 WHERE saga = $1`, `UPDATE orders.orders SET total_minor = total_minor - 1 WHERE saga = $1`},
		{"as-the-provider", payment, `UPDATE payments.payments SET released = 1, amount = amount + 1 WHERE saga = $1::uuid::text`, `UPDATE payments.payments SET released = 0, amount = amount - 1 WHERE saga = $1::uuid::text`},
		{"ledger-balances", "at the provider", `UPDATE psp_fake.authorizations SET captured = captured - 1 WHERE reference LIKE $1::text || ':%'`, `UPDATE psp_fake.authorizations SET captured = captured + 1 WHERE reference LIKE $1::text || ':%'`},
		{"order-holds-its-goods", first.Number, `UPDATE inventory.holds SET state = 'cancelled' WHERE saga = $1`, `UPDATE inventory.holds SET state = 'committed' WHERE saga = $1`},
		{"stock-is-its-ledger", "KIT-1001", `UPDATE inventory.stock SET on_hand = on_hand - 1 WHERE sku = 'KIT-1001' AND $1 <> ''`, `UPDATE inventory.stock SET on_hand = on_hand + 1 WHERE sku = 'KIT-1001' AND $1 <> ''`},
		{"coupon-used-as-redeemed", "TEN", `UPDATE promotions.coupons SET used = used + 1 WHERE code = 'TEN' AND $1 <> ''`, `UPDATE promotions.coupons SET used = used - 1 WHERE code = 'TEN' AND $1 <> ''`},
		{"saga-ends", "checkout", `UPDATE checkout.sagas SET progress = jsonb_set(progress, '{state}', '"undone"') WHERE id = $1`, `UPDATE checkout.sagas SET progress = jsonb_set(progress, '{state}', '"placed"') WHERE id = $1`},
	} {
		l.exec(c.spoil, saga)
		v := l.breaks(c.rule, c.object)
		if v.Mend == "" || v.Detail == "" {
			t.Errorf("%s does not say what it is: %+v", c.rule, v)
		}
		l.exec(c.mend, saga)
		l.balances(c.rule + " is mended")
	}
	// What is deleted is missed, too.
	l.exec(`CREATE TABLE public.kept (LIKE notifications.mails)`)
	l.exec(`INSERT INTO public.kept SELECT * FROM notifications.mails WHERE order_id = $1 AND kind = 'placed'`, second.Order)
	l.exec(`DELETE FROM notifications.mails WHERE order_id = $1 AND kind = 'placed'`, second.Order)
	l.breaks("order-confirmed", second.Number)
	l.exec(`INSERT INTO notifications.mails SELECT * FROM public.kept`)
	l.balances("the mail is there again")
}

// A violation stops the check of a release until it is mended, or staff say that they know of it; who is away is named.
func TestTheCheckOfAReleaseStopsForWhatNobodyAccepted(t *testing.T) {
	l := keepBooks(t)
	l.buys("")
	l.balances("an order")
	// Charged twice: the provider has another authorisation of the same checkout, and took the money.
	again := uuid.New()
	l.exec(`INSERT INTO psp_fake.authorizations (id, reference, minor, currency, state, card, captured)
		SELECT $1, reference || ':2', 100, currency, state, card, 100 FROM psp_fake.authorizations LIMIT 1`, again)
	l.exec(`INSERT INTO psp_fake.ledger (movement, authorization_id, account, minor, currency)
		SELECT $2, $1::uuid, account, minor, 'EUR' FROM (VALUES ('held', 100), ('promised', -100), ('held', -100), ('promised', 100), ('merchant', 100), ('cardholder', -100)) AS e(account, minor)`, again, uuid.New())
	l.breaks("charged-once", again.String())
	err := l.check()
	if err == nil || !strings.Contains(err.Error(), "do not balance") || !strings.Contains(err.Error(), "charge ") {
		t.Errorf("the check of books that do not balance: %v", err)
	}
	servicetest.Eventually(t, "staff accept what they know, and it stops no release", func() bool {
		for _, v := range append(append(l.violations("charged-once"), l.violations("as-the-provider")...), l.violations("")...) {
			at := l.URL() + "/api/books/violations/" + v.ID
			seen, _ := ask(t, "GET", at, "", "Authorization", l.staff)
			res, text := ask(t, "PUT", at+"/acceptance", `{"reason":"refunded by telephone"}`, "Authorization", l.staff, "If-Match", seen.Header.Get("ETag"))
			if res.StatusCode != 200 && res.StatusCode != 412 {
				t.Errorf("accepting: %d %s", res.StatusCode, text)
			}
		}
		return l.check() == nil
	})
	l.rooms["psp-fake"].close()
	if err := l.check(); err == nil || !strings.Contains(err.Error(), "away: psp-fake") {
		t.Errorf("the check without the provider: %v", err)
	}
	l.rooms["books"].close()
	if err := l.check(); err == nil || !strings.Contains(err.Error(), "the books are away") {
		t.Errorf("the check without the books: %v", err)
	}
}
