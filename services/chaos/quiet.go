package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/emporium-shop/emporium/services/internal/postgres/pgserver"
)

// open are what must be done before books can be compared: a name, and what counts it.
var open = [][2]string{
	{"sagas", `SELECT count(*) FROM checkout.sagas WHERE state NOT IN ('placed', 'undone')`},
	{"holds", `SELECT count(*) FROM inventory.holds WHERE state = 'open'`},
	{"attempts to pay", `SELECT count(*) FROM payments.attempts WHERE outcome = 'open'`},
	{"orders that are not paid", `SELECT count(*) FROM orders.orders WHERE state = 'placed'`},
	{"coupons that are reserved", `SELECT count(*) FROM promotions.redemptions WHERE state = 'reserved'`},
	{"notices of orders that are not known", `SELECT count(*) FROM notifications.waiting`},
	{"mails that are not sent", `SELECT count(*) FROM notifications.mails WHERE sent_at IS NULL`},
	{"webhooks", `SELECT count(*) FROM psp_fake.webhooks`},
	{"prices that are not told", `SELECT count(*) FROM pricing.turns WHERE at <= now()`},
}

// connect is a session that may read everything.
func (w *world) connect(ctx context.Context) (*pgx.Conn, error) {
	return pgx.Connect(ctx, w.database.URL(shopName, pgserver.Superuser))
}

var errRestless = errors.New("the shop does not come to rest")

// rest waits until nothing is open any more, and says how long that took and what was left.
func (w *world) rest(ctx context.Context) (took time.Duration, err error) {
	conn, err := w.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx) //nolint:errcheck // it was read only
	began := time.Now()
	for still := 0; ; {
		left, err := w.left(ctx, conn)
		if err != nil {
			return 0, err
		}
		if still++; len(left) > 0 {
			still = 0
			w.journal.note("not at rest", "", strings.Join(left, ", "))
		}
		if still == 3 {
			return time.Since(began), nil
		}
		if time.Since(began) > w.quiet {
			return 0, fmt.Errorf("%w: there are still %s", errRestless, strings.Join(left, ", "))
		}
		time.Sleep(300 * time.Millisecond)
	}
}

// left is what is still open.
func (w *world) left(ctx context.Context, conn *pgx.Conn) (list []string, err error) {
	all := slices.Clone(open)
	for _, m := range w.members {
		if len(m.Emits) > 0 {
			all = append(all, [2]string{"events of " + m.Name, `SELECT count(*) FROM ` + m.Schema.Name + `.outbox WHERE published IS NULL`})
		}
	}
	for _, one := range all {
		var n int
		if err := conn.QueryRow(ctx, one[1]).Scan(&n); err != nil {
			return nil, fmt.Errorf("counting %s: %w", one[0], err)
		}
		if n > 0 {
			list = append(list, fmt.Sprint(n, " ", one[0]))
		}
	}
	waiting, err := w.undelivered(ctx)
	if err != nil {
		list = append(list, "NATS: "+err.Error())
	}
	return append(list, waiting...), nil
}

// undelivered tells what is in the stream and not acknowledged, by those who take it.
func (w *world) undelivered(ctx context.Context) (list []string, err error) {
	conn, err := nats.Connect(w.eventsURL())
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, err
	}
	s, err := js.Stream(ctx, "shop")
	if err != nil {
		return nil, err
	}
	consumers := s.ListConsumers(ctx)
	for c := range consumers.Info() {
		// Who follows the stream in memory has a consumer without a name; one of a process that was killed stays for a while, and nobody takes from it.
		if n := c.NumPending + uint64(c.NumAckPending); n > 0 && c.Config.Durable != "" { //nolint:gosec // no count is below zero
			list = append(list, fmt.Sprintf("%d events that %s did not take", n, c.Name))
		}
	}
	return list, consumers.Err()
}
