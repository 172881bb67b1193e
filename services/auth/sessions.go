package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/contact"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// customerOf finds who signs in with an address; there is nobody where the second value is false.
func customerOf(ctx context.Context, tx pgx.Tx, key string) (c Customer, there bool, err error) {
	err = tx.QueryRow(ctx, `SELECT id, mail, mail_key, hash FROM auth.credentials WHERE mail_key = $1`, key).Scan(&c.ID, &c.Mail.Spelled, &c.Mail.Key, &c.Hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return Customer{}, false, nil
	}
	if err != nil {
		return Customer{}, false, fmt.Errorf("reading credentials: %w", err)
	}
	return c, true, nil
}

// hashOfAccount is that of a customer's password; one who is gone is nobody any more.
func hashOfAccount(ctx context.Context, tx pgx.Tx, account uuid.UUID) (hash string, err error) {
	err = tx.QueryRow(ctx, `SELECT hash FROM auth.credentials WHERE id = $1`, account).Scan(&hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", errWrong
	}
	if err != nil {
		return "", fmt.Errorf("reading credentials: %w", err)
	}
	return hash, nil
}

// replacePassword writes another hash over one, unless somebody else did so meanwhile.
func replacePassword(ctx context.Context, tx pgx.Tx, account uuid.UUID, was, hash string) error {
	tag, err := tx.Exec(ctx, `UPDATE auth.credentials SET hash = $3 WHERE id = $1 AND hash = $2`, account, was, hash)
	if err != nil {
		return fmt.Errorf("writing a password: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return fault.Conflict(fault.ConflictKind, "The password was changed meanwhile.")
	}
	return nil
}

// setPassword makes an account, or gives the one there is another password. A reset makes none: it may have been erased meanwhile.
func setPassword(ctx context.Context, tx pgx.Tx, l link, hash string) (id uuid.UUID, err error) {
	if l.kind == reset {
		err = tx.QueryRow(ctx, `UPDATE auth.credentials SET hash = $2 WHERE mail_key = $1 RETURNING id`, l.to.Key, hash).Scan(&id)
	} else {
		fresh, idErr := uuid.NewV7()
		if idErr != nil {
			return id, fmt.Errorf("making the id of an account: %w", idErr)
		}
		err = tx.QueryRow(ctx, `INSERT INTO auth.credentials (id, mail_key, mail, hash) VALUES ($1, $2, $3, $4)
			ON CONFLICT (mail_key) DO UPDATE SET hash = excluded.hash RETURNING id`, fresh, l.to.Key, l.to.Spelled, hash).Scan(&id)
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return id, badLink()
	}
	if err != nil {
		return id, fmt.Errorf("writing a password: %w", err)
	}
	return id, nil
}

// addCustomer makes an account, if the address is free.
func addCustomer(ctx context.Context, db *postgres.DB, c Customer) error {
	_, err := db.Exec(ctx, `INSERT INTO auth.credentials (id, mail_key, mail, hash) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, c.ID, c.Mail.Key, c.Mail.Spelled, c.Hash)
	if err != nil {
		return fmt.Errorf("adding a customer: %w", err)
	}
	return nil
}

func badLink() error {
	return fault.Invalid("#/token", "The link is not good any more. Ask for another mail.")
}

// link is what a mail lets somebody do.
type link struct {
	kind string
	to   contact.Mail
}

// takeLink uses a link up, and every other one of the address.
func takeLink(ctx context.Context, tx pgx.Tx, secret string, now time.Time) (l link, err error) {
	err = tx.QueryRow(ctx, `DELETE FROM auth.mails WHERE hash = $1 AND ends_at > $2 RETURNING kind, mail, mail_key`, hashOf(secret), now).Scan(&l.kind, &l.to.Spelled, &l.to.Key)
	if errors.Is(err, pgx.ErrNoRows) {
		return l, badLink()
	}
	if err == nil {
		_, err = tx.Exec(ctx, `DELETE FROM auth.mails WHERE mail_key = $1`, l.to.Key)
	}
	if err != nil {
		return l, fmt.Errorf("taking a link: %w", err)
	}
	return l, nil
}

// want makes a mail, and tells that there is one. An address that got many lately gets none, and nobody is told.
func want(ctx context.Context, tx pgx.Tx, kind string, to contact.Mail, locale string, now time.Time) error {
	id := uuid.New()
	var secret *string
	var hash []byte
	if kind == registration || kind == reset {
		text := newSecret()
		secret, hash = &text, hashOf(text)
	}
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('auth/mails/' || $1, 0))`, to.Key); err != nil {
		return fmt.Errorf("waiting for who writes to the same address: %w", err)
	}
	tag, err := tx.Exec(ctx, `INSERT INTO auth.mails (id, kind, mail_key, mail, locale, secret, hash, made_at, ends_at) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
		WHERE (SELECT count(*) FROM auth.mails WHERE mail_key = $3 AND ends_at > $8) < $10`,
		id, kind, to.Key, to.Spelled, locale, secret, hash, now, now.Add(linkLife), mostMails)
	if err != nil {
		return fmt.Errorf("making a mail: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return nil
	}
	e, err := events.New(ctx, "auth", events.MailWanted, id.String(), map[string]any{"mail": id})
	if err != nil {
		return err
	}
	return outbox.Put(ctx, tx, "auth", e)
}

// Mail is one that somebody else sends.
type Mail struct {
	ID                       uuid.UUID
	Kind, To, Locale, Secret string
	EndsAt                   time.Time
}

func (s *store) mail(ctx context.Context, id uuid.UUID, now time.Time) (m Mail, err error) {
	err = s.db.QueryRow(ctx, `SELECT id, kind, mail, locale, coalesce(secret, ''), ends_at FROM auth.mails WHERE id = $1 AND ends_at > $2`, id, now).
		Scan(&m.ID, &m.Kind, &m.To, &m.Locale, &m.Secret, &m.EndsAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return m, fault.NotFound("mail", id.String())
	}
	if err != nil {
		return m, fmt.Errorf("reading a mail: %w", err)
	}
	m.EndsAt = m.EndsAt.UTC()
	return m, nil
}

const sessionColumns = `s.id, s.account, s.device, s.made_at, s.used_at, s.ends_at`

func scanSession(row pgx.CollectableRow) (s Session, err error) {
	err = row.Scan(&s.ID, &s.Account, &s.Device, &s.MadeAt, &s.UsedAt, &s.EndsAt)
	s.MadeAt, s.UsedAt, s.EndsAt = s.MadeAt.UTC(), s.UsedAt.UTC(), s.EndsAt.UTC()
	return s, err
}

// insertSession makes a session, and its first refresh token.
func insertSession(ctx context.Context, tx pgx.Tx, s Session, refresh string) error {
	var b pgx.Batch
	b.Queue(`INSERT INTO auth.sessions (id, account, device, made_at, used_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6)`, s.ID, s.Account, s.Device, s.MadeAt, s.UsedAt, s.EndsAt)
	b.Queue(`INSERT INTO auth.refresh_tokens (hash, session, nonce) VALUES ($1, $2, $3)`, hashOf(refresh), s.ID, random(secretLength))
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("beginning a session: %w", err)
	}
	return nil
}

// lockedRefresh reads a refresh token and its session, which nobody else has until the transaction ends.
func lockedRefresh(ctx context.Context, tx pgx.Tx, token string) (s Session, nonce []byte, r Refresh, err error) {
	var used *time.Time
	err = tx.QueryRow(ctx, `SELECT `+sessionColumns+`, t.nonce, t.used_at FROM auth.refresh_tokens t JOIN auth.sessions s ON s.id = t.session WHERE t.hash = $1 FOR UPDATE`, hashOf(token)).
		Scan(&s.ID, &s.Account, &s.Device, &s.MadeAt, &s.UsedAt, &s.EndsAt, &nonce, &used)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, nil, r, errWrong
	}
	if err == nil && used != nil {
		r.UsedAt = used.UTC()
		err = tx.QueryRow(ctx, `SELECT coalesce((SELECT used_at IS NOT NULL FROM auth.refresh_tokens WHERE hash = $1), true)`, hashOf(successor(token, nonce))).Scan(&r.NextUsed)
	}
	if err != nil {
		return s, nil, r, fmt.Errorf("reading a refresh token: %w", err)
	}
	s.MadeAt = s.MadeAt.UTC()
	return s, nonce, r, nil
}

// rotate notes that a refresh token was used, and which one follows it.
func rotate(ctx context.Context, tx pgx.Tx, s Session, used, next string) error {
	var b pgx.Batch
	b.Queue(`UPDATE auth.refresh_tokens SET used_at = coalesce(used_at, $2) WHERE hash = $1`, hashOf(used), s.UsedAt)
	b.Queue(`INSERT INTO auth.refresh_tokens (hash, session, nonce) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, hashOf(next), s.ID, random(secretLength))
	b.Queue(`UPDATE auth.sessions SET used_at = $2, ends_at = $3 WHERE id = $1`, s.ID, s.UsedAt, s.EndsAt)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("going on with a session: %w", err)
	}
	return nil
}

// endSession ends a session, with all its refresh tokens.
func endSession(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	if _, err := tx.Exec(ctx, `DELETE FROM auth.sessions WHERE id = $1`, id); err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	return nil
}

// endOthers ends all sessions of an account but one.
func endOthers(ctx context.Context, tx pgx.Tx, account, but uuid.UUID) error {
	if _, err := tx.Exec(ctx, `DELETE FROM auth.sessions WHERE account = $1 AND id <> $2`, account, but); err != nil {
		return fmt.Errorf("ending sessions: %w", err)
	}
	return nil
}

// session is a customer's own that has not ended.
func (s *store) session(ctx context.Context, account, id uuid.UUID, now time.Time) (Session, error) {
	list, err := s.sessions(ctx, `s.account = $1 AND s.id = $2 AND s.ends_at > $3`, account, id, now)
	if err == nil && len(list) == 0 {
		err = fault.NotFound("session", id.String())
	}
	return append(list, Session{})[0], err
}

// ofAccount lists an account's sessions after one, in the order of their ids.
func (s *store) ofAccount(ctx context.Context, account, after uuid.UUID, now time.Time, limit int) ([]Session, error) {
	return s.sessions(ctx, `s.account = $1 AND s.id > $2 AND s.ends_at > $3 ORDER BY s.id LIMIT $4`, account, after, now, limit)
}

func (s *store) sessions(ctx context.Context, where string, args ...any) ([]Session, error) {
	rows, err := s.db.Query(ctx, `SELECT `+sessionColumns+` FROM auth.sessions s WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("reading sessions: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanSession)
	if err != nil {
		return nil, fmt.Errorf("reading sessions: %w", err)
	}
	return list, nil
}

// forgetEnded deletes sessions and links whose time is over.
func (s *store) forgetEnded(ctx context.Context, now time.Time) error {
	for _, statement := range []string{`DELETE FROM auth.sessions WHERE ends_at <= $1`, `DELETE FROM auth.mails WHERE ends_at <= $1`} {
		if _, err := s.db.Exec(ctx, statement, now); err != nil {
			return fmt.Errorf("forgetting what has ended: %w", err)
		}
	}
	return nil
}

// forgetCustomer deletes what there is of a customer who is to be erased.
func forgetCustomer(ctx context.Context, tx pgx.Tx, customer string) (count int64, err error) {
	id, err := uuid.Parse(customer)
	if err != nil {
		return 0, nil //nolint:nilerr // nobody whom auth has named
	}
	for _, statement := range []string{
		`DELETE FROM auth.mails WHERE mail_key = (SELECT mail_key FROM auth.credentials WHERE id = $1)`,
		`DELETE FROM auth.sessions WHERE account = $1`, `DELETE FROM auth.credentials WHERE id = $1`,
		`DELETE FROM auth.idempotency_keys WHERE caller = 'customer:' || $1::text`,
	} {
		tag, err := tx.Exec(ctx, statement, id)
		if err != nil {
			return 0, fmt.Errorf("forgetting a customer: %w", err)
		}
		count += tag.RowsAffected()
	}
	return count, nil
}
