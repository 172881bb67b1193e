package returns

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// root is the path that the shop gives to this service: shop/service.yaml. Below ownRoot are the returns of whoever asks, below staffRoot is what staff does.
const root, ownRoot, staffRoot = "/api/returns", "/api/returns/own", "/api/returns/staff"

// api is the HTTP of customers; staffapi.go has that of staff.
type api struct {
	store  *store
	period Period
	tariff Tariff
	zone   *time.Location
	now    func() time.Time
}

// Shown is what a request shows of who may see an order; exported, or what has it as a part would not describe its members.
type Shown struct {
	Token  string `query:"token" maxLength:"100" doc:"The order's token, for who is not signed in"`
	Header string `header:"X-Order-Token" maxLength:"100" doc:"The same, kept out of addresses"`
}

// wantBody is how many of a line are returned.
type wantBody struct {
	Line     int   `json:"line" minimum:"1" maximum:"10000" doc:"Its number in the order, from 1"`
	Quantity int64 `json:"quantity" minimum:"1" maximum:"1000000"`
}

// Asked is what somebody wants to return; exported, or what has it as a part would not describe its members.
type Asked struct {
	Order  uuid.UUID  `json:"order" format:"uuid"`
	Lines  []wantBody `json:"lines" minItems:"1" maxItems:"500" nullable:"false"`
	Reason string     `json:"reason,omitempty" maxLength:"500" doc:"Nobody has to give one"`
}

type announceInput struct {
	httpapi.Idempotent
	Shown
	Body Asked
}

type confirmInput struct {
	httpapi.Idempotent
	Shown
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body *struct{}
}

type readInput struct {
	Shown
	ID uuid.UUID `path:"id" format:"uuid"`
}

// itemBody is what is in a return.
type itemBody struct {
	Line     int    `json:"line"`
	SKU      string `json:"sku"`
	Name     string `json:"name"`
	Quantity int64  `json:"quantity"`
	Sellable int64  `json:"sellable" doc:"How many came back as new"`
	Damaged  int64  `json:"damaged" doc:"How many came back otherwise"`
}

// ReturnBody is a return on the wire; exported, or what has it as a part would not describe its members.
type ReturnBody struct {
	ID          uuid.UUID   `json:"id" format:"uuid"`
	Order       uuid.UUID   `json:"order" format:"uuid"`
	State       State       `json:"state" enum:"announced,confirmed,completed,closed" doc:"announced waits for its confirmation, and is forgotten a day later; confirmed waits for the goods"`
	Lines       []itemBody  `json:"lines" nullable:"false"`
	Reason      string      `json:"reason,omitempty"`
	Note        string      `json:"note,omitempty" doc:"Why it was closed"`
	Worth       money.Money `json:"worth" doc:"What its goods cost. Of an order of which all comes back, shipping is given back beyond that"`
	Refunded    money.Money `json:"refunded"`
	AnnouncedAt time.Time   `json:"announcedAt"`
	ConfirmedAt *time.Time  `json:"confirmedAt,omitempty" doc:"When the withdrawal arrived"`
	EndedAt     *time.Time  `json:"endedAt,omitempty"`
}

type returnOutput struct {
	ETag string `header:"ETag"`
	Body ReturnBody
}

// lineBody is a line of an order, as far as it can be returned.
type lineBody struct {
	Line   int         `json:"line"`
	SKU    string      `json:"sku"`
	Name   string      `json:"name"`
	Bought int64       `json:"bought"`
	Left   int64       `json:"left" doc:"How many can still be returned"`
	Total  money.Money `json:"total" doc:"What all of it cost"`
}

type orderOutput struct {
	Body struct {
		Order   uuid.UUID    `json:"order" format:"uuid"`
		Number  string       `json:"number"`
		Open    bool         `json:"open" doc:"Whether a return can be announced now"`
		Why     string       `json:"why,omitempty" doc:"Why not, for people"`
		LastDay string       `json:"lastDay,omitempty" doc:"The last day to withdraw, in the shop's time zone; none as long as the period has not begun" example:"2026-06-19"`
		Lines   []lineBody   `json:"lines" nullable:"false"`
		Returns []ReturnBody `json:"returns" nullable:"false" doc:"Those that were confirmed, in the order in which they were announced"`
	}
}

// shape is that of a return on the wire: a release that answers another one makes caches ask again.
var shape = etag.ShapeOf[ReturnBody]()

func (a *api) routes(k *app.Kit) *httpapi.API {
	r := k.NewAPI()
	conflict, missing, nobody, made := httpapi.Refuses(http.StatusConflict), httpapi.Refuses(http.StatusNotFound), httpapi.Refuses(http.StatusUnauthorized), httpapi.Status(http.StatusCreated)
	httpapi.Post(r, root, access.Owner, a.announce, made, conflict, missing, nobody, httpapi.ID("announceReturn"), httpapi.Summary("The first step of a withdrawal: say what is returned"),
		httpapi.About("It has no effect before it is confirmed, and is forgotten a day later."))
	httpapi.Get(r, ownRoot+"/{id}", access.Owner, a.get, missing, nobody, httpapi.ID("getReturn"), httpapi.Summary("One's own return"))
	httpapi.Post(r, ownRoot+"/{id}/confirmations", access.Owner, a.confirm, made, conflict, missing, nobody, httpapi.ID("confirmReturn"), httpapi.Summary("The second step: withdraw"),
		httpapi.About("From now on it is a withdrawal, with a receipt. To say so again changes nothing."))
	httpapi.Page(r, http.MethodGet, ownRoot+"/{id}/receipt", access.Owner, a.receipt, httpapi.Produces("text/plain"), missing, nobody,
		httpapi.Refuses(http.StatusUnprocessableEntity), httpapi.ID("getReturnReceipt"), httpapi.Summary("The receipt of one's own withdrawal, to keep"))
	httpapi.Get(r, root+"/orders/{id}", access.Owner, a.ofOrder, missing, nobody, httpapi.ID("getReturnsOfOrder"), httpapi.Summary("What of one's own order can be returned, and what was"))
	a.staff(r)
	return r
}

// mine reads an order of whoever asks. What is somebody else's is told as what is not there; who says nothing of himself is told to do so.
func (a *api) mine(ctx context.Context, db querier, id uuid.UUID, s Shown) (Order, error) {
	customer, token, err := s.who(ctx)
	if err != nil {
		return Order{}, err
	}
	o, err := readOrder(ctx, db, id)
	if err == nil && !o.Mine(customer, token) {
		err = fault.NotFound("order", id.String())
	}
	if err != nil {
		return Order{}, err
	}
	return o, nil
}

// who is the customer who asks, or the token that is shown.
func (s Shown) who(ctx context.Context) (customer, token string, err error) {
	if who := access.From(ctx); who.Kind == access.CustomerKind {
		customer = who.Subject
	}
	if token = s.Header; token == "" {
		token = s.Token
	}
	if customer == "" && token == "" {
		return "", "", problem.New(problem.Unauthenticated, "Sign in, or send the order's token.").With("WWW-Authenticate", `Bearer realm="shop"`)
	}
	return customer, token, nil
}

// mineReturn reads a return of whoever asks; it is there exactly if its order is theirs.
func (a *api) mineReturn(ctx context.Context, db querier, id uuid.UUID, s Shown) (Return, error) {
	customer, token, err := s.who(ctx)
	if err != nil {
		return Return{}, err
	}
	r, err := read(ctx, db, id)
	if err != nil {
		return Return{}, err
	}
	o, err := readOrder(ctx, db, r.Order)
	if err == nil && !o.Mine(customer, token) {
		err = fault.NotFound("return", id.String())
	}
	return r, err
}

// instant is now, as the database keeps it.
func (a *api) instant() time.Time { return a.now().UTC().Truncate(time.Microsecond) }

func (b Asked) wants() []Want {
	all := make([]Want, len(b.Lines))
	for n, l := range b.Lines {
		all[n] = Want(l)
	}
	return all
}

func (a *api) announce(ctx context.Context, in *announceInput) (*httpapi.Answer[ReturnBody], error) {
	if _, err := a.mine(ctx, a.store.db, in.Body.Order, in.Shown); err != nil {
		return nil, err
	}
	return once(ctx, a.store, in.Idempotent, uuid.Nil, func(ctx context.Context, tx pgx.Tx) (Return, error) {
		r, _, err := announce(ctx, tx, in.Body.Order, func(o Order) (Return, error) {
			if err := o.Open(a.now(), a.period); err != nil {
				return Return{}, err
			}
			return a.drawUp(o, in.Body, "")
		})
		return r, err
	})
}

// drawUp is a new return of what is asked for.
func (a *api) drawUp(o Order, asked Asked, staff string) (Return, error) {
	items, worth, err := o.Take(asked.wants())
	if err != nil {
		return Return{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Return{}, err
	}
	return Return{
		ID: id, Order: o.ID, State: Announced, Reason: strings.TrimSpace(asked.Reason), Staff: staff, Items: items, Worth: worth,
		Refunded: money.New(0, worth.Currency()), AnnouncedAt: a.instant(), Version: 1,
	}, nil
}

// once has an effect on a return and stores its answer in one commit. A key belongs to one return, where there is one already.
func once(ctx context.Context, s *store, sent httpapi.Idempotent, of uuid.UUID, do func(context.Context, pgx.Tx) (Return, error)) (*httpapi.Answer[ReturnBody], error) {
	key := sent.Key(ctx)
	key.Route = strings.Replace(key.Route, "{id}", of.String(), 1)
	at := ownRoot
	if access.From(ctx).Kind == access.StaffKind {
		at = staffRoot
	}
	stored, err := idempotency.Once(ctx, s.db, key, sent.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		r, err := do(ctx, tx)
		if err != nil {
			return idempotency.Stored{}, err
		}
		text, err := httpapi.Encode(r.body())
		return idempotency.Stored{Status: http.StatusCreated, Header: map[string]string{"ETag": shape.Tag(r.Version), "Location": at + "/" + r.ID.String()}, Body: text}, err
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[ReturnBody](stored), nil
}

func (a *api) confirm(ctx context.Context, in *confirmInput) (*httpapi.Answer[ReturnBody], error) {
	if _, err := a.mineReturn(ctx, a.store.db, in.ID, in.Shown); err != nil {
		return nil, err
	}
	return once(ctx, a.store, in.Idempotent, in.ID, func(ctx context.Context, tx pgx.Tx) (Return, error) {
		before, after, o, err := change(ctx, tx, in.ID, func(r Return, o Order) (Return, error) { return r.Confirm(o, a.instant(), a.period) })
		if err != nil || before.State == after.State {
			return after, err
		}
		return after, a.acknowledge(ctx, tx, after, o)
	})
}

// acknowledge writes the receipt of a withdrawal that has just arrived.
func (a *api) acknowledge(ctx context.Context, tx pgx.Tx, r Return, o Order) error {
	return keepReceipt(ctx, tx, r.ID, *r.ConfirmedAt, r.Receipt(o, a.zone))
}

func (a *api) get(ctx context.Context, in *readInput) (*returnOutput, error) {
	r, err := a.mineReturn(ctx, a.store.db, in.ID, in.Shown)
	if err != nil {
		return nil, err
	}
	return &returnOutput{shape.Tag(r.Version), r.body()}, nil
}

func (a *api) ofOrder(ctx context.Context, in *readInput) (*orderOutput, error) {
	o, err := a.mine(ctx, a.store.db, in.ID, in.Shown)
	if err != nil {
		return nil, err
	}
	found, err := find(ctx, a.store.db, `r.order_id = $1 AND r.state <> 'announced' ORDER BY r.id`, o.ID)
	if err != nil {
		return nil, err
	}
	out := &orderOutput{}
	b := &out.Body
	b.Order, b.Number, b.Lines, b.Returns = o.ID, o.Number, []lineBody{}, []ReturnBody{}
	b.LastDay, _ = a.period.Of(o)
	left := int64(0)
	for _, l := range o.Lines {
		left += l.Left()
		b.Lines = append(b.Lines, lineBody{l.Line, l.SKU, l.Name, l.Bought, l.Left(), l.Gross})
	}
	for _, r := range found {
		b.Returns = append(b.Returns, r.body())
	}
	var why *fault.Fault
	switch err := o.Open(a.now(), a.period); {
	case errors.As(err, &why):
		b.Why = why.Detail
	case left == 0:
		b.Why = "All of it is returned."
	default:
		b.Open = true
	}
	return out, nil
}

// receipt answers the receipt as it was written.
func (a *api) receipt(w http.ResponseWriter, r *http.Request) {
	text, err := a.receiptOf(r)
	if err != nil {
		httpapi.Refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "private, no-store")
	w.Header().Set("Referrer-Policy", "no-referrer") // its own address may hold a token
	_, _ = w.Write([]byte(text))                     // the client is gone: nobody to tell
}

func (a *api) receiptOf(r *http.Request) (string, error) {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return "", fault.InvalidParameter("path.id", "It is no UUID.")
	}
	if _, err := a.mineReturn(r.Context(), a.store.db, id, Shown{r.URL.Query().Get("token"), r.Header.Get("X-Order-Token")}); err != nil {
		return "", err
	}
	return readReceipt(r.Context(), a.store.db, id)
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

func (r Return) body() ReturnBody {
	b := ReturnBody{r.ID, r.Order, r.State, []itemBody{}, r.Reason, r.Note, r.Worth, r.Refunded, r.AnnouncedAt.UTC(), utc(r.ConfirmedAt), utc(r.EndedAt)}
	for _, i := range r.Items {
		b.Lines = append(b.Lines, itemBody(i))
	}
	return b
}
