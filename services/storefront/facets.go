// The filters beside what a search found: each value is a link that chooses it, or takes the choice back.
package storefront

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// facet is one filter with its values.
type facet struct {
	Name   string
	Values []choice
}

// choice is one value. Count is how many products would be found with it.
type choice struct {
	Label, Path string
	Count       int
	Chosen      bool
}

// facets are those that a visitor can choose from. What he chose stays there, also where nothing has it: he must be able to take it back.
func (f finding) facets(say speech, c counts, categories []category, show func(string) string) (all []facet) {
	name := func(slug string) string { return named(slug, categories).Name }
	same := func(value string) string { return value }
	all = append(all, f.facet("Category", byCategory, "", c.Category, name), f.facet("Brand", byBrand, "", c.Brand, same),
		f.facet("Price", byPrice, "", c.Price, func(span string) string { return priced(say, span, show) }), f.rated(say, c.Stars))
	for _, a := range f.attributes(c.Attributes) {
		all = append(all, f.facet(cmp.Or(title(a.Name), a.Name), byAttribute, a.Name+":", a.Values, same))
	}
	if c.InStock > 0 || f.InStock {
		other := f.first()
		other.InStock = !f.InStock
		all = append(all, facet{"Availability", []choice{{say("In stock"), other.Path(), c.InStock, f.InStock}}})
	}
	return slices.DeleteFunc(all, func(one facet) bool { return len(one.Values) == 0 })
}

// facet makes a filter whose parameter takes values that begin with prefix.
func (f finding) facet(title, parameter, prefix string, values []counted, label func(string) string) facet {
	one := facet{Name: title}
	known := map[string]bool{}
	add := func(value string, count int) {
		known[value] = true
		is := slices.Contains(f.Values[parameter], prefix+value)
		one.Values = append(one.Values, choice{label(value), f.toggled(parameter, prefix+value).Path(), count, is})
	}
	for _, v := range values {
		add(v.Value, v.Count)
	}
	for _, text := range f.Values[parameter] {
		if value, fits := strings.CutPrefix(text, prefix); fits && !known[value] {
			add(value, 0)
		}
	}
	return one
}

// attributes are those that were counted, and those that were chosen and not counted.
func (f finding) attributes(all []attribute) []attribute {
	all = slices.Clone(all)
	for _, text := range f.Values[byAttribute] {
		name, _, is := strings.Cut(text, ":")
		if is && !slices.ContainsFunc(all, func(a attribute) bool { return a.Name == name }) {
			all = append(all, attribute{Name: name})
		}
	}
	return all
}

// rated are the averages to choose from: one at a time, for each holds those above it.
func (f finding) rated(say speech, values []counted) facet {
	one := facet{Name: "Rating"}
	add := func(stars, count int) {
		other := f.first()
		if other.Stars = stars; f.Stars == stars {
			other.Stars = 0
		}
		one.Values = append(one.Values, choice{say("%d stars or more", stars), other.Path(), count, f.Stars == stars})
	}
	chosen := f.Stars == 0
	for _, v := range values {
		if stars, err := strconv.Atoi(v.Value); err == nil {
			add(stars, v.Count)
			chosen = chosen || stars == f.Stars
		}
	}
	if !chosen {
		add(f.Stars, 0)
	}
	return one
}

// priced is a span of prices as people write it.
func priced(say speech, span string, show func(string) string) string {
	from, to, _ := strings.Cut(span, "-")
	switch {
	case from == "" && to == "":
		return span
	case from == "":
		return say("Under %s", show(to))
	case to == "":
		return say("%s or more", show(from))
	}
	return say("%s to %s", show(from), show(to))
}

// orders are the orders of a search.
func (f finding) orders() (all []choice) {
	for _, s := range sorts {
		other := f.first()
		other.Sort = s.key
		all = append(all, choice{Label: s.label, Path: other.Path(), Chosen: f.Sort == s.key})
	}
	return all
}
