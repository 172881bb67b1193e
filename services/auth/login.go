package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/tokens"
)

const (
	// mostFailures is how often a name may fail in a minute.
	mostFailures = 10
	// tooMany is the kind of what comes too often.
	tooMany fault.Kind = "too-many-requests"
	// atOnce is how many passwords are hashed at a time: each takes 19 MiB.
	atOnce = 2
)

// errWrong says that name or password is wrong, and not which of them.
var errWrong = errors.New("name or password is wrong")

// login knows who may have a token.
type login struct {
	store *store
	shop  string
	now   func() time.Time
	// nobody is the hash that a name is compared with that has no account: it takes as long.
	nobody string
	turns  chan struct{}
}

func newLogin(s *store, shop string, now func() time.Time) *login {
	return &login{s, shop, now, current.unmatched(), make(chan struct{}, atOnce)}
}

// Token is what a member of staff gets.
type Token struct {
	Text    string
	Expires time.Time
	Scopes  []string
}

// token signs a token for who knows the password. Whether there is such an account cannot be told from the answer, nor from how
// long it takes.
func (l *login) token(ctx context.Context, name, password string) (Token, error) {
	name = named(name)
	minute := l.now().UTC().Truncate(time.Minute)
	n, err := l.store.failures(ctx, name, minute)
	if err != nil {
		return Token{}, err
	}
	if n >= mostFailures {
		return Token{}, &fault.Fault{Kind: tooMany, Detail: "Too many tries with this name. Come back in a minute.", RetryAfter: minute.Add(time.Minute).Sub(l.now())}
	}
	a, there, err := l.store.account(ctx, name)
	if err != nil {
		return Token{}, err
	}
	right, weak, err := l.compare(ctx, a.Hash, password, there)
	if err != nil {
		return Token{}, err
	}
	if !right {
		if err := l.store.failed(ctx, name, minute); err != nil {
			return Token{}, err
		}
		return Token{}, errWrong
	}
	if weak {
		if err := l.inTurn(ctx, func() error { return l.store.rehash(ctx, a, current.hashed(password)) }); err != nil {
			slog.WarnContext(ctx, "keeping a weak hash until the next login", "error", err)
		}
	}
	return l.sign(ctx, a)
}

// patience is how long a login waits for its turn.
const patience = time.Second

// inTurn does what hashes a password, a few at a time: each takes 19 MiB and a part of a second of a core. Who would wait for long is
// told to come back.
func (l *login) inTurn(ctx context.Context, do func() error) error {
	enough := time.NewTimer(patience)
	defer enough.Stop()
	select {
	case l.turns <- struct{}{}:
		defer func() { <-l.turns }()
		return do()
	case <-enough.C:
		return fault.Unavailable("Too many sign in at once. Come back in a second.", nil)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *login) compare(ctx context.Context, hash, password string, there bool) (right, weak bool, err error) {
	err = l.inTurn(ctx, func() (err error) {
		right, weak, err = l.matches(hash, password, there)
		return err
	})
	return right, weak, err
}

// matches compares in its turn, and takes as long where there is no account.
func (l *login) matches(hash, password string, there bool) (right, weak bool, err error) {
	if !there {
		hash = l.nobody
	}
	right, weak, err = current.matches(hash, password)
	if err != nil {
		return false, false, fmt.Errorf("reading the hash of an account: it %w", err)
	}
	return right && there, weak, nil
}

// sign makes the token of a member of staff.
func (l *login) sign(ctx context.Context, a Account) (Token, error) {
	t, err := l.signed(ctx, jwt.MapClaims{"sub": a.ID.String(), "kind": "staff", "scope": strings.Join(a.Scopes, " ")})
	t.Scopes = a.Scopes
	return t, err
}

// signed makes a token with these claims, beside those that every token has.
func (l *login) signed(ctx context.Context, claims jwt.MapClaims) (Token, error) {
	keys, err := keysOf(ctx, l.store.db)
	if err != nil {
		return Token{}, err
	}
	now := l.now()
	key, there := Signing(now, keys)
	if !there {
		return Token{}, fault.Unavailable("There is no key to sign with yet.", nil)
	}
	private, err := tokens.Parse([]byte(key.Private))
	if err != nil {
		return Token{}, fmt.Errorf("reading the key %s: it %w", key.ID, err)
	}
	t := Token{Expires: now.Add(tokens.Life).Truncate(time.Second).UTC()}
	claims["aud"], claims["iat"], claims["exp"], claims["jti"] = l.shop, now.Unix(), t.Expires.Unix(), uuid.NewString()
	t.Text, err = private.Sign(claims)
	return t, err
}
