package promotions

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/calendar"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/page"
)

const (
	rulesRoot   = "/api/promotions/rules"
	couponsRoot = "/api/promotions/coupons"
)

type newRule struct {
	Name       string       `json:"name" minLength:"1" maxLength:"200"`
	Percent    string       `json:"percent,omitempty" pattern:"^\\d{1,3}(\\.\\d{1,4})?$" example:"20" doc:"Of each line. One of percent and off"`
	Off        *money.Money `json:"off,omitempty" doc:"Of each piece"`
	SKUs       []string     `json:"skus,omitempty" maxItems:"1000" nullable:"false" doc:"All products, where it is missing"`
	ValidFrom  string       `json:"validFrom,omitempty" maxLength:"40" example:"2026-03-27" doc:"A day of the shop, or an instant; now, where it is missing"`
	ValidUntil string       `json:"validUntil,omitempty" maxLength:"40" example:"2099-03-29" doc:"A day, all of which is part of it, or an instant, which is not"`
}

type newCoupon struct {
	Code        string       `json:"code" minLength:"1" maxLength:"64" example:"TEN" doc:"Capitals are the same as small letters"`
	Percent     string       `json:"percent,omitempty" pattern:"^\\d{1,3}(\\.\\d{1,4})?$" example:"10" doc:"Of the goods after promotions on items. One of percent and off"`
	Off         *money.Money `json:"off,omitempty"`
	Minimum     *money.Money `json:"minimum,omitempty" doc:"The least that goods cost after promotions on items, with tax, without shipping"`
	Uses        int64        `json:"uses,omitempty" minimum:"1" doc:"For how many orders; any number, where it is missing"`
	PerCustomer int64        `json:"perCustomer,omitempty" minimum:"1" doc:"For how many orders of one customer"`
	Customer    string       `json:"customer,omitempty" maxLength:"64" doc:"Whom it belongs to; everybody, where it is missing"`
	ValidFrom   string       `json:"validFrom,omitempty" maxLength:"40" example:"2026-03-27" doc:"A day of the shop, or an instant; now, where it is missing"`
	ValidUntil  string       `json:"validUntil,omitempty" maxLength:"40" example:"2099-03-29" doc:"A day, all of which is part of it, or an instant, which is not"`
}

type createRule struct {
	httpapi.Idempotent
	Body newRule
}

type createCoupon struct {
	httpapi.Idempotent
	Body newCoupon
}

type ruleBody struct {
	ID         uuid.UUID    `json:"id" format:"uuid"`
	Name       string       `json:"name"`
	Percent    string       `json:"percent,omitempty"`
	Off        *money.Money `json:"off,omitempty"`
	SKUs       []string     `json:"skus" nullable:"false"`
	ValidFrom  time.Time    `json:"validFrom"`
	ValidUntil *time.Time   `json:"validUntil,omitempty"`
}

type couponBody struct {
	ID          uuid.UUID    `json:"id" format:"uuid"`
	Code        string       `json:"code"`
	Percent     string       `json:"percent,omitempty"`
	Off         *money.Money `json:"off,omitempty"`
	Minimum     *money.Money `json:"minimum,omitempty"`
	Uses        int64        `json:"uses,omitempty"`
	PerCustomer int64        `json:"perCustomer,omitempty"`
	Customer    string       `json:"customer,omitempty"`
	Used        int64        `json:"used" doc:"How many orders hold or have it"`
	ValidFrom   time.Time    `json:"validFrom"`
	ValidUntil  *time.Time   `json:"validUntil,omitempty"`
}

type idInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type listInput struct{ page.Query }

type ruleOutput struct {
	ETag string `header:"ETag"`
	Body ruleBody
}

type couponOutput struct {
	ETag string `header:"ETag"`
	Body couponBody
}

type ruleList struct{ Body page.Of[ruleBody] }

type couponList struct{ Body page.Of[couponBody] }

var ruleShape, couponShape = etag.ShapeOf[ruleBody](), etag.ShapeOf[couponBody]()

// staff adds the routes of who makes promotions.
func (a *api) staff(r *httpapi.API) {
	read, write := access.Staff("promotions:read"), access.Staff("promotions:write")
	httpapi.Post(r, rulesRoot, write, a.createRule,
		httpapi.ID("createRule"), httpapi.Summary("Make a promotion on items"), httpapi.Status(http.StatusCreated))
	httpapi.List(r, rulesRoot, read, a.rules,
		httpapi.ID("listRules"), httpapi.Summary("Promotions on items"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.Get(r, rulesRoot+"/{id}", read, a.rule,
		httpapi.ID("getRule"), httpapi.Summary("One promotion on items"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Post(r, couponsRoot, write, a.createCoupon,
		httpapi.ID("createCoupon"), httpapi.Summary("Make a coupon"), httpapi.Status(http.StatusCreated))
	httpapi.List(r, couponsRoot, read, a.coupons,
		httpapi.ID("listCoupons"), httpapi.Summary("Coupons, with how often they were used"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.Get(r, couponsRoot+"/{id}", read, a.coupon,
		httpapi.ID("getCoupon"), httpapi.Summary("One coupon"), httpapi.Refuses(http.StatusNotFound))
}

// valid reads a range of days or instants; PostgreSQL counts in microseconds.
func (a *api) valid(from, until string) (calendar.Range, error) {
	r, err := a.calendar.Range(from, until, a.now().UTC())
	if err != nil {
		return calendar.Range{}, fault.Invalid("#/validUntil", "It is valid from a day or an instant to a later one.")
	}
	return calendar.Range{From: r.From.Truncate(time.Microsecond), Until: r.Until.Truncate(time.Microsecond)}, nil
}

func (a *api) createRule(ctx context.Context, in *createRule) (*httpapi.Answer[ruleBody], error) {
	off, err := NewOff(in.Body.Percent, in.Body.Off)
	if err != nil {
		return nil, err
	}
	valid, err := a.valid(in.Body.ValidFrom, in.Body.ValidUntil)
	if err != nil {
		return nil, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	rule := Rule{id, in.Body.Name, off, append([]string{}, in.Body.SKUs...), valid}
	out := answerRule(rule)
	return made(ctx, a.store, in.Idempotent, out.Body, out.ETag, rulesRoot+"/"+id.String(), func(tx pgx.Tx) error { return insertRule(ctx, tx, rule) })
}

func (a *api) createCoupon(ctx context.Context, in *createCoupon) (*httpapi.Answer[couponBody], error) {
	off, err := NewOff(in.Body.Percent, in.Body.Off)
	if err != nil {
		return nil, err
	}
	valid, err := a.valid(in.Body.ValidFrom, in.Body.ValidUntil)
	if err != nil {
		return nil, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	c, err := NewCoupon(Coupon{ID: id, Code: in.Body.Code, Off: off, Minimum: in.Body.Minimum, Uses: in.Body.Uses,
		PerCustomer: in.Body.PerCustomer, Customer: in.Body.Customer, Valid: valid})
	if err != nil {
		return nil, err
	}
	out := answerCoupon(c)
	return made(ctx, a.store, in.Idempotent, out.Body, out.ETag, couponsRoot+"/"+id.String(), func(tx pgx.Tx) error { return insertCoupon(ctx, tx, c) })
}

// made makes a thing once for a key: the thing and the stored answer are one commit.
func made[T any](ctx context.Context, s *store, key httpapi.Idempotent, body T, tag, at string, insert func(pgx.Tx) error) (*httpapi.Answer[T], error) {
	stored, err := idempotency.Once(ctx, s.db, key.Key(ctx), key.Sent(ctx), func(_ context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		if err := insert(tx); err != nil {
			return idempotency.Stored{}, err
		}
		text, err := httpapi.Encode(body)
		return idempotency.Stored{Status: http.StatusCreated, Header: map[string]string{"ETag": tag, "Location": at}, Body: text}, err
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[T](stored), nil
}

func (a *api) rules(ctx context.Context, in *listInput) (*ruleList, error) {
	out, err := listed(in.Query, func(after uuid.UUID, limit int) ([]Rule, error) { return a.store.rules(ctx, after, limit) },
		func(r Rule) uuid.UUID { return r.ID }, func(r Rule) ruleBody { return answerRule(r).Body })
	return &ruleList{out}, err
}

func (a *api) coupons(ctx context.Context, in *listInput) (*couponList, error) {
	out, err := listed(in.Query, func(after uuid.UUID, limit int) ([]Coupon, error) { return a.store.coupons(ctx, after, limit) },
		func(c Coupon) uuid.UUID { return c.ID }, func(c Coupon) couponBody { return answerCoupon(c).Body })
	return &couponList{out}, err
}

// listed is a page of what a store lists, as it is answered.
func listed[T, B any](q page.Query, read func(uuid.UUID, int) ([]T, error), key func(T) uuid.UUID, body func(T) B) (page.Of[B], error) {
	after, err := page.After[uuid.UUID](q)
	if err != nil {
		return page.Of[B]{}, err
	}
	found, err := read(after, q.Limit+1)
	if err != nil {
		return page.Of[B]{}, err
	}
	piece, err := page.New(q, found, key)
	out := page.Of[B]{Items: make([]B, len(piece.Items)), Next: piece.Next}
	for n, item := range piece.Items {
		out.Items[n] = body(item)
	}
	return out, err
}

func (a *api) rule(ctx context.Context, in *idInput) (*ruleOutput, error) {
	r, err := a.store.rule(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return answerRule(r), nil
}

func (a *api) coupon(ctx context.Context, in *idInput) (*couponOutput, error) {
	c, err := a.store.coupon(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return answerCoupon(c), nil
}

func answerRule(r Rule) *ruleOutput {
	percent, off := r.Off.wire()
	return &ruleOutput{ruleShape.Tag(1), ruleBody{r.ID, r.Name, percent, off, r.SKUs, r.Valid.From, optional(r.Valid.Until)}}
}

func answerCoupon(c Coupon) *couponOutput {
	percent, off := c.Off.wire()
	return &couponOutput{couponShape.Tag(c.Version), couponBody{c.ID, c.Code, percent, off, c.Minimum, c.Uses, c.PerCustomer, c.Customer, c.Used,
		c.Valid.From, optional(c.Valid.Until)}}
}

// wire is one of both, as it is answered.
func (o Off) wire() (percent string, off *money.Money) {
	if o.percentual() {
		return o.Percent.PercentText(), nil
	}
	return "", &o.Amount
}
