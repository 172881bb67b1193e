package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// stored is an answer under its key.
type stored struct {
	caller, route, key, body string
	status                   int
	answer                   []byte
	location, etag           string
	replayed                 bool
}

var (
	errMismatch = errors.New("the key was used for another body")
	errInFlight = errors.New("the first request with the key is under way")
)

// canonical writes JSON so that spaces and order do not matter.
func canonical(body []byte) string {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return string(body)
	}
	out, err := json.Marshal(v)
	if err != nil {
		return string(body)
	}
	return string(out)
}

// once has the effect and stores its answer in one commit, or returns the answer that is there.
func (s *server) once(ctx context.Context, k stored, do func(pgx.Tx) (gadget, error)) (stored, error) {
	k = s.keyFaults(k)
	tx, err := s.store.pool.Begin(ctx)
	if err != nil {
		return k, err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // after a commit there is nothing to roll back
	if err := s.lock(ctx, tx, k); err != nil {
		return k, err
	}
	if have, err := s.replay(ctx, tx, k); err == nil || !missing(err) {
		return have, err
	}
	g, err := s.have(ctx, tx, do)
	if err != nil {
		return k, err
	}
	if err := s.announce(ctx, tx, g); err != nil {
		return k, err
	}
	body, err := json.Marshal(g)
	if err != nil {
		return k, err
	}
	k.status, k.answer, k.etag, k.location = 201, body, g.tag(), "/api/gadgets/"+g.ID
	if _, err := tx.Exec(ctx, keep, k.caller, k.route, k.key, k.body, k.status, k.answer, k.location, k.etag); err != nil {
		return k, err
	}
	return k, tx.Commit(ctx)
}

// have is the effect; in the fault I-11 it is a commit of its own, before that of the answer.
func (s *server) have(ctx context.Context, tx pgx.Tx, do func(pgx.Tx) (gadget, error)) (gadget, error) {
	if !s.breaks("I-11") {
		return do(tx)
	}
	own, err := s.store.pool.Begin(ctx)
	if err != nil {
		return gadget{}, err
	}
	defer own.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // after a commit there is nothing to roll back
	g, err := do(own)
	if err != nil {
		return g, err
	}
	err = own.Commit(ctx)
	time.Sleep(300 * time.Millisecond) // so that a checker on a busy machine meets it
	return g, err
}

const keep = `INSERT INTO gadgets.idempotency VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (caller, route, key) DO UPDATE SET answer = excluded.answer`

func (s *server) keyFaults(k stored) stored {
	switch {
	case s.breaks("I-06"):
		k.route = ""
	case s.breaks("I-07"):
		k.caller = ""
	case s.breaks("I-12"):
		k.route += " " + s.env.release
	}
	return k
}

// lock lets one of many through; the others are told to come again.
func (s *server) lock(ctx context.Context, tx pgx.Tx, k stored) error {
	if s.breaks("I-08") {
		return nil
	}
	var got bool
	err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))`, strings.Join([]string{k.caller, k.route, k.key}, "\n")).Scan(&got)
	if err == nil && !got {
		err = errInFlight
	}
	return err
}

func (s *server) replay(ctx context.Context, tx pgx.Tx, k stored) (stored, error) {
	have := stored{replayed: true}
	err := tx.QueryRow(ctx, `SELECT body, status, answer, location, etag FROM gadgets.idempotency WHERE caller = $1 AND route = $2 AND key = $3`,
		k.caller, k.route, k.key).Scan(&have.body, &have.status, &have.answer, &have.location, &have.etag)
	if s.breaks("I-08") {
		time.Sleep(20 * time.Millisecond)
	}
	if err == nil && have.body != k.body && !s.breaks("I-04") {
		return have, errMismatch
	}
	if err == nil && s.breaks("V-01") {
		err = errors.Join(s.announce(ctx, tx, gadget{ID: "replayed"}), tx.Commit(ctx))
	}
	return have, err
}

// announce puts the event into the outbox, in the commit of what it tells.
func (s *server) announce(ctx context.Context, tx pgx.Tx, g gadget) error {
	id := uuid.Must(uuid.NewV7())
	if s.breaks("V-02") {
		id = uuid.New()
	}
	_, err := tx.Exec(ctx, `INSERT INTO gadgets.outbox (event) VALUES ($1)`, fmt.Sprintf(
		`{"specversion":"1.0","id":%q,"source":"gadgets","type":"gadgets.gadget.created.v1","subject":%q,"time":%q,"data":{"gadget":%q}}`,
		id, g.ID, time.Now().UTC().Format(time.RFC3339), g.ID))
	return err
}
