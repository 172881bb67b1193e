package returns

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/page"
)

type recordInput struct {
	httpapi.Idempotent
	Body struct {
		Asked
		DeclaredAt *time.Time `json:"declaredAt,omitempty" format:"date-time" doc:"When the customer's declaration arrived, by letter or telephone; now, where it is missing"`
	}
}

type partBody struct {
	Line     int   `json:"line" minimum:"1" maximum:"10000"`
	Sellable int64 `json:"sellable,omitempty" minimum:"0" maximum:"1000000" doc:"How many go back on the shelf"`
	Damaged  int64 `json:"damaged,omitempty" minimum:"0" maximum:"1000000" doc:"How many do not"`
}

type acceptInput struct {
	httpapi.Idempotent
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body struct {
		Lines []partBody `json:"lines" minItems:"1" maxItems:"500" nullable:"false"`
	}
}

type closeInput struct {
	httpapi.Idempotent
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body struct {
		Note string `json:"note" minLength:"1" maxLength:"500" doc:"Why, for customer and staff" example:"The goods did not come."`
	}
}

type anyInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type listInput struct {
	page.Query
	Order uuid.UUID `query:"order" format:"uuid" doc:"Only those of this order"`
	State string    `query:"state" enum:"announced,confirmed,completed,closed" doc:"Only those in this state"`
}

type listOutput struct{ Body page.Of[ReturnBody] }

// staff adds the routes of staff.
func (a *api) staff(r *httpapi.API) {
	read, write := access.Staff("returns:read"), access.Staff("returns:write")
	conflict, missing, made := httpapi.Refuses(http.StatusConflict), httpapi.Refuses(http.StatusNotFound), httpapi.Status(http.StatusCreated)
	httpapi.List(r, staffRoot, read, a.list, httpapi.ID("listReturns"), httpapi.Summary("Everybody's returns, the newest first"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.Get(r, staffRoot+"/{id}", read, a.show, missing, httpapi.ID("getAnyReturn"), httpapi.Summary("Anybody's return"))
	httpapi.Post(r, staffRoot, write, a.record, made, conflict, missing, httpapi.ID("recordReturn"), httpapi.Summary("Note a withdrawal that came by letter or telephone"),
		httpapi.About("It is confirmed at once. Staff may note one after the last day, as a courtesy."))
	httpapi.Post(r, staffRoot+"/{id}/acceptances", write, a.accept, made, conflict, missing, httpapi.ID("acceptReturn"), httpapi.Summary("Accept goods that came back and were inspected"),
		httpapi.About("What they cost is given back, and what can be sold goes back on the shelf. Goods that come later are accepted later."))
	httpapi.Post(r, staffRoot+"/{id}/closures", write, a.end, made, conflict, missing, httpapi.ID("closeReturn"), httpapi.Summary("End a return whose goods do not come"))
}

func (a *api) list(ctx context.Context, in *listInput) (*listOutput, error) {
	by := []string{in.Order.String(), in.State}
	before, err := page.After[uuid.UUID](in.Query, by...)
	if err != nil {
		return nil, err
	}
	if in.Cursor == "" {
		before = uuid.Max
	}
	found, err := find(ctx, a.store.db, `r.id < $1 AND ($2::uuid = $3::uuid OR r.order_id = $2) AND ($4 = '' OR r.state = $4) ORDER BY r.id DESC LIMIT $5`,
		before, in.Order, uuid.Nil, in.State, in.Limit+1)
	if err != nil {
		return nil, err
	}
	piece, err := page.New(in.Query, found, func(r Return) uuid.UUID { return r.ID }, by...)
	if err != nil {
		return nil, err
	}
	out := &listOutput{page.Of[ReturnBody]{Items: make([]ReturnBody, len(piece.Items)), Next: piece.Next}}
	for n, r := range piece.Items {
		out.Body.Items[n] = r.body()
	}
	return out, nil
}

func (a *api) show(ctx context.Context, in *anyInput) (*returnOutput, error) {
	r, err := read(ctx, a.store.db, in.ID)
	if err != nil {
		return nil, err
	}
	return &returnOutput{shape.Tag(r.Version), r.body()}, nil
}

// record notes a withdrawal for a customer. It is confirmed as of the day on which it was declared.
func (a *api) record(ctx context.Context, in *recordInput) (*httpapi.Answer[ReturnBody], error) {
	at := a.instant()
	if in.Body.DeclaredAt != nil {
		if in.Body.DeclaredAt.After(at) {
			return nil, fault.Invalid("#/declaredAt", "It is later than now.")
		}
		at = in.Body.DeclaredAt.UTC().Truncate(time.Microsecond)
	}
	return once(ctx, a.store, in.Idempotent, uuid.Nil, func(ctx context.Context, tx pgx.Tx) (Return, error) {
		r, o, err := announce(ctx, tx, in.Body.Order, func(o Order) (Return, error) {
			if o.Cancelled || !o.Sent {
				return Return{}, o.Open(at, a.period)
			}
			r, err := a.drawUp(o, in.Body.Asked, access.From(ctx).Subject)
			r.State, r.ConfirmedAt = Confirmed, &at
			return r, err
		})
		if err != nil {
			return Return{}, err
		}
		return r, a.acknowledge(ctx, tx, r, o)
	})
}

// accept takes goods that came back: what follows is told to the others in the same commit.
func (a *api) accept(ctx context.Context, in *acceptInput) (*httpapi.Answer[ReturnBody], error) {
	parts := make([]Part, len(in.Body.Lines))
	for n, l := range in.Body.Lines {
		parts[n] = Part(l)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	return once(ctx, a.store, in.Idempotent, in.ID, func(ctx context.Context, tx pgx.Tx) (Return, error) {
		var made Acceptance
		_, after, _, err := change(ctx, tx, in.ID, func(r Return, o Order) (_ Return, err error) {
			r, made, err = r.Accept(o, parts, a.tariff, id, a.instant())
			return r, err
		})
		if err != nil {
			return Return{}, err
		}
		return after, keepAcceptance(ctx, tx, made, access.From(ctx).Subject)
	})
}

func (a *api) end(ctx context.Context, in *closeInput) (*httpapi.Answer[ReturnBody], error) {
	note := strings.TrimSpace(in.Body.Note)
	if note == "" {
		return nil, fault.Invalid("#/note", "A note is more than blanks.")
	}
	return once(ctx, a.store, in.Idempotent, in.ID, func(ctx context.Context, tx pgx.Tx) (Return, error) {
		_, after, _, err := change(ctx, tx, in.ID, func(r Return, _ Order) (Return, error) { return r.Close(note, a.instant()) })
		return after, err
	})
}
