package cms

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/page"
	"github.com/emporium-shop/emporium/services/internal/snapshot"
)

// root is the path that the shop gives to this service: shop/service.yaml.
const root = "/api/cms"

const (
	// keep is how long a cache may keep a page: so long the change of an editor may stay unseen. A change that is scheduled never does.
	keep = time.Minute
	// silent is how old an answer is without an Age: PostgreSQL is asked every two seconds.
	silent = 5 * time.Second
)

// api is the HTTP. Public reads come from the board, those of staff and all writes go to the store.
type api struct {
	store *store
	board *snapshot.Of[*board]
	now   func() time.Time
}

// pageBody is a page as customers see it.
type pageBody struct {
	Slug      string     `json:"slug"`
	Lang      string     `json:"lang" doc:"Language of the text: another one than asked for where the page is not in that"`
	Title     string     `json:"title" doc:"Text, not HTML"`
	HTML      string     `json:"html" doc:"Sanitised: no scripts, no styles, pictures of this shop only"`
	Version   int        `json:"version" doc:"Number of the version, of this page"`
	Since     *time.Time `json:"since,omitempty" doc:"When this version began to be shown; absent in the preview of a draft"`
	Languages []string   `json:"languages" nullable:"false" doc:"In which languages the page is shown now"`
}

// entryBody is a page of the list.
type entryBody struct {
	Slug  string      `json:"slug"`
	Texts []entryText `json:"texts" nullable:"false" doc:"One for each language"`
}

type entryText struct {
	Lang  string    `json:"lang"`
	Title string    `json:"title"`
	Since time.Time `json:"since" doc:"When it began to be shown: lastmod of a sitemap"`
}

// Freshness is what a read tells caches. It is exported for huma, which sees no other fields.
type Freshness struct {
	ETag  string `header:"ETag" doc:"Changes with the answer"`
	Cache string `header:"Cache-Control" doc:"max-age ends with the next change of the schedule, at the latest"`
	Age   string `header:"Age" doc:"Seconds for which nobody could tell whether the answer is still right; absent while PostgreSQL answers"`
}

type listInput struct{ page.Query }

type listOutput struct {
	Freshness
	Body page.Of[entryBody]
}

type pageInput struct {
	Slug string `path:"slug" maxLength:"80"`
	Lang string `query:"lang" default:"en" maxLength:"35" pattern:"^[A-Za-z]{2,8}([_-][A-Za-z0-9]{1,8})*$" doc:"Language, such as de or de-AT; where the page is not in that, another one is answered" example:"de"`
}

type pageOutput struct {
	Freshness
	Language string `header:"Content-Language"`
	Body     pageBody
}

const fromMemory = "Answered from memory, by the clock: a version is shown at the second of its schedule. A change of an editor is seen by every replica within a second, and by caches within a minute. " +
	"While PostgreSQL is away the last known answer stands, and Age says for how many seconds nobody could tell whether it is still right."

// routes lists the routes.
func (a *api) routes(k *app.Kit) *httpapi.API {
	r := k.NewAPI()
	httpapi.List(r, root+"/pages", access.Public, a.list, httpapi.About(fromMemory),
		httpapi.ID("listPages"), httpapi.Summary("Pages that are shown, by their slugs: for a sitemap"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.Get(r, root+"/pages/{slug}", access.Public, a.page, httpapi.About(fromMemory),
		httpapi.ID("getPage"), httpapi.Summary("A page as it is shown"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Get(r, root+"/preview", access.Public, a.preview, httpapi.About("The token is all that it takes: who has it sees this one version, for an hour."),
		httpapi.ID("getPreview"), httpapi.Summary("A version as it would be shown"), httpapi.Refuses(http.StatusForbidden, http.StatusNotFound))
	a.staffRoutes(r)
	return r
}

// read returns the board that an answer is made of, and the answer's Age.
func (a *api) read() (*board, string, error) {
	b, there := a.board.Get()
	if !there {
		return nil, "", fault.Unavailable("The pages are not loaded yet.", nil)
	}
	if age, _ := a.board.Age(a.now()); age > silent {
		return b, strconv.Itoa(int(age / time.Second)), nil
	}
	return b, "", nil
}

func (a *api) list(_ context.Context, in *listInput) (*listOutput, error) {
	after, err := page.After[string](in.Query)
	if err != nil {
		return nil, err
	}
	b, age, err := a.read()
	if err != nil {
		return nil, err
	}
	now := a.now()
	var found []entryBody
	for _, texts := range b.all(after, in.Limit+1, now) {
		found = append(found, entry(texts))
	}
	piece, err := page.New(in.Query, found, func(e entryBody) string { return e.Slug })
	if err != nil {
		return nil, err
	}
	fresh, err := freshness(piece, b.fresh(b.slugs, now, keep), age)
	return &listOutput{fresh, piece}, err
}

func entry(texts []Version) entryBody {
	e := entryBody{Slug: texts[0].Slug}
	for _, v := range texts {
		e.Texts = append(e.Texts, entryText{v.Lang, v.Title, v.From})
	}
	return e
}

func (a *api) page(_ context.Context, in *pageInput) (*pageOutput, error) {
	b, age, err := a.read()
	if err != nil {
		return nil, err
	}
	now := a.now()
	v, languages, there := b.page(in.Slug, in.Lang, now)
	if !there {
		return nil, fault.NotFound("page", in.Slug)
	}
	body := seen(v, languages)
	fresh, err := freshness(body, b.fresh([]string{in.Slug}, now, keep), age)
	return &pageOutput{fresh, v.Lang, body}, err
}

func seen(v Version, in []string) pageBody {
	body := pageBody{Slug: v.Slug, Lang: v.Lang, Title: v.Title, HTML: v.HTML, Version: v.Number, Languages: append([]string{}, in...)}
	if !v.From.IsZero() {
		body.Since = &v.From
	}
	return body
}

// freshness is of what is answered, so replicas that load at different times give the same ETag.
func freshness(body any, age time.Duration, known string) (Freshness, error) {
	text, err := httpapi.Encode(body)
	return Freshness{etag.ShapeFrom(string(text)).Tag(1), fmt.Sprintf("public, max-age=%d", int(age/time.Second)), known}, err
}
