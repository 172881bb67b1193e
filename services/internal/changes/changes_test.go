package changes_test

import (
	"context"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/emporium-shop/emporium/services/internal/changes"
	"github.com/emporium-shop/emporium/services/internal/page"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var desk = postgres.Schema{Name: "desk", Floor: 1, Files: fstest.MapFS{"00001_parcels.sql": {Data: []byte(`-- +goose Up
CREATE TABLE desk.parcels (id uuid PRIMARY KEY, n integer NOT NULL DEFAULT 0, booked_at timestamptz NOT NULL DEFAULT clock_timestamp());
-- +goose StatementBegin
CREATE FUNCTION desk.booked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.booked_at := clock_timestamp(); RETURN NEW; END $$;
-- +goose StatementEnd
CREATE TRIGGER booked BEFORE UPDATE ON desk.parcels FOR EACH ROW EXECUTE FUNCTION desk.booked();
`)}}}

type row struct {
	changes.Mark
	N int
}

// rowsAfter are the rows after a mark.
func rowsAfter(db *postgres.DB) changes.Source[row, row] {
	return changes.Source[row, row]{
		Name: "parcels", Mark: func(r row) changes.Mark { return r.Mark }, Body: func(r row) row { return r },
		Read: func(ctx context.Context, m changes.Mark, limit int) ([]row, error) {
			rows, err := db.Query(ctx, `SELECT booked_at, id, n FROM desk.parcels WHERE (booked_at, id) > ($1, $2) ORDER BY booked_at, id LIMIT $3`, m.At, m.ID, limit)
			if err != nil {
				return nil, err
			}
			return pgx.CollectRows(rows, func(r pgx.CollectableRow) (out row, err error) { return out, r.Scan(&out.At, &out.ID, &out.N) })
		},
	}
}

// read is a page after a cursor.
func read(t testing.TB, db *postgres.DB, cursor string, limit int) changes.Page[row] {
	t.Helper()
	p, err := changes.List(t.Context(), db, page.Query{Limit: limit, Cursor: cursor}, rowsAfter(db))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

type executes interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

func exec(t testing.TB, in executes, sql string, args ...any) {
	t.Helper()
	if _, err := in.Exec(context.Background(), sql, args...); err != nil {
		t.Error(err)
	}
}

// What was written first and is committed last is not passed over.
func TestNobodyBeginsAfterWhatIsStillToBeCommitted(t *testing.T) {
	db := pgtest.Open(t, desk)
	slow, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Rollback(context.Background())
	exec(t, slow, `INSERT INTO desk.parcels (id) VALUES ($1)`, uuid.New())
	exec(t, db, `INSERT INTO desk.parcels (id) VALUES ($1)`, uuid.New())
	// The one that is there is shown, and nobody begins after it next time.
	first := read(t, db, "", 10)
	if len(first.Items) != 1 || first.Since != "" {
		t.Fatalf("%+v", first)
	}
	if err := slow.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := read(t, db, first.Since, 10)
	if len(again.Items) != 2 || again.Since == "" {
		t.Errorf("%+v", again)
	}
	if last := read(t, db, again.Since, 10); len(last.Items) != 0 || last.Since != again.Since {
		t.Errorf("what was read is read again: %+v", last)
	}
}

// Whatever many writers do meanwhile, a reader who begins where the last page said has in the end seen the last state of every row.
func TestAReaderWhoGoesOnMissesNothing(t *testing.T) {
	db := pgtest.Open(t, desk)
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range 60 {
				err := pgx.BeginFunc(context.Background(), db, func(tx pgx.Tx) error {
					id := uuid.New()
					if _, err := tx.Exec(context.Background(), `INSERT INTO desk.parcels (id) VALUES ($1)`, id); err != nil {
						return err
					}
					_, err := tx.Exec(context.Background(), `UPDATE desk.parcels SET n = n + 1 WHERE id = $1
						OR id IN (SELECT id FROM desk.parcels ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED)`, id)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	seen, since := map[uuid.UUID]int{}, ""
	for last := false; ; {
		quiet := last
		p := read(t, db, since, 7)
		for _, r := range p.Items {
			seen[r.ID] = r.N
		}
		if quiet && len(p.Items) == 0 {
			break
		}
		if p.Since != "" {
			since = p.Since
		}
		select {
		case <-done:
			last = true
		default:
		}
	}
	rows, err := db.Query(t.Context(), `SELECT id, n FROM desk.parcels`)
	if err != nil {
		t.Fatal(err)
	}
	var id uuid.UUID
	var n, all int
	_, err = pgx.ForEachRow(rows, []any{&id, &n}, func() error {
		if all++; seen[id] != n {
			t.Errorf("a row was seen as %d, it is %d", seen[id], n)
		}
		return nil
	})
	if err != nil || all != 240 {
		t.Errorf("%d rows (%v)", all, err)
	}
}
