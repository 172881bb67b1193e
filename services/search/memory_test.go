package search

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestAMemoryAnswersForItsStateAlone(t *testing.T) {
	var m memory[string]
	if _, there := m.get(0, "q"); there {
		t.Error("it remembers what nobody told")
	}
	m.keep(1, "q", "old", 3)
	if got, there := m.get(1, "q"); !there || got != "old" {
		t.Errorf("%q %t", got, there)
	}
	if _, there := m.get(2, "q"); there {
		t.Error("an answer of a state that is over")
	}
	m.keep(2, "other", "new", 3)
	m.keep(1, "q", "late", 3) // it was made while the state changed
	if _, there := m.get(1, "q"); there {
		t.Error("a state that is over came back")
	}
	if got, there := m.get(2, "other"); !there || got != "new" {
		t.Errorf("%q %t", got, there)
	}
}

func TestAMemoryIsBounded(t *testing.T) {
	var m memory[int]
	if m.keep(0, "large", 1, mostRemembered/8); len(m.answers) > 0 {
		t.Error("one answer takes all the room")
	}
	for n := range 100_000 {
		m.keep(0, fmt.Sprint(n), n, 1000)
		if m.size > mostRemembered || len(m.answers) > mostRemembered/1000 {
			t.Fatalf("%d answers of %d bytes", len(m.answers), m.size)
		}
	}
	size := m.size
	if m.keep(0, "99999", 0, 1000); m.size != size {
		t.Error("the same answer is counted twice")
	}
}

// What the index found is remembered; what products are, cost and have is not.
func TestASearchThatIsRepeatedSeesEveryChange(t *testing.T) {
	g := shelved(t, Product{SKU: "A", Name: "Copper kettle", Price: euros(900), Available: 3}, Product{SKU: "B", Name: "Kettle stand", Price: euros(800), Available: 3})
	find := func(q Question) string {
		t.Helper()
		skus, _ := g.asked(t, q)
		if again, _ := g.asked(t, q); strings.Join(again, " ") != strings.Join(skus, " ") {
			t.Errorf("%+v: %v, and then %v", q, skus, again)
		}
		return strings.Join(skus, " ")
	}
	for _, c := range []struct {
		change func() error
		q      Question
		want   string
	}{
		{func() error { return nil }, Question{Words: "kettle", Sort: ByPrice}, "B A"},
		{func() error { return g.price("A", euros(700), time.Now()) }, Question{Words: "kettle", Sort: ByPrice}, "A B"},
		{func() error { return g.stock("A", 0, time.Now()) }, Question{Words: "kettle", Filter: Filter{InStock: true}}, "B"},
		{func() error { return g.rate("B", opinion{1, 5}) }, Question{Words: "kettle", Sort: ByStars}, "B A"},
		{func() error { _, err := g.describe(Product{SKU: "A", Name: "Copper pan", Version: 2}); return err }, Question{Words: "kettle"}, "B"},
		{func() error { return g.remove("B", 3) }, Question{Words: "kettle"}, ""},
		{func() error { return g.load(list{began: time.Now(), products: []Product{{SKU: "C", Name: "Kettle"}}}) }, Question{Words: "kettle"}, "C"},
	} {
		if err := c.change(); err != nil {
			t.Fatal(err)
		}
		if got := find(c.q); got != c.want {
			t.Errorf("%+v found %q, want %q", c.q, got, c.want)
		}
	}
}

// The languages bend words differently, so an answer in one is none in the other.
func TestASearchIsRememberedForItsLanguage(t *testing.T) {
	g := shelved(t, Product{SKU: "A", Name: "Müller Messer"})
	for range 2 {
		if got, _ := g.asked(t, Question{Words: "mueller", Language: German}); strings.Join(got, " ") != "A" {
			t.Errorf("in German: %v", got)
		}
		if _, a := g.asked(t, Question{Words: "mueller", Language: English}); len(a.hits) > 0 && a.hits[0].key.N[0] == 0 {
			t.Errorf("in English it is no typo: %+v", a.hits)
		}
	}
}

func TestSuggestionsThatAreRepeatedSeeEveryChange(t *testing.T) {
	g := shelved(t, Product{SKU: "A", Name: "Café kettle", Category: "kitchen", Version: 1})
	suggested := func(limit int, want string) {
		t.Helper()
		for range 2 {
			if got, err := g.suggest(t.Context(), "k", limit); err != nil || fmt.Sprint(got) != want {
				t.Errorf("%v %v, want %s", got, err, want)
			}
		}
	}
	suggested(8, "[{category kitchen 1} {product Café kettle 1}]")
	suggested(1, "[{category kitchen 1}]")
	// Folded it is the same text, so the index stays as it is.
	if _, err := g.describe(Product{SKU: "A", Name: "Cafe kettle", Category: "kitchen", Version: 2}); err != nil {
		t.Fatal(err)
	}
	suggested(8, "[{category kitchen 1} {product Cafe kettle 1}]")
	if err := g.remove("A", 3); err != nil {
		t.Fatal(err)
	}
	suggested(8, "[]")
}
