// What a search shows, and the addresses of the same search with a filter more, a filter less, or another order.
package storefront

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	searchPath  = "/search"
	suggestPath = searchPath + "/suggestions"
	// mostValues and mostPrices bound what an address chooses, as search does; what is more is left out, not refused.
	mostValues, mostPrices = 20, 10
	// longestValue and longestCursor are in bytes. Nothing that search offers is as long.
	longestValue, longestCursor = 200, 512
)

// The parameters of search that take any of several values.
const (
	byCategory  = "category"
	byBrand     = "brand"
	byAttribute = "attribute"
	byPrice     = "price"
)

var chosen = map[string]int{byCategory: mostValues, byBrand: mostValues, byAttribute: mostValues, byPrice: mostPrices}

// sorts are the orders that a visitor may choose; the first one is what he gets who chooses none.
var sorts = []struct{ key, label string }{
	{"", "Best match"}, {"price", "Price, low to high"}, {"-price", "Price, high to low"}, {"-stars", "Best rated"}, {"name", "Name"},
}

// finding is what is looked for. Its zero value is everything.
type finding struct {
	Query, Sort, Cursor string
	// Values are what is chosen, by parameter.
	Values map[string][]string
	// Stars is the least average, 0 for any.
	Stars   int
	InStock bool
	// Back are the cursors of the pages between the first one and this one.
	Back []string
}

// findingOf reads an address. Who changes it by hand gets the nearest thing that there is, and no error.
func findingOf(r *http.Request) finding {
	query := r.URL.Query()
	f := finding{Query: cut(strings.ToValidUTF8(strings.TrimSpace(query.Get("q")), "")), Values: map[string][]string{}, InStock: query.Get("inStock") == "true"}
	for name, most := range chosen {
		for _, value := range query[name] {
			if value != "" && len(value) <= longestValue && !slices.Contains(f.Values[name], value) && len(f.Values[name]) < most {
				f.Values[name] = append(f.Values[name], value)
			}
		}
	}
	for _, s := range sorts {
		if s.key == query.Get("sort") {
			f.Sort = s.key
		}
	}
	if stars, err := strconv.Atoi(query.Get("stars")); err == nil && stars > 0 && stars <= mostStars {
		f.Stars = stars
	}
	if cursor := query.Get("cursor"); len(cursor) <= longestCursor {
		f.Cursor = cursor
	}
	if f.Cursor != "" {
		f.Back = query["back"][:min(len(query["back"]), mostBack)]
	}
	return f
}

// filter is what search is asked for.
func (f finding) filter() url.Values {
	values := url.Values{}
	for name, all := range f.Values {
		if len(all) > 0 {
			values[name] = all
		}
	}
	for name, value := range map[string]string{"q": f.Query, "sort": f.Sort, "cursor": f.Cursor} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if f.Stars > 0 {
		values.Set("stars", strconv.Itoa(f.Stars))
	}
	if f.InStock {
		values.Set("inStock", "true")
	}
	return values
}

// Path is the page that shows it.
func (f finding) Path() string {
	values := f.filter()
	if len(f.Back) > 0 {
		values["back"] = f.Back
	}
	if query := values.Encode(); query != "" {
		return searchPath + "?" + query
	}
	return searchPath
}

// Filtered tells whether anything but words was chosen.
func (f finding) Filtered() bool {
	for _, all := range f.Values {
		if len(all) > 0 {
			return true
		}
	}
	return f.Stars > 0 || f.InStock
}

// Plain is the path of the same words without a filter.
func (f finding) Plain() string { return finding{Query: f.Query, Sort: f.Sort}.Path() }

// toggled is the first page of the same search with a value more, or without it where it is chosen already.
func (f finding) toggled(name, value string) finding {
	all := slices.Clone(f.Values[name])
	if n := slices.Index(all, value); n >= 0 {
		all = slices.Delete(all, n, n+1)
	} else {
		all = append(all, value)
	}
	values := map[string][]string{name: all}
	for other, kept := range f.Values {
		if other != name {
			values[other] = kept
		}
	}
	f.Values = values
	return f.first()
}

func (f finding) first() finding {
	f.Cursor, f.Back = "", nil
	return f
}

// First is the path of the first page.
func (f finding) First() string { return f.first().Path() }

// Previous is the path of the page before; empty on the first one.
func (f finding) Previous() string {
	if f.Cursor == "" {
		return ""
	}
	f.Cursor, f.Back = before(f.Back)
	return f.Path()
}

// After is the path of the page at a cursor that came with this one; empty without.
func (f finding) After(cursor string) string {
	if cursor == "" {
		return ""
	}
	f.Back = onward(f.Cursor, f.Back)
	f.Cursor = cursor
	return f.Path()
}
