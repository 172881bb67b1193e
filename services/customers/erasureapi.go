package customers

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
)

// How a customer has himself forgotten, and how far that is.

func (a *api) erase(ctx context.Context, in *eraseInput) (*httpapi.Answer[erasureBody], error) {
	if in.Body.Customer != customer(ctx) {
		return nil, fault.Invalid("#/customer", "It is not the id of who asks.")
	}
	return once[erasureBody](ctx, a, in.Idempotent, func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		e, err := a.store.erase(ctx, tx, customer(ctx), a.instant())
		if err != nil {
			return idempotency.Stored{}, err
		}
		return made(proofs+"/"+e.ID.String(), tagOfErasure(e), bodyOfErasure(e))
	})
}

func (a *api) proof(ctx context.Context, in *thingInput) (*tagged[erasureBody], error) {
	e, err := oneErasure(ctx, a.store.db, in.ID.String(), `id = $1`, in.ID)
	if err != nil {
		return nil, err
	}
	return &tagged[erasureBody]{tagOfErasure(e), bodyOfErasure(e)}, nil
}

func (a *api) openErasures(ctx context.Context, in *listInput) (*listOf[erasureBody], error) {
	return pages(in.Query, bodyOfErasure, func(e Erasure) uuid.UUID { return e.ID }, func(after uuid.UUID) ([]Erasure, error) {
		return a.store.open(ctx, after, in.Limit+1)
	})
}
