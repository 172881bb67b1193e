package catalog

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
)

// shelf is the whole range as it is read: in the shop's order, and encoded already.
// It is never changed; package snapshot puts a newer one in its place.
type shelf struct {
	products []*shelved
	bySKU    map[string]*shelved
	// of are the products of a category, in the same order.
	of         map[string][]*shelved
	categories []Category
	groups     map[string]*grouped
}

// grouped is a group with its variants, in the order in which it shows them.
type grouped struct {
	Group
	variants []*shelved
}

// shelved is a product that stands there.
type shelved struct {
	Product
	// words is what a search looks into, in lower case.
	words string
	// body is the product as it is answered, sum its hash.
	body []byte
	sum  uint64
	// tag is its ETag.
	tag string
}

// encoding makes body and ETag of a product.
type encoding func(Product) (body []byte, tag string, err error)

// stock makes a shelf. What is the same as on the one before, which may be nil, is
// taken over: encoding is most of the work.
func stock(all goods, before *shelf, encode encoding) (*shelf, error) {
	s := &shelf{bySKU: make(map[string]*shelved, len(all.products)), of: map[string][]*shelved{}, categories: slices.Clone(all.categories)}
	for _, p := range all.products {
		known := before.find(p.SKU)
		if known == nil || known.Product != p {
			var err error
			if known, err = shelve(p, encode); err != nil {
				return nil, err
			}
		}
		s.products, s.bySKU[p.SKU] = append(s.products, known), known
	}
	slices.SortFunc(s.products, func(a, b *shelved) int { return a.Place().compare(b.Place()) })
	for _, p := range s.products {
		s.of[p.Category] = append(s.of[p.Category], p)
	}
	for n, c := range s.categories {
		s.categories[n].Count = len(s.of[c.Slug])
	}
	s.group(all.groups)
	return s, nil
}

// group puts variants that stand there already to their groups.
func (s *shelf) group(all []Group) {
	s.groups = make(map[string]*grouped, len(all))
	for _, g := range all {
		s.groups[g.Slug] = &grouped{Group: g}
	}
	for _, p := range s.products {
		if g := s.groups[p.Variant.Group]; g != nil {
			g.variants = append(g.variants, p)
		}
	}
	for _, g := range s.groups {
		slices.SortStableFunc(g.variants, func(a, b *shelved) int { return g.compare(a.Variant.Options, b.Variant.Options) })
	}
}

func shelve(p Product, encode encoding) (*shelved, error) {
	body, tag, err := encode(p)
	if err != nil {
		return nil, fmt.Errorf("encoding product %s: %w", p.SKU, err)
	}
	sum := fnv.New64a()
	_, _ = sum.Write(body) // never fails
	words := strings.ToLower(strings.Join([]string{p.Name, p.Brand, p.Category, p.Description}, " "))
	return &shelved{p, words, body, sum.Sum64(), tag}, nil
}

// find returns a product, or nil.
func (s *shelf) find(sku string) *shelved {
	if s == nil {
		return nil
	}
	return s.bySKU[sku]
}

// list returns up to limit products after a place.
func (s *shelf) list(f Filter, after Place, limit int) []*shelved {
	all := s.products
	if f.Category != "" {
		all = s.of[f.Category]
	}
	from, there := slices.BinarySearchFunc(all, after, func(p *shelved, at Place) int { return p.Place().compare(at) })
	if there {
		from++
	}
	all = all[from:]
	if len(f.Words) == 0 {
		return all[:min(len(all), limit)]
	}
	var found []*shelved
	for _, p := range all {
		if len(found) == limit {
			break
		}
		if p.has(f.Words) {
			found = append(found, p)
		}
	}
	return found
}

func (p *shelved) has(words []string) bool {
	for _, word := range words {
		if !strings.Contains(p.words, word) {
			return false
		}
	}
	return true
}

// compare orders places as lists have them.
func (p Place) compare(other Place) int {
	return cmp.Or(cmp.Compare(p.Position, other.Position), cmp.Compare(p.SKU, other.SKU))
}

const beforeItems, beforeNext = `{"items":[`, `],"next":"`

// encodeList puts products that are encoded already into a list. The ETag is made of what
// is in it, so replicas that load at different times give the same one. next is a
// cursor of package page: base64url, which JSON need not escape.
func encodeList(items []*shelved, next string) (body []byte, tag string) {
	size := len(beforeItems) + len(items) + len(beforeNext) + len(next) + 2
	for _, p := range items {
		size += len(p.body)
	}
	sum := fnv.New64a()
	body = append(make([]byte, 0, size), beforeItems...)
	var one [8]byte
	for n, p := range items {
		if n > 0 {
			body = append(body, ',')
		}
		body = append(body, p.body...)
		_, _ = sum.Write(binary.LittleEndian.AppendUint64(one[:0], p.sum)) // never fails
	}
	_, _ = sum.Write([]byte(next))
	if next != "" {
		body = append(append(append(body, beforeNext...), next...), `"}`...)
	} else {
		body = append(body, `]}`...)
	}
	return body, fmt.Sprintf(`"%016x"`, sum.Sum64())
}
