// What a product comes in: its page links to every other variant, so that one is chosen without a script.
package storefront

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/client"
)

// variant says of which group a product is one, and which.
type variant struct {
	Group   string            `json:"group"`
	Options map[string]string `json:"options"`
}

// group is what is sold in several variants.
type group struct {
	Slug     string   `json:"slug"`
	Name     string   `json:"name"`
	Options  []option `json:"options"`
	Variants []member `json:"variants"`
}

type option struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
}

// member is one of its variants.
type member struct {
	SKU     string            `json:"sku"`
	Options map[string]string `json:"options"`
}

// choosing is one option on the page of a variant.
type choosing struct {
	Name, Chosen string
	Values       []alternative
}

// alternative is a value, and the page of the variant that has it; without a path there is none.
type alternative struct {
	Value, Path string
	Chosen      bool
	// Out tells that this variant is sold out.
	Out bool
	// With is what else is another one there, where no variant has this value and all the others that are chosen.
	With string
}

func (c catalog) group(ctx context.Context, slug string) (group, error) {
	g, _, err := client.Call[group](ctx, c.api, client.Request{Path: "/api/catalog/groups/" + url.PathEscape(slug)})
	return g, err
}

// choices are what the page of a variant lets choose; none for a product of its own, and where the group is not known: the page
// still sells this one.
func (s *shop) choices(ctx context.Context, p product) (g group, all []choosing) {
	if p.Variant == nil {
		return group{}, nil
	}
	g, known := s.groups.get(ctx, p.Variant.Group)
	if !known {
		return group{}, nil
	}
	return g, g.choices(p.Variant.Options, s.stocks.each(ctx, g.skus()))
}

func (g group) skus() (all []string) {
	for _, v := range g.Variants {
		all = append(all, v.SKU)
	}
	return all
}

// choices are all values of all options, seen from what is chosen.
func (g group) choices(chosen map[string]string, left map[string]stock) (all []choosing) {
	for _, o := range g.Options {
		one := choosing{Name: cmp.Or(title(o.Name), o.Name), Chosen: chosen[o.Name]}
		for _, value := range o.Values {
			one.Values = append(one.Values, g.alternative(chosen, o.Name, value, left))
		}
		all = append(all, one)
	}
	return all
}

// alternative is the variant that has a value and as much as possible of what else is chosen; of several the first that there is in
// stock.
func (g group) alternative(chosen map[string]string, name, value string, left map[string]stock) alternative {
	found := g.with(map[string]string{name: value})
	if len(found) == 0 {
		return alternative{Value: value}
	}
	wanted := map[string]string{}
	maps.Copy(wanted, chosen)
	wanted[name] = value
	best := slices.MinFunc(found, func(a, b member) int {
		return cmp.Or(len(g.other(wanted, a))-len(g.other(wanted, b)), order(left[a.SKU].Out(), left[b.SKU].Out()))
	})
	return alternative{value, product{SKU: best.SKU}.Path(), chosen[name] == value, left[best.SKU].Out(), strings.Join(g.other(wanted, best), ", ")}
}

// with are the variants that have all that is chosen.
func (g group) with(chosen map[string]string) (found []member) {
	for _, v := range g.Variants {
		if len(g.other(chosen, v)) == 0 {
			found = append(found, v)
		}
	}
	return found
}

// other are the values of a variant that are not what is chosen of their options.
func (g group) other(chosen map[string]string, v member) (values []string) {
	for _, o := range g.Options {
		if wanted, said := chosen[o.Name]; said && v.Options[o.Name] != wanted {
			values = append(values, v.Options[o.Name])
		}
	}
	return values
}

// order puts what is not before what is.
func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// described adds to a product's structured data which of a group's variants it is.
func (g group) described(p product, data map[string]any) {
	if p.GTIN != "" {
		data["gtin"] = p.GTIN
	}
	if g.Slug == "" {
		return
	}
	data["isVariantOf"] = map[string]any{"@type": "ProductGroup", "productGroupID": g.Slug, "name": g.Name}
	properties := []any{}
	for _, o := range g.Options {
		properties = append(properties, map[string]any{"@type": "PropertyValue", "name": o.Name, "value": p.Variant.Options[o.Name]})
	}
	data["additionalProperty"] = properties
}
