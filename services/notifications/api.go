package notifications

import (
	"context"
	"net/http"
	"net/mail"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/changes"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/page"
)

// root is the path that the shop gives to this service: shop/service.yaml.
const root = "/api/notifications"

// api is the HTTP.
type api struct {
	store *store
	from  mail.Address
}

// mailBody is a mail on the wire.
type mailBody struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	Order     uuid.UUID `json:"order" format:"uuid"`
	Kind      string    `json:"kind" enum:"placed,paid,sent,cancelled,refunded"`
	Refund    string    `json:"refund,omitempty" doc:"Which one, of a mail about a refund"`
	Parcel    string    `json:"parcel,omitempty" doc:"Which one left, of a mail about a parcel; with .delivered behind it: which one arrived"`
	To        string    `json:"to"`
	Locale    string    `json:"locale"`
	Subject   string    `json:"subject"`
	Text      string    `json:"text"`
	MessageID string    `json:"messageId" doc:"Made of order, kind and refund: a mail that is sent twice is known by it"`
	MadeAt    time.Time `json:"madeAt"`
	SentAt    time.Time `json:"sentAt,omitzero" doc:"When a server accepted it; absent until then"`
}

// bookBody is a mail as the books see it: no address, no text.
type bookBody struct {
	Mail      uuid.UUID  `json:"mail" format:"uuid"`
	Order     uuid.UUID  `json:"order" format:"uuid"`
	Saga      *uuid.UUID `json:"saga,omitempty" format:"uuid" doc:"The checkout that made the order; absent where nobody told of the order"`
	Kind      string     `json:"kind" enum:"placed,paid,sent,cancelled,refunded"`
	Refund    string     `json:"refund,omitempty"`
	Parcel    string     `json:"parcel,omitempty"`
	MadeAt    time.Time  `json:"madeAt"`
	SentAt    time.Time  `json:"sentAt,omitzero"`
	ChangedAt time.Time  `json:"changedAt"`
}

type listInput struct {
	page.Query
	To    string `query:"to" maxLength:"254" doc:"Mails to this address alone"`
	Order string `query:"order" format:"uuid" doc:"Mails about this order alone"`
}

type listOutput struct{ Body page.Of[mailBody] }

type booksInput struct{ page.Query }

type booksOutput struct{ Body changes.Page[bookBody] }

type readInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type mailOutput struct {
	ETag string `header:"ETag"`
	Body mailBody
}

var shape = etag.ShapeOf[mailBody]()

// routes lists the routes. Mails hold personal data: staff alone reads them.
func (a *api) routes(k *app.Kit) *httpapi.API {
	r := k.NewAPI()
	staff := access.Staff("notifications:read")
	httpapi.List(r, root+"/mails", staff, a.list,
		httpapi.ID("listMails"), httpapi.Summary("Mails, in the order in which they were made"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.Get(r, root+"/mails/{id}", staff, a.get,
		httpapi.ID("getMail"), httpapi.Summary("One mail"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Page(r, http.MethodGet, root+"/mails/{id}/message", staff, a.message,
		httpapi.ID("getMailMessage"), httpapi.Summary("One mail as mail servers pass it on (RFC 5322)"), httpapi.Produces("text/plain"), httpapi.Refuses(http.StatusNotFound))
	httpapi.List(r, "/internal/notifications/books", access.Service("books"), a.books,
		httpapi.ID("listMailsForBooks"), httpapi.Summary("Which mails there are"), httpapi.Refuses(http.StatusBadRequest),
		httpapi.About(changes.About+" Without the sample mails."))
	return r
}

func (a *api) list(ctx context.Context, in *listInput) (*listOutput, error) {
	order := uuid.Nil
	if in.Order != "" {
		order = uuid.MustParse(in.Order) // its format was checked
	}
	after, err := page.After[uuid.UUID](in.Query, in.To, in.Order)
	if err != nil {
		return nil, err
	}
	found, err := a.store.list(ctx, in.To, order, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	piece, err := page.New(in.Query, found, func(m Mail) uuid.UUID { return m.ID }, in.To, in.Order)
	if err != nil {
		return nil, err
	}
	out := &listOutput{page.Of[mailBody]{Items: make([]mailBody, len(piece.Items)), Next: piece.Next}}
	for n, m := range piece.Items {
		out.Body.Items[n] = bodyOf(m)
	}
	return out, nil
}

func (a *api) books(ctx context.Context, in *booksInput) (*booksOutput, error) {
	piece, err := changes.List(ctx, a.store.db, in.Query, changes.Source[booked, bookBody]{
		Name: "mails", Read: a.store.changed, Mark: func(b booked) changes.Mark { return b.mark }, Body: booked.body,
	})
	return &booksOutput{piece}, err
}

func (b booked) body() bookBody {
	return bookBody{b.ID, b.Order, b.saga, string(b.Kind), b.refund(), b.parcel(), b.MadeAt, b.SentAt, b.mark.At.UTC()}
}

func (a *api) get(ctx context.Context, in *readInput) (*mailOutput, error) {
	m, err := a.store.mail(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	version := int64(1)
	if !m.SentAt.IsZero() {
		version = 2 // it changes once
	}
	return &mailOutput{ETag: shape.Tag(version), Body: bodyOf(m)}, nil
}

func (a *api) message(w http.ResponseWriter, r *http.Request) {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		httpapi.Refuse(w, r, fault.InvalidParameter("path.id", "It is no UUID."))
		return
	}
	m, err := a.store.mail(r.Context(), id)
	if err != nil {
		httpapi.Refuse(w, r, err)
		return
	}
	text, err := message(m, a.from)
	if err != nil {
		httpapi.Refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(text) // the client is gone: nobody to tell
}

func bodyOf(m Mail) mailBody {
	return mailBody{m.ID, m.Order, string(m.Kind), m.refund(), m.parcel(), m.To, m.Locale, m.Subject, m.Text, m.MessageID, m.MadeAt, m.SentAt}
}
