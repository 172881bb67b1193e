package cms

import (
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

const (
	// previewFor is how long a preview can be looked at.
	previewFor = time.Hour
	// forPreview keeps these tokens apart from all others.
	forPreview = "cms-preview"
)

// sign makes a token that shows one version, whoever has it, until it ends.
func sign(key []byte, id uuid.UUID, now time.Time) (token string, ends time.Time, err error) {
	ends = now.Add(previewFor).UTC().Truncate(time.Second)
	claims := jwt.RegisteredClaims{Audience: jwt.ClaimStrings{forPreview}, Subject: id.String(), ExpiresAt: jwt.NewNumericDate(ends)}
	if token, err = jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(key); err != nil {
		return "", time.Time{}, fmt.Errorf("signing a preview: %w", err)
	}
	return token, ends, nil
}

// opened is the version that a token shows. Why a token is none of ours is nobody's business.
func opened(key []byte, token string, now time.Time) (uuid.UUID, error) {
	var claims jwt.RegisteredClaims
	_, err := jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return key, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithAudience(forPreview), jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(func() time.Time { return now }))
	if err == nil {
		var id uuid.UUID
		if id, err = uuid.Parse(claims.Subject); err == nil {
			return id, nil
		}
	}
	return uuid.UUID{}, fault.Forbidden("This preview has ended, or never was one. Ask for a new one: POST /api/cms/versions/{id}/preview.")
}
