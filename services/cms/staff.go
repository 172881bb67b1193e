package cms

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/page"
)

// refreshWithin is how long a change waits until it can be read here.
const refreshWithin = time.Second

// versionBody is a version as editors see it.
type versionBody struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	Slug      string    `json:"slug"`
	Lang      string    `json:"lang"`
	Version   int       `json:"version" doc:"Counts the versions of the page, in all languages"`
	Title     string    `json:"title"`
	Markdown  string    `json:"markdown"`
	HTML      string    `json:"html" doc:"The Markdown as it is shown"`
	CreatedAt time.Time `json:"createdAt"`
	scheduleBody
}

// scheduleBody is when a version is shown.
type scheduleBody struct {
	PublishFrom  *time.Time `json:"publishFrom,omitempty" doc:"Shown from this instant on. With its offset: 02:30 of the night in which clocks go back is there twice. Absent: a draft" example:"2026-11-27T07:00:00Z"`
	PublishUntil *time.Time `json:"publishUntil,omitempty" doc:"Shown until this instant, and at it no more. Absent: without end" example:"2026-11-30T23:00:00Z"`
}

// draftBody is what an editor writes.
type draftBody struct {
	Slug     string `json:"slug" minLength:"1" maxLength:"80" pattern:"^[a-z0-9]+(-[a-z0-9]+)*$" doc:"Part of the page's address; a new one makes a page" example:"imprint"`
	Lang     string `json:"lang" enum:"en,de"`
	Title    string `json:"title" minLength:"1" maxLength:"200"`
	Markdown string `json:"markdown" minLength:"1" maxLength:"200000" doc:"CommonMark with tables and strikethrough. HTML in it is left out, pictures are paths of this shop"`
}

type versionsInput struct {
	page.Query
	Slug string `query:"slug" maxLength:"80" doc:"Of this page alone"`
	Lang string `query:"lang" maxLength:"2" doc:"In this language alone"`
}

type versionsOutput struct{ Body page.Of[versionBody] }

type createInput struct {
	httpapi.Idempotent
	Body draftBody
}

type versionInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type scheduleInput struct {
	httpapi.IfMatch
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body scheduleBody
}

type versionOutput struct {
	ETag string `header:"ETag"`
	Body versionBody
}

type previewBody struct {
	Token string    `json:"token"`
	Path  string    `json:"path" doc:"Where the version is read, by whoever has this path"`
	Ends  time.Time `json:"ends"`
}

type previewOutput struct {
	Cache string `header:"Cache-Control"`
	Body  previewBody
}

type previewInput struct {
	Token string `query:"token" required:"true" minLength:"1" maxLength:"1024"`
}

// shape is that of a version on the wire: a release that answers another one makes caches ask again.
var shape = etag.ShapeOf[versionBody]()

func (a *api) staffRoutes(r *httpapi.API) {
	staff := access.Staff("cms:write")
	httpapi.List(r, root+"/versions", staff, a.versions,
		httpapi.ID("listVersions"), httpapi.Summary("Versions, in the order in which they were written"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.Post(r, root+"/versions", staff, a.create, httpapi.Status(http.StatusCreated),
		httpapi.ID("createVersion"), httpapi.Summary("Write a version of a page"),
		httpapi.About("It is a draft: shown to nobody until it has a schedule, and never changed afterwards."))
	httpapi.Get(r, root+"/versions/{id}", staff, a.version,
		httpapi.ID("getVersion"), httpapi.Summary("One version"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Put(r, root+"/versions/{id}", staff, a.schedule,
		httpapi.ID("scheduleVersion"), httpapi.Summary("Replace when a version is shown"), httpapi.Refuses(http.StatusNotFound),
		httpapi.About("Of the versions of a page in a language whose time it is, the one that began last is shown: one that ends gives the page back to the one before. Without publishFrom it is shown no more."))
	httpapi.Post(r, root+"/versions/{id}/preview", staff, a.offer, httpapi.Safe(),
		httpapi.ID("previewVersion"), httpapi.Summary("A token that shows one version for an hour"), httpapi.Refuses(http.StatusNotFound))
}

func (a *api) versions(ctx context.Context, in *versionsInput) (*versionsOutput, error) {
	after, err := page.After[uuid.UUID](in.Query, in.Slug, in.Lang)
	if err != nil {
		return nil, err
	}
	found, err := a.store.list(ctx, in.Slug, in.Lang, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	piece, err := page.New(in.Query, found, func(v Version) uuid.UUID { return v.ID }, in.Slug, in.Lang)
	if err != nil {
		return nil, err
	}
	out := &versionsOutput{page.Of[versionBody]{Items: make([]versionBody, len(piece.Items)), Next: piece.Next}}
	for n, v := range piece.Items {
		out.Body.Items[n] = wire(v)
	}
	return out, nil
}

// create writes a version once for a key: it and the stored answer are one commit.
func (a *api) create(ctx context.Context, in *createInput) (*httpapi.Answer[versionBody], error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	draft, err := New(id, Draft(in.Body), a.now())
	if err != nil {
		return nil, err
	}
	stored, err := idempotency.Once(ctx, a.store.db, in.Key(ctx), in.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		v, err := insert(ctx, tx, draft)
		if err != nil {
			return idempotency.Stored{}, err
		}
		return made(v)
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[versionBody](stored), nil
}

// made is the answer that a new version's request gets, whenever it is repeated.
func made(v Version) (idempotency.Stored, error) {
	out := answer(v)
	body, err := httpapi.Encode(out.Body)
	header := map[string]string{"ETag": out.ETag, "Location": root + "/versions/" + v.ID.String()}
	return idempotency.Stored{Status: http.StatusCreated, Header: header, Body: body}, err
}

func (a *api) version(ctx context.Context, in *versionInput) (*versionOutput, error) {
	v, err := a.store.version(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return answer(v), nil
}

func (a *api) schedule(ctx context.Context, in *scheduleInput) (*versionOutput, error) {
	before, err := a.store.version(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	after, err := before.Scheduled(Schedule{instant(in.Body.PublishFrom), instant(in.Body.PublishUntil)})
	if err != nil {
		return nil, err
	}
	if in.Repeated(before.Revision, after.Schedule == before.Schedule) {
		return answer(before), nil
	}
	if err := in.Check(before.Revision); err != nil {
		return nil, err
	}
	if err := a.store.schedule(ctx, before, after); err != nil {
		return nil, err
	}
	a.reread(ctx)
	return answer(after), nil
}

// reread waits until the change can be read here, and not for long: it is made, and the notice of it is on the way to all.
func (a *api) reread(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, refreshWithin)
	defer cancel()
	if err := a.board.Refresh(ctx); err != nil {
		slog.WarnContext(ctx, "answering a change that cannot be read yet", "error", err)
	}
}

// offer makes the token of a preview.
func (a *api) offer(ctx context.Context, in *versionInput) (*previewOutput, error) {
	b, _, err := a.read()
	if err != nil {
		return nil, err
	}
	if _, err := a.store.version(ctx, in.ID); err != nil {
		return nil, err
	}
	token, ends, err := sign(b.key, in.ID, a.now())
	if err != nil {
		return nil, err
	}
	return &previewOutput{"no-store", previewBody{token, root + "/preview?token=" + url.QueryEscape(token), ends}}, nil
}

// preview shows the version that a token names, as nobody else may keep it.
func (a *api) preview(ctx context.Context, in *previewInput) (*pageOutput, error) {
	b, _, err := a.read()
	if err != nil {
		return nil, err
	}
	id, err := opened(b.key, in.Token, a.now())
	if err != nil {
		return nil, err
	}
	v, err := a.store.version(ctx, id)
	if err != nil {
		return nil, err
	}
	_, shownIn, _ := b.page(v.Slug, v.Lang, a.now())
	return &pageOutput{Freshness{Cache: "private, no-store"}, v.Lang, seen(v, shownIn)}, nil
}

func answer(v Version) *versionOutput {
	return &versionOutput{ETag: shape.Tag(v.Revision), Body: wire(v)}
}

func wire(v Version) versionBody {
	return versionBody{v.ID, v.Slug, v.Lang, v.Number, v.Title, v.Markdown, v.HTML, v.CreatedAt, scheduleBody{orNull(v.From), orNull(v.Until)}}
}
