package notifications

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

// C43: "order placed" three times, to two replicas of two stacks: one confirmation.
func TestC43AnEventThatComesThreeTimesToTwoReplicasIsOneMail(t *testing.T) {
	url, server := pgtest.URL(t, schema()), eventstest.Start(t)
	for range 2 {
		working(t, url, server.URL())
	}
	bus, b := eventstest.Bus(t, server), buy()
	placed := b.placed(t)
	again := placed // told anew, under another id: the order is the same
	again.ID = b.placed(t).ID
	paid := b.happened(t, events.OrderPaid)
	db := open(t, url)
	for _, e := range []events.Event{placed, placed, again, paid} {
		servicetest.Eventually(t, "it is published", func() bool { return bus.Publish(t.Context(), []events.Event{e}) == nil })
	}
	servicetest.Eventually(t, "both mails are sent", func() bool {
		all := mails(t, db)
		return len(all) == 2 && !all[0].SentAt.IsZero() && !all[1].SentAt.IsZero()
	})
	if got := kinds(mails(t, db)); !slices.Equal(got, []Kind{Placed, Paid}) {
		t.Errorf("mails %v", got)
	}
}

// working is a replica of the worker.
func working(t *testing.T, url, nats string) {
	t.Helper()
	p, err := app.Start(t.Context(), Service(), app.Options{Host: "127.0.0.1", Log: t.Output(), Work: true, Environment: map[string]string{
		"SHOP": "acme", "SHOP_RELEASE": "acme-1a2b3c4d", "PORT": "0", "METRICS_PORT": "0", "DRAIN_DELAY": "0s", "DB_POOL_MAX": "4",
		"DATABASE_URL": url, "EVENTS_URL": nats, "SHOP_JWKS": accesstest.JWKS(),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func open(t testing.TB, url string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(postgres.Options{URL: url, Release: "acme-1a2b3c4d"}, schema())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// C43: two partial refunds: two mails; each of them once.
func TestC43TwoPartialRefundsAreTwoMails(t *testing.T) {
	db, b := pgtest.Open(t, schema()), buy()
	first, second := b.refunded(t, "5.00", true), b.refunded(t, "5.00", true)
	taken(t, db, b.placed(t), first, second, first)
	if got := kinds(mails(t, db)); !slices.Equal(got, []Kind{Placed, Refunded, Refunded}) {
		t.Errorf("mails %v", got)
	}
}

// C44: what goes back to gift cards is in the mail of the refund, also where it waited for its order; of what no bank has, none is spoken of.
func TestC44TheMailOfARefundSaysWhatIsOnTheGiftCardAgain(t *testing.T) {
	db, b := pgtest.Open(t, schema()), buy()
	part, all := b.refunded(t, "12.50", true, "7.50"), b.refunded(t, "0.00", true, "10.00")
	taken(t, db, part, b.placed(t), all)
	list := mails(t, db)
	if got := kinds(list); !slices.Equal(got, []Kind{Placed, Refunded, Refunded}) {
		t.Fatalf("mails %v", got)
	}
	for n, want := range []struct{ whole, card, bank string }{{"20.00", "7.50", "bank"}, {"10.00", "10.00", ""}} {
		text := list[n+1].Text
		if !strings.Contains(text, want.whole) || !strings.Contains(text, want.card+" of it is on your gift card") || strings.Contains(text, "bank") != (want.bank != "") {
			t.Errorf("%+v: %s", want, text)
		}
	}
}

// Events of payments and of orders come in any order, and each of them has its mail.
func TestWhatHappensBeforeTheOrderIsKnownIsWrittenWhenItIs(t *testing.T) {
	db, b := pgtest.Open(t, schema()), buy()
	other := buy()
	taken(t, db, b.refunded(t, "1.00", false), b.refunded(t, "2.00", true), b.happened(t, events.OrderSent), other.happened(t, events.OrderPaid))
	if n := len(mails(t, db)); n != 0 {
		t.Fatalf("%d mails to nobody", n)
	}
	taken(t, db, b.placed(t))
	if got := kinds(mails(t, db)); !slices.Equal(got, []Kind{Placed, Refunded, Refunded, Sent}) {
		t.Errorf("mails %v", got)
	}
	for _, m := range mails(t, db) {
		if m.To != b.email || m.Order != b.order {
			t.Errorf("%s goes to %s", m.Kind, m.To)
		}
	}
}

// The order and its refund are told at the same moment, 20 times: neither is missed.
func TestAnOrderAndItsRefundAtOnceAreTwoMails(t *testing.T) {
	db := pgtest.Open(t, schema())
	for round := range 20 {
		b := buy()
		var both sync.WaitGroup
		for _, e := range []events.Event{b.placed(t), b.refunded(t, "1.00", round%2 == 0)} {
			both.Go(func() {
				if err := take(db, e); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		all, err := (&store{db}).list(t.Context(), "", b.order, [16]byte{}, 10)
		if err != nil || len(all) != 2 {
			t.Errorf("round %d: mails %v (%v)", round, kinds(all), err)
		}
	}
}

func TestKilledAtAnyStatementAnOrderIsConfirmedOnce(t *testing.T) {
	b := buy()
	e := b.placed(t)
	servicetest.Crash(t, schema(), func(db *postgres.DB) error { return take(db, e) }, func(t testing.TB, db *postgres.DB) {
		if got := kinds(mails(t, db)); !slices.Equal(got, []Kind{Placed}) {
			t.Errorf("mails %v", got)
		}
	})
}

func TestAnOrderOfNobodyIsAnErrorAndLeavesNothing(t *testing.T) {
	db, b := pgtest.Open(t, schema()), buy()
	b.email = "ann@example.org, bob@example.org"
	if err := take(db, b.placed(t)); err == nil || len(mails(t, db)) != 0 {
		t.Errorf("%v, %d mails", err, len(mails(t, db)))
	}
}
