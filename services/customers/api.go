package customers

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/page"
)

const (
	// root is the path that the shop gives to this service: shop/service.yaml.
	root = "/api/customers"
	// A customer sees himself alone, so no path of his names him.
	me        = root + "/me"
	addresses = me + "/addresses"
	consents  = me + "/consents"
	proofs    = root + "/erasures"
)

// api is the HTTP.
type api struct {
	store *store
	now   func() time.Time
}

type (
	profileRead struct{}
	profilePut  struct {
		httpapi.IfMatch
		Body profileChange
	}
	listInput  struct{ page.Query }
	thingInput struct {
		ID uuid.UUID `path:"id" format:"uuid"`
	}
	addressCreate struct {
		httpapi.Idempotent
		Body addressChange
	}
	addressPut struct {
		httpapi.IfMatch
		ID   uuid.UUID `path:"id" format:"uuid"`
		Body addressChange
	}
	addressRemove struct {
		httpapi.IfMatch
		ID uuid.UUID `path:"id" format:"uuid"`
	}
	consentCreate struct {
		httpapi.Idempotent
		Body consentGiven
	}
	eraseBody struct {
		Customer string `json:"customer" maxLength:"255" doc:"One's own id, as the profile has it: nobody is forgotten by accident"`
	}
	eraseInput struct {
		httpapi.Idempotent
		Body eraseBody
	}
	staffList struct {
		page.Query
		Email string `query:"email" maxLength:"300" doc:"Those with this address alone"`
	}
	staffRead struct {
		Customer string `path:"customer" maxLength:"255"`
	}
)

type tagged[T any] struct {
	ETag string `header:"ETag"`
	Body T
}

type listOf[T any] struct{ Body page.Of[T] }

// routes lists the routes. Each says who may call it.
func (a *api) routes(k *app.Kit) *httpapi.API {
	r := k.NewAPI()
	missing, bad := httpapi.Refuses(http.StatusNotFound), httpapi.Refuses(http.StatusBadRequest)
	httpapi.Get(r, me, access.Customer, a.profile, httpapi.ID("getProfile"), httpapi.Summary("What one has said of oneself"), missing,
		httpapi.About("Who has said nothing yet gets an empty profile, with an ETag for the first PUT. 404: erased."))
	httpapi.Put(r, me, access.Customer, a.putProfile, httpapi.ID("putProfile"), httpapi.Summary("Say something of oneself"), missing)
	a.addressRoutes(r)
	httpapi.List(r, consents, access.Customer, a.listConsents, httpapi.ID("listConsents"), httpapi.Summary("What one agreed to and took back, in its order"), bad)
	httpapi.Post(r, consents, access.Customer, a.addConsent, httpapi.ID("giveConsent"), httpapi.Summary("Agree to something, or take it back"), httpapi.Status(http.StatusCreated), missing)
	httpapi.Get(r, consents+"/{id}", access.Customer, a.getConsent, httpapi.ID("getConsent"), httpapi.Summary("One consent"), missing)
	httpapi.Post(r, me+"/erasures", access.Customer, a.erase, httpapi.ID("eraseCustomer"), httpapi.Summary("Be forgotten"), httpapi.Status(http.StatusCreated),
		httpapi.About("Profile, addresses and consents are gone with the answer; every other service that holds personal data erases it and answers. Orders that are open end first, and of all orders what law demands is kept, without a name. Asked again it answers the same."))
	httpapi.Get(r, proofs+"/{id}", access.Owner, a.proof, httpapi.ID("getErasure"), httpapi.Summary("The proof of an erasure"), missing,
		httpapi.About("Its id is a secret, and all that is needed: the account is gone."))
	a.staffRoutes(r)
	return r
}

func (a *api) addressRoutes(r *httpapi.API) {
	missing := httpapi.Refuses(http.StatusNotFound)
	httpapi.List(r, addresses, access.Customer, a.listAddresses, httpapi.ID("listAddresses"), httpapi.Summary("One's own addresses, in the order in which they were made"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.Post(r, addresses, access.Customer, a.addAddress, httpapi.ID("addAddress"), httpapi.Summary("Add an address"), httpapi.Status(http.StatusCreated), missing, httpapi.Refuses(http.StatusConflict))
	httpapi.Get(r, addresses+"/{id}", access.Customer, a.getAddress, httpapi.ID("getAddress"), httpapi.Summary("One's own address"), missing)
	httpapi.Put(r, addresses+"/{id}", access.Customer, a.putAddress, httpapi.ID("putAddress"), httpapi.Summary("Replace what an address says"), missing)
	httpapi.Delete(r, addresses+"/{id}", access.Customer, a.removeAddress, httpapi.ID("removeAddress"), httpapi.Summary("Remove an address"), missing,
		httpapi.About("Answers the address that is gone. An order that goes there goes there still."))
}

// staffRoutes are for who may see customers.
func (a *api) staffRoutes(r *httpapi.API) {
	staff := access.Staff("customers:read")
	httpapi.List(r, root+"/staff", staff, a.find, httpapi.ID("listCustomers"), httpapi.Summary("Customers, by mail address"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.Get(r, root+"/staff/{customer}", staff, a.anyone, httpapi.ID("getCustomer"), httpapi.Summary("A customer's profile"), httpapi.Refuses(http.StatusNotFound))
	httpapi.List(r, root+"/staff/erasures", staff, a.openErasures, httpapi.ID("listOpenErasures"), httpapi.Summary("Erasures that some service has not answered"), httpapi.Refuses(http.StatusBadRequest))
}

// customer is who asks.
func customer(ctx context.Context) string { return access.From(ctx).Subject }

// pages lists a piece of what is in the order of its ids.
func pages[T, B any](q page.Query, body func(T) B, id func(T) uuid.UUID, read func(after uuid.UUID) ([]T, error), filter ...string) (*listOf[B], error) {
	after, err := page.After[uuid.UUID](q, filter...)
	if err != nil {
		return nil, err
	}
	found, err := read(after)
	if err != nil {
		return nil, err
	}
	piece, err := page.New(q, found, id, filter...)
	if err != nil {
		return nil, err
	}
	out := &listOf[B]{page.Of[B]{Items: make([]B, len(piece.Items)), Next: piece.Next}}
	for n, item := range piece.Items {
		out.Body.Items[n] = body(item)
	}
	return out, nil
}

// made stores the answer that what was made gets, whenever its request is repeated.
func made(path, tag string, body any) (idempotency.Stored, error) {
	text, err := httpapi.Encode(body)
	return idempotency.Stored{Status: http.StatusCreated, Header: map[string]string{"ETag": tag, "Location": path}, Body: text}, err
}

// once does something for a key, if it was not done before.
func once[B any](ctx context.Context, a *api, key httpapi.Idempotent, do func(context.Context, pgx.Tx) (idempotency.Stored, error)) (*httpapi.Answer[B], error) {
	stored, err := idempotency.Once(ctx, a.store.db, key.Key(ctx), key.Sent(ctx), do)
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[B](stored), nil
}

// instant is now, as the database keeps it.
func (a *api) instant() time.Time { return a.now().UTC().Truncate(time.Microsecond) }
