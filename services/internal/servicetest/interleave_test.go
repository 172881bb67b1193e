package servicetest

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// lastParcel lets two each make a parcel if nobody did before. Without a guard that is a check that is not one with its effect.
func lastParcel(guard string) func(testing.TB, *postgres.DB) (Actors, func(testing.TB, []error)) {
	return func(t testing.TB, db *postgres.DB) (Actors, func(testing.TB, []error)) {
		before := parcelsNow(t, db)
		take := func(db *postgres.DB) error {
			return postgres.InTx(context.Background(), db, func(tx pgx.Tx) error {
				if guard != "" {
					if _, err := tx.Exec(context.Background(), guard); err != nil {
						return err
					}
				}
				var n int
				if err := tx.QueryRow(context.Background(), `SELECT count(*) FROM desk.parcels`).Scan(&n); err != nil || n > before {
					return err
				}
				_, err := tx.Exec(context.Background(), `INSERT INTO desk.parcels VALUES ($1)`, uuid.New())
				return err
			})
		}
		return Actors{take, take}, func(t testing.TB, errs []error) {
			if n := parcelsNow(t, db); n != before+1 || errs[0] != nil || errs[1] != nil {
				t.Errorf("%d parcels were made: %v", n-before, errs)
			}
		}
	}
}

func parcelsNow(t testing.TB, db *postgres.DB) (n int) {
	if err := db.QueryRow(context.Background(), `SELECT count(*) FROM desk.parcels`).Scan(&n); err != nil {
		t.Errorf("counting: %v", err)
	}
	return n
}

func TestEveryOrderOfTwoTransactionsIsTried(t *testing.T) {
	// Each is BEGIN, LOCK, SELECT, INSERT (of the first), COMMIT; from the lock on they are one after the other.
	if n := Interleave(t, desk, lastParcel(`LOCK TABLE desk.parcels IN EXCLUSIVE MODE`)); n < 8 || n > 70 {
		t.Errorf("%d orders", n)
	}
}

// stopped ends a test that is expected to fail where it fails.
type stopped struct{ judge }

func (s *stopped) Fatalf(format string, args ...any) {
	s.Errorf(format, args...)
	panic(s)
}

func interleaveFails(t *testing.T, begin func(testing.TB, *postgres.DB) (Actors, func(testing.TB, []error))) (told string) {
	s := &stopped{judge{TB: t}}
	defer func() {
		if cause := recover(); cause != nil && cause != any(s) {
			panic(cause)
		}
		told = strings.Join(s.errors, "\n")
	}()
	Interleave(s, desk, begin)
	return ""
}

func TestInterleaveFindsACheckThatIsNotOneWithItsEffect(t *testing.T) {
	if told := interleaveFails(t, lastParcel("")); !strings.Contains(told, "2 parcels were made") || !strings.Contains(told, "in the order of the actors [0") {
		t.Errorf("it found %q", told)
	}
}

func TestInterleaveFindsADeadlock(t *testing.T) {
	locks := func(ids ...int) func(*postgres.DB) error {
		return func(db *postgres.DB) error {
			return postgres.InTx(context.Background(), db, func(tx pgx.Tx) error {
				for _, id := range ids {
					if _, err := tx.Exec(context.Background(), `SELECT pg_advisory_xact_lock($1)`, id); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
	told := interleaveFails(t, func(testing.TB, *postgres.DB) (Actors, func(testing.TB, []error)) {
		return Actors{locks(1, 2), locks(2, 1)}, func(testing.TB, []error) {}
	})
	if !strings.Contains(told, "wait for each other") {
		t.Errorf("it found %q", told)
	}
}
