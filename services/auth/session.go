package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/google/uuid"
)

const (
	// sessionLife is how long a session lives that nobody uses, and each use begins it anew.
	sessionLife = 30 * 24 * time.Hour
	// repeatable is how long a refresh token may be sent again whose answer was lost on the way.
	repeatable = 30 * time.Second
	// secretLength is what refresh tokens and links are made of, in bytes.
	secretLength = 32
)

// Session is a customer's login.
type Session struct {
	ID      uuid.UUID
	Account uuid.UUID
	// Device is what the customer's device calls itself.
	Device string
	MadeAt time.Time
	UsedAt time.Time
	EndsAt time.Time
}

// newSecret is what nobody guesses, as text.
func newSecret() string { return base64.RawURLEncoding.EncodeToString(random(secretLength)) }

// hashOf is how a secret is kept: it is random, so one hash is enough.
func hashOf(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// successor is the refresh token that comes after one. It is made of what the client has and of what the database has, so neither
// alone knows it, and whoever sends the same token again gets the same successor.
func successor(token string, nonce []byte) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write(nonce)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Refresh is what became of a refresh token.
type Refresh struct {
	// UsedAt is when it was used first; zero: never.
	UsedAt time.Time
	// NextUsed tells that the token after it was used.
	NextUsed bool
}

// Stolen tells whether a token that comes now was used by two: by the customer and by whoever has a copy. One that comes again soon,
// while nobody used its successor, is the customer's, who did not get the answer.
func (r Refresh) Stolen(now time.Time) bool {
	return !r.UsedAt.IsZero() && (r.NextUsed || now.Sub(r.UsedAt) > repeatable)
}
