package cms

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

// root is the path that the shop gives to this service: shop/service.yaml.
const root = "/api/cms"

// api is the HTTP.
type api struct{ store *store }

// itemBody is an item on the wire.
type itemBody struct {
	ID   uuid.UUID `json:"id" format:"uuid"`
	Name string    `json:"name"`
}

// itemChange is what a client may say of an item.
type itemChange struct {
	Name string `json:"name" minLength:"1" maxLength:"200"`
}

type listInput struct{ page.Query }

type listOutput struct{ Body page.Of[itemBody] }

type createInput struct {
	httpapi.Idempotent
	Body itemChange
}

type readInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type changeInput struct {
	httpapi.IfMatch
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body itemChange
}

type itemOutput struct {
	ETag string `header:"ETag"`
	Body itemBody
}

// shape is that of an item on the wire: a release that answers another one makes caches ask again.
var shape = etag.ShapeOf[itemBody]()

// routes lists the routes. Each says who may call it: access.Public, Customer, Owner, Staff, Service.
func (a *api) routes(k *app.Kit) *httpapi.API {
	r := k.NewAPI()
	staff := access.Staff("cms:write")
	httpapi.List(r, root, access.Public, a.list,
		httpapi.ID("listItems"), httpapi.Summary("Items, in the order in which they were made"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.Post(r, root, staff, a.create,
		httpapi.ID("createItem"), httpapi.Summary("Make an item"), httpapi.Status(http.StatusCreated))
	httpapi.Get(r, root+"/{id}", access.Public, a.get,
		httpapi.ID("getItem"), httpapi.Summary("One item"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Put(r, root+"/{id}", staff, a.change,
		httpapi.ID("changeItem"), httpapi.Summary("Replace what an item says"), httpapi.Refuses(http.StatusNotFound))
	return r
}

func (a *api) list(ctx context.Context, in *listInput) (*listOutput, error) {
	after, err := page.After[uuid.UUID](in.Query)
	if err != nil {
		return nil, err
	}
	found, err := a.store.list(ctx, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	piece, err := page.New(in.Query, found, func(i Item) uuid.UUID { return i.ID })
	if err != nil {
		return nil, err
	}
	out := &listOutput{page.Of[itemBody]{Items: make([]itemBody, len(piece.Items)), Next: piece.Next}}
	for n, i := range piece.Items {
		out.Body.Items[n] = itemBody{i.ID, i.Name}
	}
	return out, nil
}

// create makes an item once for a key: the item and the stored answer are one commit.
func (a *api) create(ctx context.Context, in *createInput) (*httpapi.Answer[itemBody], error) {
	stored, err := idempotency.Once(ctx, a.store.db, in.Key(ctx), in.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		id, err := uuid.NewV7()
		if err != nil {
			return idempotency.Stored{}, err
		}
		i, err := New(id, in.Body.Name)
		if err != nil {
			return idempotency.Stored{}, err
		}
		if err := insert(ctx, tx, i); err != nil {
			return idempotency.Stored{}, err
		}
		return made(i)
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[itemBody](stored), nil
}

// made is the answer that a new item's request gets, whenever it is repeated.
func made(i Item) (idempotency.Stored, error) {
	out := answer(i)
	body, err := httpapi.Encode(out.Body)
	header := map[string]string{"ETag": out.ETag, "Location": root + "/" + i.ID.String()}
	return idempotency.Stored{Status: http.StatusCreated, Header: header, Body: body}, err
}

func (a *api) get(ctx context.Context, in *readInput) (*itemOutput, error) {
	i, err := a.store.item(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return answer(i), nil
}

func (a *api) change(ctx context.Context, in *changeInput) (*itemOutput, error) {
	before, err := a.store.item(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	after, err := before.Rename(in.Body.Name)
	if err != nil {
		return nil, err
	}
	if in.Repeated(before.Version, after.Name == before.Name) {
		return answer(before), nil
	}
	if err := in.Check(before.Version); err != nil {
		return nil, err
	}
	if err := a.store.save(ctx, before, after); err != nil {
		return nil, err
	}
	return answer(after), nil
}

func answer(i Item) *itemOutput {
	return &itemOutput{ETag: shape.Tag(i.Version), Body: itemBody{i.ID, i.Name}}
}
