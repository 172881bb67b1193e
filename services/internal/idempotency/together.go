package idempotency

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// Request is one of several that are done together.
type Request struct {
	Key  Key
	Body []byte
}

// Result is the answer of one of them, or why it was refused.
type Result struct {
	Stored Stored
	Err    error
}

// Together does for many requests what Once does for one, all of them in one
// commit. do is given the numbers of those that are new, in order, and answers each
// of them: what it refuses must have had no effect, and its key works again. An
// error of do, or of the database, is that of all, and nothing was done.
func Together(ctx context.Context, db *postgres.DB, all []Request, do func(ctx context.Context, tx pgx.Tx, fresh []int) ([]Result, error)) ([]Result, error) {
	var results []Result
	err := postgres.InTx(ctx, db, func(tx pgx.Tx) (err error) {
		results, err = table{db.Schema().Name}.together(ctx, tx, all, do)
		return err
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

func (t table) together(ctx context.Context, tx pgx.Tx, all []Request, do func(ctx context.Context, tx pgx.Tx, fresh []int) ([]Result, error)) ([]Result, error) {
	results, fresh, err := t.sort(ctx, tx, all)
	if err != nil || len(fresh) == 0 {
		return results, err
	}
	did, err := do(ctx, tx, fresh)
	if err != nil {
		return nil, err
	}
	var rows columns
	for n, at := range fresh {
		if results[at] = did[n]; did[n].Err != nil {
			continue
		}
		results[at].Stored.Status = cmp.Or(did[n].Stored.Status, http.StatusOK)
		if err := rows.add(all[at], results[at].Stored); err != nil {
			return nil, err
		}
	}
	return results, t.insertAll(ctx, tx, rows)
}

// sort tells the new requests from those that are answered by their keys alone.
func (t table) sort(ctx context.Context, tx pgx.Tx, all []Request) (results []Result, fresh []int, err error) {
	found, ours, err := t.takeAll(ctx, tx, all)
	if err != nil {
		return nil, nil, err
	}
	results = make([]Result, len(all))
	seen := map[Key]bool{}
	for n, r := range all {
		twice := seen[r.Key] // the lock is this transaction's, so it does not keep them apart
		seen[r.Key] = true
		switch row := found[n]; {
		case r.Key.Valid() != nil:
			results[n].Err = r.Key.Valid()
		case row != nil && !bytes.Equal(row.fingerprint, fingerprint(r.Body)):
			results[n].Err = fault.Mismatch()
		case row != nil:
			results[n].Stored, results[n].Err = row.replay()
		case twice || !ours[n]:
			results[n].Err = fault.InFlight()
		default:
			fresh = append(fresh, n)
		}
	}
	return results, fresh, nil
}

// takeAll locks the keys and reads their rows: take for many, in one round trip.
func (t table) takeAll(ctx context.Context, tx pgx.Tx, all []Request) (found map[int]*record, ours map[int]bool, err error) {
	var locks []int64
	var callers, routes, values []string
	for _, r := range all {
		locks = append(locks, r.Key.lockID(t.schema))
		callers, routes, values = append(callers, r.Key.Caller), append(routes, r.Key.Route), append(values, r.Key.Value)
	}
	found, ours = map[int]*record{}, map[int]bool{}
	var n int
	var b pgx.Batch
	b.Queue(`SELECT n - 1, pg_try_advisory_xact_lock(id) FROM unnest($1::bigint[]) WITH ORDINALITY AS k(id, n)`, locks).Query(func(rows pgx.Rows) error {
		var mine bool
		_, err := pgx.ForEachRow(rows, []any{&n, &mine}, func() error { ours[n] = mine; return nil })
		return err
	})
	b.Queue(`SELECT k.n - 1, r.id, r.fingerprint, r.status, r.header, r.body FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS k(caller, route, value, n),
		LATERAL (SELECT * FROM `+t.name()+` i WHERE i.caller = k.caller AND i.route = k.route AND i.value = k.value OFFSET 0) r`, callers, routes, values).Query(func(rows pgx.Rows) error {
		var r record
		_, err := pgx.ForEachRow(rows, []any{&n, &r.id, &r.fingerprint, &r.status, &r.header, &r.body}, func() error {
			one := r
			found[n] = &one
			r = record{}
			return nil
		})
		return err
	})
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return nil, nil, fmt.Errorf("taking idempotency keys: %w", err)
	}
	return found, ours, nil
}

// columns are the rows of answers, as unnest takes them.
type columns struct {
	callers, routes, values []string
	fingerprints            [][]byte
	ids                     []uuid.UUID
	statuses                []int
	headers, bodies         [][]byte
}

func (c *columns) add(r Request, answer Stored) error {
	header, err := json.Marshal(answer.Header)
	if err != nil {
		return fmt.Errorf("writing the header of an answer: %w", err)
	}
	c.callers, c.routes, c.values = append(c.callers, r.Key.Caller), append(c.routes, r.Key.Route), append(c.values, r.Key.Value)
	c.fingerprints, c.ids = append(c.fingerprints, fingerprint(r.Body)), append(c.ids, uuid.New())
	c.statuses = append(c.statuses, answer.Status)
	c.headers, c.bodies = append(c.headers, header), append(c.bodies, append([]byte{}, answer.Body...))
	return nil
}

func (t table) insertAll(ctx context.Context, tx pgx.Tx, c columns) error {
	if len(c.values) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO `+t.name()+` (caller, route, value, fingerprint, id, status, header, body)
		SELECT caller, route, value, fingerprint, id, status, convert_from(header, 'UTF8')::jsonb, body
		FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::uuid[], $6::int[], $7::bytea[], $8::bytea[])
			AS k(caller, route, value, fingerprint, id, status, header, body)`,
		c.callers, c.routes, c.values, c.fingerprints, c.ids, c.statuses, c.headers, c.bodies)
	if err != nil {
		return fmt.Errorf("storing idempotency keys: %w", err)
	}
	return nil
}
