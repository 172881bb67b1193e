package customers

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
)

// What a customer agreed to.

func (a *api) listConsents(ctx context.Context, in *listInput) (*listOf[consentBody], error) {
	who := customer(ctx)
	return pages(in.Query, bodyOfConsent, func(c Consent) uuid.UUID { return c.ID }, func(after uuid.UUID) ([]Consent, error) {
		return a.store.consents(ctx, who, after, in.Limit+1)
	}, who)
}

func (a *api) addConsent(ctx context.Context, in *consentCreate) (*httpapi.Answer[consentBody], error) {
	return once[consentBody](ctx, a, in.Idempotent, func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		id, err := uuid.NewV7()
		if err != nil {
			return idempotency.Stored{}, err
		}
		c := Consent{id, in.Body.Purpose, in.Body.TextVersion, in.Body.Granted, a.instant()}
		if err := addConsent(ctx, tx, customer(ctx), c); err != nil {
			return idempotency.Stored{}, err
		}
		return made(consents+"/"+id.String(), consentShape.Tag(1), bodyOfConsent(c))
	})
}

func (a *api) getConsent(ctx context.Context, in *thingInput) (*tagged[consentBody], error) {
	c, err := a.store.consent(ctx, customer(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &tagged[consentBody]{consentShape.Tag(1), bodyOfConsent(c)}, nil
}
