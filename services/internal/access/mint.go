package access

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// life is how long a service's own token is good: long enough to be used more
	// than once, short enough that one in a log is worth little.
	life = 5 * time.Minute
	// spare is how long before its end a token is not used any more.
	spare = time.Minute
)

var errPrivate = errors.New("is no private Ed25519 key in JWK form, with a kid that begins with service/<name>/")

// Minter makes the tokens that a service shows to others.
type Minter struct {
	key           ed25519.PrivateKey
	kid           string
	shop, service string
	now           func() time.Time

	mu    sync.Mutex
	token string
	until time.Time
}

// NewMinter takes the service's private key as a JSON Web Key.
func NewMinter(key []byte, shop, service string, now func() time.Time) (*Minter, error) {
	var k jwk
	if err := json.Unmarshal(key, &k); err != nil {
		return nil, errPrivate // not the cause: it may hold the key
	}
	seed, err := base64.RawURLEncoding.DecodeString(k.D)
	own := signs(k.ID, claims{RegisteredClaims: jwt.RegisteredClaims{Issuer: "service/" + service, Subject: service}, Kind: ServiceKind})
	if k.Type != "OKP" || k.Curve != "Ed25519" || err != nil || len(seed) != ed25519.SeedSize || !own {
		return nil, errPrivate
	}
	return &Minter{key: ed25519.NewKeyFromSeed(seed), kid: k.ID, shop: shop, service: service, now: now}, nil
}

// Token returns a token that is good for a minute at least.
func (m *Minter) Token(context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	if now.Before(m.until) {
		return m.token, nil
	}
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: "service/" + m.service, Subject: m.service, Audience: jwt.ClaimStrings{m.shop},
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(life)),
		},
		Kind: ServiceKind,
	})
	t.Header["kid"] = m.kid
	signed, err := t.SignedString(m.key)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	m.token, m.until = signed, now.Add(life-spare)
	return signed, nil
}
