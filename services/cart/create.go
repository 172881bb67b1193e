package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/problem"
)

// made is the answer to a POST that makes a cart, also the second time.
type made struct {
	answer   []byte
	etag     string
	replayed bool
}

// create makes a cart for a key once. Key, cart and answer are one commit: a
// process that dies leaves either all or nothing, so nothing stays in flight.
// Who is in flight holds an advisory lock, which ends with the transaction.
func (s *store) create(ctx context.Context, key string, body []byte) (m made, err error) {
	hash := sha256.Sum256(body)
	err = pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		var ours bool
		if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))`, "emporium/cart/"+key).Scan(&ours); err != nil {
			return err
		}
		if !ours {
			return problem.New(http.StatusConflict, "", "A request with this Idempotency-Key is in flight. Ask again soon.").With("Retry-After", "1")
		}
		m, err = stored(ctx, tx, key, hash[:])
		if errors.Is(err, pgx.ErrNoRows) {
			m, err = insert(ctx, tx, key, hash[:])
		}
		return err
	})
	if err != nil {
		return made{}, fmt.Errorf("making a cart: %w", err)
	}
	return m, nil
}

// stored returns the answer that the key got before, or ErrNoRows.
func stored(ctx context.Context, tx pgx.Tx, key string, hash []byte) (made, error) {
	m := made{replayed: true}
	var before []byte
	if err := tx.QueryRow(ctx, `SELECT body_hash, answer, etag FROM cart.requests WHERE key = $1`, key).Scan(&before, &m.answer, &m.etag); err != nil {
		return made{}, err
	}
	if !bytes.Equal(before, hash) {
		return made{}, problem.New(http.StatusUnprocessableEntity, "", "This Idempotency-Key came with another body before.")
	}
	return m, nil
}

func insert(ctx context.Context, tx pgx.Tx, key string, hash []byte) (made, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return made{}, err
	}
	c, err := Cart{ID: id, Lines: []Line{}, version: 1}.counted()
	if err != nil {
		return made{}, err
	}
	m := made{etag: c.tag()}
	if m.answer, err = json.Marshal(c); err != nil {
		return made{}, err
	}
	if _, err = tx.Exec(ctx, `INSERT INTO cart.carts (id, currency) VALUES ($1, $2)`, id, currency); err != nil {
		return made{}, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO cart.requests (key, body_hash, cart_id, answer, etag) VALUES ($1, $2, $3, $4, $5)`, key, hash, id, m.answer, m.etag)
	return m, err
}
