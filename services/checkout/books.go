package checkout

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/changes"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/page"
)

// booksRoot is where the shop's books are read from.
const booksRoot = "/internal/checkout/books"

// stuckBody is a step that cannot be undone, in words for who has to look.
type stuckBody struct {
	Step   string `json:"step" example:"auth"`
	Undo   string `json:"undo" doc:"What could not be done" example:"void the payment"`
	Reason string `json:"reason" doc:"The kind of the refusal" example:"conflict"`
}

// bookBody is a saga as the books see it: nothing of what the customer sent.
type bookBody struct {
	Saga  uuid.UUID  `json:"saga" format:"uuid"`
	State string     `json:"state" doc:"running, placed or undone; undone is told when all of it is"`
	Order *uuid.UUID `json:"order,omitempty" format:"uuid"`
	Stuck []string   `json:"stuck" nullable:"false" doc:"The steps that cannot be undone: somebody must look"`
	// Trouble says of each of Stuck what was refused, and why.
	Trouble   []stuckBody `json:"trouble" nullable:"false" doc:"The same steps, with what was refused"`
	WaitsTo   string      `json:"waitsTo,omitempty" doc:"What is to be done next; absent of a saga that ended" example:"authorize the payment"`
	BegunAt   time.Time   `json:"begunAt"`
	ChangedAt time.Time   `json:"changedAt"`
}

type booksInput struct{ page.Query }

type endedOutput struct{ Body changes.Page[bookBody] }

type openOutput struct{ Body page.Of[bookBody] }

// books are what the shop's books compare: what became of sagas with what they left.
func (a *api) books(r *httpapi.API) {
	books := access.Service("books")
	httpapi.List(r, booksRoot, books, a.ended, httpapi.ID("listEndedSagas"), httpapi.Summary("Sagas that ended"), httpapi.Refuses(http.StatusBadRequest),
		httpapi.About(changes.About))
	httpapi.List(r, booksRoot+"/open", books, a.open, httpapi.ID("listOpenSagas"), httpapi.Summary("Sagas that have not ended"), httpapi.Refuses(http.StatusBadRequest))
}

func (a *api) ended(ctx context.Context, in *booksInput) (*endedOutput, error) {
	piece, err := changes.List(ctx, a.store.db, in.Query, changes.Source[booked, bookBody]{
		Name: "ended", Read: a.store.ended, Mark: func(b booked) changes.Mark { return changes.Mark{At: b.changed, ID: b.ID} }, Body: booked.body,
	})
	return &endedOutput{piece}, err
}

func (a *api) open(ctx context.Context, in *booksInput) (*openOutput, error) {
	after, err := page.After[uuid.UUID](in.Query, "open")
	if err != nil {
		return nil, err
	}
	found, err := a.store.open(ctx, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	piece, err := page.New(in.Query, found, func(b booked) uuid.UUID { return b.ID }, "open")
	if err != nil {
		return nil, err
	}
	out := &openOutput{page.Of[bookBody]{Items: make([]bookBody, len(piece.Items)), Next: piece.Next}}
	for n, b := range piece.Items {
		out.Body.Items[n] = b.body()
	}
	return out, nil
}

func (b booked) body() bookBody {
	out := bookBody{Saga: b.ID, State: string(VerdictRunning), Stuck: []string{}, Trouble: []stuckBody{}, BegunAt: b.begun.UTC(), ChangedAt: b.changed.UTC()}
	if b.Ended() {
		out.State = string(b.Verdict())
	}
	if b.Order != nil && b.State == Placed {
		out.Order = &b.Order.ID
	}
	if next, more := b.Next(); more {
		out.WaitsTo = next.words()
	}
	for _, p := range b.Steps {
		if p.Stuck != "" {
			out.Stuck = append(out.Stuck, string(p.Step))
			out.Trouble = append(out.Trouble, stuckBody{string(p.Step), Action{Undo, p.Step}.words(), p.Stuck})
		}
	}
	return out
}
