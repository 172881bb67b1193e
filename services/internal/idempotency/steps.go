package idempotency

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// ErrLost says that another process took the attempt over, because this one had
// let its lease run out: whatever is still to be done is done there.
var ErrLost = errors.New("the attempt was taken over by another process")

// ErrTaken says that a key is not new.
var ErrTaken = errors.New("the key was taken before")

// Attempt is something that is being done for a key, in several steps. It lives
// in the database: when its process dies, its lease runs out, and whoever comes
// with the key next, or Resume, goes on with it.
type Attempt struct {
	// Resumed tells that a process began it before and did not finish. What was
	// done so far is for the service's own rows to say, which are kept under ID.
	Resumed bool

	db   *postgres.DB
	key  Key
	id   uuid.UUID
	turn int
	// lease is how long it may go without a sign of life.
	lease time.Duration
}

// ID is the same for all processes that go on with the attempt.
func (a *Attempt) ID() uuid.UUID { return a.id }

// Key is what the client sent.
func (a *Attempt) Key() Key { return a.key }

// Begin takes a key for something that one transaction cannot do. It returns an
// attempt to go on with, or the answer that was given before. The lease is how
// long a step may take at most: it is renewed between steps.
func Begin(ctx context.Context, db *postgres.DB, k Key, body []byte, lease time.Duration) (*Attempt, *Stored, error) {
	if err := k.Valid(); err != nil {
		return nil, nil, err
	}
	var attempt *Attempt
	var answer *Stored
	err := postgres.InTx(ctx, db, func(tx pgx.Tx) (err error) {
		attempt, answer, err = begin(ctx, db, tx, k, body, lease)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return attempt, answer, nil
}

func begin(ctx context.Context, db *postgres.DB, tx pgx.Tx, k Key, body []byte, lease time.Duration) (*Attempt, *Stored, error) {
	t := table{db.Schema().Name}
	found, err := t.take(ctx, tx, k, body)
	switch {
	case err != nil:
		return nil, nil, err
	case found == nil:
		a := &Attempt{db: db, key: k, id: uuid.Must(uuid.NewV7()), turn: 1, lease: lease}
		return a, nil, t.insert(ctx, tx, k, body, a.id, nil, lease)
	case found.status != nil:
		answer, err := found.replay()
		return nil, &answer, err
	case !found.expired:
		return nil, nil, fault.InFlight()
	}
	a := &Attempt{Resumed: true, db: db, key: k, id: found.id, turn: found.turn + 1, lease: lease}
	_, err = tx.Exec(ctx, `UPDATE `+t.name()+` SET turn = $2, lease_until = clock_timestamp() + $3 * interval '1 microsecond' WHERE id = $1`,
		a.id, a.turn, lease.Microseconds())
	if err != nil {
		return nil, nil, fmt.Errorf("taking an attempt over: %w", err)
	}
	return a, nil, nil
}

// Start is Begin for a key that is new, with a change of the service's in the same
// statement, so in one commit and one round trip. The change is an INSERT … SELECT …
// FROM ours: ours has a row, with the attempt's id, only when the key was taken. ErrTaken
// says that it was not: Begin then tells what became of it.
func Start(ctx context.Context, db *postgres.DB, k Key, body []byte, id uuid.UUID, lease time.Duration, change string, args ...any) (*Attempt, error) {
	if err := k.Valid(); err != nil {
		return nil, err
	}
	t, n := table{db.Schema().Name}, len(args)
	// The lock is for those who use Begin at the same time.
	tag, err := db.Exec(ctx, fmt.Sprintf(`WITH ours AS (INSERT INTO %s (caller, route, value, fingerprint, id, lease_until)
		SELECT $%d::text, $%d::text, $%d::text, $%d::bytea, $%d::uuid, clock_timestamp() + $%d * interval '1 microsecond' WHERE pg_try_advisory_xact_lock($%d)
		ON CONFLICT DO NOTHING RETURNING id) `, t.name(), n+1, n+2, n+3, n+4, n+5, n+6, n+7)+change,
		append(slices.Clone(args), k.Caller, k.Route, k.Value, fingerprint(body), id, lease.Microseconds(), k.lockID(t.schema))...)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrTaken
	}
	if err != nil {
		return nil, fmt.Errorf("taking an idempotency key: %w", err)
	}
	return &Attempt{db: db, key: k, id: id, turn: 1, lease: lease}, nil
}

// Resume takes over up to most attempts at a route whose processes died. It is
// for a worker: their clients may never come again.
func Resume(ctx context.Context, db *postgres.DB, route string, lease time.Duration, most int) ([]*Attempt, error) {
	t := table{db.Schema().Name}
	rows, err := db.Query(ctx, `UPDATE `+t.name()+` SET turn = turn + 1, lease_until = clock_timestamp() + $3 * interval '1 microsecond'
		WHERE id IN (SELECT id FROM `+t.name()+` WHERE status IS NULL AND route = $1 AND lease_until < clock_timestamp()
			ORDER BY lease_until LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING caller, value, id, turn`,
		route, most, lease.Microseconds())
	if err != nil {
		return nil, fmt.Errorf("taking attempts over: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*Attempt, error) {
		a := &Attempt{Resumed: true, db: db, key: Key{Route: route}, lease: lease}
		return a, row.Scan(&a.key.Caller, &a.key.Value, &a.id, &a.turn)
	})
	if err != nil {
		return nil, fmt.Errorf("taking attempts over: %w", err)
	}
	return all, nil
}

// Renew tells that the process lives. Call it between steps; it is ErrLost when
// that was too late.
func (a *Attempt) Renew(ctx context.Context) error {
	return a.change(ctx, a.db, `SET lease_until = clock_timestamp() + $3 * interval '1 microsecond'`, a.lease.Microseconds())
}

// RenewIn is Renew in a transaction of the service's: what that writes is written
// only while the attempt is this process's.
func (a *Attempt) RenewIn(ctx context.Context, tx pgx.Tx) error {
	return a.change(ctx, tx, `SET lease_until = clock_timestamp() + $3 * interval '1 microsecond'`, a.lease.Microseconds())
}

// RenewWith is Renew and a change of the service's in one statement, so in one commit
// and one round trip. The change is an UPDATE … FROM ours …: ours has a row only while
// the attempt is this process's.
func (a *Attempt) RenewWith(ctx context.Context, change string, args ...any) error {
	return a.with(ctx, []string{"lease_until = clock_timestamp() + % * interval '1 microsecond'"}, []any{a.lease.Microseconds()}, change, args)
}

// FinishWith is Finish and such a change in one statement.
func (a *Attempt) FinishWith(ctx context.Context, answer Stored, change string, args ...any) error {
	header, err := json.Marshal(answer.Header)
	if err != nil {
		return fmt.Errorf("writing the header of an answer: %w", err)
	}
	return a.with(ctx, []string{"lease_until = NULL, status = %", "header = %", "body = %"},
		[]any{cmp.Or(answer.Status, http.StatusOK), header, append([]byte{}, answer.Body...)}, change, args)
}

// with sets columns of the row, whose values stand behind the arguments of the change.
func (a *Attempt) with(ctx context.Context, set []string, values []any, change string, args []any) error {
	for n, one := range set {
		set[n] = strings.Replace(one, "%", fmt.Sprintf("$%d", len(args)+n+1), 1)
	}
	k := len(args) + len(set)
	statement := fmt.Sprintf(`WITH ours AS (UPDATE %s SET %s WHERE id = $%d AND turn = $%d AND status IS NULL RETURNING id) `, a.table(), strings.Join(set, ", "), k+1, k+2)
	tag, err := a.db.Exec(ctx, statement+change, append(append(append([]any{}, args...), values...), a.id, a.turn)...)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrLost
	}
	if err != nil {
		return fmt.Errorf("going on with an attempt: %w", err)
	}
	return nil
}

// Yield lets the attempt go, to be taken over after a pause: by whoever sends the
// key again, or by Resume. This process may do nothing more for it.
func (a *Attempt) Yield(ctx context.Context, pause time.Duration) error {
	return a.change(ctx, a.db, `SET lease_until = clock_timestamp() + $3 * interval '1 microsecond', turn = turn + 1`, pause.Microseconds())
}

// Finish stores the answer, in one commit with the last effect, which is done in
// the same transaction. It is ErrLost, and tx must be rolled back, when another
// process took over.
func (a *Attempt) Finish(ctx context.Context, tx pgx.Tx, answer Stored) error {
	header, err := json.Marshal(answer.Header)
	if err != nil {
		return fmt.Errorf("writing the header of an answer: %w", err)
	}
	return a.change(ctx, tx, `SET status = $3, header = $4, body = $5, lease_until = NULL`,
		cmp.Or(answer.Status, http.StatusOK), header, append([]byte{}, answer.Body...))
}

// Forget gives the key back: what was done was undone, and the next one who
// sends it begins anew.
func (a *Attempt) Forget(ctx context.Context, tx pgx.Tx) error {
	n, err := tx.Exec(ctx, `DELETE FROM `+a.table()+` WHERE id = $1 AND turn = $2 AND status IS NULL`, a.id, a.turn)
	if err == nil && n.RowsAffected() == 0 {
		err = ErrLost
	}
	if err != nil {
		return fmt.Errorf("giving an idempotency key back: %w", err)
	}
	return nil
}

func (a *Attempt) table() string { return table{a.db.Schema().Name}.name() }

// change updates the row, if it is still this process's.
func (a *Attempt) change(ctx context.Context, db execer, set string, args ...any) error {
	n, err := db.Exec(ctx, `UPDATE `+a.table()+` `+set+` WHERE id = $1 AND turn = $2 AND status IS NULL`, append([]any{a.id, a.turn}, args...)...)
	if err == nil && n.RowsAffected() == 0 {
		err = ErrLost
	}
	if err != nil {
		return fmt.Errorf("going on with an attempt: %w", err)
	}
	return nil
}
