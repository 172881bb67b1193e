package tax

import (
	"context"

	"github.com/emporium-shop/emporium/services/internal/httpapi"
)

// Of which class a product is.

type classBody struct {
	Class string `json:"class" enum:"standard,reduced,second-reduced,super-reduced,zero"`
}

type classInput struct {
	SKU string `path:"sku" maxLength:"64"`
}

type classifyInput struct {
	httpapi.IfMatch
	SKU  string `path:"sku" maxLength:"64"`
	Body classBody
}

type classOutput struct {
	ETag string `header:"ETag"`
	Body classBody
}

func (a *api) class(ctx context.Context, in *classInput) (*classOutput, error) {
	class, version, err := a.store.class(ctx, in.SKU)
	if err != nil {
		return nil, err
	}
	return &classOutput{classShape.Tag(version), classBody{class}}, nil
}

func (a *api) classify(ctx context.Context, in *classifyInput) (*classOutput, error) {
	class, version, err := a.store.class(ctx, in.SKU)
	if err != nil {
		return nil, err
	}
	if in.Repeated(version, class == in.Body.Class) {
		return &classOutput{classShape.Tag(version), classBody{class}}, nil
	}
	if err := in.Check(version); err != nil {
		return nil, err
	}
	if err := a.store.classify(ctx, in.SKU, in.Body.Class, version); err != nil {
		return nil, err
	}
	return &classOutput{classShape.Tag(version + 1), in.Body}, nil
}
