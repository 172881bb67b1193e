// The pages of cms: imprint, terms, shipping. An editor changes them while the shop runs.
package storefront

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/emporium-shop/emporium/services/internal/client"
)

const (
	contentsPatience = time.Second
	mostContents     = 5 // lists of 100
	// longestSlug and longestToken are in bytes, as cms has them.
	longestSlug, longestToken = 80, 1024
)

// aSlug is what a page of cms may be called.
var aSlug = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// footed are the pages that the foot of every page links to, in its order. Others are found from the sitemap and from texts.
var footed = []string{"imprint", "terms", "withdrawal", "privacy", "shipping"}

// contentPage is a page as cms shows it. Its HTML is sanitised there; the policy of our pages runs nothing of it besides.
type contentPage struct {
	Slug      string   `json:"slug"`
	Lang      string   `json:"lang"`
	Title     string   `json:"title"`
	Text      string   `json:"html"`
	Version   int      `json:"version"`
	Languages []string `json:"languages"`
}

// HTML is what the template shows as it is.
func (c contentPage) HTML() template.HTML { return template.HTML(c.Text) } //nolint:gosec // cms sanitises it

// contentEntry is a page of the list, with its title in each language.
type contentEntry struct {
	Slug  string        `json:"slug"`
	Texts []contentText `json:"texts"`
}

type contentText struct {
	Lang  string    `json:"lang"`
	Title string    `json:"title"`
	Since time.Time `json:"since"`
}

// in is the title in a language, or in the first one that it has.
func (e contentEntry) in(lang string) string {
	for _, t := range e.Texts {
		if t.Lang == lang {
			return t.Title
		}
	}
	if len(e.Texts) == 0 {
		return e.Slug
	}
	return e.Texts[0].Title
}

// contentList is what cms lists.
type contentList struct {
	Items []contentEntry `json:"items"`
	Next  string         `json:"next,omitempty"`
}

// answered is a page, or that there is none.
type answered struct {
	page  contentPage
	there bool
}

// contents asks cms. A shop need not have it: then the pointer is nil.
type contents struct {
	api   *client.Client
	list  *kept[[]contentEntry]
	pages *kept[answered]
	known atomic.Pointer[[]contentEntry]
}

func contentsOf(api *client.Client) *contents {
	c := &contents{api: api}
	c.list, c.pages = keep(partFresh, c.all), keep(partFresh, c.one)
	c.pages.patience = max(contentsPatience, partPatience)
	return c
}

// look brings the links of the foot up to date, without waiting.
func (c *contents) look(ctx context.Context) {
	if c == nil {
		return
	}
	if list, there := c.list.latest(ctx, ""); there {
		c.known.Store(&list)
	}
}

func (c *contents) warm(ctx context.Context) {
	if c != nil {
		c.list.get(ctx, "")
	}
}

// entries are those that were listed last.
func (c *contents) entries() []contentEntry {
	if c == nil || c.known.Load() == nil {
		return nil
	}
	return *c.known.Load()
}

func (c *contents) all(ctx context.Context, _ string) (all []contentEntry, err error) {
	query := url.Values{"limit": {"100"}}
	for range mostContents {
		list, _, err := client.Call[contentList](ctx, c.api, client.Request{Path: "/api/cms/pages", Query: query})
		if err != nil {
			return nil, err
		}
		all = append(all, list.Items...)
		if list.Next == "" {
			break
		}
		query.Set("cursor", list.Next)
	}
	return all, nil
}

// one asks for a page; key is its language, a slash and its slug.
func (c *contents) one(ctx context.Context, key string) (answered, error) {
	page, _, err := client.Call[contentPage](ctx, c.api, client.Request{Path: "/api/cms/pages/" + url.PathEscape(key[3:]), Query: url.Values{"lang": {key[:2]}}})
	switch status(err) {
	case http.StatusNotFound, http.StatusUnprocessableEntity:
		return answered{}, nil
	}
	return answered{page, true}, err
}

// preview is a version that is shown to nobody yet, for who has its token.
func (c *contents) preview(ctx context.Context, token string) (contentPage, error) {
	ctx, cancel := context.WithTimeout(ctx, max(contentsPatience, partPatience))
	defer cancel()
	page, _, err := client.Call[contentPage](ctx, c.api, client.Request{Path: "/api/cms/preview", Query: url.Values{"token": {token}}})
	return page, err
}

// foot are the pages that every page links to: the owner's own, and of cms those that a shop must have. A file of the
// release goes before a page of cms that is called the same.
func (s *shop) foot(lang string) []text {
	all := append([]text{}, s.texts...)
	for _, slug := range footed {
		for _, e := range s.contents.entries() {
			if e.Slug == slug && !s.owns(slug) {
				all = append(all, text{Slug: slug, Title: e.in(lang)})
			}
		}
	}
	return all
}

// owns tells whether a page is a file of the release.
func (s *shop) owns(slug string) bool {
	for _, t := range s.texts {
		if t.Slug == slug {
			return true
		}
	}
	return false
}

// contentPage shows a page of cms, or a version of it that a token lets somebody see.
func (s *shop) contentPage(w http.ResponseWriter, r *http.Request, slug string) {
	if len(slug) > longestSlug || !aSlug.MatchString(slug) { // cms has none that is called so
		s.fail(w, r, http.StatusNotFound)
		return
	}
	if token := r.URL.Query().Get("preview"); token != "" {
		s.preview(w, r, slug, token)
		return
	}
	got, known := s.contents.pages.get(r.Context(), s.languageIn(r)+"/"+slug)
	switch {
	case !known:
		s.fail(w, r, http.StatusServiceUnavailable)
	case !got.there:
		s.fail(w, r, http.StatusNotFound)
	default:
		path := text{Slug: slug}.Path()
		s.render(w, r, http.StatusOK, "content", page{Title: got.page.Title, Count: <-s.counting(r), Path: path, Body: got.page})
	}
}

// preview is kept by nobody and told to nobody: its address holds the token. Why a token shows nothing is nobody's business.
func (s *shop) preview(w http.ResponseWriter, r *http.Request, slug, token string) {
	w.Header().Set("X-Robots-Tag", "noindex")
	if len(token) > longestToken {
		s.fail(w, r, http.StatusNotFound)
		return
	}
	got, err := s.contents.preview(r.Context(), token)
	switch code := status(err); {
	case code == http.StatusForbidden || code == http.StatusUnprocessableEntity || err == nil && got.Slug != slug:
		s.fail(w, r, http.StatusNotFound)
	case err != nil:
		s.failed(w, r, err)
	default:
		s.render(w, r, http.StatusOK, "content", page{Title: got.Title, Count: <-s.counting(r), Unlisted: true, Personal: true, Secret: true, Body: got})
	}
}
