package loyalty

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/page"
)

// root is the path that the shop gives to this service: shop/service.yaml.
const root, customers = "/api/loyalty", "/api/loyalty/staff/customers/{customer}"

// api is the HTTP of points; cardapi.go has that of gift cards, holdapi.go that of checkout.
type api struct {
	store *store
	now   func() time.Time
}

type tierBody struct {
	Name   string `json:"name" example:"silver"`
	Points int64  `json:"points" doc:"From how many points of the last 12 months on"`
}

type accountBody struct {
	Points    int64      `json:"points" doc:"What he has. Below zero where goods went back whose points were spent"`
	Available int64      `json:"available" doc:"What can be spent: not what checkouts hold"`
	Year      int64      `json:"year" doc:"Earned in the last 12 months, less what was taken back"`
	Tier      string     `json:"tier"`
	NextTier  *tierBody  `json:"nextTier,omitempty" doc:"Absent in the highest"`
	Expires   *time.Time `json:"expires,omitempty" doc:"When points expire next that are not spent before"`
}

// EntryBody is a line of the ledger on the wire; exported, or what has it as a part would not describe its members.
type EntryBody struct {
	ID      uuid.UUID  `json:"id" format:"uuid"`
	Kind    string     `json:"kind" doc:"earned, taken-back, spent, returned, expired, corrected"`
	Points  int64      `json:"points" doc:"Above zero where they were given"`
	Order   *uuid.UUID `json:"order,omitempty" format:"uuid"`
	Expires *time.Time `json:"expires,omitempty"`
	Reason  string     `json:"reason,omitempty"`
	At      time.Time  `json:"at"`
}

type staffEntry struct {
	EntryBody
	Staff string `json:"staff,omitempty" doc:"Who corrected"`
}

// CustomerPath is what every route of one customer has; exported, or it would not be filled.
type CustomerPath struct {
	Customer string `path:"customer" minLength:"1" maxLength:"64"`
}

type listInput struct{ page.Query }

type customerInput struct{ CustomerPath }

type customerList struct {
	CustomerPath
	page.Query
}

type correction struct {
	httpapi.Idempotent
	CustomerPath
	Body struct {
		Points int64  `json:"points" minimum:"-1000000" maximum:"1000000" doc:"Above zero gives, below takes"`
		Reason string `json:"reason" minLength:"1" maxLength:"200" doc:"The customer reads it"`
	}
}

type accountOutput struct{ Body accountBody }

type entriesOutput struct{ Body page.Of[EntryBody] }

type staffEntries struct{ Body page.Of[staffEntry] }

type tiersOutput struct{ Body page.Of[tierBody] }

func (a *api) routes(k *app.Kit) *httpapi.API {
	r := k.NewAPI()
	read, write := access.Staff("loyalty:read"), access.Staff("loyalty:write")
	bad := httpapi.Refuses(http.StatusBadRequest)
	httpapi.Get(r, root+"/account", access.Customer, a.mine, httpapi.ID("getAccount"), httpapi.Summary("One's own points"))
	httpapi.List(r, root+"/entries", access.Customer, a.entries, httpapi.ID("listEntries"), httpapi.Summary("How one's own points came and went, the newest first"), bad)
	httpapi.List(r, root+"/tiers", access.Public, a.tiers, httpapi.ID("listTiers"), httpapi.Summary("The tiers, as they are reached"), bad)
	httpapi.Get(r, customers, read, a.account, httpapi.ID("getAnyAccount"), httpapi.Summary("Anybody's points"), httpapi.About("Who never had any has none: it is not told who is a customer."))
	httpapi.List(r, customers+"/entries", read, a.staffEntries, httpapi.ID("listAnyEntries"), httpapi.Summary("How anybody's points came and went, the newest first"), bad)
	httpapi.Post(r, customers+"/corrections", write, a.correct, httpapi.ID("correctPoints"), httpapi.Summary("Give or take points, with a reason"), httpapi.Refuses(http.StatusConflict))
	a.cards(r)
	a.holds(r)
	return r
}

func (a *api) mine(ctx context.Context, _ *struct{}) (*accountOutput, error) {
	return a.standing(ctx, access.From(ctx).Subject)
}

func (a *api) account(ctx context.Context, in *customerInput) (*accountOutput, error) {
	return a.standing(ctx, in.Customer)
}

func (a *api) standing(ctx context.Context, customer string) (*accountOutput, error) {
	b, err := standing(ctx, a.store.db, customer, instant(a.now))
	if err != nil {
		return nil, err
	}
	return &accountOutput{b}, nil
}

// standing is what is told of somebody's points.
func standing(ctx context.Context, db querier, customer string, now time.Time) (accountBody, error) {
	s, err := sums(ctx, db, customer, now)
	if err != nil {
		return accountBody{}, err
	}
	list, err := tiers(ctx, db)
	if err != nil {
		return accountBody{}, err
	}
	b := accountBody{Points: s.Now(), Available: s.Available(), Year: s.Year, Expires: utc(s.Next)}
	reached, next := TierOf(list, s.Year)
	if reached != nil {
		b.Tier = reached.Name
	}
	if next != nil {
		b.NextTier = &tierBody{next.Name, next.Points}
	}
	return b, nil
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// history is a page of somebody's entries; the first page has no end that it begins before.
func (a *api) history(ctx context.Context, q page.Query, customer string) (page.Of[Entry], error) {
	before, err := page.After[uuid.UUID](q, customer)
	if err != nil {
		return page.Of[Entry]{}, err
	}
	if q.Cursor == "" {
		before = uuid.Max
	}
	found, err := a.store.entries(ctx, customer, before, q.Limit+1)
	if err != nil {
		return page.Of[Entry]{}, err
	}
	return page.New(q, found, func(e Entry) uuid.UUID { return e.ID }, customer)
}

func (a *api) entries(ctx context.Context, in *listInput) (*entriesOutput, error) {
	piece, err := a.history(ctx, in.Query, access.From(ctx).Subject)
	return &entriesOutput{pageOf(piece, bodyOf)}, err
}

func (a *api) staffEntries(ctx context.Context, in *customerList) (*staffEntries, error) {
	piece, err := a.history(ctx, in.Query, in.Customer)
	return &staffEntries{pageOf(piece, func(e Entry) staffEntry { return staffEntry{bodyOf(e), e.Staff} })}, err
}

func bodyOf(e Entry) EntryBody {
	return EntryBody{e.ID, string(e.Kind), e.Points, e.Order, utc(e.Expires), e.Reason, e.At.UTC()}
}

// pageOf is a page as it is answered.
func pageOf[T, B any](piece page.Of[T], body func(T) B) page.Of[B] {
	out := page.Of[B]{Items: make([]B, len(piece.Items)), Next: piece.Next}
	for n, item := range piece.Items {
		out.Items[n] = body(item)
	}
	return out
}

func (a *api) tiers(ctx context.Context, in *listInput) (*tiersOutput, error) {
	after, err := page.After[string](in.Query)
	if err != nil {
		return nil, err
	}
	list, err := tiers(ctx, a.store.db)
	if err != nil {
		return nil, err
	}
	for n, t := range list {
		if t.Name == after {
			list = list[n+1:]
			break
		}
	}
	piece, err := page.New(in.Query, list[:min(len(list), in.Limit+1)], func(t Tier) string { return t.Name })
	return &tiersOutput{pageOf(piece, func(t Tier) tierBody { return tierBody(t) })}, err
}

func (a *api) correct(ctx context.Context, in *correction) (*httpapi.Answer[accountBody], error) {
	reason := strings.TrimSpace(in.Body.Reason)
	if reason == "" {
		return nil, fault.Invalid("#/reason", "A reason is more than blanks.")
	}
	return once(ctx, a.store, in.Idempotent, http.StatusOK, nil, func(ctx context.Context, tx pgx.Tx) (accountBody, error) {
		now := instant(a.now)
		if err := correct(ctx, tx, in.Customer, in.Body.Points, reason, access.From(ctx).Subject, now); err != nil {
			return accountBody{}, err
		}
		return standing(ctx, tx, in.Customer, now)
	})
}

// once has an effect and stores its answer in one commit. header is that of the answer, where it has one.
func once[T any](ctx context.Context, s *store, key httpapi.Idempotent, status int, header func(T) map[string]string, do func(context.Context, pgx.Tx) (T, error)) (*httpapi.Answer[T], error) {
	stored, err := idempotency.Once(ctx, s.db, key.Key(ctx), key.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		body, err := do(ctx, tx)
		if err != nil {
			return idempotency.Stored{}, err
		}
		text, err := httpapi.Encode(body)
		out := idempotency.Stored{Status: status, Body: text}
		if header != nil {
			out.Header = header(body)
		}
		return out, err
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[T](stored), nil
}
