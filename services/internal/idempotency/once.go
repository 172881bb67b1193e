package idempotency

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// Stored is an answer that was given, and will be given again.
type Stored struct {
	// Status of the answer; 0 is 200.
	Status int
	// Header holds what the answer carries beside its body: ETag, Location.
	Header map[string]string
	// Body as it was sent, byte for byte.
	Body []byte
	// Replayed tells that this is not the first time.
	Replayed bool
}

// Once does something for a key, if it was not done before. What do does in its
// transaction, and the answer that it returns, are one commit: a process that
// dies leaves both or neither, so nothing stays in flight. An error of do leaves
// nothing behind, and the key works again.
//
// It is a fault.InFlight while another does the same, and a fault.Mismatch when
// the key came with another body. do may be run again, see postgres.InTx.
func Once(ctx context.Context, db *postgres.DB, k Key, body []byte, do func(context.Context, pgx.Tx) (Stored, error)) (Stored, error) {
	if err := k.Valid(); err != nil {
		return Stored{}, err
	}
	var answer Stored
	err := postgres.InTx(ctx, db, func(tx pgx.Tx) error {
		t := table{db.Schema().Name}
		found, err := t.take(ctx, tx, k, body)
		if err != nil {
			return err
		}
		if found != nil {
			answer, err = found.replay()
			return err
		}
		if answer, err = do(ctx, tx); err != nil {
			return err
		}
		answer.Status = cmp.Or(answer.Status, http.StatusOK)
		return t.insert(ctx, tx, k, body, uuid.New(), &answer, 0)
	})
	if err != nil {
		return Stored{}, err
	}
	return answer, nil
}

// Answered is the answer that a key got, nil for one that is new: for who asks others
// before Once, and need not when all is done.
func Answered(ctx context.Context, db *postgres.DB, k Key, body []byte) (*Stored, error) {
	if err := k.Valid(); err != nil {
		return nil, err
	}
	var r record
	err := db.QueryRow(ctx, `SELECT fingerprint, status, header, body FROM `+table{db.Schema().Name}.name()+` WHERE caller = $1 AND route = $2 AND value = $3`,
		k.Caller, k.Route, k.Value).Scan(&r.fingerprint, &r.status, &r.header, &r.body)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, nil //nolint:nilnil // a new key has no answer
	case err != nil:
		return nil, fmt.Errorf("reading an idempotency key: %w", err)
	case !bytes.Equal(r.fingerprint, fingerprint(body)):
		return nil, fault.Mismatch()
	}
	s, err := r.replay()
	if err != nil {
		return nil, err
	}
	return &s, nil
}

// record is a key's row.
type record struct {
	id          uuid.UUID
	fingerprint []byte
	status      *int
	header      []byte
	body        []byte
	turn        int
	expired     bool
}

// replay is the answer that a finished request got.
func (r *record) replay() (Stored, error) {
	if r.status == nil {
		return Stored{}, fault.InFlight()
	}
	s := Stored{Status: *r.status, Body: r.body, Replayed: true}
	if err := json.Unmarshal(r.header, &s.Header); err != nil {
		return Stored{}, fmt.Errorf("reading the header of a stored answer: %w", err)
	}
	return s, nil
}

// table is the SQL.
type table struct{ schema string }

func (t table) name() string { return t.schema + ".idempotency_keys" }

// take locks the key until the transaction ends and reads its row, which is nil
// for a new key. Row and lock are two statements of one round trip: the second
// sees what the holder of the lock committed.
func (t table) take(ctx context.Context, tx pgx.Tx, k Key, body []byte) (*record, error) {
	var b pgx.Batch
	b.Queue(`SELECT pg_try_advisory_xact_lock($1)`, k.lockID(t.schema))
	b.Queue(`SELECT id, fingerprint, status, header, body, turn, coalesce(lease_until < clock_timestamp(), false) FROM `+t.name()+`
		WHERE caller = $1 AND route = $2 AND value = $3`, k.Caller, k.Route, k.Value)
	results := tx.SendBatch(ctx, &b)
	defer results.Close()
	var ours bool
	if err := results.QueryRow().Scan(&ours); err != nil {
		return nil, fmt.Errorf("locking an idempotency key: %w", err)
	}
	var r record
	err := results.QueryRow().Scan(&r.id, &r.fingerprint, &r.status, &r.header, &r.body, &r.turn, &r.expired)
	switch {
	case errors.Is(err, pgx.ErrNoRows) && ours:
		return nil, nil //nolint:nilnil // a new key has no row
	case errors.Is(err, pgx.ErrNoRows):
		return nil, fault.InFlight()
	case err != nil:
		return nil, fmt.Errorf("reading an idempotency key: %w", err)
	case !bytes.Equal(r.fingerprint, fingerprint(body)):
		return nil, fault.Mismatch()
	case r.status == nil && !ours:
		return nil, fault.InFlight()
	}
	return &r, nil
}

// insert writes the row of a key: finished with an answer, or running under a lease.
func (t table) insert(ctx context.Context, tx pgx.Tx, k Key, body []byte, id uuid.UUID, answer *Stored, lease time.Duration) error {
	var status *int
	var header, content []byte
	if answer != nil {
		var err error
		if header, err = json.Marshal(answer.Header); err != nil {
			return fmt.Errorf("writing the header of an answer: %w", err)
		}
		status, content = &answer.Status, append([]byte{}, answer.Body...)
	}
	_, err := tx.Exec(ctx, `INSERT INTO `+t.name()+` (caller, route, value, fingerprint, id, status, header, body, lease_until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, CASE WHEN $6::int IS NULL THEN clock_timestamp() + $9 * interval '1 microsecond' END)`,
		k.Caller, k.Route, k.Value, fingerprint(body), id, status, header, content, lease.Microseconds())
	if err != nil {
		return fmt.Errorf("storing an idempotency key: %w", err)
	}
	return nil
}
