package loyalty

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/money"
)

const internal, holdsRoot = "/internal/loyalty", "/internal/loyalty/holds"

type quoteAsked struct {
	Customer string       `json:"customer,omitempty" maxLength:"64"`
	Points   int64        `json:"points,omitempty" minimum:"0" maximum:"10000000" doc:"How many the customer wants to spend"`
	Goods    *money.Money `json:"goods,omitempty" doc:"What the goods cost after coupons, with tax: points pay no more. With points"`
	Total    *money.Money `json:"total,omitempty" doc:"What is to be paid after points, with shipping and tax. With cards"`
	Cards    []string     `json:"cards,omitempty" maxItems:"10" nullable:"false" doc:"Codes, in the order in which they pay"`
	Known    []string     `json:"known,omitempty" maxItems:"10" nullable:"false" doc:"Those of them that paid before: others that are wrong are counted"`
	Caller   string       `json:"caller,omitempty" maxLength:"128" doc:"Who types the codes: cart or session. The 11th wrong code of one caller in a minute is 429. Where it is missing, customer"`
}

type quoteInput struct{ Body quoteAsked }

type pointsQuoted struct {
	Points    int64       `json:"points" doc:"How many can be spent on this"`
	Available int64       `json:"available"`
	Amount    money.Money `json:"amount" doc:"What they take off: a discount, spread over the lines like any other"`
}

type cardQuoted struct {
	Active bool         `json:"active"`
	Amount *money.Money `json:"amount,omitempty" doc:"What it pays"`
}

type quoteBody struct {
	Points *pointsQuoted `json:"points,omitempty"`
	Cards  []cardQuoted  `json:"cards" nullable:"false" doc:"As they were asked about"`
	Left   *money.Money  `json:"left,omitempty" doc:"What is left to be paid"`
}

type quoteOutput struct{ Body quoteBody }

type holdAsked struct {
	Saga     uuid.UUID `json:"saga" format:"uuid"`
	Customer string    `json:"customer,omitempty" maxLength:"64"`
	Points   int64     `json:"points,omitempty" minimum:"0" maximum:"10000000"`
	Cards    []struct {
		Code   string      `json:"code" minLength:"1" maxLength:"64"`
		Amount money.Money `json:"amount" doc:"What the quote says that it pays"`
	} `json:"cards,omitempty" maxItems:"10" nullable:"false"`
}

type holdInput struct {
	httpapi.Idempotent
	Body holdAsked
}

type partBody struct {
	Card   uuid.UUID   `json:"card" format:"uuid"`
	Amount money.Money `json:"amount"`
	Back   money.Money `json:"back" doc:"What of it came back to the card"`
}

type holdBody struct {
	ID     uuid.UUID  `json:"id" format:"uuid"`
	Saga   uuid.UUID  `json:"saga" format:"uuid"`
	State  string     `json:"state" doc:"reserved, committed, released, or returned by an order that was cancelled"`
	Order  *uuid.UUID `json:"order,omitempty" format:"uuid"`
	Points int64      `json:"points"`
	Cards  []partBody `json:"cards" nullable:"false"`
}

type holdOutput struct{ Body holdBody }

// HoldPath is what every route of one hold has; exported, or it would not be filled.
type HoldPath struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type readHoldInput struct{ HoldPath }

type commitInput struct {
	httpapi.Idempotent
	HoldPath
	Body struct {
		Order uuid.UUID `json:"order" format:"uuid"`
	}
}

type releaseInput struct {
	httpapi.Idempotent
	HoldPath
	Body *struct{}
}

type refundInput struct {
	httpapi.Idempotent
	HoldPath
	Body struct {
		Amount   money.Money `json:"amount" doc:"Of the whole refund"`
		Provider money.Money `json:"provider" doc:"What the provider can still give back of the order"`
	}
}

type refundBody struct {
	Provider money.Money `json:"provider" doc:"What the provider is to give back"`
	Cards    []partBody  `json:"cards" nullable:"false" doc:"What went back to cards; back is of this refund"`
}

// holds adds the routes of checkout, and of who refunds.
func (a *api) holds(r *httpapi.API) {
	checkout, missing, conflict := access.Service("checkout"), httpapi.Refuses(http.StatusNotFound), httpapi.Refuses(http.StatusConflict)
	httpapi.Post(r, internal+"/quotes", checkout, a.quote, httpapi.Safe(), httpapi.ID("quoteLoyalty"), httpapi.Summary("What points take off, and what cards pay"), httpapi.Refuses(http.StatusTooManyRequests))
	httpapi.Post(r, holdsRoot, checkout, a.hold, httpapi.ID("holdLoyalty"), httpapi.Summary("Hold the points and cards of a checkout, all of them or none"), httpapi.Status(http.StatusCreated), conflict)
	httpapi.Get(r, holdsRoot+"/{id}", access.Service("checkout", "payments", "returns"), a.readHold, httpapi.ID("getHold"), httpapi.Summary("What became of a hold"), missing)
	httpapi.Post(r, holdsRoot+"/{id}/commit", checkout, a.commit, httpapi.ID("commitHold"), httpapi.Summary("Say which order it was for"), missing, conflict)
	httpapi.Post(r, holdsRoot+"/{id}/release", checkout, a.release, httpapi.ID("releaseHold"), httpapi.Summary("Give it back: there will be no order"), missing, conflict)
	httpapi.Post(r, holdsRoot+"/{id}/refunds", access.Service("payments", "returns"), a.refund, httpapi.ID("refundHold"), missing, conflict,
		httpapi.Summary("Divide a refund, and give the cards their part"), httpapi.About("The provider comes first; the rest goes to the cards, to the one that paid last first. Points come back by themselves, once the refund is known."))
}

func (a *api) quote(ctx context.Context, in *quoteInput) (*quoteOutput, error) {
	if err := in.Body.check(); err != nil {
		return nil, err
	}
	out := &quoteOutput{quoteBody{Cards: []cardQuoted{}, Left: in.Body.Total}}
	if in.Body.Points > 0 {
		s, err := sums(ctx, a.store.db, in.Body.Customer, instant(a.now))
		if err != nil {
			return nil, err
		}
		usable := min(in.Body.Points, s.Available(), in.Body.Goods.Minor())
		out.Body.Points = &pointsQuoted{usable, s.Available(), money.New(usable, currency)}
	}
	if len(in.Body.Cards) == 0 {
		return out, nil
	}
	return out, a.quoteCards(ctx, in.Body, &out.Body)
}

// check holds points to euros, and what they are asked with to each other.
func (q quoteAsked) check() error {
	switch {
	case q.Points > 0 && (q.Customer == "" || q.Goods == nil):
		return fault.Invalid("#/points", "Points are a customer's, and for goods.")
	case q.Points > 0 && (q.Goods.Currency() != currency || q.Goods.Sign() < 0):
		return fault.Invalid("#/goods", "Points are spent in "+currency+".")
	case len(q.Cards) > 0 && (q.Total == nil || q.Total.Sign() < 0):
		return fault.Invalid("#/total", "Cards pay a total.")
	}
	return nil
}

func (a *api) quoteCards(ctx context.Context, in quoteAsked, out *quoteBody) error {
	var found []*Card
	read := func(ctx context.Context, db querier) (wrong int, err error) {
		found = found[:0]
		for _, code := range in.Cards {
			c, err := usable(ctx, db, code)
			if err != nil {
				return 0, err
			}
			if c == nil && !in.knows(code) {
				wrong++
			}
			found = append(found, c)
		}
		return wrong, nil
	}
	var err error
	if slices.ContainsFunc(in.Cards, func(code string) bool { return !in.knows(code) }) {
		who := cmp.Or(in.Caller, in.Customer, "anonymous")
		err = guesses.GuardAll(ctx, a.store.db, []string{"codes:" + who}, func(ctx context.Context, tx pgx.Tx) (int, error) { return read(ctx, tx) })
	} else {
		_, err = read(ctx, a.store.db)
	}
	if err != nil {
		return err
	}
	return out.cover(*in.Total, found)
}

func (q quoteAsked) knows(code string) bool {
	return slices.ContainsFunc(q.Known, func(k string) bool { return string(hashOf(k)) == string(hashOf(code)) })
}

// cover says what each card pays: one that is there twice pays once.
func (b *quoteBody) cover(total money.Money, found []*Card) error {
	var cards []Card
	seen := map[uuid.UUID]bool{}
	for n, c := range found {
		if c == nil {
			continue
		}
		if seen[c.ID] {
			return fault.Invalid(pointer(n), "It is there twice.")
		}
		seen[c.ID], cards = true, append(cards, *c)
	}
	parts, left, err := Cover(total, cards)
	if err != nil {
		return err
	}
	for _, c := range found {
		if c == nil {
			b.Cards = append(b.Cards, cardQuoted{})
			continue
		}
		b.Cards, parts = append(b.Cards, cardQuoted{true, &parts[0]}), parts[1:]
	}
	b.Left = &left
	return nil
}

// hold takes points and cards once for a key, and once for a saga.
func (a *api) hold(ctx context.Context, in *holdInput) (*httpapi.Answer[holdBody], error) {
	h, cards, err := in.Body.hold()
	if err != nil {
		return nil, err
	}
	header := func(b holdBody) map[string]string {
		return map[string]string{"Location": holdsRoot + "/" + b.ID.String()}
	}
	return once(ctx, a.store, in.Idempotent, http.StatusCreated, header, func(ctx context.Context, tx pgx.Tx) (holdBody, error) {
		if err := reserve(ctx, tx, h, cards, instant(a.now)); err != nil {
			return holdBody{}, err
		}
		return told(ctx, tx, h.ID)
	})
}

func (q holdAsked) hold() (Hold, []wanted, error) {
	switch customer := strings.TrimSpace(q.Customer); {
	case q.Points > 0 && customer == "":
		return Hold{}, nil, fault.Invalid("#/customer", "Points are a customer's.")
	case q.Points == 0 && len(q.Cards) == 0:
		return Hold{}, nil, fault.Invalid("#/points", "It holds points or cards.")
	}
	id, err := uuid.NewV7()
	var cards []wanted
	for _, c := range q.Cards {
		cards = append(cards, wanted(c))
	}
	return Hold{ID: id, Saga: q.Saga, State: Reserved, Customer: q.Customer, Points: q.Points}, cards, err
}

// told is a hold as it is answered.
func told(ctx context.Context, db querier, id uuid.UUID) (holdBody, error) {
	h, err := readHold(ctx, db, `id = $1`, id)
	return holdBody{h.ID, h.Saga, string(h.State), h.Order, h.Points, partsOf(h.Parts)}, err
}

func partsOf(parts []Part) []partBody {
	list := []partBody{}
	for _, p := range parts {
		list = append(list, partBody(p))
	}
	return list
}

func (a *api) readHold(ctx context.Context, in *readHoldInput) (*holdOutput, error) {
	b, err := told(ctx, a.store.db, in.ID)
	if err != nil {
		return nil, err
	}
	return &holdOutput{b}, nil
}

func (a *api) commit(ctx context.Context, in *commitInput) (*httpapi.Answer[holdBody], error) {
	return once(ctx, a.store, in.Idempotent, http.StatusOK, nil, func(ctx context.Context, tx pgx.Tx) (holdBody, error) {
		if err := settled(ctx, tx, in.ID, in.Body.Order, instant(a.now)); err != nil {
			return holdBody{}, err
		}
		return told(ctx, tx, in.ID)
	})
}

func (a *api) release(ctx context.Context, in *releaseInput) (*httpapi.Answer[holdBody], error) {
	return once(ctx, a.store, in.Idempotent, http.StatusOK, nil, func(ctx context.Context, tx pgx.Tx) (holdBody, error) {
		h, err := lockHold(ctx, tx, `id = $1`, in.ID)
		if err == nil {
			err = release(ctx, tx, h, instant(a.now))
		}
		if err != nil {
			return holdBody{}, err
		}
		return told(ctx, tx, in.ID)
	})
}

func (a *api) refund(ctx context.Context, in *refundInput) (*httpapi.Answer[refundBody], error) {
	return once(ctx, a.store, in.Idempotent, http.StatusOK, nil, func(ctx context.Context, tx pgx.Tx) (refundBody, error) {
		provider, parts, err := refund(ctx, tx, in.ID, in.Body.Amount, in.Body.Provider, instant(a.now))
		return refundBody{provider, partsOf(parts)}, err
	})
}
