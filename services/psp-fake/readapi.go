package pspfake

import (
	"context"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/changes"
	"github.com/emporium-shop/emporium/services/internal/page"
)

// What merchants read: authorisations, operations and the ledger.

func (a *api) get(ctx context.Context, in *readInput) (*authorizationOutput, error) {
	if _, _, err := a.treated(ctx, ""); err != nil {
		return nil, err
	}
	found, err := authorization(ctx, a.store.db, in.ID, "")
	if err != nil {
		return nil, err
	}
	return &authorizationOutput{authorizationShape.Tag(found.Version), bodyOf(found)}, nil
}

func (a *api) operation(ctx context.Context, in *readInput) (*operationOutput, error) {
	if _, _, err := a.treated(ctx, ""); err != nil {
		return nil, err
	}
	found, err := a.store.operation(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &operationOutput{operationShape.Tag(1), operationOf(found)}, nil
}

func (a *api) list(ctx context.Context, in *listInput) (*authorizationsOutput, error) {
	if _, _, err := a.treated(ctx, ""); err != nil {
		return nil, err
	}
	piece, err := paged(in.Query, func(after uuid.UUID, limit int) ([]Authorization, error) {
		return a.store.referred(ctx, in.Reference, after, limit)
	}, func(a Authorization) uuid.UUID { return a.ID }, bodyOf, in.Reference)
	return &authorizationsOutput{piece}, err
}

func (a *api) operations(ctx context.Context, in *listInput) (*operationsOutput, error) {
	if _, _, err := a.treated(ctx, ""); err != nil {
		return nil, err
	}
	piece, err := paged(in.Query, func(after uuid.UUID, limit int) ([]Operation, error) {
		return a.store.operations(ctx, in.Reference, after, limit)
	}, func(o Operation) uuid.UUID { return o.ID }, operationOf, in.Reference)
	return &operationsOutput{piece}, err
}

// ledger is answered in any mood: it is what books are closed by.
func (a *api) ledger(ctx context.Context, in *ledgerInput) (*ledgerOutput, error) {
	piece, err := changes.List(ctx, a.store.db, in.Query, changes.Source[balance, balanceBody]{
		Name: "ledger", Read: a.store.balances, Mark: func(b balance) changes.Mark { return b.mark }, Body: balance.body,
	})
	return &ledgerOutput{piece}, err
}

// paged is a page of what read returns, each item as it is on the wire.
func paged[T, B any](q page.Query, read func(after uuid.UUID, limit int) ([]T, error), key func(T) uuid.UUID, body func(T) B, filter ...string) (page.Of[B], error) {
	after, err := page.After[uuid.UUID](q, filter...)
	if err != nil {
		return page.Of[B]{}, err
	}
	found, err := read(after, q.Limit+1)
	if err != nil {
		return page.Of[B]{}, err
	}
	piece, err := page.New(q, found, key, filter...)
	out := page.Of[B]{Items: make([]B, len(piece.Items)), Next: piece.Next}
	for n, item := range piece.Items {
		out.Items[n] = body(item)
	}
	return out, err
}
