package search

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/money"
	pages "github.com/emporium-shop/emporium/services/internal/page"
)

// api is the HTTP of search.
type api struct {
	goods    *goods
	currency string
}

type findInput struct {
	pages.Query
	Words      string   `query:"q" maxLength:"100" doc:"Words that all must occur, in any form and with a typo in longer ones; the first eight count. None lists everything"`
	Language   string   `query:"lang" enum:"en,de" default:"en" doc:"Whose endings make no difference"`
	Sort       string   `query:"sort" enum:"relevance,price,-price,name,-stars" default:"relevance" doc:"Ties go by SKU"`
	Category   []string `query:"category,explode" maxItems:"20" nullable:"false" doc:"Slugs of categories, any of them"`
	Brand      []string `query:"brand,explode" maxItems:"20" nullable:"false" doc:"Brands, any of them"`
	Attributes []string `query:"attribute,explode" maxItems:"20" nullable:"false" doc:"Name and value: colour:red. Any value of a name, and all names" example:"[\"colour:red\"]"`
	Prices     []string `query:"price,explode" maxItems:"10" nullable:"false" doc:"From and to in the shop's currency, any of them: 10.00-25.00 has what costs 10.00 and not what costs 25.00. Either may be empty" example:"[\"10.00-25.00\"]"`
	Stars      int64    `query:"stars" minimum:"0" maximum:"5" doc:"At least so many on average"`
	InStock    bool     `query:"inStock" doc:"Only what can be bought now"`
}

type starsBody struct {
	Average float64 `json:"average" doc:"Of 5, with one digit"`
	Count   int64   `json:"count" doc:"How many reviews"`
}

type productBody struct {
	SKU         string            `json:"sku" example:"KIT-1001"`
	Slug        string            `json:"slug"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Category    string            `json:"category" doc:"Slug of the category"`
	Brand       string            `json:"brand"`
	Price       money.Money       `json:"price"`
	Image       string            `json:"image" doc:"Path of the picture"`
	InStock     bool              `json:"inStock" doc:"false: sold out. true where nobody knows: the checkout decides"`
	Stars       *starsBody        `json:"stars,omitempty" doc:"Absent without reviews"`
	Attributes  map[string]string `json:"attributes,omitempty"`
}

type valueBody struct {
	Value string `json:"value" doc:"What the filter takes"`
	Count int    `json:"count"`
}

type attributeBody struct {
	Name   string      `json:"name"`
	Values []valueBody `json:"values" nullable:"false"`
}

// facetsBody are the counts beside the filters. Those of a filter ignore its own choice; what nothing has is left out.
type facetsBody struct {
	Category   []valueBody     `json:"category" nullable:"false"`
	Brand      []valueBody     `json:"brand" nullable:"false"`
	Price      []valueBody     `json:"price" nullable:"false"`
	Stars      []valueBody     `json:"stars" nullable:"false" doc:"At least so many"`
	InStock    int             `json:"inStock" doc:"How many can be bought now"`
	Attributes []attributeBody `json:"attributes" nullable:"false"`
}

type foundBody struct {
	Items  []productBody `json:"items" nullable:"false"`
	Next   string        `json:"next,omitempty" doc:"Cursor of the next page; absent on the last one"`
	Found  int           `json:"found" doc:"How many were found, on all pages"`
	Facets facetsBody    `json:"facets"`
}

// Freshness is what a read tells caches. It is exported for huma, which sees no other fields.
type Freshness struct {
	ETag  string `header:"ETag" doc:"Changes with the answer"`
	Cache string `header:"Cache-Control"`
}

type findOutput struct {
	Freshness
	Body httpapi.Encoded[foundBody]
}

type suggestInput struct {
	Words string `query:"q" required:"true" minLength:"1" maxLength:"100" doc:"The beginning of a search"`
	Limit int    `query:"limit" default:"8" minimum:"1" maximum:"20" doc:"How many at most"`
}

type suggestionBody struct {
	Kind  string `json:"kind" doc:"category, brand, product"`
	Text  string `json:"text" doc:"What to look for; of a category its slug"`
	Count int    `json:"count" doc:"How many products there are of it"`
}

type suggestionsBody struct {
	Items []suggestionBody `json:"items" nullable:"false"`
}

type suggestOutput struct {
	Freshness
	Body httpapi.Encoded[suggestionsBody]
}

const (
	root = "/api/search"
	// cacheFor lets a cache answer for five seconds, and for a minute more while it asks for a newer answer.
	cacheFor = "public, max-age=5, stale-while-revalidate=60"
	delay    = "Answered from an index of the replica's own, which follows the shop's events: mostly within a second, and within a minute whatever is lost."
)

func (a *api) routes(k *app.Kit) *httpapi.API {
	h := k.NewAPI()
	httpapi.List(h, root+"/products", access.Public, a.find, httpapi.ID("searchProducts"),
		httpapi.Summary("Products that have all the words, with counts beside the filters"), httpapi.About(delay), httpapi.Refuses(400))
	httpapi.Get(h, root+"/suggestions", access.Public, a.suggest, httpapi.ID("suggest"),
		httpapi.Summary("What may be meant by the beginning of a search"), httpapi.About(delay))
	return h
}

func (a *api) find(ctx context.Context, in *findInput) (*findOutput, error) {
	q, err := a.question(in)
	if err != nil {
		return nil, err
	}
	filter := in.identity()
	if q.After, err = pages.After[*Key](in.Query, filter...); err != nil {
		return nil, err
	}
	found, err := a.goods.find(ctx, q)
	if err != nil {
		return nil, err
	}
	piece, err := pages.New(in.Query, found.hits, func(h hit) Key { return h.key }, filter...)
	if err != nil {
		return nil, err
	}
	text, fresh, err := a.write(piece.Items, piece.Next, found)
	return &findOutput{fresh, text}, err
}

func (a *api) suggest(ctx context.Context, in *suggestInput) (*suggestOutput, error) {
	if err := readable(in.Words); err != nil {
		return nil, err
	}
	found, err := a.goods.suggest(ctx, in.Words, in.Limit)
	if err != nil {
		return nil, err
	}
	body := suggestionsBody{[]suggestionBody{}}
	for _, s := range found {
		body.Items = append(body.Items, suggestionBody(s))
	}
	text, fresh, err := encode(body)
	return &suggestOutput{fresh, text}, err
}

// encode is an answer with the tag of what is in it, which is the same from every replica.
func encode(body any) ([]byte, Freshness, error) {
	text, err := httpapi.Encode(body)
	return text, Freshness{`"` + string(etag.ShapeFrom(string(text))) + `"`, cacheFor}, err
}

// identity is all that decides what is listed, for cursors.
func (in *findInput) identity() []string {
	all := []string{in.Words, in.Language, in.Sort, strconv.FormatInt(in.Stars, 10), strconv.FormatBool(in.InStock)}
	for _, values := range [][]string{in.Category, in.Brand, in.Attributes, in.Prices} {
		all = append(all, strconv.Itoa(len(values)))
		all = append(all, slices.Sorted(slices.Values(values))...)
	}
	return all
}

func readable(words string) error {
	if !utf8.ValidString(words) {
		return fault.BadRequest("query.q", "The words are no UTF-8.")
	}
	return nil
}

func (a *api) question(in *findInput) (Question, error) {
	f := Filter{Values: map[string][]string{byCategory: in.Category, byBrand: in.Brand}, Stars: in.Stars, InStock: in.InStock}
	for _, text := range in.Attributes {
		name, value, is := strings.Cut(text, ":")
		if !is || name == "" || value == "" {
			return Question{}, fault.InvalidParameter("query.attribute", "It must be a name and a value: colour:red.")
		}
		f.Values[ofAttribute+name] = append(f.Values[ofAttribute+name], value)
	}
	for _, text := range in.Prices {
		s, err := a.span(text)
		if err != nil {
			return Question{}, err
		}
		f.Prices = append(f.Prices, s)
	}
	return Question{Words: in.Words, Language: Language(in.Language), Filter: f, Sort: Sort(in.Sort), Limit: in.Limit}, readable(in.Words)
}

// span reads a range of prices.
func (a *api) span(text string) (s Span, err error) {
	from, to, is := strings.Cut(text, "-")
	wrong := fault.InvalidParameter("query.price", "It must be a range of amounts, such as 10.00-25.00, -25.00 or 25.00-.")
	if !is || from == "" && to == "" {
		return s, wrong
	}
	for _, bound := range []struct {
		text string
		into *int64
	}{{from, &s.From}, {to, &s.To}} {
		if bound.text == "" {
			continue
		}
		m, err := money.Parse(bound.text, a.currency)
		if err != nil || m.Sign() < 0 {
			return s, wrong
		}
		*bound.into = m.Minor()
	}
	if to != "" && s.To <= s.From {
		return s, fault.InvalidParameter("query.price", "The range ends before it begins.")
	}
	return s, nil
}
