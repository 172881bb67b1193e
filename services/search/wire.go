package search

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/emporium-shop/emporium/services/internal/httpapi"
)

// body is a product as it is answered. It is made when it is first shown, and once: what is known of a product never changes, a
// newer entry takes its place.
type body struct {
	once sync.Once
	text []byte
	sum  uint64
	err  error
}

// encoded is a product as it is answered.
func (e *entry) encoded() ([]byte, uint64, error) {
	b := e.body
	b.once.Do(func() {
		b.text, b.err = httpapi.Encode(wire(&e.Product))
		sum := fnv.New64a()
		_, _ = sum.Write(b.text) // never fails
		b.sum = sum.Sum64()
	})
	return b.text, b.sum, b.err
}

// write puts products that are encoded already into a foundBody. Its tag is made of what is in it, and the same from every replica.
func (a *api) write(items []hit, next string, found Answer) ([]byte, Freshness, error) {
	facets, err := httpapi.Encode(a.facets(found.Facets))
	if err != nil {
		return nil, Freshness{}, err
	}
	sum, text, one := fnv.New64a(), []byte(`{"items":[`), [8]byte{}
	for n, h := range items {
		product, known, err := h.product.encoded()
		if err != nil {
			return nil, Freshness{}, err
		}
		if n > 0 {
			text = append(text, ',')
		}
		text = append(text, product...)
		_, _ = sum.Write(binary.LittleEndian.AppendUint64(one[:0], known)) // never fails
	}
	end := []byte{']'}
	if next != "" { // a cursor is base64url, which JSON need not escape
		end = append(append(append(end, `,"next":"`...), next...), '"')
	}
	end = append(strconv.AppendInt(append(end, `,"found":`...), int64(found.Total), 10), `,"facets":`...)
	end = append(append(end, facets...), '}')
	_, _ = sum.Write(end)
	return append(text, end...), Freshness{fmt.Sprintf(`"%016x"`, sum.Sum64()), cacheFor}, nil
}

func (a *api) facets(f Facets) facetsBody {
	body := facetsBody{Category: values(f.Values[byCategory]), Brand: values(f.Values[byBrand]), Price: []valueBody{}, Stars: []valueBody{}, InStock: f.InStock, Attributes: []attributeBody{}}
	for n, count := range f.Prices {
		if count > 0 {
			body.Price = append(body.Price, valueBody{amount(spans[n].From, a.currency) + "-" + amount(spans[n].To, a.currency), count})
		}
	}
	for stars := 4; stars > 0; stars-- {
		if count := f.Stars[stars]; count > 0 {
			body.Stars = append(body.Stars, valueBody{fmt.Sprint(stars), count})
		}
	}
	var names []string
	for filter := range f.Values {
		if name, is := strings.CutPrefix(filter, ofAttribute); is {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		body.Attributes = append(body.Attributes, attributeBody{name, values(f.Values[ofAttribute+name])})
	}
	return body
}

func values(all []Value) []valueBody {
	body := []valueBody{}
	for _, v := range all {
		body = append(body, valueBody(v))
	}
	return body
}

func wire(p *Product) productBody {
	body := productBody{
		SKU: p.SKU, Slug: p.Slug, Name: p.Name, Description: p.Description, Category: p.Category, Brand: p.Brand,
		Price: p.Price, Image: p.Image, InStock: p.InStock(), Attributes: p.Attributes,
	}
	if p.Reviews > 0 {
		body.Stars = &starsBody{float64(p.Average()) / 10, p.Reviews}
	}
	return body
}
