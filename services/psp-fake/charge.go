package pspfake

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
)

// What moves money: authorisations, and captures, voids and refunds of them.

func (a *api) authorize(ctx context.Context, in *authorizeInput) (*httpapi.Answer[authorizationBody], error) {
	mood, by, err := a.treated(ctx, in.Body.Card)
	if err != nil {
		return nil, err
	}
	return behave[authorizationBody](ctx, a, by, in.Key(ctx), in.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		id, err := uuid.NewV7()
		if err != nil {
			return idempotency.Stored{}, err
		}
		minor, currency := mood.promise(a.draw, in.Body.Minor, in.Body.Currency)
		made := Authorize(id, in.Body.Reference, minor, currency, known(in.Body.Card))
		if err := insertAuthorization(ctx, tx, made); err != nil {
			return idempotency.Stored{}, err
		}
		if err := tell(ctx, tx, ofAuthorization(made), mood.deliveries(a.draw)); err != nil {
			return idempotency.Stored{}, err
		}
		return stored(bodyOf(made), authorizationShape.Tag(made.Version), root+"/authorizations/"+id.String())
	})
}

func (a *api) capture(ctx context.Context, in *captureInput) (*httpapi.Answer[operationBody], error) {
	return a.operate(ctx, in.ID, in.Idempotent, Capture, in.Body.Reference, in.Body.Minor, in.Body.Final)
}

func (a *api) void(ctx context.Context, in *voidInput) (*httpapi.Answer[operationBody], error) {
	return a.operate(ctx, in.ID, in.Idempotent, Void, in.Body.Reference, 0, false)
}

func (a *api) refund(ctx context.Context, in *refundInput) (*httpapi.Answer[operationBody], error) {
	return a.operate(ctx, in.ID, in.Idempotent, Refund, in.Body.Reference, in.Body.Minor, false)
}

func (a *api) operate(ctx context.Context, id uuid.UUID, in httpapi.Idempotent, kind Kind, reference string, minor int64, final bool) (*httpapi.Answer[operationBody], error) {
	mood, by, err := a.treated(ctx, "")
	if err != nil {
		return nil, err
	}
	return behave[operationBody](ctx, a, by, keyOf(in.Key(ctx), id), in.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		before, err := authorization(ctx, tx, id, "FOR UPDATE")
		if err != nil {
			return idempotency.Stored{}, err
		}
		operation, err := uuid.NewV7()
		if err != nil {
			return idempotency.Stored{}, err
		}
		after, o, err := Operate(operation, before, kind, reference, minor, final)
		if err != nil {
			return idempotency.Stored{}, err
		}
		if err := change(ctx, tx, before, after, o); err != nil {
			return idempotency.Stored{}, err
		}
		if err := tell(ctx, tx, ofOperation(after, o), mood.deliveries(a.draw)); err != nil {
			return idempotency.Stored{}, err
		}
		return stored(operationOf(o), operationShape.Tag(1), root+"/operations/"+o.ID.String())
	})
}

// keyOf makes the key one of the authorisation, too: the pattern of the path does not say which.
func keyOf(k idempotency.Key, id uuid.UUID) idempotency.Key {
	k.Route = strings.Replace(k.Route, "{id}", id.String(), 1)
	return k
}

func stored(body any, tag, at string) (idempotency.Stored, error) {
	text, err := httpapi.Encode(body)
	if err != nil {
		return idempotency.Stored{}, fmt.Errorf("writing an answer: %w", err)
	}
	return idempotency.Stored{Status: http.StatusCreated, Header: map[string]string{"ETag": tag, "Location": at}, Body: text}, nil
}
