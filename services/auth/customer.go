package auth

import (
	"context"
	"errors"
	"log/slog"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/contact"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/tries"
)

const (
	// leastPassword is what NIST SP 800-63B asks for, in characters; nothing else is asked of a password.
	leastPassword = 8
	// linkLife is how long the link of a mail is good.
	linkLife = time.Hour
	// mostMails is how many mails an address gets within linkLife: more are not made, and nobody is told.
	mostMails = 5
	// registration and reset are what links are asked for.
	registration, reset = "registration", "reset"
)

// guesses bounds how often somebody may be wrong: with one address, and from one client.
var guesses = tries.Limit{Most: mostFailures, Within: time.Minute}

// Customer is who signs in.
type Customer struct {
	ID   uuid.UUID
	Mail contact.Mail
	Hash string
}

// Signed is what a customer gets who signed in.
type Signed struct {
	Token
	Session Session
	Refresh string
}

// customers signs customers in.
type customers struct {
	*login
}

// buckets are what wrong tries are counted by. Where nobody says which client asks, it is the address alone.
func buckets(key, client string) []string {
	if client == "" {
		return []string{"mail:" + key}
	}
	return []string{"mail:" + key, "client:" + client}
}

// signIn begins a session for who knows the password. That an address has no account can be told neither from the answer nor from how
// long it takes.
func (c *customers) signIn(ctx context.Context, mail, password, device, client string) (Signed, error) {
	key := mail // what is no address is nobody's, and takes as long
	if m, err := contact.ParseMail("#/email", mail); err == nil {
		key = m.Key
	}
	var out Signed
	right := false
	err := c.inTurn(ctx, func() error {
		return guesses.Guard(ctx, c.store.db, buckets(key, client), func(ctx context.Context, tx pgx.Tx) (bool, error) {
			one, there, err := customerOf(ctx, tx, key)
			if err != nil {
				return true, err
			}
			var weak bool
			if right, weak, err = c.matches(one.Hash, password, there); err != nil || !right {
				return false, err
			}
			if weak {
				if err := replacePassword(ctx, tx, one.ID, one.Hash, current.hashed(password)); err != nil {
					return true, err
				}
			}
			out.Session, out.Refresh, err = c.begin(ctx, tx, one.ID, device)
			return true, err
		})
	})
	if err != nil {
		return Signed{}, err
	}
	if !right {
		return Signed{}, errWrong
	}
	return c.issue(ctx, out)
}

// begin makes a session: always a new one, whatever the client showed before (C40).
func (c *customers) begin(ctx context.Context, tx pgx.Tx, account uuid.UUID, device string) (Session, string, error) {
	now := c.now().UTC().Truncate(time.Microsecond)
	s := Session{uuid.New(), account, device, now, now, now.Add(sessionLife)}
	refresh := newSecret()
	return s, refresh, insertSession(ctx, tx, s, refresh)
}

// issue signs the token of a session.
func (c *customers) issue(ctx context.Context, s Signed) (Signed, error) {
	var err error
	s.Token, err = c.signed(ctx, jwt.MapClaims{"sub": s.Session.Account.String(), "kind": "customer", "sid": s.Session.ID.String()})
	return s, err
}

// refresh goes on with a session. A token that two have used ends it: nobody knows which of them is the customer.
func (c *customers) refresh(ctx context.Context, token string) (Signed, error) {
	var out Signed
	stolen := false
	err := postgres.InTx(ctx, c.store.db, func(tx pgx.Tx) error {
		now := c.now().UTC().Truncate(time.Microsecond)
		s, nonce, r, err := lockedRefresh(ctx, tx, token)
		if err != nil {
			return err
		}
		if stolen = r.Stolen(now); stolen {
			return endSession(ctx, tx, s.ID)
		}
		if !now.Before(s.EndsAt) {
			return errWrong
		}
		next := successor(token, nonce)
		s.UsedAt, s.EndsAt = now, now.Add(sessionLife)
		out = Signed{Session: s, Refresh: next}
		return rotate(ctx, tx, s, token, next)
	})
	if err == nil && stolen {
		slog.WarnContext(ctx, "ending a session whose refresh token was used twice")
		err = errWrong
	}
	if err != nil {
		return Signed{}, err
	}
	return c.issue(ctx, out)
}

// wanted makes a mail to an address, whoever asks: who has an account gets another one than who has none. Both take as long, and both
// are made.
func (c *customers) wanted(ctx context.Context, tx pgx.Tx, kind string, m contact.Mail, locale string) error {
	_, known, err := customerOf(ctx, tx, m.Key)
	if err != nil {
		return err
	}
	return want(ctx, tx, kindFor(kind, known), m, locale, c.now().UTC())
}

// kindFor is the mail that somebody gets who asks for one: a link that sets a password, or what became of the question.
func kindFor(asked string, known bool) string {
	switch {
	case asked == registration && known:
		return "known"
	case asked == reset && !known:
		return "unknown"
	}
	return asked
}

// checkedPassword refuses what is no password that may be set.
func checkedPassword(pointer, password string) error {
	if utf8.RuneCountInString(password) < leastPassword {
		return fault.Invalid(pointer, "It has fewer than 8 characters.")
	}
	return nil
}

// confirm sets the password of whoever has the link of a mail, and makes the account if there is none. All sessions of before end.
func (c *customers) confirm(ctx context.Context, tx pgx.Tx, secret, password string) error {
	m, err := takeLink(ctx, tx, secret, c.now().UTC())
	if err != nil {
		return err
	}
	id, err := setPassword(ctx, tx, m, current.hashed(password))
	if err != nil {
		return err
	}
	return endOthers(ctx, tx, id, uuid.Nil)
}

// knows tells whether somebody knows the password of an account; who does not is counted.
func (c *customers) knows(ctx context.Context, account uuid.UUID, password string) (hash string, err error) {
	right := false
	err = guesses.Guard(ctx, c.store.db, []string{"account:" + account.String()}, func(ctx context.Context, tx pgx.Tx) (_ bool, err error) {
		if hash, err = hashOfAccount(ctx, tx, account); err != nil {
			return true, err
		}
		right, _, err = c.matches(hash, password, true)
		return right, err
	})
	if err == nil && !right {
		err = fault.Invalid("#/password", "It is not the password.")
	}
	return hash, err
}

// counted refuses a client that asks for too many mails; each one counts.
func (c *customers) counted(ctx context.Context, client string) error {
	if client == "" {
		return nil
	}
	return guesses.Guard(ctx, c.store.db, []string{"mails of client:" + client}, func(context.Context, pgx.Tx) (bool, error) { return false, nil })
}

// signOut ends the session of a refresh token, if there is one.
func (c *customers) signOut(ctx context.Context, token string) error {
	return postgres.InTx(ctx, c.store.db, func(tx pgx.Tx) error {
		s, _, _, err := lockedRefresh(ctx, tx, token)
		if errors.Is(err, errWrong) {
			return nil
		}
		if err != nil {
			return err
		}
		return endSession(ctx, tx, s.ID)
	})
}

func (c *customers) endOne(ctx context.Context, session uuid.UUID) error {
	return postgres.InTx(ctx, c.store.db, func(tx pgx.Tx) error { return endSession(ctx, tx, session) })
}
