package promotions

import (
	"context"
	"net/http"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// What checkout does with coupons: they are taken, and then used or given back.

type couponTaken struct {
	Code   string      `json:"code" minLength:"1" maxLength:"64" example:"TEN"`
	Amount money.Money `json:"amount" doc:"What the quote says that it takes off"`
}

type redeemAsked struct {
	Saga     uuid.UUID     `json:"saga" format:"uuid"`
	Customer string        `json:"customer,omitempty" maxLength:"64"`
	Email    string        `json:"email,omitempty" maxLength:"254"`
	Coupons  []couponTaken `json:"coupons" minItems:"1" maxItems:"10" nullable:"false"`
}

type redeemInput struct {
	httpapi.Idempotent
	Body redeemAsked
}

type redemptionBody struct {
	ID    uuid.UUID  `json:"id" format:"uuid"`
	Saga  uuid.UUID  `json:"saga" format:"uuid"`
	State string     `json:"state" doc:"reserved, committed, released, or returned by an order that was cancelled"`
	Order *uuid.UUID `json:"order,omitempty" format:"uuid"`
}

type redemptionOutput struct{ Body redemptionBody }

type redemptionInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type commitInput struct {
	httpapi.Idempotent
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body struct {
		Order uuid.UUID `json:"order" format:"uuid"`
	}
}

type releaseInput struct {
	httpapi.Idempotent
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body *struct{}
}

// redeem takes coupons once for a key, and once for a saga: uses and the stored answer are one commit.
func (a *api) redeem(ctx context.Context, in *redeemInput) (*httpapi.Answer[redemptionBody], error) {
	r, err := in.Body.redemption()
	if err != nil {
		return nil, err
	}
	buyer, now := Buyer{in.Body.Customer, in.Body.Email}, a.now()
	stored, err := idempotency.Once(ctx, a.store.db, in.Key(ctx), in.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		return answer(r, http.StatusCreated, reserve(ctx, tx, r, buyer, now))
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[redemptionBody](stored), nil
}

// redemption is what a checkout asks to hold.
func (q redeemAsked) redemption() (Redemption, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Redemption{}, err
	}
	r := Redemption{ID: id, Saga: q.Saga, State: Reserved, Customers: append([]string{}, Buyer{q.Customer, q.Email}.Keys()...)}
	seen := map[string]bool{}
	for n, c := range q.Coupons {
		at, code := "#/coupons/"+strconv.Itoa(n), Code(c.Code)
		switch {
		case seen[code]:
			return Redemption{}, fault.Invalid(at+"/code", "It is there twice.")
		case c.Amount.Sign() < 0:
			return Redemption{}, fault.Invalid(at+"/amount/amount", "It is below zero.")
		}
		seen[code] = true
		r.Coupons = append(r.Coupons, Redeemed{code, c.Amount})
	}
	return r, nil
}

func (a *api) redemption(ctx context.Context, in *redemptionInput) (*redemptionOutput, error) {
	r, err := a.store.redemption(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &redemptionOutput{body(r)}, nil
}

func (a *api) commit(ctx context.Context, in *commitInput) (*httpapi.Answer[redemptionBody], error) {
	return a.change(ctx, in.Idempotent, in.ID, func(ctx context.Context, tx pgx.Tx, r Redemption) (Redemption, error) {
		return commit(ctx, tx, r, in.Body.Order)
	})
}

func (a *api) release(ctx context.Context, in *releaseInput) (*httpapi.Answer[redemptionBody], error) {
	return a.change(ctx, in.Idempotent, in.ID, func(ctx context.Context, tx pgx.Tx, r Redemption) (Redemption, error) {
		return change(ctx, tx, r, Redemption.Release)
	})
}

func (a *api) change(ctx context.Context, in httpapi.Idempotent, id uuid.UUID, do func(context.Context, pgx.Tx, Redemption) (Redemption, error)) (*httpapi.Answer[redemptionBody], error) {
	stored, err := idempotency.Once(ctx, a.store.db, in.Key(ctx), in.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		r, err := locked(ctx, tx, `id = $1`, id)
		if err == nil {
			r, err = do(ctx, tx, r)
		}
		return answer(r, http.StatusOK, err)
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[redemptionBody](stored), nil
}

// answer is what a request gets, whenever it is repeated.
func answer(r Redemption, status int, err error) (idempotency.Stored, error) {
	if err != nil {
		return idempotency.Stored{}, err
	}
	text, err := httpapi.Encode(body(r))
	stored := idempotency.Stored{Status: status, Body: text}
	if status == http.StatusCreated {
		stored.Header = map[string]string{"Location": redemptions + "/" + r.ID.String()}
	}
	return stored, err
}

func body(r Redemption) redemptionBody {
	return redemptionBody{r.ID, r.Saga, string(r.State), r.Order}
}
