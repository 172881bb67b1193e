package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/page"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
	"github.com/emporium-shop/emporium/services/internal/snapshot"
)

var errBroken = errors.New("it cannot be encoded")

// range300 is the sample range, in the order of the seed.
func range300(t testing.TB) goods {
	t.Helper()
	all, err := readSeed(seedText)
	if err != nil {
		t.Fatal(err)
	}
	for n := range all.products {
		all.products[n].Position, all.products[n].Version = shuffled(all.products[n].SKU), 1
	}
	return all
}

func stocked(t testing.TB, all goods, before *shelf) *shelf {
	t.Helper()
	s, err := stock(all, before, encode)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A walk through a list meets every product that the filter admits once, in the
// shop's order, whatever the size of the pages.
func TestAWalkMeetsEveryProductOnceAndInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := some(t)
		s, err := stock(all, nil, encode)
		if err != nil {
			t.Fatal(err)
		}
		f := Filter{Category: rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, "category"), Words: rapid.SliceOfN(rapid.SampledFrom([]string{"red", "pot", "x"}), 0, 2).Draw(t, "words")}
		limit, at := rapid.IntRange(1, 5).Draw(t, "limit"), beginning
		var walked []string
		for len(walked) <= len(all.products) { // one that meets more goes in a circle
			found := s.list(f, at, limit)
			for _, p := range found {
				walked = append(walked, p.SKU)
			}
			if len(walked) > len(all.products) {
				t.Fatalf("the walk does not end: %v", walked)
			}
			if len(found) < limit {
				break
			}
			at = found[len(found)-1].Place()
		}
		if want := admitted(all, f); !slices.Equal(walked, want) {
			t.Fatalf("walked %v, want %v", walked, want)
		}
	})
}

// some draws a range.
func some(t *rapid.T) goods {
	all := goods{categories: []Category{{Slug: "a"}, {Slug: "b"}}}
	for n := range rapid.IntRange(0, 20).Draw(t, "products") {
		all.products = append(all.products, Product{
			SKU: "P-" + strconv.Itoa(n), Position: rapid.Int32Range(0, 3).Draw(t, "position"), Price: money.New(100, "EUR"),
			Category: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "category"), Name: rapid.SampledFrom([]string{"Red pot", "Pot", "RED lamp"}).Draw(t, "name"),
		})
	}
	return all
}

// admitted says the same without an index: all are looked at, then sorted.
func admitted(all goods, f Filter) (skus []string) {
	products := slices.Clone(all.products)
	slices.SortFunc(products, func(a, b Product) int {
		if a.Position != b.Position {
			return int(a.Position - b.Position)
		}
		return strings.Compare(a.SKU, b.SKU)
	})
	for _, p := range products {
		text := strings.ToLower(p.Name + " " + p.Category)
		if (f.Category == "" || f.Category == p.Category) && !slices.ContainsFunc(f.Words, func(w string) bool { return !strings.Contains(text, w) }) {
			skus = append(skus, p.SKU)
		}
	}
	return skus
}

// What is put together of parts is what the encoder makes of the whole.
func TestAListOfEncodedProductsIsTheListEncoded(t *testing.T) {
	s := stocked(t, range300(t), nil)
	for n, next := range map[int]string{0: "", 1: "", 20: "eyJrIjp7InAiOjF9fQ"} {
		want := productList{Items: make([]productBody, n), Next: next}
		for i, p := range s.products[:n] {
			want.Items[i] = wire(p.Product)
		}
		text, err := json.Marshal(want)
		body, _ := encodeList(s.products[:n], next)
		var got productList
		if err != nil || json.Unmarshal(body, &got) != nil || len(got.Items) != n || got.Next != next {
			t.Fatalf("%d products: %s (%v)", n, body, err)
		}
		if again, _ := json.Marshal(got); string(again) != string(text) {
			t.Errorf("%d products: %s, want %s", n, again, text)
		}
	}
}

func TestTheETagOfAListIsOfWhatIsInIt(t *testing.T) {
	all := range300(t)
	s := stocked(t, all, nil)
	first, other := s.products[:20], s.products[20:40]
	_, tag := encodeList(first, "n")
	tags := map[string]string{tag: "the list"}
	for name, c := range map[string]struct {
		items []*shelved
		next  string
	}{
		"other products": {other, "n"}, "the same in another order": {append(slices.Clone(first[1:]), first[0]), "n"},
		"one less": {first[:19], "n"}, "another next": {first, "m"}, "no next": {first, ""}, "nothing": {nil, ""},
	} {
		_, tag := encodeList(c.items, c.next)
		if same, taken := tags[tag]; taken {
			t.Errorf("%s has the ETag of %s", name, same)
		}
		tags[tag] = name
	}
	if _, again := encodeList(stocked(t, all, nil).products[:20], "n"); again != tag {
		t.Error("another replica gives another ETag")
	}
	all.products[0].Price = money.New(1, "EUR")
	changed := stocked(t, all, s)
	for n, p := range changed.products {
		if p.SKU != all.products[0].SKU {
			continue
		}
		from := n / 20 * 20
		_, before := encodeList(s.products[from:from+20], "")
		if _, after := encodeList(changed.products[from:from+20], ""); before == after {
			t.Error("a price changed, and the ETag of its list did not")
		}
	}
}

func TestWhatIsTheSameIsNotEncodedAgain(t *testing.T) {
	all, encoded := range300(t), 0
	counting := func(p Product) ([]byte, string, error) { encoded++; return encode(p) }
	s, err := stock(all, nil, counting)
	if err != nil || encoded != 300 {
		t.Fatalf("encoded %d of 300 (%v)", encoded, err)
	}
	all.products[7].Name = "Another"
	all.products = all.products[:299]
	if s, err = stock(all, s, counting); err != nil || encoded != 301 || len(s.products) != 299 {
		t.Errorf("one of 299 changed: encoded %d more (%v)", encoded-300, err)
	}
	if p := s.find(all.products[7].SKU); p == nil || !strings.Contains(string(p.body), `"Another"`) {
		t.Errorf("the one that changed is answered as %+v", p)
	}
	all.products[3].Name = "broken"
	broken := func(p Product) ([]byte, string, error) { return nil, "", errBroken }
	if _, err := stock(all, s, broken); !errors.Is(err, errBroken) {
		t.Errorf("half a range: %v", err)
	}
}

func TestCategoriesCountTheirProducts(t *testing.T) {
	all := range300(t)
	s := stocked(t, all, nil)
	sum := 0
	for _, c := range s.categories {
		sum += c.Count
	}
	if sum != 300 || len(s.categories) != len(all.categories) {
		t.Errorf("%+v", s.categories)
	}
	if all.categories[0].Count != 0 {
		t.Error("what was read is changed")
	}
}

// remembered is the catalog's reads, with a shelf that was loaded and about which
// nobody heard anything for a while.
func remembered(t *testing.T, silence time.Duration) *api {
	t.Helper()
	began := time.Now()
	snap := snapshot.New(func(context.Context, *shelf) (*shelf, error) { return stocked(t, range300(t), nil), nil },
		snapshot.Options{Heard: func() time.Time { return began.Add(time.Hour) }})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = snap.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	a := &api{shelf: snap, now: func() time.Time { return began.Add(time.Hour + silence) }}
	servicetest.Eventually(t, "all that was told is loaded", func() bool {
		age, there := snap.Age(a.now())
		return there && age == silence
	})
	return a
}

func TestAgeSaysForHowLongNobodyKnew(t *testing.T) {
	for silence, want := range map[time.Duration]string{0: "", 5 * time.Second: "", 7900 * time.Millisecond: "7", 2 * time.Minute: "120"} {
		a := remembered(t, silence)
		list, err1 := a.list(t.Context(), &listInput{Query: page.Query{Limit: 20}})
		one, err2 := a.get(t.Context(), &readInput{SKU: "KIT-1001"})
		all, err3 := a.categories(t.Context(), nil)
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		if list.Age != want || one.Age != want || all.Age != want {
			t.Errorf("after %s: %q, %q, %q, want %q", silence, list.Age, one.Age, all.Age, want)
		}
	}
}

func TestNothingIsAnsweredBeforeThereIsAShelf(t *testing.T) {
	a := &api{shelf: snapshot.New(func(context.Context, *shelf) (*shelf, error) { return nil, errBroken }, snapshot.Options{}), now: time.Now}
	if _, err := a.get(t.Context(), &readInput{SKU: "KIT-1001"}); !fault.Is(err, fault.UnavailableKind) {
		t.Errorf("%v", err)
	}
}

func BenchmarkListOf20(b *testing.B) {
	a := &api{now: time.Now, shelf: snapshot.New(func(context.Context, *shelf) (*shelf, error) { return stocked(b, range300(b), nil), nil }, snapshot.Options{})}
	go a.shelf.Run(b.Context())
	if err := a.warm(b.Context()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if out, err := a.list(b.Context(), &listInput{Query: page.Query{Limit: 20}}); err != nil || len(out.Body) < 1000 {
			b.Fatal(err)
		}
	}
}
