package search

import (
	"cmp"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/money"
)

// The filters that every product can be held to. Attributes have filters of their own names.
const (
	byCategory = "category"
	byBrand    = "brand"
	byPrice    = "price"
	byStars    = "stars"
	byStock    = "stock"
	// ofAttribute begins the name of an attribute's filter.
	ofAttribute = "attribute/"
)

// Span is a range of prices in minor units: From is in it, To is not. No To is no end.
type Span struct{ From, To int64 }

func (s Span) holds(minor int64) bool { return minor >= s.From && (s.To == 0 || minor < s.To) }

// spans are the ranges that are counted, in minor units of a currency with two digits.
var spans = []Span{{0, 1000}, {1000, 2500}, {2500, 5000}, {5000, 10000}, {10000, 0}}

// Filter says which of the products that the words found are shown: values of one filter are OR, filters are AND. Its zero
// value lets everything through.
type Filter struct {
	// Values are those chosen, by filter: category, brand, and attribute/colour.
	Values map[string][]string
	Prices []Span
	// Stars is the least average, in whole stars.
	Stars int64
	// InStock leaves out what is sold out.
	InStock bool
}

// Value is one value of a filter, and how many products would be found with it.
type Value struct {
	Value string
	Count int
}

// Facets are the counts beside the filters. A filter's own counts ignore its own choice; values that nothing has are left out.
type Facets struct {
	// Values by filter, the most frequent first.
	Values map[string][]Value
	// Prices has the counts of spans, Stars those with at least 1 to 4 stars at the places 1 to 4.
	Prices  []int
	Stars   [5]int
	InStock int
}

// mostValues bounds the values that one filter shows.
const mostValues = 50

// counter counts all facets in one walk over what the words found.
type counter struct {
	filter Filter
	counts map[string]map[string]int
	// attributes are the filters of attributes by name, put together once and not for each product.
	attributes map[string]string
	facets     Facets
}

func newCounter(f Filter) *counter {
	return &counter{f, map[string]map[string]int{}, map[string]string{}, Facets{Prices: make([]int, len(spans))}}
}

// add counts a product, and tells whether it is found. One that a single filter keeps out counts for that filter alone.
func (c *counter) add(p *Product) bool {
	out, times := c.refusedBy(p)
	if times > 1 {
		return false
	}
	count := func(filter string) bool { return times == 0 || out == filter }
	if count(byCategory) {
		c.count(byCategory, p.Category)
	}
	if count(byBrand) {
		c.count(byBrand, p.Brand)
	}
	for name, value := range p.Attributes {
		filter, known := c.attributes[name]
		if !known {
			filter = ofAttribute + name
			c.attributes[name] = filter
		}
		if count(filter) {
			c.count(filter, value)
		}
	}
	if n := slices.IndexFunc(spans, func(s Span) bool { return s.holds(p.Price.Minor()) }); n >= 0 && count(byPrice) {
		c.facets.Prices[n]++
	}
	for stars := int64(1); count(byStars) && stars <= 4 && p.Average() >= 10*stars; stars++ {
		c.facets.Stars[stars]++
	}
	if count(byStock) && p.InStock() {
		c.facets.InStock++
	}
	return times == 0
}

func (c *counter) count(filter, value string) {
	if value == "" {
		return
	}
	if c.counts[filter] == nil {
		c.counts[filter] = map[string]int{}
	}
	c.counts[filter][value]++
}

// refusedBy names a filter that keeps a product out, and says how many do.
func (c *counter) refusedBy(p *Product) (name string, times int) {
	refuse := func(by string) { name, times = by, times+1 }
	for filter, values := range c.filter.Values {
		if len(values) > 0 && !slices.Contains(values, p.value(filter)) {
			refuse(filter)
		}
	}
	if len(c.filter.Prices) > 0 && !slices.ContainsFunc(c.filter.Prices, func(s Span) bool { return s.holds(p.Price.Minor()) }) {
		refuse(byPrice)
	}
	if p.Average() < 10*c.filter.Stars {
		refuse(byStars)
	}
	if c.filter.InStock && !p.InStock() {
		refuse(byStock)
	}
	return name, times
}

// value is what a product has of a filter with values.
func (p *Product) value(filter string) string {
	switch filter {
	case byCategory:
		return p.Category
	case byBrand:
		return p.Brand
	}
	return p.Attributes[strings.TrimPrefix(filter, ofAttribute)]
}

// done are the counts, the most frequent values first, those of one count by their names.
func (c *counter) done() Facets {
	c.facets.Values = map[string][]Value{}
	for filter, counts := range c.counts {
		var all []Value
		for value, n := range counts {
			all = append(all, Value{value, n})
		}
		slices.SortFunc(all, func(a, b Value) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value)) })
		c.facets.Values[filter] = all[:min(len(all), mostValues)]
	}
	return c.facets
}

// amount is a bound of a span as the wire has it; empty is no bound.
func amount(minor int64, currency string) string {
	if minor == 0 {
		return ""
	}
	return money.New(minor, currency).Amount()
}
