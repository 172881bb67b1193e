package books

import (
	"slices"
	"time"
)

// Trouble is a checkout that waits for a person, or for longer than any does.
type Trouble struct {
	Saga Saga
	// Stuck: something of it cannot be undone, and nothing but a person changes that.
	Stuck bool
	// Age is how long ago it began.
	Age time.Duration
	// Case is what the books have of it.
	Case Case
}

// InTrouble are those of some checkouts that are stuck, or have run for longer than lag; who has waited longest is first.
func InTrouble(all []Saga, now time.Time, lag time.Duration) (list []Trouble) {
	for _, s := range all {
		t := Trouble{Saga: s, Stuck: len(s.Stuck) > 0, Age: now.Sub(s.BegunAt)}
		if t.Stuck || t.Age >= lag {
			list = append(list, t)
		}
	}
	slices.SortStableFunc(list, func(a, b Trouble) int { return a.Saga.BegunAt.Compare(b.Saga.BegunAt) })
	return list
}

// Reasons say, each in a sentence, why it is where it is.
func (t Trouble) Reasons() (list []string) {
	for _, r := range t.Saga.Trouble {
		list = append(list, "To "+r.Undo+" was refused: "+r.Reason+".")
	}
	switch {
	case len(list) == 0 && t.Stuck: // a checkout of an older release tells no more
		for _, step := range t.Saga.Stuck {
			list = append(list, "The step "+step+" cannot be undone.")
		}
	case len(list) == 0 && t.Saga.WaitsTo != "":
		list = append(list, "It waits for an answer, to "+t.Saga.WaitsTo+".")
	}
	return list
}

// Left are what the books have of it that is not undone: payments, holds, coupons.
func (t Trouble) Left() (list []string) {
	for _, p := range t.Case.Payments {
		list = append(list, "payment "+p.ID.String()+", "+p.State+", "+p.Captured.String()+" captured, "+p.Refunded.String()+" refunded")
	}
	for _, h := range t.Case.Holds {
		list = append(list, "hold "+h.ID.String()+", "+h.State)
	}
	for _, r := range t.Case.Redemptions {
		list = append(list, "redemption "+r.ID.String()+", "+r.State)
	}
	return list
}

// mends are the ways out of a step that cannot be undone.
var mends = map[string]string{
	"hold":    "Look at the hold in inventory. Where its goods left the house, count the product and correct it by a movement (POST /api/inventory/movements).",
	"redeem":  "Look at the coupon in promotions. Where it was redeemed for this checkout, end it or let the customer have another one.",
	"loyalty": "Loyalty says that there is an order with its points and gift cards. Give points back by POST /api/loyalty/staff/customers/{customer}/corrections, and what a card paid by another card (POST /api/loyalty/cards).",
	"auth":    "Somebody captured its payment. Refund all of that (POST /api/payments/{id}/refunds): within five minutes the checkout goes on by itself.",
	"order":   "Orders has to say whether there is an order: see whether it runs.",
}

// Mend says what to do about it.
func (t Trouble) Mend() (list []string) {
	for _, step := range t.Saga.Stuck {
		if text := mends[step]; text != "" {
			list = append(list, text)
		}
	}
	if !t.Stuck {
		list = append(list, "See whether checkout-worker runs, and the service that it waits for. It goes on by itself when there is an answer.")
	}
	return list
}
