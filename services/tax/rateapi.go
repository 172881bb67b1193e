package tax

import (
	"context"
	"net/http"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/page"
)

// The rates that staff reads and enters.

type newRate struct {
	Country string `json:"country" pattern:"^[A-Z]{2}$" example:"DE"`
	Class   string `json:"class" enum:"standard,reduced,second-reduced,super-reduced,zero"`
	Percent string `json:"percent" pattern:"^\\d{1,3}(\\.\\d{1,4})?$" example:"19"`
	From    string `json:"from" format:"date" example:"2099-01-01" doc:"The day of the shop on which it begins"`
}

type createInput struct {
	httpapi.Idempotent
	Body newRate
}

type rateBody struct {
	ID      uuid.UUID `json:"id" format:"uuid"`
	Country string    `json:"country"`
	Class   string    `json:"class"`
	Percent string    `json:"percent"`
	From    string    `json:"from" format:"date"`
}

type rateOutput struct {
	ETag string `header:"ETag"`
	Body rateBody
}

type rateInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type listInput struct {
	page.Query
	Country string `query:"country" pattern:"^[A-Z]{2}$"`
}

type listOutput struct{ Body page.Of[rateBody] }

func (a *api) list(ctx context.Context, in *listInput) (*listOutput, error) {
	after, err := page.After[place](in.Query, in.Country)
	if err != nil {
		return nil, err
	}
	found, err := a.store.list(ctx, in.Country, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	piece, err := page.New(in.Query, found, func(r Rate) place { return place{r.Country, r.Class, r.From, r.ID} }, in.Country)
	if err != nil {
		return nil, err
	}
	out := &listOutput{page.Of[rateBody]{Items: make([]rateBody, len(piece.Items)), Next: piece.Next}}
	for n, r := range piece.Items {
		out.Body.Items[n] = answer(r).Body
	}
	return out, nil
}

// create adds a rate once for a key: the rate and the stored answer are one commit.
func (a *api) create(ctx context.Context, in *createInput) (*httpapi.Answer[rateBody], error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	rate, err := NewRate(id, in.Body.Country, in.Body.Class, in.Body.Percent, in.Body.From, a.calendar.Day(a.now()))
	if err != nil {
		return nil, err
	}
	stored, err := idempotency.Once(ctx, a.store.db, in.Key(ctx), in.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		if err := insert(ctx, tx, rate); err != nil {
			return idempotency.Stored{}, err
		}
		out := answer(rate)
		body, err := httpapi.Encode(out.Body)
		header := map[string]string{"ETag": out.ETag, "Location": root + "/" + rate.ID.String()}
		return idempotency.Stored{Status: http.StatusCreated, Header: header, Body: body}, err
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[rateBody](stored), nil
}

func (a *api) rate(ctx context.Context, in *rateInput) (*rateOutput, error) {
	r, err := a.store.rate(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return answer(r), nil
}

func answer(r Rate) *rateOutput {
	return &rateOutput{rateShape.Tag(1), rateBody{r.ID, r.Country, r.Class, r.Percent.PercentText(), r.From}}
}
