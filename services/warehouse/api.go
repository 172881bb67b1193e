package warehouse

import (
	"context"
	"net/http"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/page"
)

const (
	// root is the path that the shop gives to this service: shop/service.yaml.
	root      = "/api/warehouse"
	tasksRoot = root + "/tasks"
	binsRoot  = root + "/bins"
)

// api is the HTTP of tasks; binsapi.go has that of bins.
type api struct{ store *store }

type lineBody struct {
	SKU      string `json:"sku"`
	Name     string `json:"name"`
	Place    string `json:"place,omitempty" doc:"Where it lies; absent where nobody has said so"`
	Quantity int64  `json:"quantity" doc:"How many were ordered"`
	Picked   int64  `json:"picked"`
	Short    int64  `json:"short" doc:"How many were not on the shelf"`
}

type taskBody struct {
	ID     uuid.UUID  `json:"id" format:"uuid"`
	Order  uuid.UUID  `json:"order" format:"uuid"`
	Number string     `json:"number" doc:"The order's, for people"`
	Zone   string     `json:"zone,omitempty" doc:"The first part of its places; absent where nobody has said where the products lie"`
	State  State      `json:"state" enum:"waiting,open,claimed,done,cancelled" doc:"waiting: not paid yet. cancelled: what was picked goes back on the shelf"`
	Worker string     `json:"worker,omitempty" doc:"Who claimed it last"`
	Lines  []lineBody `json:"lines" nullable:"false" doc:"In the order of their places"`
}

type listInput struct {
	page.Query
	State string `query:"state" enum:"waiting,open,claimed,done,cancelled" doc:"Only those in this state"`
}

type listOutput struct{ Body page.Of[taskBody] }

type readInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type taskOutput struct {
	ETag string `header:"ETag"`
	Body taskBody
}

// actInput is what is done to a task without anything to say about it.
type actInput struct {
	httpapi.Idempotent
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body *struct{}
}

type claimInput struct {
	httpapi.Idempotent
	Body *struct{}
}

type pickInput struct {
	httpapi.Idempotent
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body struct {
		SKU    string `json:"sku" minLength:"1" maxLength:"255"`
		Picked int64  `json:"picked" minimum:"0" maximum:"1000000" doc:"How many were taken now, beside those of picks before"`
		Short  int64  `json:"short,omitempty" minimum:"0" maximum:"1000000" doc:"How many are not on the shelf"`
	}
}

var taskShape = etag.ShapeOf[taskBody]()

func (a *api) routes(k *app.Kit) *httpapi.API {
	r := k.NewAPI()
	read, write := access.Staff("warehouse:read"), access.Staff("warehouse:write")
	httpapi.List(r, tasksRoot, read, a.list,
		httpapi.ID("listTasks"), httpapi.Summary("Pick tasks, the oldest first"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.Get(r, tasksRoot+"/{id}", read, a.get,
		httpapi.ID("getTask"), httpapi.Summary("One pick task"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Post(r, root+"/claims", write, a.next,
		httpapi.ID("claimNextTask"), httpapi.Summary("Claim the oldest open task"))
	httpapi.Post(r, tasksRoot+"/{id}/claim", write, a.claim,
		httpapi.ID("claimTask"), httpapi.Summary("Claim a task: one worker has it"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Post(r, tasksRoot+"/{id}/release", write, a.release,
		httpapi.ID("releaseTask"), httpapi.Summary("Give a task back, with what was picked already"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Post(r, tasksRoot+"/{id}/picks", write, a.pick,
		httpapi.ID("pickLine"), httpapi.Summary("Record what was taken of a line, and what is missing"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Post(r, tasksRoot+"/{id}/done", write, a.done,
		httpapi.ID("finishTask"), httpapi.Summary("End a task: all of it is picked, or known to be missing"), httpapi.Refuses(http.StatusNotFound))
	a.bins(r, read, write)
	return r
}

func (a *api) list(ctx context.Context, in *listInput) (*listOutput, error) {
	after, err := page.After[uuid.UUID](in.Query, "tasks", in.State)
	if err != nil {
		return nil, err
	}
	found, err := a.store.list(ctx, in.State, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	piece, err := page.New(in.Query, found, func(t Task) uuid.UUID { return t.ID }, "tasks", in.State)
	if err != nil {
		return nil, err
	}
	return &listOutput{mapped(piece, taskOf)}, nil
}

func (a *api) get(ctx context.Context, in *readInput) (*taskOutput, error) {
	t, err := task(ctx, a.store.db, in.ID)
	if err != nil {
		return nil, err
	}
	return &taskOutput{taskShape.Tag(t.Version), taskOf(t)}, nil
}

func (a *api) next(ctx context.Context, in *claimInput) (*httpapi.Answer[taskBody], error) {
	return a.change(ctx, in.Idempotent, nextOpen, Task.Claim)
}

func (a *api) claim(ctx context.Context, in *actInput) (*httpapi.Answer[taskBody], error) {
	return a.change(ctx, in.Idempotent, of(in.ID), Task.Claim)
}

func (a *api) release(ctx context.Context, in *actInput) (*httpapi.Answer[taskBody], error) {
	return a.change(ctx, in.Idempotent, of(in.ID), func(t Task, _ string) (Task, error) { return t.Release() })
}

func (a *api) pick(ctx context.Context, in *pickInput) (*httpapi.Answer[taskBody], error) {
	return a.change(ctx, in.Idempotent, of(in.ID), func(t Task, worker string) (Task, error) {
		return t.Pick(worker, in.Body.SKU, in.Body.Picked, in.Body.Short)
	})
}

func (a *api) done(ctx context.Context, in *actInput) (*httpapi.Answer[taskBody], error) {
	return a.change(ctx, in.Idempotent, of(in.ID), Task.Finish)
}

type finder func(context.Context, pgx.Tx) (Task, error)

func of(id uuid.UUID) finder {
	return func(ctx context.Context, tx pgx.Tx) (Task, error) { return locked(ctx, tx, id) }
}

// change does something to a task once for a key, as the member of staff who asks: the effect and the stored answer are one commit.
func (a *api) change(ctx context.Context, in httpapi.Idempotent, find finder, do func(t Task, worker string) (Task, error)) (*httpapi.Answer[taskBody], error) {
	worker := access.From(ctx).Subject
	stored, err := idempotency.Once(ctx, a.store.db, in.Key(ctx), in.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		before, err := find(ctx, tx)
		if err != nil {
			return idempotency.Stored{}, err
		}
		after, err := do(before, worker)
		if err != nil {
			return idempotency.Stored{}, err
		}
		if err := save(ctx, tx, before, after); err != nil {
			return idempotency.Stored{}, err
		}
		body, err := httpapi.Encode(taskOf(after))
		return idempotency.Stored{Status: http.StatusOK, Header: map[string]string{"ETag": taskShape.Tag(after.Version)}, Body: body}, err
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[taskBody](stored), nil
}

func taskOf(t Task) taskBody {
	b := taskBody{t.ID, t.Order, t.Number, t.Zone, t.State, t.Worker, make([]lineBody, len(t.Lines))}
	for n, l := range t.Lines {
		b.Lines[n] = lineBody(l)
	}
	return b
}

func mapped[A, B any](p page.Of[A], f func(A) B) page.Of[B] {
	out := page.Of[B]{Items: make([]B, len(p.Items)), Next: p.Next}
	for n, item := range p.Items {
		out.Items[n] = f(item)
	}
	return out
}
