package main

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/page"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

type listInput struct {
	page.Query
	Category string `query:"category" maxLength:"64" doc:"Slug of a category"`
	Words    string `query:"q" maxLength:"100" doc:"Words that all must occur"`
}

type listOutput struct {
	Body page.Of[Product]
}

type categoriesOutput struct {
	Body struct {
		Items []Category `json:"items" nullable:"false"`
	}
}

type readInput struct {
	etag.IfNoneMatch
	SKU string `path:"sku" maxLength:"64"`
}

type changeInput struct {
	etag.IfMatch
	SKU  string `path:"sku" maxLength:"64"`
	Body change
}

type productOutput struct {
	ETag string `header:"ETag"`
	Body Product
}

type imageOutput struct {
	ETag  string `header:"ETag"`
	Cache string `header:"Cache-Control"`
	Type  string `header:"Content-Type"`
	Body  []byte
}

// newAPI lists the catalog's routes.
func newAPI(s *store) *httpapi.API {
	a := httpapi.NewAPI("Catalog", "The products of the shop.")
	huma.Get(a, "/api/catalog/products", s.getProducts)
	huma.Get(a, "/api/catalog/categories", s.getCategories)
	huma.Get(a, "/api/catalog/products/{sku}", s.getProduct)
	huma.Get(a, "/api/catalog/products/{sku}/image.svg", s.getImage)
	huma.Patch(a, "/api/catalog/products/{sku}", s.patchProduct)
	return a
}

func (s *store) getProducts(ctx context.Context, in *listInput) (*listOutput, error) {
	after, err := page.After[*place](in.Query)
	if err != nil {
		return nil, err
	}
	if after == nil {
		after = &place{Position: -1}
	}
	found, err := s.list(ctx, filter{in.Category, in.Words}, *after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	body, err := page.New(in.Query, found, Product.place)
	return &listOutput{Body: body}, err
}

func (s *store) getCategories(ctx context.Context, _ *struct{}) (*categoriesOutput, error) {
	var out categoriesOutput
	var err error
	out.Body.Items, err = s.categories(ctx)
	return &out, err
}

func (s *store) getProduct(ctx context.Context, in *readInput) (*productOutput, error) {
	p, err := s.product(ctx, in.SKU)
	if err != nil {
		return nil, err
	}
	if in.Fresh(p.tag()) {
		return nil, unchanged(p.tag())
	}
	return &productOutput{ETag: p.tag(), Body: p}, nil
}

func (s *store) getImage(ctx context.Context, in *readInput) (*imageOutput, error) {
	p, err := s.product(ctx, in.SKU)
	if err != nil {
		return nil, err
	}
	drawn := picture(p)
	tag := etag.Of(0, drawn)
	if in.Fresh(tag) {
		return nil, unchanged(tag)
	}
	return &imageOutput{ETag: tag, Cache: "public, max-age=3600", Type: "image/svg+xml", Body: drawn}, nil
}

func (s *store) patchProduct(ctx context.Context, in *changeInput) (*productOutput, error) {
	p, err := apply(ctx, s, in.SKU, &in.IfMatch, in.Body)
	if err != nil {
		return nil, err
	}
	return &productOutput{ETag: p.tag(), Body: p}, nil
}

// unchanged is the 304 for someone who has a copy that is still right.
func unchanged(tag string) error {
	return problem.New(http.StatusNotModified, "", "").With("ETag", tag)
}
