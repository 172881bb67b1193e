package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// violation is something that must not be.
type violation struct {
	Rule   string `json:"rule"`
	Detail string `json:"detail"`
	// Journal is what was noted of whom it is about.
	Journal []entry `json:"journal,omitempty"`
}

// stock is how many there are of each product, and who told what: tables that live as long as the session.
const tables = `CREATE TEMP TABLE before (sku text PRIMARY KEY, on_hand bigint NOT NULL);
	CREATE TEMP TABLE told (email text PRIMARY KEY, asked boolean, outcome text, why text, order_id uuid, number text, total bigint, cart uuid, quote uuid, cancels text);
	CREATE TEMP TABLE told_lines (email text, sku text, quantity bigint);
	CREATE TEMP VIEW charged AS SELECT p.saga, sum(a.captured - a.refunded) AS net, sum(a.minor - a.captured - a.released) AS held, count(*) FILTER (WHERE a.captured > 0) AS taken
		FROM psp_fake.authorizations a JOIN payments.attempts t ON t.reference = a.reference AND t.kind = 'authorize' JOIN payments.payments p ON p.id = t.payment_id
		WHERE a.state = 'authorized' GROUP BY p.saga;
	CREATE TEMP VIEW sold AS SELECT l.sku, sum(l.quantity) AS units FROM orders.lines l JOIN orders.orders o ON o.id = l.order_id WHERE o.state <> 'cancelled' GROUP BY l.sku`

// stock reads how many there are of each product.
func (w *world) stock(ctx context.Context) (map[string]int64, error) {
	conn, err := w.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx) //nolint:errcheck // it was read only
	rows, err := conn.Query(ctx, `SELECT sku, on_hand FROM inventory.stock`)
	if err != nil {
		return nil, fmt.Errorf("reading the stock: %w", err)
	}
	all := map[string]int64{}
	var sku string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&sku, &n}, func() error { all[sku] = n; return nil })
	return all, err
}

// compare looks for what must not be, and counts what was done.
func (w *world) compare(ctx context.Context, l *load, before map[string]int64, r *report) error {
	conn, err := w.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx) //nolint:errcheck // what was written goes with it
	if _, err := conn.Exec(ctx, tables); err != nil {
		return fmt.Errorf("making tables of what was told: %w", err)
	}
	if err := remember(ctx, conn, l, before); err != nil {
		return err
	}
	for _, rule := range append(rules, w.parked()...) {
		rows, err := conn.Query(ctx, rule.sql)
		if err != nil {
			return fmt.Errorf("%s: %w", rule.name, err)
		}
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return fmt.Errorf("%s: %w", rule.name, err)
		}
		r.Checks = append(r.Checks, check{rule.name, len(found)})
		for _, detail := range found {
			r.Violations = append(r.Violations, violation{Rule: rule.name, Detail: detail})
		}
	}
	return conn.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE state = 'cancelled'), coalesce(sum(total_minor) FILTER (WHERE state <> 'cancelled'), 0),
		(SELECT coalesce(sum(net), 0)::bigint FROM charged), (SELECT count(*) FROM notifications.mails) FROM orders.orders`).Scan(&r.Orders, &r.Cancelled, &r.Sold, &r.Charged, &r.Mails)
}

// parked are rules of each service that takes events: none was given up.
func (w *world) parked() (list []rule) {
	for _, m := range w.members {
		if (len(m.Takes) > 0 || m.New == nil && works(m.Name)) && m.Schema.Name != "" { // what owns no data gives up nothing for good: it asks again
			list = append(list, rule{"events that " + m.Name + " gave up", `SELECT type || ' ' || id || ': ' || error FROM ` + m.Schema.Name + `.inbox_parked`})
		}
	}
	return list
}

// remember writes down what customers were told.
func remember(ctx context.Context, conn *pgx.Conn, l *load, before map[string]int64) error {
	var b pgx.Batch
	for sku, n := range before {
		b.Queue(`INSERT INTO before VALUES ($1, $2)`, sku, n)
	}
	for _, t := range l.all {
		b.Queue(`INSERT INTO told VALUES ($1, $2, $3, $4, nullif($5, '')::uuid, $6, $7, nullif($8, '')::uuid, nullif($9, '')::uuid, $10)`,
			t.email, t.asked, string(t.outcome), t.why, t.order, t.number, minor(t.quote.Total.Amount), t.cart, t.quote.ID, string(t.cancels))
		for _, line := range t.quote.Lines {
			b.Queue(`INSERT INTO told_lines VALUES ($1, $2, $3)`, t.email, line.SKU, line.Quantity)
		}
	}
	if err := conn.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("writing down what was told: %w", err)
	}
	return nil
}

// minor reads an amount of euros.
func minor(amount string) int64 {
	n, _ := strconv.ParseInt(strings.ReplaceAll(amount, ".", ""), 10, 64) // none is 0, and found by its order
	return n
}
