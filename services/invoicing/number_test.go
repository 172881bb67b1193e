package invoicing

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMigrationsExpandOnly(t *testing.T) { pgtest.ExpandOnly(t, schema()) }

var errGaveUp = errors.New("it gave up after the number was drawn")

// sell places and pays an order in one transaction, which is given up at its end where it is to fail.
func sell(db *postgres.DB, d *desk, p Placed, placed, paid events.Event, fail bool) error {
	return postgres.InTx(context.Background(), db, func(tx pgx.Tx) error {
		for _, e := range []events.Event{placed, paid} {
			if err := d.handlers()[e.Type](context.Background(), tx, e); err != nil {
				return err
			}
		}
		if fail {
			return errGaveUp
		}
		return nil
	})
}

// counted are the numbers of a series, in their order.
func counted(t testing.TB, db *postgres.DB, kind Kind) []int {
	t.Helper()
	rows, err := db.Query(context.Background(), `SELECT number FROM invoicing.invoices WHERE series = $1 ORDER BY year, number`, kind)
	var list []int
	if err == nil {
		list, err = pgx.CollectRows(rows, pgx.RowTo[int])
	}
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func upTo(n int) (list []int) {
	for i := range n {
		list = append(list, i+1)
	}
	return list
}

// C36: 200 at once over two replicas of both stacks, every fourth fails after its number was drawn.
func TestC36InvoiceNumbersHaveNoGaps(t *testing.T) {
	url := pgtest.URL(t, schema())
	var replicas []*postgres.DB
	for range 4 {
		replicas = append(replicas, open(t, url))
	}
	d := atNoon(t)
	var orders []Placed
	var told [][2]events.Event
	for range 200 {
		p := basket()
		orders, told = append(orders, p), append(told, [2]events.Event{p.placed(t), p.paid(t)})
	}
	all := func(fail func(int) bool, which func(int) bool) {
		var at sync.WaitGroup
		for n, p := range orders {
			if which(n) {
				at.Go(func() {
					err := sell(replicas[n/4%4], d, p, told[n][0], told[n][1], fail(n))
					if fail(n) != errors.Is(err, errGaveUp) {
						t.Errorf("order %d: %v", n, err)
					}
				})
			}
		}
		at.Wait()
	}
	fourth := func(n int) bool { return n%4 == 3 }
	all(fourth, func(int) bool { return true })
	if got := counted(t, replicas[0], Invoice); !slices.Equal(got, upTo(150)) {
		t.Errorf("numbers %v", got)
	}
	all(func(int) bool { return false }, fourth)
	if got := counted(t, replicas[0], Invoice); !slices.Equal(got, upTo(200)) {
		t.Errorf("after the failed ones are tried again: %v", got)
	}
	ids, err := find(t.Context(), replicas[0], `series = 'invoice' ORDER BY id`)
	if err != nil || !slices.IsSorted(numbers(ids)) {
		t.Errorf("ids are not in the order of numbers: %v (%v)", numbers(ids), err)
	}
}

// C36: whenever the process is killed, there is one invoice, number 1, and it is told once.
func TestC36KilledAtAnyStatementThereIsNoGap(t *testing.T) {
	p, d := basket(), atNoon(t)
	placed, paid := p.placed(t), p.paid(t)
	servicetest.Crash(t, schema(), func(db *postgres.DB) error {
		return errors.Join(take(db, d, placed), take(db, d, paid))
	}, func(t testing.TB, db *postgres.DB) {
		if got := numbers(issued(t, db, p)); !slices.Equal(got, []string{"2026-000001"}) {
			t.Errorf("numbers %v", got)
		}
		if n := len(outboxed(t, db)); n != 1 {
			t.Errorf("told %d times", n)
		}
	})
}

// C36: "order placed" twice, under two ids, and paid twice: one invoice.
func TestC36AnOrderThatIsToldTwiceHasOneInvoice(t *testing.T) {
	db, p := pgtest.Open(t, schema()), basket()
	taken(t, db, p.placed(t), p.placed(t), p.paid(t), p.paid(t), p.placed(t))
	if got := numbers(issued(t, db, p)); !slices.Equal(got, []string{"2026-000001"}) {
		t.Errorf("numbers %v", got)
	}
}

// C36: what is issued is never changed or deleted, by whom ever: the service's own role is refused by the database.
func TestC36WhatIsIssuedCannotBeChanged(t *testing.T) {
	db, p := pgtest.Open(t, schema()), basket()
	taken(t, db, p.placed(t), p.paid(t))
	before := issued(t, db, p)[0]
	for _, statement := range []string{
		`UPDATE invoicing.invoices SET gross_minor = 1`, `UPDATE invoicing.invoices SET ubl = ''`, `DELETE FROM invoicing.invoices`, `TRUNCATE invoicing.invoices CASCADE`,
		`UPDATE invoicing.numbers SET number = 7`, `DELETE FROM invoicing.numbers`, `TRUNCATE invoicing.numbers CASCADE`,
		`INSERT INTO invoicing.invoices AS i SELECT * FROM invoicing.invoices ON CONFLICT (id) DO UPDATE SET ubl = ''`,
	} {
		var refused *pgconn.PgError
		if _, err := db.Exec(t.Context(), statement); !errors.As(err, &refused) || refused.Code != "23001" {
			t.Errorf("%s: %v", statement, err)
		}
	}
	if after := issued(t, db, p); len(after) != 1 || after[0].UBL != before.UBL {
		t.Errorf("%+v", after)
	}
}

// Numbers that somebody writes by hand: none twice, none left out, none without a document.
func TestTheDatabaseKeepsNumbersWithoutGaps(t *testing.T) {
	db, p := pgtest.Open(t, schema()), basket()
	taken(t, db, p.placed(t), p.paid(t))
	for name, c := range map[string]struct {
		number int
		code   string
	}{"again": {1, "23514"}, "left out": {3, "23514"}, "without a document": {2, "23503"}} {
		var refused *pgconn.PgError
		_, err := db.Exec(t.Context(), `INSERT INTO invoicing.numbers (series, year, number, document) VALUES ('invoice', 2026, $1, $2)`, c.number, uuid.New())
		if !errors.As(err, &refused) || refused.Code != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// R11: a year begins at midnight in Berlin, and begins with 1.
func TestAYearBeginsInTheShopsTimeZone(t *testing.T) {
	db := pgtest.Open(t, schema())
	for at, want := range map[string][2]string{
		"2026-12-31T22:59:59Z": {"2026-000001", "2026-12-31"}, "2026-12-31T23:00:00Z": {"2027-000001", "2027-01-01"},
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		d, p := &desk{&sampleSeller, berlin(t), func() time.Time { return now }}, basket()
		for _, e := range []events.Event{p.placed(t), p.paid(t)} {
			if err := take(db, d, e); err != nil {
				t.Fatal(err)
			}
		}
		if got := issued(t, db, p)[0]; got.Number != want[0] || got.IssuedOn != want[1] {
			t.Errorf("at %s: %s on %s, want %v", at, got.Number, got.IssuedOn, want)
		}
	}
}

func TestCreditNotesHaveASeriesOfTheirOwn(t *testing.T) {
	db := pgtest.Open(t, schema())
	var got []string
	for range 3 {
		p := basket()
		taken(t, db, p.placed(t), p.paid(t), p.refunded(t, 1000, true), p.refunded(t, 500, true))
		got = append(got, numbers(issued(t, db, p))...)
	}
	want := []string{"2026-000001", "CN-2026-000001", "CN-2026-000002", "2026-000002", "CN-2026-000003", "CN-2026-000004", "2026-000003", "CN-2026-000005", "CN-2026-000006"}
	if !slices.Equal(got, want) {
		t.Errorf("numbers %v", got)
	}
}

func TestNumbersAreWrittenAsPeopleReadThem(t *testing.T) {
	for want, got := range map[string]string{"2026-000123": Number(Invoice, 2026, 123), "CN-2026-000007": Number(CreditNote, 2026, 7), "2026-1000000": Number(Invoice, 2026, 1_000_000)} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
