package main

// rule finds what must not be: each row that it returns is a violation.
type rule struct{ name, sql string }

// rules compare the books of all services with each other and with what customers were told. They know the tables, and no code of the shop.
var rules = []rule{
	{"orders lost", `SELECT t.email || ' was told of ' || t.number FROM told t LEFT JOIN orders.orders o ON o.id = t.order_id
		WHERE t.outcome = 'placed' AND (o.id IS NULL OR (o.number, o.email, o.cart, o.quote, o.total_minor) IS DISTINCT FROM (t.number, t.email, t.cart, t.quote, t.total))`},
	{"orders with other lines than were agreed", `SELECT t.email || ' ' || x.sku FROM told t JOIN (
			(SELECT email, sku, quantity FROM told_lines EXCEPT SELECT o.email, l.sku, l.quantity FROM orders.orders o JOIN orders.lines l ON l.order_id = o.id)
			UNION ALL (SELECT o.email, l.sku, l.quantity FROM orders.orders o JOIN orders.lines l ON l.order_id = o.id EXCEPT SELECT email, sku, quantity FROM told_lines)) x USING (email)
		WHERE t.outcome = 'placed'`},
	{"customers without an answer", `SELECT email FROM told WHERE asked AND outcome = 'unanswered'`},
	{"orders that were refused", `SELECT t.email || ' ' || t.why FROM told t JOIN orders.orders o ON o.email = t.email WHERE t.outcome = 'refused'`},
	{"orders that nobody asked for", `SELECT o.email || ' ' || o.number FROM orders.orders o LEFT JOIN told t ON t.email = o.email AND t.asked AND t.quote = o.quote WHERE t.email IS NULL`},
	{"orders made twice", `SELECT cart::text || ' ' || count(*) FROM orders.orders GROUP BY cart HAVING count(*) > 1`},
	{"orders whose lines do not make their total", `SELECT o.number FROM orders.orders o JOIN orders.lines l ON l.order_id = o.id GROUP BY o.id HAVING o.total_minor <> o.shipping_minor + sum(l.total_minor)`},
	{"cancellations that were promised and forgotten", `SELECT t.email FROM told t JOIN orders.orders o ON o.id = t.order_id WHERE t.cancels = 'placed' AND o.state <> 'cancelled'`},

	{"charged twice", `SELECT c.saga || ' ' || c.taken || ' captures' FROM charged c LEFT JOIN orders.orders o ON o.saga::text = c.saga WHERE c.taken > 1 OR c.net > o.total_minor`},
	{"paid without an order", `SELECT c.saga || ' ' || c.net FROM charged c LEFT JOIN orders.orders o ON o.saga::text = c.saga WHERE o.id IS NULL AND c.net <> 0`},
	{"cancelled and not paid back", `SELECT o.email || ' ' || c.net FROM charged c JOIN orders.orders o ON o.saga::text = c.saga WHERE o.state = 'cancelled' AND c.net <> 0`},
	{"orders that are not paid to the cent", `SELECT o.email || ' ' || o.state || ' ' || coalesce(c.net, 0) || ' of ' || o.total_minor FROM orders.orders o LEFT JOIN charged c ON c.saga = o.saga::text
		WHERE o.state <> 'cancelled' AND coalesce(c.net, 0) <> o.total_minor`},
	{"money still held on cards", `SELECT c.saga || ' ' || c.held FROM charged c WHERE c.held <> 0`},
	{"authorisations that payments does not know", `SELECT a.reference FROM psp_fake.authorizations a LEFT JOIN payments.attempts t ON t.reference = a.reference WHERE t.id IS NULL`},
	{"payments and provider differ", `SELECT p.saga || ': ' || p.captured - p.refunded || ' and ' || coalesce(c.net, 0) FROM payments.payments p LEFT JOIN charged c ON c.saga = p.saga WHERE p.captured - p.refunded <> coalesce(c.net, 0)`},
	{"the provider's ledger and his authorisations differ", `SELECT a.reference FROM psp_fake.authorizations a LEFT JOIN psp_fake.ledger l ON l.authorization_id = a.id WHERE a.state = 'authorized' GROUP BY a.id
		HAVING coalesce(sum(l.minor) FILTER (WHERE l.account = 'merchant'), 0) <> a.captured - a.refunded OR coalesce(sum(l.minor) FILTER (WHERE l.account = 'held'), 0) <> a.minor - a.captured - a.released`},
	{"the ledger of payments and its payments differ", `SELECT p.saga FROM payments.payments p LEFT JOIN payments.ledger l ON l.payment_id = p.id GROUP BY p.id
		HAVING coalesce(sum(l.minor) FILTER (WHERE l.account = 'provider'), 0) <> p.captured - p.refunded`},
	{"ledgers that do not balance", `SELECT 'payments ' || sum(minor) FROM payments.ledger HAVING sum(minor) <> 0 UNION ALL SELECT 'psp-fake ' || sum(minor) FROM psp_fake.ledger HAVING sum(minor) <> 0`},

	{"oversold", `SELECT b.sku || ': ' || s.units || ' of ' || b.on_hand FROM sold s JOIN before b USING (sku) WHERE s.units > b.on_hand
		UNION ALL SELECT sku || ': ' || missing || ' missing' FROM inventory.hold_lines WHERE missing > 0 UNION ALL SELECT sku || ': ' || on_hand FROM inventory.stock WHERE on_hand < 0`},
	{"stock that is not what was sold", `SELECT b.sku || ': ' || b.on_hand || ' less ' || coalesce(s.units, 0) || ' is not ' || st.on_hand FROM before b JOIN inventory.stock st USING (sku) LEFT JOIN sold s USING (sku)
		WHERE b.on_hand - coalesce(s.units, 0) <> st.on_hand`},
	{"stock that is not the sum of its movements", `SELECT st.sku FROM inventory.stock st LEFT JOIN inventory.movements m USING (sku) GROUP BY st.sku HAVING coalesce(sum(m.quantity), 0) <> st.on_hand`},
	{"goods that are reserved for nobody", `SELECT sku || ' ' || reserved || ' ' || short FROM inventory.stock WHERE reserved <> 0 OR short <> 0`},
	{"holds and orders differ", `SELECT o.email || ' ' || o.state || ' ' || coalesce(h.state, 'no hold') FROM orders.orders o LEFT JOIN inventory.holds h ON h.id = o.hold
		WHERE h.order_id IS DISTINCT FROM o.id OR h.state <> CASE o.state WHEN 'cancelled' THEN 'cancelled' ELSE 'committed' END
		UNION ALL SELECT h.id::text || ' ' || h.state FROM inventory.holds h LEFT JOIN orders.orders o ON o.hold = h.id WHERE h.state IN ('committed', 'cancelled') AND o.id IS NULL`},

	{"orders without one mail of each kind", `SELECT o.email || ' ' || k.kind || ': ' || k.mails || ' of ' || k.due FROM orders.orders o CROSS JOIN LATERAL (
			SELECT e.kind, e.due, (SELECT count(*) FROM notifications.mails m WHERE m.order_id = o.id AND m.kind = e.kind AND m.recipient = o.email) AS mails
			FROM (SELECT kinds.kind, (SELECT count(*) FROM orders.order_events v WHERE v.order_id = o.id AND v.kind = kinds.kind) AS due
				FROM unnest(ARRAY['placed', 'paid', 'cancelled']) AS kinds(kind)) e) k WHERE k.mails <> k.due`},
	{"mails of no order", `SELECT m.id::text FROM notifications.mails m LEFT JOIN orders.orders o ON o.id = m.order_id WHERE o.id IS NULL AND m.recipient LIKE '%chaos.example'`},
	{"carts that an order did not close once", `SELECT o.email || ' ' || c.orders || ' ' || (SELECT count(*) FROM cart.lines l WHERE l.cart_id = c.id) FROM orders.orders o JOIN cart.carts c ON c.id = o.cart
		WHERE c.orders <> 1 OR EXISTS (SELECT FROM cart.lines l WHERE l.cart_id = c.id) OR NOT EXISTS (SELECT FROM cart.closings x WHERE x.order_id = o.id AND x.cart_id = c.id)`},
	{"carts that closed without an order", `SELECT c.id::text FROM cart.carts c LEFT JOIN orders.orders o ON o.cart = c.id WHERE c.orders > 0 AND o.id IS NULL`},
	{"coupons that are not counted as they were used", `SELECT c.code || ' ' || c.used || ' of ' || coalesce(c.uses, 0) FROM promotions.coupons c LEFT JOIN promotions.redeemed d ON d.code = c.code
		LEFT JOIN promotions.redemptions r ON r.id = d.redemption AND r.state IN ('reserved', 'committed') GROUP BY c.id HAVING c.used <> count(r.id) OR c.used > c.uses`},
	{"coupons and orders differ", `SELECT o.email || ' ' || coalesce(r.state, 'no redemption') FROM orders.orders o LEFT JOIN promotions.redemptions r ON r.saga = o.saga
		WHERE (jsonb_array_length(o.redemptions) > 0) <> (r.id IS NOT NULL) OR r.state <> CASE o.state WHEN 'cancelled' THEN 'returned' ELSE 'committed' END
		UNION ALL SELECT r.saga::text || ' ' || r.state FROM promotions.redemptions r LEFT JOIN orders.orders o ON o.saga = r.saga WHERE r.state IN ('committed', 'returned') AND o.id IS NULL`},
	{"prices that the catalog and carts do not have", `SELECT p.sku || ': ' || p.price_minor || ', catalog ' || g.price_minor || ', cart ' || coalesce(c.price_minor, 0)
		FROM (SELECT DISTINCT ON (sku) sku, price_minor FROM pricing.prices WHERE currency = 'EUR' AND country = '' AND valid_from <= now() ORDER BY sku, valid_from DESC, id DESC) p
		JOIN catalog.products g USING (sku) LEFT JOIN cart.prices c ON c.sku = p.sku AND c.currency = 'EUR' WHERE g.price_minor <> p.price_minor OR c.price_minor IS DISTINCT FROM p.price_minor`},
	{"sagas that ended otherwise than their orders", `SELECT s.id::text || ' ' || s.state FROM checkout.sagas s LEFT JOIN orders.orders o ON o.saga = s.id WHERE (s.state = 'placed') <> (o.id IS NOT NULL)`},
}
