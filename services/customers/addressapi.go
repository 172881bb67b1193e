package customers

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
)

// The address book of a customer.

func (a *api) listAddresses(ctx context.Context, in *listInput) (*listOf[addressBody], error) {
	who := customer(ctx)
	return pages(in.Query, bodyOfAddress, func(i Address) uuid.UUID { return i.ID }, func(after uuid.UUID) ([]Address, error) {
		return a.store.addresses(ctx, who, after, in.Limit+1)
	}, who)
}

func (a *api) addAddress(ctx context.Context, in *addressCreate) (*httpapi.Answer[addressBody], error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	one, err := in.Body.address(id, 1).Checked()
	if err != nil {
		return nil, err
	}
	return once[addressBody](ctx, a, in.Idempotent, func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		if err := addAddress(ctx, tx, customer(ctx), one); err != nil {
			return idempotency.Stored{}, err
		}
		return made(addresses+"/"+id.String(), addressShape.Tag(one.Version), bodyOfAddress(one))
	})
}

func answerAddress(one Address, err error) (*tagged[addressBody], error) {
	if err != nil {
		return nil, err
	}
	return &tagged[addressBody]{addressShape.Tag(one.Version), bodyOfAddress(one)}, nil
}

func (a *api) getAddress(ctx context.Context, in *thingInput) (*tagged[addressBody], error) {
	return answerAddress(a.store.address(ctx, customer(ctx), in.ID))
}

func (a *api) putAddress(ctx context.Context, in *addressPut) (*tagged[addressBody], error) {
	before, err := a.store.address(ctx, customer(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	after, err := in.Body.address(before.ID, before.Version+1).Checked()
	if err != nil {
		return nil, err
	}
	if in.Repeated(before.Version, after.same(before)) {
		return answerAddress(before, nil)
	}
	if err := in.Check(before.Version); err != nil {
		return nil, err
	}
	return answerAddress(after, a.store.saveAddress(ctx, customer(ctx), before, after))
}

func (a *api) removeAddress(ctx context.Context, in *addressRemove) (*tagged[addressBody], error) {
	one, err := a.store.address(ctx, customer(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	if err := in.Check(one.Version); err != nil {
		return nil, err
	}
	return answerAddress(one, a.store.removeAddress(ctx, customer(ctx), one))
}
