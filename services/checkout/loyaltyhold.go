package checkout

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// What loyalty holds for an order: the step Spend of its saga.

const loyaltyHolds = "/internal/loyalty/holds"

// spend holds points and cards, all of them or none, once for the saga. A shop that lost its loyalty meanwhile has no order with
// them: what may be held comes back by itself, since loyalty asks what became of the saga.
func (o *others) spend(ctx context.Context, a *attempt, key string) Outcome {
	if o.loyalty == nil {
		return Outcome{Answer: No, Refusal: unspent}
	}
	body := map[string]any{"saga": a.ID, "customer": a.request.Customer}
	if points := a.quote.spent(); points > 0 {
		body["points"] = points
	}
	if cards := a.quote.payers(); len(cards) > 0 {
		body["cards"] = cards
	}
	r := made[idBody](ctx, o.loyalty, loyaltyHolds, key, body)
	r.Ref = r.body.ID
	if r.Answer == No && client.Status(r.err) == http.StatusConflict {
		r.Refusal = unspent
	}
	return r.Outcome
}

// unspent is told where others, or the customer himself in another window, were faster.
var unspent = Refusal{Kind: "quote-changed", Detail: "Points or a gift card do not reach that far any more. Nothing was charged."}

// unspend gives points and cards back.
func (o *others) unspend(ctx context.Context, a *attempt, key string) Outcome {
	if o.loyalty == nil {
		return Outcome{Answer: Away}
	}
	return made[idBody](ctx, o.loyalty, loyaltyHolds+"/"+a.Ref(Spend)+"/release", key, nil).undone()
}

// spentBody is what orders keeps of it.
type spentBody struct {
	Hold   uuid.UUID   `json:"hold"`
	Points int64       `json:"points,omitempty"`
	Off    money.Money `json:"off"`
	Cards  money.Money `json:"cards"`
}

// spent is what was held for the order; nil where nothing was.
func (a *attempt) spent() *spentBody {
	hold, err := uuid.Parse(a.Ref(Spend))
	if err != nil {
		return nil
	}
	b := &spentBody{Hold: hold, Points: a.quote.spent(), Off: money.New(0, a.quote.Currency), Cards: a.quote.paid()}
	if a.quote.Points != nil {
		b.Off = a.quote.Points.Amount
	}
	return b
}
