package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/page"
	"github.com/emporium-shop/emporium/services/internal/snapshot"
)

// api is the catalog's HTTP. Reads come from the shelf, writes go to the store.
type api struct {
	store *store
	shelf *snapshot.Of[*shelf]
	now   func() time.Time
}

// productBody is a product on the wire.
type productBody struct {
	ID          uuid.UUID   `json:"id" format:"uuid"`
	SKU         string      `json:"sku" example:"KIT-1001"`
	Slug        string      `json:"slug"`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Category    string      `json:"category" doc:"Slug of the category"`
	Brand       string      `json:"brand"`
	Price       money.Money `json:"price"`
	// Low30 is what Directive 98/6/EC, Art. 6a wants beside a price that was reduced.
	Low30 *money.Money `json:"low30,omitempty" doc:"The lowest price of the 30 days before this price was valid; absent where the product was not sold before"`
	Image string       `json:"image" doc:"Path of a drawing of it, for who has no other picture"`
	Media []Picture    `json:"media,omitempty" nullable:"false" doc:"Pictures at media, the first one first; absent where there are none"`
	GTIN  string       `json:"gtin,omitempty" doc:"Its number at GS1, of 8, 12, 13 or 14 digits; absent where it has none" example:"4006381333931"`
	// Variant is a part of its own, so that a change takes it as it is answered.
	Variant *VariantBody `json:"variant,omitempty" doc:"Absent where it is a product of its own"`
}

type categoryBody struct {
	Slug  string `json:"slug"`
	Name  string `json:"name"`
	Count int    `json:"count" doc:"How many products stand there"`
}

type productList struct {
	Items []productBody `json:"items" nullable:"false"`
	Next  string        `json:"next,omitempty" doc:"Cursor of the next page; absent on the last one"`
}

type categoryList struct {
	Items []categoryBody `json:"items" nullable:"false"`
}

type listInput struct {
	page.Query
	Category string `query:"category" maxLength:"64" doc:"Slug of a category"`
	Words    string `query:"q" maxLength:"100" doc:"Words that all must occur; the first eight count"`
}

// Freshness is what a read tells caches. It is exported for huma, which sees no other fields.
type Freshness struct {
	ETag  string `header:"ETag" doc:"Changes with the answer"`
	Cache string `header:"Cache-Control"`
	Age   string `header:"Age" doc:"Seconds for which nobody could tell whether the answer is still right; absent while PostgreSQL answers"`
}

type listOutput struct {
	Freshness
	Body httpapi.Encoded[productList]
}

type categoriesOutput struct {
	Freshness
	Body categoryList
}

type readInput struct {
	SKU string `path:"sku" maxLength:"64"`
}

type productChange struct {
	Name  *string    `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Media *[]Picture `json:"media,omitempty" nullable:"false" maxItems:"4" doc:"All pictures that it has from now on, the first one first; empty takes them away"`
	GTIN  *string    `json:"gtin,omitempty" maxLength:"64" doc:"Its number at GS1, of 8, 12, 13 or 14 digits with the right check digit; empty takes it away" example:"4006381333931"`
	// Variant is whole: a part of its options would be a variant that nobody chose.
	Variant *VariantBody `json:"variant,omitempty" doc:"Of which group it is a variant from now on; an empty group: it is a product of its own"`
	// Price was changed here before there was pricing. It is read, whatever it is, so
	// that who still sends it hears where prices are changed now.
	Price json.RawMessage `json:"price,omitempty" hidden:"true"`
}

// pricesAreElsewhere is the way out for who wants to change a price here.
const pricesAreElsewhere = "The catalog shows prices and does not change them. Enter one at pricing (POST /api/pricing/prices, scope pricing:write): it is shown here when it is valid."

type changeInput struct {
	httpapi.IfMatch
	SKU  string `path:"sku" maxLength:"64"`
	Body productChange
}

type productOutput struct {
	Freshness
	Body httpapi.Encoded[productBody]
}

// changeOutput is the product as it is stored now.
type changeOutput struct {
	ETag string `header:"ETag"`
	Body httpapi.Encoded[productBody]
}

// shape is that of a product on the wire: a release that answers another one
// makes caches ask again.
var shape = etag.ShapeOf[productBody]()

const (
	// cacheList lets a cache answer a list for five seconds, and for a minute more
	// while it asks for a newer one.
	cacheList = "public, max-age=5, stale-while-revalidate=60"
	// cacheProduct lets a cache keep a product and makes it ask each time, which is
	// answered 304 from memory: what a thing costs is shown as we know it.
	cacheProduct  = "no-cache"
	cachePicture  = "public, max-age=3600"
	silent        = 5 * time.Second // what is older than that has an Age: PostgreSQL is asked every two
	refreshWithin = time.Second     // how long a change waits for its own shelf
)

// fromMemory is what clients are told of reads.
const fromMemory = "Answered from memory. A change is in the answers of every replica within a second, and in those of the replica that made it at once. " +
	"While PostgreSQL is away the last known answer stands, and Age says for how many seconds nobody could tell whether it is still right."

// routes lists the catalog's routes.
func (s *api) routes(k *app.Kit) *httpapi.API {
	a := k.NewAPI()
	httpapi.List(a, "/api/catalog/products", access.Public, s.list, httpapi.About(fromMemory),
		httpapi.ID("listProducts"), httpapi.Summary("Products, in the shop's order"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.List(a, "/api/catalog/categories", access.Public, s.categories, httpapi.About(fromMemory),
		httpapi.ID("listCategories"), httpapi.Summary("Categories, with their number of products"))
	httpapi.Get(a, "/api/catalog/products/{sku}", access.Public, s.get, httpapi.About(fromMemory),
		httpapi.ID("getProduct"), httpapi.Summary("One product"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Patch(a, "/api/catalog/products/{sku}", access.Staff("catalog:write"), s.change,
		httpapi.ID("changeProduct"), httpapi.Summary("Change the name, the pictures, the GTIN, or of what it is a variant"), httpapi.Refuses(http.StatusNotFound, http.StatusConflict),
		httpapi.About("Prices are pricing's: POST /api/pricing/prices. One that is sent here is refused, with all that came with it."))
	httpapi.Page(a, http.MethodGet, "/api/catalog/products/{sku}/image.svg", access.Public, s.image,
		httpapi.ID("getProductImage"), httpapi.Summary("Picture of a product"), httpapi.Produces("image/svg+xml"), httpapi.Refuses(http.StatusNotFound))
	s.groupRoutes(a)
	return a
}

// read returns the shelf that an answer is made of, and the answer's Age.
func (s *api) read() (*shelf, string, error) {
	shelf, there := s.shelf.Get()
	if !there {
		return nil, "", fault.Unavailable("The catalog is not loaded yet.", nil)
	}
	if age, _ := s.shelf.Age(s.now()); age > silent {
		return shelf, strconv.Itoa(int(age / time.Second)), nil
	}
	return shelf, "", nil
}

func (s *api) list(_ context.Context, in *listInput) (*listOutput, error) {
	after, err := page.After[*Place](in.Query, in.Category, in.Words)
	if err != nil {
		return nil, err
	}
	if after == nil {
		after = &beginning
	}
	shelf, age, err := s.read()
	if err != nil {
		return nil, err
	}
	found := shelf.list(Filter{in.Category, words(in.Words)}, *after, in.Limit+1)
	piece, err := page.New(in.Query, found, (*shelved).Place, in.Category, in.Words)
	if err != nil {
		return nil, err
	}
	body, tag := encodeList(piece.Items, piece.Next)
	return &listOutput{Freshness{tag, cacheList, age}, body}, nil
}

func (s *api) categories(context.Context, *struct{}) (*categoriesOutput, error) {
	shelf, age, err := s.read()
	if err != nil {
		return nil, err
	}
	out := &categoriesOutput{Freshness{"", cacheList, age}, categoryList{make([]categoryBody, len(shelf.categories))}}
	for n, c := range shelf.categories {
		out.Body.Items[n] = categoryBody(c)
	}
	out.ETag = `"` + string(etag.ShapeFrom(fmt.Sprint(out.Body))) + `"`
	return out, nil
}

// product finds one in memory.
func (s *api) product(sku string) (p *shelved, age string, err error) {
	shelf, age, err := s.read()
	if err != nil {
		return nil, "", err
	}
	if p = shelf.find(sku); p == nil {
		return nil, "", fault.NotFound("product", sku)
	}
	return p, age, nil
}

func (s *api) get(_ context.Context, in *readInput) (*productOutput, error) {
	p, age, err := s.product(in.SKU)
	if err != nil {
		return nil, err
	}
	return &productOutput{Freshness{p.tag, cacheProduct, age}, p.body}, nil
}

// change is what is wanted, if that can be told by itself.
func (c productChange) change() (Change, error) {
	want := Change{Name: c.Name, GTIN: c.GTIN}
	if c.Media != nil {
		pictures := galleryOf(*c.Media)
		want.Media = &pictures
	}
	if c.Variant != nil {
		v, err := c.Variant.variant()
		if err != nil {
			return Change{}, err
		}
		want.Variant = &v
	}
	if c.GTIN != nil {
		return want, validGTIN(*c.GTIN)
	}
	return want, nil
}

// change changes what is stored, and never what is remembered: a version that was
// read from memory may be an old one, and is then refused.
func (s *api) change(ctx context.Context, in *changeInput) (*changeOutput, error) {
	if in.Body.Price != nil {
		return nil, fault.Invalid("#/price", pricesAreElsewhere)
	}
	want, err := in.Body.change()
	if err != nil {
		return nil, err
	}
	p, err := s.store.product(ctx, in.SKU)
	if err != nil {
		return nil, err
	}
	if in.Repeated(p.Version, p.Has(want)) {
		return answer(p, nil)
	}
	if err := in.Check(p.Version); err != nil {
		return nil, err
	}
	saved, err := s.store.save(ctx, p.With(want))
	if err == nil {
		s.reread(ctx)
	}
	return answer(saved, err)
}

// reread waits until the change can be read here, and not for long: it is made, and
// the notice of it is on the way to all.
func (s *api) reread(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, refreshWithin)
	defer cancel()
	if err := s.shelf.Refresh(ctx); err != nil {
		slog.WarnContext(ctx, "answering a change that cannot be read yet", "error", err)
	}
}

// image draws a product. The picture is data and no page: whatever a browser
// finds in it, it runs nothing of it.
func (s *api) image(w http.ResponseWriter, r *http.Request) {
	p, age, err := s.product(r.PathValue("sku"))
	if err != nil {
		httpapi.Refuse(w, r, err)
		return
	}
	drawn := picture(p.Product)
	h := w.Header()
	h.Set("Content-Type", "image/svg+xml")
	h.Set("Cache-Control", cachePicture)
	if age != "" {
		h.Set("Age", age)
	}
	h.Set("ETag", etag.ShapeFrom(string(drawn)).Tag(p.Version))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'")
	_, _ = w.Write(drawn) // the client is gone: nobody to tell
}

func answer(p Product, err error) (*changeOutput, error) {
	if err != nil {
		return nil, err
	}
	body, tag, err := encode(p)
	return &changeOutput{tag, body}, err
}

// encode is a product as it is answered.
func encode(p Product) (body []byte, tag string, err error) {
	body, err = httpapi.Encode(wire(p))
	return body, shape.Tag(p.Version), err
}

func wire(p Product) productBody {
	body := productBody{
		ID: p.ID, SKU: p.SKU, Slug: p.Slug, Name: p.Name, Description: p.Description,
		Category: p.Category, Brand: p.Brand, Price: p.Price, Image: imagePath(p.SKU), Media: p.Media.List(), GTIN: p.GTIN,
	}
	if p.Variant.Group != "" {
		body.Variant = &VariantBody{p.Variant.Group, p.Variant.Options.Map()}
	}
	if p.Low30.Currency() != "" {
		body.Low30 = &p.Low30
	}
	return body
}
