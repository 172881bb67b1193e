package catalog

import (
	"context"
	"net/http"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/money"
)

const groupsRoot = "/api/catalog/groups"

// VariantBody is of what a product is a variant; exported, or what has it as a part would not describe its members.
type VariantBody struct {
	Group   string            `json:"group" maxLength:"64" doc:"Slug of the group: GET /api/catalog/groups/{group} has the others" example:"linen-shirt"`
	Options map[string]string `json:"options" doc:"A value of each of the group's options, by the option's name"`
}

// NewGroup is what a client says of a new group; exported for the same reason.
type NewGroup struct {
	Slug    string   `json:"slug" minLength:"1" maxLength:"64" pattern:"^[a-z0-9]+(-[a-z0-9]+)*$" example:"linen-shirt"`
	Name    string   `json:"name" minLength:"1" maxLength:"200" doc:"What all variants are called together" example:"Linen shirt"`
	Options []Option `json:"options" nullable:"false" minItems:"1" maxItems:"3" doc:"What variants differ in, in the order in which it is chosen"`
}

type groupBody struct {
	NewGroup
	Variants []memberBody `json:"variants" nullable:"false" doc:"In the order of the options' values. There is no product for a combination that is not here"`
}

// memberBody is a variant of a group, with what somebody must know to choose it; the rest stands at the product.
type memberBody struct {
	SKU     string            `json:"sku" example:"KIT-1001"`
	Name    string            `json:"name"`
	GTIN    string            `json:"gtin,omitempty"`
	Price   money.Money       `json:"price"`
	Image   string            `json:"image"`
	Options map[string]string `json:"options"`
}

type groupInput struct {
	Group string `path:"group" maxLength:"64"`
}

type newGroupInput struct {
	httpapi.Idempotent
	Body NewGroup
}

type groupChange struct {
	Name    *string   `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Options *[]Option `json:"options,omitempty" nullable:"false" minItems:"1" maxItems:"3" doc:"All options that it has from now on"`
}

type groupChangeInput struct {
	httpapi.IfMatch
	Group string `path:"group" maxLength:"64"`
	Body  groupChange
}

type groupOutput struct {
	Freshness
	Body httpapi.Encoded[groupBody]
}

// groupChanged is the group as it is stored now.
type groupChanged struct {
	ETag string `header:"ETag"`
	Body httpapi.Encoded[groupBody]
}

func (s *api) groupRoutes(a *httpapi.API) {
	write, missing := access.Staff("catalog:write"), httpapi.Refuses(http.StatusNotFound)
	httpapi.Post(a, groupsRoot, write, s.createGroup, httpapi.ID("createGroup"), httpapi.Summary("Say that there is something in several variants"), httpapi.Status(http.StatusCreated),
		httpapi.Refuses(http.StatusConflict), httpapi.About("A product becomes a variant of it by PATCH /api/catalog/products/{sku}, and is otherwise a product like any other: price, stock and carts go by its SKU."))
	httpapi.Get(a, groupsRoot+"/{group}", access.Public, s.getGroup, httpapi.About(fromMemory), httpapi.ID("getGroup"), httpapi.Summary("A group with its variants"), missing)
	httpapi.Patch(a, groupsRoot+"/{group}", write, s.changeGroup, httpapi.ID("changeGroup"), httpapi.Summary("Change the name or the options of a group"), missing,
		httpapi.Refuses(http.StatusConflict), httpapi.About("409: one of its variants has a value that would be gone, or no value of an option that would be new; errors points to the option."))
}

// variant is what is said, if that can be told by itself.
func (b VariantBody) variant() (Variant, error) {
	chosen, fits := choicesOf(b.Options)
	switch {
	case !fits:
		return Variant{}, fault.Invalid("#/variant/options", "A group has three options at most.")
	case b.Group == "" && len(b.Options) > 0:
		return Variant{}, fault.Invalid("#/variant/group", "Options are those of a group.")
	}
	return Variant{b.Group, chosen}, nil
}

// standing is a group in memory.
func (s *api) standing(slug string) (g *grouped, age string, err error) {
	shelf, age, err := s.read()
	if err != nil {
		return nil, "", err
	}
	if g = shelf.groups[slug]; g == nil {
		return nil, "", fault.NotFound("group", slug)
	}
	return g, age, nil
}

func (s *api) getGroup(_ context.Context, in *groupInput) (*groupOutput, error) {
	g, age, err := s.standing(in.Group)
	if err != nil {
		return nil, err
	}
	body, tag, err := g.encode()
	return &groupOutput{Freshness{tag, cacheProduct, age}, body}, err
}

// encode is a group as it is answered. Variants change without it, so they are part of what a cache compares; a write compares
// the version alone.
func (g *grouped) encode() (body []byte, tag string, err error) {
	out := groupBody{NewGroup{g.Slug, g.Name, g.Options}, make([]memberBody, len(g.variants))}
	for n, p := range g.variants {
		out.Variants[n] = memberBody{p.SKU, p.Name, p.GTIN, p.Price, imagePath(p.SKU), p.Variant.Options.Map()}
	}
	body, err = httpapi.Encode(out)
	return body, etag.ShapeFrom(string(body)).Tag(g.Version), err
}

func (s *api) createGroup(ctx context.Context, in *newGroupInput) (*httpapi.Answer[groupBody], error) {
	g := Group{in.Body.Slug, in.Body.Name, in.Body.Options, 1}
	if err := g.Valid(); err != nil {
		return nil, err
	}
	stored, err := idempotency.Once(ctx, s.store.db, in.Key(ctx), in.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		if err := insertGroup(ctx, tx, g); err != nil {
			return idempotency.Stored{}, err
		}
		body, tag, err := (&grouped{Group: g}).encode()
		return idempotency.Stored{Status: http.StatusCreated, Header: map[string]string{"ETag": tag, "Location": groupsRoot + "/" + g.Slug}, Body: body}, err
	})
	if err != nil {
		return nil, err
	}
	s.reread(ctx)
	return httpapi.Replay[groupBody](stored), nil
}

// changeGroup changes what is stored, like change.
func (s *api) changeGroup(ctx context.Context, in *groupChangeInput) (*groupChanged, error) {
	if in.Body.Options != nil {
		if err := (Group{Options: *in.Body.Options}).Valid(); err != nil {
			return nil, err
		}
	}
	before, err := s.store.group(ctx, in.Group)
	if err != nil {
		return nil, err
	}
	after := before.with(in.Body)
	if !in.Repeated(before.Version, after.says(before)) {
		if err := in.Check(before.Version); err != nil {
			return nil, err
		}
		if err := s.store.saveGroup(ctx, after); err != nil {
			return nil, err
		}
		after.Version++
		s.reread(ctx)
	}
	return s.answerGroup(after)
}

// with is the group after a change.
func (g Group) with(c groupChange) Group {
	if c.Name != nil {
		g.Name = *c.Name
	}
	if c.Options != nil {
		g.Options = *c.Options
	}
	return g
}

// answerGroup is a group as it is stored now, with the variants that are known here.
func (s *api) answerGroup(g Group) (*groupChanged, error) {
	shown := grouped{Group: g}
	if known, _, err := s.standing(g.Slug); err == nil {
		shown.variants = known.variants
	}
	body, tag, err := shown.encode()
	return &groupChanged{tag, body}, err
}
