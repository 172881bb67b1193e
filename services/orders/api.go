package orders

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/changes"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/page"
	"github.com/emporium-shop/emporium/services/internal/problem"
	"github.com/emporium-shop/emporium/services/internal/tries"
)

// root is the path that the shop gives to this service: shop/service.yaml.
// internal is where other services of the shop ask, which the front door refuses.
const root, internal = "/api/orders", "/internal/orders"

// guesses bounds how often an order may be looked up in vain: of one number, with
// one mail address, and by one client.
var guesses = tries.Limit{Most: 10, Within: time.Minute}

// api is the HTTP.
type api struct {
	store *store
	now   func() time.Time
}

type placeInput struct {
	httpapi.Idempotent
	Body placementBody
}

type refuseInput struct {
	httpapi.Idempotent
	Body refusalBody
}

// Owned is what every route of one order has: who has the token needs no other.
type Owned struct {
	ID     uuid.UUID `path:"id" format:"uuid"`
	Token  string    `query:"token" maxLength:"100" doc:"The order's token, for who is not signed in"`
	Header string    `header:"X-Order-Token" maxLength:"100" doc:"The same, kept out of addresses"`
}

type readInput struct{ Owned }

type cancelInput struct {
	httpapi.Idempotent
	Owned
	Body *cancelBody
}

type cancelAnyInput struct {
	httpapi.Idempotent
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body staffCancelBody
}

type sendInput struct {
	httpapi.Idempotent
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body *shipmentBody
}

type lookupInput struct {
	Forwarded string `header:"X-Forwarded-For" doc:"Who asks, as the front door says: tries in vain are counted by it"`
	Body      lookupBody
}

type staffInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type staffListInput struct {
	page.Query
	State string `query:"state" enum:"placed,paid,sent,completed,cancelled" doc:"Only those in this state"`
}

type listInput struct{ page.Query }

type orderOutput struct {
	ETag string `header:"ETag"`
	Body orderBody
}

type listOutput struct{ Body page.Of[summaryBody] }

type booksOutput struct{ Body changes.Page[bookBody] }

type lookupOutput struct{ Body foundBody }

// shape is that of an order on the wire: a release that answers another one makes caches ask again.
var shape = etag.ShapeOf[orderBody]()

func (a *api) routes(k *app.Kit) *httpapi.API {
	r := k.NewAPI()
	checkout, conflict, missing := access.Service("checkout"), httpapi.Refuses(http.StatusConflict), httpapi.Refuses(http.StatusNotFound)
	httpapi.Post(r, internal, checkout, a.place, httpapi.ID("placeOrder"), httpapi.Status(http.StatusCreated),
		httpapi.Summary("Place the order of a saga"), httpapi.About("One saga, one quote and one state of a cart make one order. A saga that has one gets it again."))
	httpapi.Post(r, internal+"/refusals", checkout, a.refuse, httpapi.ID("refuseOrder"), httpapi.Status(http.StatusCreated),
		httpapi.Summary("Decide that a saga gets no order"), httpapi.About("Answers the order if the saga has one. Otherwise it will never have one, whatever request is still on its way."))
	httpapi.List(r, internal+"/books", access.Service("books"), a.books, httpapi.ID("listOrdersForBooks"), httpapi.Summary("All orders, as they are booked"),
		httpapi.Refuses(http.StatusBadRequest), httpapi.About(changes.About))
	httpapi.List(r, root, access.Customer, a.mine, httpapi.ID("listOrders"), httpapi.Summary("One's own orders, the newest first"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.Get(r, root+"/{id}", access.Owner, a.get, httpapi.ID("getOrder"), httpapi.Summary("One's own order"), missing, httpapi.Refuses(http.StatusUnauthorized))
	httpapi.Post(r, root+"/lookups", access.Public, a.lookup, httpapi.Safe(), httpapi.ID("lookUpOrder"), missing, httpapi.Refuses(http.StatusTooManyRequests),
		httpapi.Summary("Find an order by its number and mail address"))
	httpapi.Post(r, root+"/{id}/cancellations", access.Owner, a.cancel, httpapi.ID("cancelOrder"), httpapi.Status(http.StatusCreated), conflict, missing,
		httpapi.Refuses(http.StatusUnauthorized), httpapi.Summary("Cancel one's own order"))
	httpapi.List(r, root+"/staff", access.Staff("orders:read"), a.list, httpapi.ID("listAllOrders"), httpapi.Summary("Everybody's orders, the newest first"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.Get(r, root+"/staff/{id}", access.Staff("orders:read"), a.show, httpapi.ID("getAnyOrder"), httpapi.Summary("Anybody's order"), missing)
	httpapi.Post(r, root+"/staff/{id}/cancellations", access.Staff("orders:write"), a.cancelAny, httpapi.ID("cancelAnyOrder"), httpapi.Status(http.StatusCreated), conflict, missing,
		httpapi.Summary("Cancel anybody's order"))
	httpapi.Post(r, root+"/{id}/shipments", access.Staff("orders:write"), a.send, httpapi.ID("shipOrder"), httpapi.Status(http.StatusCreated), conflict, missing,
		httpapi.Summary("Say that an order was sent"))
	return r
}

// once has an effect on orders and stores its answer in one commit.
func (a *api) once(ctx context.Context, key httpapi.Idempotent, do func(context.Context, pgx.Tx) (idempotency.Stored, error)) (idempotency.Stored, error) {
	return idempotency.Once(ctx, a.store.db, key.Key(ctx), key.Sent(ctx), do)
}

func (a *api) place(ctx context.Context, in *placeInput) (*httpapi.Answer[placedBody], error) {
	stored, err := a.once(ctx, in.Idempotent, func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		o, err := a.store.place(ctx, tx, in.Body.placement(), a.now())
		if err != nil {
			return idempotency.Stored{}, err
		}
		return made(o, placedBody{o.ID, o.Number, o.Token})
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[placedBody](stored), nil
}

// made is the answer that a change of an order gets, whenever it is repeated.
func made(o Order, body any) (idempotency.Stored, error) {
	text, err := httpapi.Encode(body)
	header := map[string]string{"ETag": shape.Tag(o.Version), "Location": root + "/" + o.ID.String()}
	return idempotency.Stored{Status: http.StatusCreated, Header: header, Body: text}, err
}

func (a *api) refuse(ctx context.Context, in *refuseInput) (*httpapi.Answer[refusedBody], error) {
	stored, err := a.once(ctx, in.Idempotent, func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		o, err := a.store.refuse(ctx, tx, in.Body.Saga)
		if err != nil {
			return idempotency.Stored{}, err
		}
		body := refusedBody{Saga: in.Body.Saga}
		if o != nil {
			body.Order = &placedBody{o.ID, o.Number, o.Token}
		}
		text, err := httpapi.Encode(body)
		return idempotency.Stored{Status: http.StatusCreated, Body: text}, err
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[refusedBody](stored), nil
}

// own is an order of whoever asks. What is somebody else's is told as what is not
// there; who says nothing of himself is told to do so, whatever he asks for.
func (a *api) own(ctx context.Context, in Owned, read func() (Order, error)) (Order, error) {
	customer, token := customerOf(ctx), in.Token
	if in.Header != "" {
		token = in.Header
	}
	if customer == "" && token == "" {
		return Order{}, problem.New(problem.Unauthenticated, "Sign in, or send the order's token.").With("WWW-Authenticate", `Bearer realm="shop"`)
	}
	o, err := read()
	if err != nil {
		return Order{}, err
	}
	if !o.Mine(customer, token) {
		return Order{}, notYours(in.ID.String())
	}
	return o, nil
}

func customerOf(ctx context.Context) string {
	if who := access.From(ctx); who.Kind == access.CustomerKind {
		return who.Subject
	}
	return ""
}

func (a *api) get(ctx context.Context, in *readInput) (*orderOutput, error) {
	o, err := a.own(ctx, in.Owned, func() (Order, error) { return a.store.order(ctx, in.ID) })
	if err != nil {
		return nil, err
	}
	return a.answer(ctx, o)
}

func (a *api) show(ctx context.Context, in *staffInput) (*orderOutput, error) {
	o, err := a.store.order(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out, err := a.answer(ctx, o)
	if err == nil {
		out.Body.Payment = o.Payment
	}
	return out, err
}

func (a *api) answer(ctx context.Context, o Order) (*orderOutput, error) {
	history, err := a.store.history(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	return &orderOutput{shape.Tag(o.Version), bodyOf(o, history)}, nil
}

func (a *api) cancel(ctx context.Context, in *cancelInput) (*httpapi.Answer[changedBody], error) {
	reason := "cancelled by the customer"
	if in.Body != nil && strings.TrimSpace(in.Body.Reason) != "" {
		reason = strings.TrimSpace(in.Body.Reason)
	}
	if _, err := a.own(ctx, in.Owned, func() (Order, error) { return a.store.order(ctx, in.ID) }); err != nil {
		return nil, err
	}
	return a.change(ctx, in.Idempotent, in.ID, func(o Order) (Order, []Fact, error) { return o.Cancel(reason, a.instant()) })
}

func (a *api) cancelAny(ctx context.Context, in *cancelAnyInput) (*httpapi.Answer[changedBody], error) {
	return a.change(ctx, in.Idempotent, in.ID, func(o Order) (Order, []Fact, error) { return o.Cancel(strings.TrimSpace(in.Body.Reason), a.instant()) })
}

func (a *api) send(ctx context.Context, in *sendInput) (*httpapi.Answer[changedBody], error) {
	var b shipmentBody
	if in.Body != nil {
		b = *in.Body
	}
	return a.change(ctx, in.Idempotent, in.ID, func(o Order) (Order, []Fact, error) { return o.Send(b.Carrier, b.Tracking, a.instant()) })
}

// instant is now, as the database keeps it.
func (a *api) instant() time.Time { return a.now().UTC().Truncate(time.Microsecond) }

func (a *api) change(ctx context.Context, key httpapi.Idempotent, id uuid.UUID, do func(Order) (Order, []Fact, error)) (*httpapi.Answer[changedBody], error) {
	stored, err := a.once(ctx, key, func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		o, err := a.store.change(ctx, tx, id, do)
		if err != nil {
			return idempotency.Stored{}, err
		}
		return made(o, changedBody{o.ID, o.Number, string(o.State)})
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[changedBody](stored), nil
}

// lookup finds an order by what a guest knows. What is wrong is not told, and who
// is wrong ten times in a minute is not told what is right either.
func (a *api) lookup(ctx context.Context, in *lookupInput) (*lookupOutput, error) {
	number, mail := ParseNumber(in.Body.Number), Mail(in.Body.Email)
	client := in.Forwarded[strings.LastIndexByte(in.Forwarded, ',')+1:]
	buckets := []string{"number:" + number, "mail:" + mail, "client:" + strings.TrimSpace(client)}
	var found *Order
	err := guesses.Guard(ctx, a.store.db, buckets, func(ctx context.Context, tx pgx.Tx) (bool, error) {
		o, there, err := guess(ctx, tx, number, mail)
		if there {
			found = &o
		}
		return there, err
	})
	switch {
	case err != nil:
		return nil, err
	case found == nil:
		return nil, notYours(in.Body.Number)
	}
	return &lookupOutput{foundBody{found.ID, found.Token}}, nil
}

func (a *api) mine(ctx context.Context, in *listInput) (*listOutput, error) {
	customer := customerOf(ctx)
	return a.pages(in.Query, []string{customer}, func(before uuid.UUID) ([]Order, error) { return a.store.ofCustomer(ctx, customer, before, in.Limit+1) })
}

func (a *api) list(ctx context.Context, in *staffListInput) (*listOutput, error) {
	return a.pages(in.Query, []string{"staff", in.State}, func(before uuid.UUID) ([]Order, error) { return a.store.all(ctx, State(in.State), before, in.Limit+1) })
}

// pages lists the newest first, so the first page has no end that it begins before.
func (a *api) pages(q page.Query, filter []string, read func(before uuid.UUID) ([]Order, error)) (*listOutput, error) {
	before, err := page.After[uuid.UUID](q, filter...)
	if err != nil {
		return nil, err
	}
	if q.Cursor == "" {
		before = uuid.Max
	}
	found, err := read(before)
	if err != nil {
		return nil, err
	}
	piece, err := page.New(q, found, func(o Order) uuid.UUID { return o.ID }, filter...)
	if err != nil {
		return nil, err
	}
	return &listOutput{mapped(piece, summaryOf)}, nil
}

func (a *api) books(ctx context.Context, in *listInput) (*booksOutput, error) {
	piece, err := changes.List(ctx, a.store.db, in.Query, changes.Source[booked, bookBody]{
		Name: "orders", Read: a.store.changed, Mark: func(b booked) changes.Mark { return b.mark }, Body: bookOf,
	})
	return &booksOutput{piece}, err
}

func mapped[A, B any](p page.Of[A], f func(A) B) page.Of[B] {
	out := page.Of[B]{Items: make([]B, len(p.Items)), Next: p.Next}
	for n, item := range p.Items {
		out.Items[n] = f(item)
	}
	return out
}
