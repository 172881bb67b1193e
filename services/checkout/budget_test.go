package checkout

import (
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

// mostStatements and mostCommits are what an order without coupons may cost checkout: to look at the key and at the quote, to begin, to note
// hold, payment and order, each with the beginning of what comes next.
const mostStatements, mostCommits = 6, 4

// What an order costs is counted where PostgreSQL is reached. Others come between, such as who looks whether the schema fits: the
// order with the fewest counts.
func TestAnOrderCostsSixStatementsAndFourCommits(t *testing.T) {
	direct := pgtest.URL(t, schema())
	url, statements := servicetest.Counted(t, direct)
	s := serve(t, "DATABASE_URL", url)
	admin := pgtest.Admin(t, direct)
	written := func() (n int64) { // a transaction that writes takes a number
		t.Helper()
		if err := admin.QueryRow(t.Context(), `SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	least, commits := 1000, int64(1000)
	for range 8 {
		q := s.offer()
		before, wrote := statements(), written()
		if o := s.post(root+"/orders", orderOf(q.ID, q.Hash), uuid.NewString()); o.status != 201 {
			t.Fatalf("%d %s", o.status, o.text)
		}
		least, commits = min(least, statements()-before), min(commits, written()-wrote)
	}
	if least != mostStatements || commits != mostCommits {
		t.Errorf("an order costs %d statements and %d commits, of %d and %d", least, commits, mostStatements, mostCommits)
	}
}
