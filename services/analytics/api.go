package analytics

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/page"
)

// root is the path that the shop gives to this service: shop/service.yaml.
const root, csvType = "/api/analytics", "text/csv"

// api is the HTTP.
type api struct {
	store *store
	zone  string
	now   func() time.Time
}

// Days is what says of which days something is told; exported, or it would not be filled.
type Days struct {
	From  string `query:"from" format:"date" doc:"The first day; 30 days before until where it is missing"`
	Until string `query:"until" format:"date" doc:"The first day that is no part of it; tomorrow where it is missing"`
}

type rangeInput struct{ Days }

type daysInput struct {
	Days
	page.Query
}

type hoursInput struct {
	Day string `query:"day" format:"date" doc:"Today where it is missing"`
	page.Query
}

type summaryBody struct {
	From     string     `json:"from" format:"date"`
	Until    string     `json:"until" format:"date" doc:"The first day that is no part of it"`
	TimeZone string     `json:"timeZone" example:"Europe/Berlin"`
	RolledAt *time.Time `json:"rolledAt,omitempty" doc:"When the figures last changed; absent where nothing was ever counted"`
	HoursOf  string     `json:"hoursFrom,omitempty" format:"date" doc:"The first day that has hours; days before it are closed"`
	Late     int64      `json:"late" doc:"How much was told of closed days, and is not counted"`
	Totals
}

type rebuildBody struct {
	ID        uuid.UUID  `json:"id" format:"uuid"`
	AskedAt   time.Time  `json:"askedAt"`
	DoneAt    *time.Time `json:"doneAt,omitempty" doc:"Absent while it is under way"`
	Differing *int64     `json:"differing,omitempty" doc:"How many figures were not what the facts say; absent while it is under way"`
}

type rebuildInput struct {
	httpapi.Idempotent
	Body struct{}
}

type rebuildPath struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type (
	summaryOutput struct {
		ETag string `header:"ETag"`
		Body summaryBody
	}
	daysOutput     struct{ Body page.Of[DayTotals] }
	hoursOutput    struct{ Body page.Of[HourTotals] }
	productsOutput struct{ Body page.Of[Product] }
	couponsOutput  struct{ Body page.Of[Coupon] }
	rebuildOutput  struct {
		ETag string `header:"ETag"`
		Body rebuildBody
	}
)

func (a *api) routes(k *app.Kit) *httpapi.API {
	r := k.NewAPI()
	read, bad := access.Staff("analytics:read"), httpapi.Refuses(http.StatusBadRequest, http.StatusUnprocessableEntity)
	httpapi.Get(r, root, read, a.summary, httpapi.ID("getSummary"), httpapi.Summary("What the shop sold in a range of days"), httpapi.Refuses(http.StatusUnprocessableEntity))
	httpapi.List(r, root+"/days", read, a.days, httpapi.ID("listDays"), httpapi.Summary("What it sold, day by day"), bad)
	httpapi.List(r, root+"/hours", read, a.hours, httpapi.ID("listHours"), httpapi.Summary("What it sold on one day, hour by hour"), bad)
	httpapi.List(r, root+"/products", read, a.products, httpapi.ID("listTopProducts"), httpapi.Summary("What was sold of each product, the most units first"), bad)
	httpapi.List(r, root+"/coupons", read, a.coupons, httpapi.ID("listCoupons"), httpapi.Summary("How coupons were used, the most used first"), bad)
	httpapi.Post(r, root+"/rebuilds", access.Staff("analytics:write"), a.askRebuild, httpapi.ID("askRebuild"), httpapi.Status(http.StatusCreated),
		httpapi.Summary("Make the figures anew from the facts"), httpapi.About("The worker does it within seconds, and says how many figures were not what the facts say: none, if all is well."))
	httpapi.Get(r, root+"/rebuilds/{id}", read, a.rebuild, httpapi.ID("getRebuild"), httpapi.Summary("What became of it"), httpapi.Refuses(http.StatusNotFound))
	a.files(r, read)
	return r
}

// files are tables for spreadsheets.
func (a *api) files(r *httpapi.API, read access.Access) {
	for _, f := range []struct {
		name, id, summary string
		table             func(context.Context, Range) (Table, error)
	}{
		{"days", "getDaysAsCSV", "The days of a range as CSV", func(ctx context.Context, r Range) (Table, error) {
			list, err := a.store.days(ctx, r)
			return dayTable(list), err
		}},
		{"products", "getProductsAsCSV", "The products of a range as CSV", func(ctx context.Context, r Range) (Table, error) {
			list, err := a.store.products(ctx, r)
			return productTable(list), err
		}},
		{"coupons", "getCouponsAsCSV", "The coupons of a range as CSV", func(ctx context.Context, r Range) (Table, error) {
			list, err := a.store.coupons(ctx, r)
			return couponTable(list), err
		}},
	} {
		httpapi.Page(r, http.MethodGet, root+"/"+f.name+".csv", read, a.file(f.name, f.table), httpapi.Produces(csvType), httpapi.ID(f.id), httpapi.Summary(f.summary),
			httpapi.About("from and until in the query say which days, as in the lists. Text that a spreadsheet would take for a formula begins with an apostrophe."),
			httpapi.Refuses(http.StatusUnprocessableEntity))
	}
}

func (a *api) file(name string, table func(context.Context, Range) (Table, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		text, err := a.csv(r.Context(), Days{q.Get("from"), q.Get("until")}, table)
		if err != nil {
			httpapi.Refuse(w, r, err)
			return
		}
		h := w.Header()
		h.Set("Content-Type", csvType+"; charset=utf-8; header=present")
		h.Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
		h.Set("Cache-Control", "private, no-store")
		_, _ = w.Write(text) // the client is gone: nobody to tell
	}
}

func (a *api) csv(ctx context.Context, d Days, table func(context.Context, Range) (Table, error)) ([]byte, error) {
	_, r, err := a.ranged(ctx, d)
	if err != nil {
		return nil, err
	}
	t, err := table(ctx, r)
	if err != nil {
		return nil, err
	}
	return t.CSV()
}

// ranged reads which days are meant.
func (a *api) ranged(ctx context.Context, d Days) (state, Range, error) {
	s, err := stateOf(ctx, a.store.db, a.zone)
	if err != nil {
		return s, Range{}, err
	}
	r, err := RangeOf(s.Clock, d.From, d.Until, a.now())
	return s, r, err
}

func (a *api) summary(ctx context.Context, in *rangeInput) (*summaryOutput, error) {
	s, r, err := a.ranged(ctx, in.Days)
	if err != nil {
		return nil, err
	}
	t, err := a.store.summary(ctx, r)
	if err != nil {
		return nil, err
	}
	b := summaryBody{From: r.Clock.Date(r.From), Until: r.Clock.Date(r.Until), TimeZone: r.Clock.Zone(), RolledAt: utc(s.RolledAt), Late: s.Late, Totals: t}
	if !s.Horizon.IsZero() {
		b.HoursOf = r.Clock.Date(s.Horizon)
	}
	text, err := httpapi.Encode(b)
	if err != nil {
		return nil, err
	}
	return &summaryOutput{etag.ShapeFrom(string(text)).Tag(0), b}, nil // what is told is its own version
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

func (a *api) days(ctx context.Context, in *daysInput) (*daysOutput, error) {
	piece, err := listed(ctx, a, in.Days, in.Query, a.store.days, func(d DayTotals) string { return d.Day }, cmp.Compare)
	return &daysOutput{piece}, err
}

func (a *api) hours(ctx context.Context, in *hoursInput) (*hoursOutput, error) {
	d := Days{From: in.Day}
	s, err := stateOf(ctx, a.store.db, a.zone)
	if err != nil {
		return nil, err
	}
	t, err := day(s.Clock, "query.day", in.Day, s.Clock.Day(a.now()))
	if err != nil {
		return nil, err
	}
	if t.Before(s.Horizon) {
		return nil, fault.InvalidParameter("query.day", "Hours are kept from "+s.Clock.Date(s.Horizon)+" on. "+root+"/days still has that day.")
	}
	d.From, d.Until = s.Clock.Date(t), s.Clock.Date(s.Clock.After(t, 1))
	piece, err := listed(ctx, a, d, in.Query, a.store.hours, func(h HourTotals) time.Time { return h.From }, time.Time.Compare)
	return &hoursOutput{piece}, err
}

// rank is where a thing stands among those that are counted: the most first, then by name.
type rank struct {
	N    int64
	Name string
}

func byRank(a, b rank) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Name, b.Name)) }

func (a *api) products(ctx context.Context, in *daysInput) (*productsOutput, error) {
	piece, err := listed(ctx, a, in.Days, in.Query, a.store.products, func(p Product) rank { return rank{p.Units, p.SKU} }, byRank)
	return &productsOutput{piece}, err
}

func (a *api) coupons(ctx context.Context, in *daysInput) (*couponsOutput, error) {
	piece, err := listed(ctx, a, in.Days, in.Query, a.store.coupons, func(c Coupon) rank { return rank{c.Uses, c.Coupon} }, byRank)
	return &couponsOutput{piece}, err
}

// listed is a page of what is told of a range. The cursor is of that range alone.
func listed[T, K any](ctx context.Context, a *api, d Days, q page.Query, read func(context.Context, Range) ([]T, error), key func(T) K, compare func(K, K) int) (page.Of[T], error) {
	_, r, err := a.ranged(ctx, d)
	if err != nil {
		return page.Of[T]{}, err
	}
	filter := []string{d.From, d.Until}
	after, err := page.After[K](q, filter...)
	if err != nil {
		return page.Of[T]{}, err
	}
	all, err := read(ctx, r)
	if err != nil {
		return page.Of[T]{}, err
	}
	begin := 0
	for q.Cursor != "" && begin < len(all) && compare(key(all[begin]), after) <= 0 {
		begin++
	}
	return page.New(q, all[begin:min(len(all), begin+q.Limit+1)], key, filter...)
}

func (a *api) askRebuild(ctx context.Context, in *rebuildInput) (*httpapi.Answer[rebuildBody], error) {
	stored, err := idempotency.Once(ctx, a.store.db, in.Key(ctx), in.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		id, err := uuid.NewV7()
		if err != nil {
			return idempotency.Stored{}, err
		}
		r := Rebuild{ID: id, AskedAt: a.now().UTC().Truncate(time.Microsecond)}
		if err := askRebuild(ctx, tx, r); err != nil {
			return idempotency.Stored{}, err
		}
		body, err := httpapi.Encode(rebuildOf(r))
		return idempotency.Stored{Status: http.StatusCreated, Header: map[string]string{"Location": root + "/rebuilds/" + id.String(), "ETag": r.tag()}, Body: body}, err
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[rebuildBody](stored), nil
}

func (a *api) rebuild(ctx context.Context, in *rebuildPath) (*rebuildOutput, error) {
	r, err := a.store.rebuild(ctx, in.ID)
	return &rebuildOutput{r.tag(), rebuildOf(r)}, err
}

var shape = etag.ShapeOf[rebuildBody]()

// tag is that of a rebuild: it changes once, when it is done.
func (r Rebuild) tag() string {
	if r.DoneAt == nil {
		return shape.Tag(1)
	}
	return shape.Tag(2)
}

func rebuildOf(r Rebuild) rebuildBody {
	return rebuildBody{r.ID, r.AskedAt.UTC(), utc(r.DoneAt), r.Differing}
}
