package access

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// skew is how far the clocks of two machines may be apart.
const skew = 10 * time.Second

// claims are those of RFC 7519 and two of ours.
type claims struct {
	jwt.RegisteredClaims
	Kind Kind `json:"kind"`
	// Scope holds what staff may do, separated by blanks (RFC 8693).
	Scope string `json:"scope,omitempty"`
	// Session is the login that the token comes from (OpenID Connect: sid).
	Session string `json:"sid,omitempty"`
}

var errToken = errors.New("the token says not who of whom")

// Verifier finds out who calls.
type Verifier struct {
	keys   *Keys
	parser *jwt.Parser
	now    func() time.Time
	known  known
}

// NewVerifier checks tokens of a shop. The algorithm is fixed: a token does not
// choose how it is checked.
func NewVerifier(keys *Keys, shop string, now func() time.Time) *Verifier {
	return &Verifier{keys: keys, now: now, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}), jwt.WithAudience(shop),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(skew), jwt.WithTimeFunc(now),
	)}
}

// Caller reads an Authorization header. None is an anonymous caller; one that
// is not good is an error.
func (v *Verifier) Caller(authorization string) (Principal, error) {
	if authorization == "" {
		return Principal{}, nil
	}
	scheme, token, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return Principal{}, fmt.Errorf("the scheme is not Bearer: %w", errToken)
	}
	token = strings.TrimSpace(token)
	now, set := v.now(), v.keys.current.Load()
	if who, ok := v.known.find(token, set, now); ok {
		return who, nil
	}
	var c claims
	if _, err := v.parser.ParseWithClaims(token, &c, v.key); err != nil {
		return Principal{}, fmt.Errorf("reading the token: %w", err)
	}
	if c.Subject == "" || (c.Kind != CustomerKind && c.Kind != StaffKind && c.Kind != ServiceKind) {
		return Principal{}, errToken
	}
	who := Principal{Kind: c.Kind, Subject: c.Subject, Scopes: strings.Fields(c.Scope), Session: c.Session}
	v.known.keep(token, verified{who, set, now, c.ExpiresAt.Time})
	return who, nil
}

// key finds the key that the token names, if that may sign such a token.
func (v *Verifier) key(t *jwt.Token) (any, error) {
	kid, _ := t.Header["kid"].(string)
	found, ok := v.keys.find(kid)
	if c, is := t.Claims.(*claims); !ok || !is || !signs(kid, *c) {
		return nil, errToken
	}
	return found, nil
}
