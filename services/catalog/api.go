package catalog

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/page"
)

// api is the catalog's HTTP.
type api struct{ store *store }

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
	Image       string      `json:"image" doc:"Path of the picture"`
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

type listOutput struct{ Body productList }

type categoriesOutput struct{ Body categoryList }

type readInput struct {
	SKU string `path:"sku" maxLength:"64"`
}

type productChange struct {
	Name  *string      `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Price *money.Money `json:"price,omitempty"`
}

type changeInput struct {
	httpapi.IfMatch
	SKU  string `path:"sku" maxLength:"64"`
	Body productChange
}

type productOutput struct {
	ETag string `header:"ETag"`
	Body productBody
}

// shape is that of a product on the wire: a release that answers another one
// makes caches ask again.
var shape = etag.ShapeOf[productBody]()

// routes lists the catalog's routes.
func (s *api) routes(k *app.Kit) *httpapi.API {
	a := k.NewAPI()
	httpapi.List(a, "/api/catalog/products", access.Public, s.list,
		httpapi.ID("listProducts"), httpapi.Summary("Products, in the shop's order"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.List(a, "/api/catalog/categories", access.Public, s.categories,
		httpapi.ID("listCategories"), httpapi.Summary("Categories, with their number of products"))
	httpapi.Get(a, "/api/catalog/products/{sku}", access.Public, s.get,
		httpapi.ID("getProduct"), httpapi.Summary("One product"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Patch(a, "/api/catalog/products/{sku}", access.Staff("catalog:write"), s.change,
		httpapi.ID("changeProduct"), httpapi.Summary("Change name or price"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Page(a, http.MethodGet, "/api/catalog/products/{sku}/image.svg", access.Public, s.image,
		httpapi.ID("getProductImage"), httpapi.Summary("Picture of a product"), httpapi.Produces("image/svg+xml"), httpapi.Refuses(http.StatusNotFound))
	return a
}

func (s *api) list(ctx context.Context, in *listInput) (*listOutput, error) {
	after, err := page.After[*Place](in.Query, in.Category, in.Words)
	if err != nil {
		return nil, err
	}
	if after == nil {
		after = &beginning
	}
	found, err := s.store.list(ctx, Filter{in.Category, words(in.Words)}, *after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	piece, err := page.New(in.Query, found, Product.Place, in.Category, in.Words)
	if err != nil {
		return nil, err
	}
	out := &listOutput{productList{Items: make([]productBody, len(piece.Items)), Next: piece.Next}}
	for n, p := range piece.Items {
		out.Body.Items[n] = wire(p)
	}
	return out, nil
}

func (s *api) categories(ctx context.Context, _ *struct{}) (*categoriesOutput, error) {
	all, err := s.store.categories(ctx)
	if err != nil {
		return nil, err
	}
	out := &categoriesOutput{categoryList{make([]categoryBody, len(all))}}
	for n, c := range all {
		out.Body.Items[n] = categoryBody(c)
	}
	return out, nil
}

func (s *api) get(ctx context.Context, in *readInput) (*productOutput, error) {
	return answer(s.store.product(ctx, in.SKU))
}

func (s *api) change(ctx context.Context, in *changeInput) (*productOutput, error) {
	p, err := s.store.product(ctx, in.SKU)
	if err != nil {
		return nil, err
	}
	want := Change(in.Body)
	if in.Repeated(p.Version, p.Has(want)) {
		return answer(p, nil)
	}
	if err := in.Check(p.Version); err != nil {
		return nil, err
	}
	after, err := p.With(want)
	if err != nil {
		return nil, err
	}
	return answer(s.store.save(ctx, after))
}

// image draws a product. The picture is data and no page: whatever a browser
// finds in it, it runs nothing of it.
func (s *api) image(w http.ResponseWriter, r *http.Request) {
	p, err := s.store.product(r.Context(), r.PathValue("sku"))
	if err != nil {
		httpapi.Refuse(w, r, err)
		return
	}
	drawn := picture(p)
	h := w.Header()
	h.Set("Content-Type", "image/svg+xml")
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("ETag", etag.ShapeFrom(string(drawn)).Tag(p.Version))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'")
	_, _ = w.Write(drawn) // the client is gone: nobody to tell
}

func answer(p Product, err error) (*productOutput, error) {
	if err != nil {
		return nil, err
	}
	return &productOutput{ETag: shape.Tag(p.Version), Body: wire(p)}, nil
}

func wire(p Product) productBody {
	return productBody{
		ID: p.ID, SKU: p.SKU, Slug: p.Slug, Name: p.Name, Description: p.Description,
		Category: p.Category, Brand: p.Brand, Price: p.Price, Image: imagePath(p.SKU),
	}
}
