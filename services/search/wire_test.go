package search

import (
	"testing"

	"github.com/emporium-shop/emporium/services/internal/httpapi"
)

// written is an answer as it is put together, and as the encoder would write all of it.
func written(t *testing.T, g *goods, next string, q Question) (text, whole, tag string) {
	t.Helper()
	a := &api{goods: g, currency: "EUR"}
	_, found := g.asked(t, q)
	got, fresh, err := a.write(found.hits, next, found)
	if err != nil {
		t.Fatal(err)
	}
	all := foundBody{Items: []productBody{}, Next: next, Found: found.Total, Facets: a.facets(found.Facets)}
	for _, h := range found.hits {
		all.Items = append(all.Items, wire(&h.product.Product))
	}
	want, err := httpapi.Encode(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(got), string(want), fresh.ETag
}

func TestAnAnswerIsWhatTheEncoderWrites(t *testing.T) {
	g := shelved(t,
		Product{SKU: "A", Name: `Kettle "Åsa" <b>&`, Description: "a\nb", Price: euros(1290), Attributes: map[string]string{"size": "L", "colour": "red"}, Reviews: 2, Stars: 9},
		Product{SKU: "B", Name: "Kettle", Brand: "Alba & Co", Category: "kitchen", Price: euros(-1)}, Product{SKU: "C", Name: "Pan"})
	for _, q := range []Question{{}, {Words: "kettle"}, {Words: "pan"}, {Words: "nothing"}, {Filter: Filter{InStock: true}}} {
		for _, next := range []string{"", "eyJrIjp7Im4iOlswLDBdfX0"} {
			for range 2 { // products that are encoded already are the same
				if got, want, _ := written(t, g, next, q); got != want {
					t.Errorf("%+v:\n%s\nwant\n%s", q, got, want)
				}
			}
		}
	}
}

// A cache must not keep what is not so any more; and what is the same again may be kept, from whichever replica.
func TestATagIsThatOfTheAnswer(t *testing.T) {
	one := Product{SKU: "A", Name: "Kettle", Price: euros(1290), Available: 3}
	g := shelved(t, one)
	_, _, first := written(t, g, "", Question{})
	if _, _, same := written(t, shelved(t, one), "", Question{}); same != first || len(first) != 18 {
		t.Errorf("two replicas say %s and %s", first, same)
	}
	seen := map[string]string{first: "at first"}
	for name, change := range map[string]func() error{
		"dearer":   func() error { return g.price("A", euros(1390), g.now()) },
		"sold out": func() error { return g.stock("A", 0, g.now()) },
		"rated":    func() error { return g.rate("A", opinion{1, 4}) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		_, _, tag := written(t, g, "", Question{})
		if before := seen[tag]; before != "" {
			t.Errorf("%s has the tag of %s", name, before)
		}
		seen[tag] = name
	}
	for name, next := range map[string]string{"more": "eyJr", "even more": "eyJs"} {
		if _, _, tag := written(t, g, next, Question{}); seen[tag] != "" {
			t.Errorf("%s has the tag of %s", name, seen[tag])
		}
	}
}
