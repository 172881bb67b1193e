package invoicing

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/page"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// root is the path that the shop gives to this service: shop/service.yaml.
const root = "/api/invoicing"

// Below it are documents for whom they belong to, and for staff.
const own, staff = root + "/documents", root + "/staff"

// api is the HTTP.
type api struct {
	store *store
	desk  *desk
}

// Shown is what every route for an owner has: who has the order's token needs no other.
type Shown struct {
	Token  string `query:"token" maxLength:"100" doc:"The order's token, for who is not signed in"`
	Header string `header:"X-Order-Token" maxLength:"100" doc:"The same, kept out of addresses"`
}

type readInput struct {
	Shown
	ID uuid.UUID `path:"id" format:"uuid"`
}

type orderInput struct {
	Shown
	Order uuid.UUID `path:"order" format:"uuid"`
}

type staffInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type mineInput struct{ page.Query }

type listInput struct {
	page.Query
	Kind  string `query:"kind" enum:"invoice,credit-note" doc:"Only these"`
	Order string `query:"order" format:"uuid" doc:"Only those of this order"`
}

type creditLine struct {
	Line     int `json:"line" minimum:"1" maximum:"100000" doc:"The number of the invoice's line"`
	Quantity int `json:"quantity" minimum:"1" maximum:"1000000000"`
}

type creditAsked struct {
	Lines    []creditLine `json:"lines,omitempty" maxItems:"200"`
	Shipping bool         `json:"shipping,omitempty" doc:"All of the shipping, which can be credited once"`
	Amount   *money.Money `json:"amount,omitempty" doc:"An amount that is of no line: it is shared over the rates of the invoice"`
	All      bool         `json:"all,omitempty" doc:"All that is left"`
	Reason   string       `json:"reason" minLength:"1" maxLength:"200"`
}

type creditInput struct {
	httpapi.Idempotent
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body creditAsked
}

type documentOutput struct {
	ETag string `header:"ETag"`
	Body Document
}

// summary is a document in a list.
type summary struct {
	ID          uuid.UUID   `json:"id" format:"uuid"`
	Kind        Kind        `json:"kind" enum:"invoice,credit-note"`
	Number      string      `json:"number"`
	Order       uuid.UUID   `json:"order" format:"uuid"`
	OrderNumber string      `json:"orderNumber"`
	IssuedOn    string      `json:"issuedOn" format:"date"`
	Corrects    *Reference  `json:"corrects,omitempty"`
	Total       money.Money `json:"total"`
}

type listOutput struct{ Body page.Of[summary] }

type ofOrderBody struct {
	Items []summary `json:"items" nullable:"false" doc:"The invoice first, then its credit notes"`
}

type ofOrderOutput struct{ Body ofOrderBody }

// shape is that of a document on the wire. A document has one version.
var shape = etag.ShapeOf[Document]()

// routes lists the routes. Each says who may call it.
func (a *api) routes(k *app.Kit) *httpapi.API {
	r := k.NewAPI()
	read, missing := access.Staff("invoicing:read"), httpapi.Refuses(http.StatusNotFound)
	nobody, cursor := httpapi.Refuses(http.StatusUnauthorized), httpapi.Refuses(http.StatusBadRequest)
	httpapi.List(r, own, access.Customer, a.mine, httpapi.ID("listInvoices"), httpapi.Summary("One's own invoices and credit notes, the newest first"), cursor)
	httpapi.List(r, root+"/orders/{order}", access.Owner, a.ofOrder, httpapi.ID("listInvoicesOfOrder"), httpapi.Summary("The invoice and the credit notes of one's own order"),
		missing, nobody, httpapi.About("404 as well while the order has no invoice: it gets one when it is paid."))
	httpapi.Get(r, own+"/{id}", access.Owner, a.get, httpapi.ID("getInvoice"), httpapi.Summary("One's own invoice or credit note"), missing, nobody)
	httpapi.Page(r, http.MethodGet, own+"/{id}/ubl", access.Owner, a.file(a.shown, ubl), httpapi.Produces(xmlType), httpapi.ID("getInvoiceAsUBL"),
		httpapi.Summary("One's own invoice or credit note as UBL 2.1 (EN 16931)"), missing, nobody)
	httpapi.Page(r, http.MethodGet, own+"/{id}/page", access.Owner, a.file(a.shown, printed), httpapi.ID("getInvoicePage"),
		httpapi.Summary("One's own invoice or credit note as a page to print"), missing, nobody)
	httpapi.List(r, staff, read, a.list, httpapi.ID("listAllInvoices"), httpapi.Summary("Everybody's invoices and credit notes, the newest first"), cursor)
	httpapi.Get(r, staff+"/{id}", read, a.show, httpapi.ID("getAnyInvoice"), httpapi.Summary("Anybody's invoice or credit note"), missing)
	httpapi.Page(r, http.MethodGet, staff+"/{id}/ubl", read, a.file(a.any, ubl), httpapi.Produces(xmlType), httpapi.ID("getAnyInvoiceAsUBL"),
		httpapi.Summary("Anybody's invoice or credit note as UBL 2.1 (EN 16931)"), missing)
	httpapi.Page(r, http.MethodGet, staff+"/{id}/page", read, a.file(a.any, printed), httpapi.ID("getAnyInvoicePage"),
		httpapi.Summary("Anybody's invoice or credit note as a page to print"), missing)
	httpapi.Post(r, staff+"/{id}/credit-notes", access.Staff("invoicing:write"), a.credit, httpapi.ID("creditInvoice"), httpapi.Status(http.StatusCreated), missing,
		httpapi.Refuses(http.StatusConflict), httpapi.Summary("Credit lines, shipping, an amount or all that is left of an invoice"),
		httpapi.About("One of lines and shipping, amount, or all. It moves no money. Money that payments gives back and nobody credited is credited by itself, so credit what is returned before it is paid back."))
	return r
}

// shown is a document of whoever asks. What is somebody else's is told as what is not there; who says nothing of himself is told to
// do so, whatever he asks for.
func (a *api) shown(ctx context.Context, id uuid.UUID, in Shown) (Stored, error) {
	customer, token, err := caller(ctx, in)
	if err != nil {
		return Stored{}, err
	}
	s, err := a.store.document(ctx, id)
	if err != nil {
		return Stored{}, err
	}
	if !s.Mine(customer, token) {
		return Stored{}, fault.NotFound("invoice", id.String())
	}
	return s, nil
}

// any is a document for staff.
func (a *api) any(ctx context.Context, id uuid.UUID, _ Shown) (Stored, error) {
	return a.store.document(ctx, id)
}

func caller(ctx context.Context, in Shown) (customer, token string, err error) {
	if token = in.Token; in.Header != "" {
		token = in.Header
	}
	if customer = customerOf(ctx); customer == "" && token == "" {
		return "", "", problem.New(problem.Unauthenticated, "Sign in, or send the order's token.").With("WWW-Authenticate", `Bearer realm="shop"`)
	}
	return customer, token, nil
}

func customerOf(ctx context.Context) string {
	if who := access.From(ctx); who.Kind == access.CustomerKind {
		return who.Subject
	}
	return ""
}

func (a *api) get(ctx context.Context, in *readInput) (*documentOutput, error) {
	return output(a.shown(ctx, in.ID, in.Shown))
}

func (a *api) show(ctx context.Context, in *staffInput) (*documentOutput, error) {
	return output(a.store.document(ctx, in.ID))
}

func output(s Stored, err error) (*documentOutput, error) {
	if err != nil {
		return nil, err
	}
	return &documentOutput{shape.Tag(1), s.Document}, nil
}

func (a *api) ofOrder(ctx context.Context, in *orderInput) (*ofOrderOutput, error) {
	customer, token, err := caller(ctx, in.Shown)
	if err != nil {
		return nil, err
	}
	list, err := a.store.ofOrder(ctx, in.Order)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 || !list[0].Mine(customer, token) {
		return nil, fault.NotFound("order", in.Order.String())
	}
	out := &ofOrderOutput{ofOrderBody{[]summary{}}}
	for _, s := range list {
		out.Body.Items = append(out.Body.Items, summaryOf(s))
	}
	return out, nil
}

func (a *api) mine(ctx context.Context, in *mineInput) (*listOutput, error) {
	return a.pages(ctx, in.Query, filter{customer: customerOf(ctx)})
}

func (a *api) list(ctx context.Context, in *listInput) (*listOutput, error) {
	f := filter{kind: in.Kind}
	if in.Order != "" {
		id, err := uuid.Parse(in.Order)
		if err != nil {
			return nil, fault.InvalidParameter("query.order", "It is no UUID.")
		}
		f.order = id
	}
	return a.pages(ctx, in.Query, f)
}

// pages lists the newest first, so the first page has no end that it begins before.
func (a *api) pages(ctx context.Context, q page.Query, f filter) (*listOutput, error) {
	by := []string{f.customer, f.kind, f.order.String()}
	before, err := page.After[uuid.UUID](q, by...)
	if err != nil {
		return nil, err
	}
	if q.Cursor == "" {
		before = uuid.Max
	}
	found, err := a.store.list(ctx, f, before, q.Limit+1)
	if err != nil {
		return nil, err
	}
	piece, err := page.New(q, found, func(s Stored) uuid.UUID { return s.ID }, by...)
	if err != nil {
		return nil, err
	}
	out := &listOutput{page.Of[summary]{Items: make([]summary, len(piece.Items)), Next: piece.Next}}
	for n, s := range piece.Items {
		out.Body.Items[n] = summaryOf(s)
	}
	return out, nil
}

func summaryOf(s Stored) summary {
	return summary{s.ID, s.Kind, s.Number, s.Order, s.OrderNumber, s.IssuedOn, s.Corrects, s.Totals.Gross}
}

// wish is what a request asks for: one thing.
func (c creditAsked) wish() (Wish, error) {
	w := Wish{Shipping: c.Shipping, Amount: c.Amount, All: c.All, Reason: strings.TrimSpace(c.Reason), Lines: map[int]int{}}
	for _, l := range c.Lines {
		w.Lines[l.Line] += l.Quantity // the same line twice is both
	}
	asked := 0
	for _, one := range []bool{len(c.Lines) > 0 || c.Shipping, c.Amount != nil, c.All} {
		if one {
			asked++
		}
	}
	switch {
	case asked != 1:
		return Wish{}, fault.Invalid("#", "Say one of lines and shipping, amount, or all.")
	case w.Reason == "":
		return Wish{}, fault.Invalid("#/reason", "A reason is more than blanks.")
	}
	return w, nil
}

// credit issues a credit note once for a key: the note and the stored answer are one commit.
func (a *api) credit(ctx context.Context, in *creditInput) (*httpapi.Answer[Document], error) {
	w, err := in.Body.wish()
	if err != nil {
		return nil, err
	}
	stored, err := idempotency.Once(ctx, a.store.db, in.Key(ctx), in.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		found, err := find(ctx, tx, `id = $1 AND series = $2`, in.ID, Invoice)
		if err != nil {
			return idempotency.Stored{}, err
		}
		if len(found) == 0 {
			return idempotency.Stored{}, fault.NotFound("invoice", in.ID.String())
		}
		if err := lock(ctx, tx, found[0].Order); err != nil {
			return idempotency.Stored{}, err
		}
		note, err := a.desk.credit(ctx, tx, found[0], w)
		if err != nil {
			return idempotency.Stored{}, err
		}
		body, err := httpapi.Encode(note.Document)
		header := map[string]string{"ETag": shape.Tag(1), "Location": staff + "/" + note.ID.String()}
		return idempotency.Stored{Status: http.StatusCreated, Header: header, Body: body}, err
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[Document](stored), nil
}
