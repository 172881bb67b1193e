package customers

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/contact"
	"github.com/emporium-shop/emporium/services/internal/fault"
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

func (a *api) profile(ctx context.Context, _ *profileRead) (*tagged[profileBody], error) {
	p, err := profile(ctx, a.store.db, customer(ctx))
	return answerProfile(p, err)
}

func answerProfile(p Profile, err error) (*tagged[profileBody], error) {
	if err != nil {
		return nil, err
	}
	return &tagged[profileBody]{profileShape.Tag(p.Version), profileBody{p.Customer, p.Email.Spelled, p.Name, p.Phone, p.Locale}}, nil
}

func (a *api) putProfile(ctx context.Context, in *profilePut) (*tagged[profileBody], error) {
	before, err := profile(ctx, a.store.db, customer(ctx))
	if err != nil {
		return nil, err
	}
	after, err := before.Change(Said(in.Body))
	if err != nil {
		return nil, err
	}
	if in.Repeated(before.Version, after.same(before)) {
		return answerProfile(before, nil)
	}
	if err := in.Check(before.Version); err != nil {
		return nil, err
	}
	return answerProfile(after, a.store.save(ctx, before, after))
}

func (a *api) listAddresses(ctx context.Context, in *listInput) (*listOf[addressBody], error) {
	who := customer(ctx)
	return pages(in.Query, bodyOfAddress, func(i Address) uuid.UUID { return i.ID }, func(after uuid.UUID) ([]Address, error) {
		return a.store.addresses(ctx, who, after, in.Limit+1)
	}, who)
}

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

func (a *api) addAddress(ctx context.Context, in *addressCreate) (*httpapi.Answer[addressBody], error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	one, err := in.Body.address(id, 1).Checked()
	if err != nil {
		return nil, err
	}
	return once[addressBody](ctx, a, in.Idempotent, func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		if err := addAddress(ctx, tx, customer(ctx), one); err != nil {
			return idempotency.Stored{}, err
		}
		return made(addresses+"/"+id.String(), addressShape.Tag(one.Version), bodyOfAddress(one))
	})
}

func answerAddress(one Address, err error) (*tagged[addressBody], error) {
	if err != nil {
		return nil, err
	}
	return &tagged[addressBody]{addressShape.Tag(one.Version), bodyOfAddress(one)}, nil
}

func (a *api) getAddress(ctx context.Context, in *thingInput) (*tagged[addressBody], error) {
	return answerAddress(a.store.address(ctx, customer(ctx), in.ID))
}

func (a *api) putAddress(ctx context.Context, in *addressPut) (*tagged[addressBody], error) {
	before, err := a.store.address(ctx, customer(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	after, err := in.Body.address(before.ID, before.Version+1).Checked()
	if err != nil {
		return nil, err
	}
	if in.Repeated(before.Version, after.same(before)) {
		return answerAddress(before, nil)
	}
	if err := in.Check(before.Version); err != nil {
		return nil, err
	}
	return answerAddress(after, a.store.saveAddress(ctx, customer(ctx), before, after))
}

func (a *api) removeAddress(ctx context.Context, in *addressRemove) (*tagged[addressBody], error) {
	one, err := a.store.address(ctx, customer(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	if err := in.Check(one.Version); err != nil {
		return nil, err
	}
	return answerAddress(one, a.store.removeAddress(ctx, customer(ctx), one))
}

func (a *api) listConsents(ctx context.Context, in *listInput) (*listOf[consentBody], error) {
	who := customer(ctx)
	return pages(in.Query, bodyOfConsent, func(c Consent) uuid.UUID { return c.ID }, func(after uuid.UUID) ([]Consent, error) {
		return a.store.consents(ctx, who, after, in.Limit+1)
	}, who)
}

func (a *api) addConsent(ctx context.Context, in *consentCreate) (*httpapi.Answer[consentBody], error) {
	return once[consentBody](ctx, a, in.Idempotent, func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		id, err := uuid.NewV7()
		if err != nil {
			return idempotency.Stored{}, err
		}
		c := Consent{id, in.Body.Purpose, in.Body.TextVersion, in.Body.Granted, a.instant()}
		if err := addConsent(ctx, tx, customer(ctx), c); err != nil {
			return idempotency.Stored{}, err
		}
		return made(consents+"/"+id.String(), consentShape.Tag(1), bodyOfConsent(c))
	})
}

// instant is now, as the database keeps it.
func (a *api) instant() time.Time { return a.now().UTC().Truncate(time.Microsecond) }

func (a *api) getConsent(ctx context.Context, in *thingInput) (*tagged[consentBody], error) {
	c, err := a.store.consent(ctx, customer(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &tagged[consentBody]{consentShape.Tag(1), bodyOfConsent(c)}, nil
}

func (a *api) erase(ctx context.Context, in *eraseInput) (*httpapi.Answer[erasureBody], error) {
	if in.Body.Customer != customer(ctx) {
		return nil, fault.Invalid("#/customer", "It is not the id of who asks.")
	}
	return once[erasureBody](ctx, a, in.Idempotent, func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		e, err := a.store.erase(ctx, tx, customer(ctx), a.instant())
		if err != nil {
			return idempotency.Stored{}, err
		}
		return made(proofs+"/"+e.ID.String(), tagOfErasure(e), bodyOfErasure(e))
	})
}

func (a *api) proof(ctx context.Context, in *thingInput) (*tagged[erasureBody], error) {
	e, err := oneErasure(ctx, a.store.db, in.ID.String(), `id = $1`, in.ID)
	if err != nil {
		return nil, err
	}
	return &tagged[erasureBody]{tagOfErasure(e), bodyOfErasure(e)}, nil
}

func (a *api) find(ctx context.Context, in *staffList) (*listOf[profileBody], error) {
	key := ""
	if in.Email != "" {
		m, err := contact.ParseMail("#/email", in.Email)
		if err != nil {
			return nil, err
		}
		key = m.Key
	}
	after, err := page.After[string](in.Query, key)
	if err != nil {
		return nil, err
	}
	found, err := a.store.byMail(ctx, key, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	piece, err := page.New(in.Query, found, func(p Profile) string { return p.Customer }, key)
	if err != nil {
		return nil, err
	}
	out := &listOf[profileBody]{page.Of[profileBody]{Items: make([]profileBody, len(piece.Items)), Next: piece.Next}}
	for n, p := range piece.Items {
		out.Body.Items[n] = profileBody{p.Customer, p.Email.Spelled, p.Name, p.Phone, p.Locale}
	}
	return out, nil
}

func (a *api) anyone(ctx context.Context, in *staffRead) (*tagged[profileBody], error) {
	return answerProfile(profile(ctx, a.store.db, in.Customer))
}

func (a *api) openErasures(ctx context.Context, in *listInput) (*listOf[erasureBody], error) {
	return pages(in.Query, bodyOfErasure, func(e Erasure) uuid.UUID { return e.ID }, func(after uuid.UUID) ([]Erasure, error) {
		return a.store.open(ctx, after, in.Limit+1)
	})
}
