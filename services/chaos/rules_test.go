package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
)

// fixture is one order with coupon, payment, goods and mails, in the books of all services: c1 has it, c2 was refused.
const fixture = `
	INSERT INTO cart.prices SELECT DISTINCT ON (sku) sku, currency, price_minor, valid_from FROM pricing.prices;
	INSERT INTO orders.orders (id, number, token, saga, cart, quote, hold, payment, email, address, currency, shipping_minor, discount_minor, total_minor, tax_minor, taxes, redemptions, state, placed_at, changed_at)
		VALUES (u(1), 'ACME-1', 'x', u(2), u(3), u(4), u(5), u(6), 'c1@chaos.example', '{}', 'EUR', 490, 100, 2000, 300, '[]', '[{}]', 'paid', now(), now());
	INSERT INTO orders.lines VALUES (u(1), 1, 'KIT-1001', 'Pot', 2, 800, 1510, 200);
	INSERT INTO orders.order_events VALUES (u(1), 1, 1, 'placed', NULL, now()), (u(1), 2, 1, 'paid', NULL, now());
	INSERT INTO checkout.sagas (id, quote, state, progress, request) VALUES (u(2), u(4), 'placed', '{}', '{}');
	INSERT INTO psp_fake.authorizations (id, reference, minor, currency, state, card, captured) VALUES (u(7), u(2) || ':authorize', 2000, 'EUR', 'authorized', 'tok_visa', 2000);
	INSERT INTO psp_fake.ledger (movement, authorization_id, account, minor, currency) VALUES (u(8), u(7), 'merchant', 2000, 'EUR'), (u(8), u(7), 'cardholder', -2000, 'EUR');
	INSERT INTO payments.payments (id, saga, order_id, currency, amount, authorized, captured) VALUES (u(6), u(2)::text, u(1), 'EUR', 2000, true, 2000);
	INSERT INTO payments.attempts (id, payment_id, kind, reference, amount, currency, outcome, due_at) VALUES (u(9), u(6), 'authorize', u(2) || ':authorize', 2000, 'EUR', 'done', now());
	INSERT INTO payments.ledger (movement, payment_id, account, minor, currency) VALUES (u(10), u(6), 'provider', 2000, 'EUR'), (u(10), u(6), 'customer', -2000, 'EUR');
	INSERT INTO inventory.holds (id, saga, state, order_id, expires_at, ask_at) VALUES (u(5), u(2), 'committed', u(1), now(), now());
	INSERT INTO inventory.hold_lines VALUES (u(5), 'KIT-1001', 2, 'KIT-1001', 2, 0);
	INSERT INTO inventory.movements (id, sku, quantity, reason, hold) VALUES (u(11), 'KIT-1001', -2, 'sold', u(5));
	UPDATE inventory.stock SET on_hand = on_hand - 2 WHERE sku = 'KIT-1001';
	INSERT INTO notifications.mails (id, order_id, kind, recipient, name, locale, subject, text, message_id, made_at)
		SELECT gen_random_uuid(), u(1), kind, 'c1@chaos.example', '', '', '', '', kind, now() FROM unnest(ARRAY['placed', 'paid']) kind;
	INSERT INTO cart.carts (id, currency, orders) VALUES (u(3), 'EUR', 1);
	INSERT INTO cart.closings (order_id, cart_id) VALUES (u(1), u(3));
	INSERT INTO promotions.redemptions (id, saga, state, order_id, customers) VALUES (u(12), u(2), 'committed', u(1), '{}');
	INSERT INTO promotions.redeemed VALUES (u(12), 'TEN', 100, 'EUR');
	UPDATE promotions.coupons SET used = 1 WHERE code = 'TEN'`

// wrongs is what makes each rule find something.
var wrongs = map[string]string{
	"orders lost": `UPDATE orders.orders SET total_minor = total_minor + 1`,
	"orders with other lines than were agreed":            `UPDATE orders.lines SET quantity = 3`,
	"customers without an answer":                         `UPDATE told SET outcome = 'unanswered' WHERE email LIKE 'c2%'`,
	"orders that were refused":                            `UPDATE told SET outcome = 'refused', why = 'sold-out'`,
	"orders that nobody asked for":                        `UPDATE told SET asked = false`,
	"orders made twice":                                   again,
	"orders whose lines do not make their total":          `UPDATE orders.lines SET total_minor = total_minor - 1`,
	"cancellations that were promised and forgotten":      `UPDATE told SET cancels = 'placed'`,
	"charged twice":                                       `UPDATE psp_fake.authorizations SET minor = 2001, captured = 2001`,
	"paid without an order":                               `DELETE FROM orders.orders`,
	"cancelled and not paid back":                         `UPDATE orders.orders SET state = 'cancelled'`,
	"orders that are not paid to the cent":                `UPDATE psp_fake.authorizations SET captured = 1999`,
	"money still held on cards":                           `UPDATE psp_fake.authorizations SET captured = 1999`,
	"authorisations that payments does not know":          `DELETE FROM payments.attempts`,
	"payments and provider differ":                        `UPDATE payments.payments SET captured = 1999`,
	"the provider's ledger and his authorisations differ": `DELETE FROM psp_fake.ledger`,
	"the ledger of payments and its payments differ":      `DELETE FROM payments.ledger`,
	"ledgers that do not balance":                         `DELETE FROM payments.ledger WHERE minor < 0`,
	"oversold":                                            `UPDATE before SET on_hand = 1 WHERE sku = 'KIT-1001'`,
	"stock that is not what was sold":                     `UPDATE inventory.stock SET on_hand = on_hand + 1 WHERE sku = 'KIT-1001'`,
	"stock that is not the sum of its movements":          `DELETE FROM inventory.movements WHERE reason = 'sold'`,
	"goods that are reserved for nobody":                  `UPDATE inventory.stock SET reserved = 1 WHERE sku = 'KIT-1002'`,
	"holds and orders differ":                             `UPDATE inventory.holds SET state = 'open'`,
	"orders without one mail of each kind":                `DELETE FROM notifications.mails WHERE kind = 'paid'`,
	"mails of no order":                                   `UPDATE notifications.mails SET order_id = u(99) WHERE order_id = u(1) AND kind = 'paid'`,
	"carts that an order did not close once":              `DELETE FROM cart.closings`,
	"carts that closed without an order":                  `UPDATE cart.carts SET id = u(99)`,
	"coupons that are not counted as they were used":      `UPDATE promotions.coupons SET used = 2 WHERE code = 'TEN'`,
	"coupons and orders differ":                           `UPDATE orders.orders SET redemptions = '[]'`,
	"prices that the catalog and carts do not have":       `UPDATE catalog.products SET price_minor = 1 WHERE sku = 'KIT-1002'`,
	"sagas that ended otherwise than their orders":        `UPDATE checkout.sagas SET state = 'undone'`,
}

// again is an order like the one that there is, but for its ids.
const again = `INSERT INTO orders.orders SELECT (jsonb_populate_record(o, jsonb_build_object('id', u(21), 'number', 'ACME-2', 'saga', u(22), 'quote', u(24), 'hold', u(25), 'cart_turn', 1))).*
	FROM orders.orders o`

// TestMain lets the test's own binary be the programs of the shop.
func TestMain(m *testing.M) {
	if name := os.Getenv(programVariable); name != "" {
		runProgram(name)
		return
	}
	os.Exit(m.Run())
}

// books are the tables of all services with the fixture in them, in a transaction that is given up.
func books(t *testing.T) pgx.Tx {
	t.Helper()
	w, err := newWorld(t.Context(), options{seed: 1, dir: filepath.Join(t.TempDir(), "world")})
	if w != nil {
		t.Cleanup(w.close)
	}
	if err != nil {
		t.Fatal(err)
	}
	before, err := w.stock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := w.connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	// No trigger and no foreign key: what must not be is what is tried.
	for _, statement := range []string{`SET session_replication_role = replica`, tables,
		`CREATE FUNCTION public.u(n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT lpad(n::text, 32, '0')::uuid $$`, fixture} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	u := func(n byte) string {
		return "00000000-0000-0000-0000-0000000000" + string([]byte{'0' + n/10, '0' + n%10})
	}
	l := &load{all: []*attempt{
		{email: "c1@chaos.example", asked: true, outcome: placed, order: u(1), number: "ACME-1", cart: u(3), quote: quoted{ID: u(4), Total: amount{"20.00", "EUR"}}},
		{email: "c2@chaos.example", asked: true, outcome: refused, why: "sold-out", cart: u(33), quote: quoted{ID: u(34), Total: amount{"20.00", "EUR"}}},
	}}
	l.all[0].quote.Lines = append(l.all[0].quote.Lines, struct {
		SKU      string `json:"sku"`
		Quantity int64  `json:"quantity"`
	}{"KIT-1001", 2})
	if err := remember(t.Context(), conn, l, before); err != nil {
		t.Fatal(err)
	}
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

func finds(t *testing.T, tx pgx.Tx, r rule) int {
	t.Helper()
	rows, err := tx.Query(t.Context(), r.sql)
	if err != nil {
		t.Fatalf("%s: %v", r.name, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", r.name, err)
	}
	return len(found)
}

// Books that are right are found right, and each rule finds what it is for.
func TestEachRuleFindsWhatItIsFor(t *testing.T) {
	tx := books(t)
	for _, r := range rules {
		if n := finds(t, tx, r); n != 0 {
			t.Errorf("%s: %d in books that are right", r.name, n)
		}
	}
	for _, r := range rules {
		wrong, there := wrongs[r.name]
		if !there {
			t.Errorf("nobody knows what %q finds", r.name)
			continue
		}
		part, err := tx.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Exec(t.Context(), wrong); err != nil {
			t.Fatalf("%s: %v", r.name, err)
		}
		if finds(t, part, r) == 0 {
			t.Errorf("%s: not found after %s", r.name, wrong)
		}
		if err := part.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(wrongs) != len(rules) {
		t.Errorf("%d rules, %d wrongs", len(rules), len(wrongs))
	}
}

// A seed draws the same again, and the short form leaves no kind of process out.
func TestTheShortPlanHasEveryKindOfProcess(t *testing.T) {
	for seed := range uint64(50) {
		w := &world{options: options{seed: seed, kills: 10, short: true}}
		s := &stack{name: "blue"}
		for _, name := range []string{"cart", "catalog", "checkout", "inventory", "orders", "payments"} {
			s.services = append(s.services, &process{name: "blue/" + name})
			s.workers = append(s.workers, &process{name: "blue/" + worker(name)})
		}
		w.stacks = []*stack{s}
		first, kinds := newKiller(w).plan(), map[string]int{}
		for n, name := range newKiller(w).plan() {
			kinds[kindOf(name)]++
			if first[n] != name {
				t.Errorf("seed %d draws %s, then %s", seed, first[n], name)
			}
		}
		if len(kinds) != 4 || len(first) != 10 {
			t.Errorf("seed %d kills %v", seed, kinds)
		}
	}
}
