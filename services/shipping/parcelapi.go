package shipping

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/page"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

const parcelsRoot = root + "/parcels"

type itemAsked struct {
	SKU      string `json:"sku" minLength:"1" maxLength:"64"`
	Quantity int64  `json:"quantity" minimum:"1" maximum:"9999"`
}

type packInput struct {
	httpapi.Idempotent
	Body struct {
		Order    uuid.UUID   `json:"order" format:"uuid"`
		Lines    []itemAsked `json:"lines" minItems:"1" maxItems:"200" nullable:"false"`
		Carrier  string      `json:"carrier" minLength:"1" maxLength:"64" example:"DHL"`
		Tracking string      `json:"tracking,omitempty" maxLength:"64" doc:"The carrier's; one of our own by UPU S10, where it is missing"`
		Grams    int64       `json:"grams,omitempty" minimum:"0" maximum:"1000000"`
	}
}

type parcelInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type stepInput struct {
	httpapi.Idempotent
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body *struct{}
}

type parcelsInput struct {
	page.Query
	Order uuid.UUID `query:"order" format:"uuid" doc:"Only those of this order"`
	State string    `query:"state" enum:"packed,sent,delivered" doc:"Only those in this state"`
}

type ofOrderInput struct {
	ID     uuid.UUID `path:"id" format:"uuid"`
	Token  string    `query:"token" maxLength:"100" doc:"The order's token, for who is not signed in"`
	Header string    `header:"X-Order-Token" maxLength:"100" doc:"The same, kept out of addresses"`
}

type itemBody struct {
	SKU      string      `json:"sku"`
	Quantity int64       `json:"quantity"`
	Amount   money.Money `json:"amount" doc:"The parcel's part of what the line costs"`
}

// Tracked is what everybody may see who may see a parcel.
type Tracked struct {
	ID          uuid.UUID  `json:"id" format:"uuid"`
	State       string     `json:"state" doc:"packed, sent, delivered"`
	Carrier     string     `json:"carrier"`
	Tracking    string     `json:"tracking"`
	Lines       []itemBody `json:"lines" nullable:"false"`
	PackedAt    time.Time  `json:"packedAt"`
	SentAt      *time.Time `json:"sentAt,omitempty"`
	DeliveredAt *time.Time `json:"deliveredAt,omitempty"`
}

type parcelBody struct {
	Tracked
	Order    uuid.UUID   `json:"order" format:"uuid"`
	Grams    int64       `json:"grams,omitempty"`
	Goods    money.Money `json:"goods" doc:"What is in it costs so much"`
	Shipping money.Money `json:"shipping" doc:"The parcel's part of the order's shipping, by pieces: over all parcels they make it"`
}

type parcelOutput struct {
	ETag string `header:"ETag"`
	Body parcelBody
}

type parcelsOutput struct{ Body page.Of[parcelBody] }

type ofOrderOutput struct {
	Body struct {
		Order   uuid.UUID `json:"order" format:"uuid"`
		Parcels []Tracked `json:"parcels" nullable:"false"`
	}
}

type labelOutput struct {
	Body struct {
		Parcel   uuid.UUID   `json:"parcel" format:"uuid"`
		Carrier  string      `json:"carrier"`
		Tracking string      `json:"tracking"`
		To       Address     `json:"to"`
		Grams    int64       `json:"grams,omitempty"`
		Lines    []itemAsked `json:"lines" nullable:"false"`
	}
}

// parcelShape is that of a parcel on the wire.
var parcelShape = etag.ShapeOf[parcelBody]()

// parcels adds the routes of parcels.
func (a *api) parcels(r *httpapi.API) {
	read, write := access.Staff("shipping:read"), access.Staff("shipping:write")
	conflict, missing := httpapi.Refuses(http.StatusConflict), httpapi.Refuses(http.StatusNotFound)
	httpapi.Post(r, parcelsRoot, write, a.pack, httpapi.ID("packParcel"), httpapi.Summary("Put some of an order's goods into a parcel"), httpapi.Status(http.StatusCreated), conflict, missing)
	httpapi.List(r, parcelsRoot, read, a.list, httpapi.ID("listParcels"), httpapi.Summary("Parcels, in the order in which they were packed"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.Get(r, parcelsRoot+"/{id}", read, a.parcel, httpapi.ID("getParcel"), httpapi.Summary("One parcel"), missing)
	httpapi.Get(r, parcelsRoot+"/{id}/label", read, a.label, httpapi.ID("getLabel"), httpapi.Summary("What stands on the label"), httpapi.About("An address is forgotten 90 days after the order was placed; then there is no label."), missing)
	httpapi.Post(r, parcelsRoot+"/{id}/dispatches", write, a.send, httpapi.ID("sendParcel"), httpapi.Summary("Say that a parcel was sent"), conflict, missing)
	httpapi.Post(r, parcelsRoot+"/{id}/deliveries", write, a.deliver, httpapi.ID("deliverParcel"), httpapi.Summary("Say that a parcel was delivered"), conflict, missing)
	httpapi.Get(r, root+"/orders/{id}", access.Owner, a.ofOrder, httpapi.ID("getOrderParcels"), httpapi.Summary("The parcels of one's own order"), missing, httpapi.Refuses(http.StatusUnauthorized))
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

func (p Parcel) tracked() Tracked {
	t := Tracked{p.ID, string(p.State), p.Carrier, p.Tracking, []itemBody{}, p.PackedAt.UTC(), utc(p.SentAt), utc(p.DeliveredAt)}
	for _, i := range p.Items {
		t.Lines = append(t.Lines, itemBody(i))
	}
	return t
}

func (p Parcel) body() parcelBody {
	return parcelBody{p.tracked(), p.Order, p.Grams, p.Goods, p.Shipping}
}

// instant is now, as the database keeps it.
func (a *api) instant() time.Time { return a.now().UTC().Truncate(time.Microsecond) }

func (a *api) pack(ctx context.Context, in *packInput) (*httpapi.Answer[parcelBody], error) {
	p := packing{Order: in.Body.Order, Carrier: in.Body.Carrier, Tracking: in.Body.Tracking, Grams: in.Body.Grams, From: a.from}
	for _, l := range in.Body.Lines {
		p.Items = append(p.Items, Item{SKU: l.SKU, Quantity: l.Quantity})
	}
	header := func(b parcelBody) map[string]string {
		return map[string]string{"ETag": parcelShape.Tag(1), "Location": parcelsRoot + "/" + b.ID.String()}
	}
	return once(ctx, a.store, in.Idempotent, http.StatusCreated, header, func(ctx context.Context, tx pgx.Tx) (parcelBody, error) {
		made, err := pack(ctx, tx, p, a.instant())
		return made.body(), err
	})
}

func (a *api) parcel(ctx context.Context, in *parcelInput) (*parcelOutput, error) {
	p, err := readParcel(ctx, a.store.db, in.ID)
	if err != nil {
		return nil, err
	}
	return &parcelOutput{parcelShape.Tag(p.Version), p.body()}, nil
}

func (a *api) list(ctx context.Context, in *parcelsInput) (*parcelsOutput, error) {
	filter := []string{in.Order.String(), in.State}
	after, err := page.After[uuid.UUID](in.Query, filter...)
	if err != nil {
		return nil, err
	}
	found, err := readParcels(ctx, a.store.db, `WHERE id > $1 AND ($2::uuid = $3::uuid OR order_id = $2::uuid) AND ($4 = '' OR state = $4) ORDER BY id LIMIT $5`, after, in.Order, uuid.Nil, in.State, in.Limit+1)
	if err != nil {
		return nil, err
	}
	piece, err := page.New(in.Query, found, func(p Parcel) uuid.UUID { return p.ID }, filter...)
	return &parcelsOutput{pageOf(piece, Parcel.body)}, err
}

func (a *api) label(ctx context.Context, in *parcelInput) (*labelOutput, error) {
	p, err := readParcel(ctx, a.store.db, in.ID)
	if err != nil {
		return nil, err
	}
	o, err := readOrder(ctx, a.store.db, p.Order)
	if err != nil {
		return nil, err
	}
	if o.Address == nil {
		return nil, fault.NotFound("address of the parcel", in.ID.String())
	}
	out := &labelOutput{}
	out.Body.Parcel, out.Body.Carrier, out.Body.Tracking, out.Body.To, out.Body.Grams = p.ID, p.Carrier, p.Tracking, *o.Address, p.Grams
	for _, i := range p.Items {
		out.Body.Lines = append(out.Body.Lines, itemAsked{i.SKU, i.Quantity})
	}
	return out, nil
}

func (a *api) send(ctx context.Context, in *stepInput) (*httpapi.Answer[parcelBody], error) {
	return a.step(ctx, in, func(p Parcel, cancelled bool) (Parcel, error) { return p.Send(cancelled, a.instant()) })
}

func (a *api) deliver(ctx context.Context, in *stepInput) (*httpapi.Answer[parcelBody], error) {
	return a.step(ctx, in, func(p Parcel, _ bool) (Parcel, error) { return p.Deliver(a.instant()) })
}

func (a *api) step(ctx context.Context, in *stepInput, rule func(Parcel, bool) (Parcel, error)) (*httpapi.Answer[parcelBody], error) {
	return once(ctx, a.store, in.Idempotent, http.StatusOK, func(parcelBody) map[string]string { return nil }, func(ctx context.Context, tx pgx.Tx) (parcelBody, error) {
		p, err := change(ctx, tx, in.ID, rule)
		return p.body(), err
	})
}

// ofOrder shows an order's parcels to whom it belongs. What is somebody else's is told as what is not there; who says nothing of
// himself is told to do so, whatever he asks for.
func (a *api) ofOrder(ctx context.Context, in *ofOrderInput) (*ofOrderOutput, error) {
	customer, token := "", in.Token
	if who := access.From(ctx); who.Kind == access.CustomerKind {
		customer = who.Subject
	}
	if in.Header != "" {
		token = in.Header
	}
	if customer == "" && token == "" {
		return nil, problem.New(problem.Unauthenticated, "Sign in, or send the order's token.").With("WWW-Authenticate", `Bearer realm="shop"`)
	}
	o, err := readOrder(ctx, a.store.db, in.ID)
	if err != nil {
		return nil, err
	}
	if !o.Mine(customer, token) {
		return nil, fault.NotFound("order", in.ID.String())
	}
	found, err := readParcels(ctx, a.store.db, `WHERE order_id = $1 ORDER BY id`, o.ID)
	if err != nil {
		return nil, err
	}
	out := &ofOrderOutput{}
	out.Body.Order, out.Body.Parcels = o.ID, []Tracked{}
	for _, p := range found {
		out.Body.Parcels = append(out.Body.Parcels, p.tracked())
	}
	return out, nil
}
