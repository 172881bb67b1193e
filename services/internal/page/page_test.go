package page

import (
	"encoding/base64"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// stored lists numbers above a key, as a database would: one more than asked for.
func stored(all []int, after, limit int) []int {
	rest := all[sortedAfter(all, after):]
	return rest[:min(len(rest), limit+1)]
}

func sortedAfter(all []int, key int) int {
	at, found := slices.BinarySearch(all, key)
	if found {
		at++
	}
	return at
}

// walk reads a list page by page; between lets things happen to it meanwhile.
func walk(t *testing.T, all *[]int, limit int, between func()) (seen []int) {
	t.Helper()
	q := Query{Limit: limit}
	for range 100 {
		after, err := After[int](q)
		if err != nil {
			t.Fatal(err)
		}
		p, err := New(q, stored(*all, after, limit), func(n int) int { return n })
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, p.Items...)
		if q.Cursor = p.Next; q.Cursor == "" {
			return seen
		}
		between()
	}
	t.Fatal("the last page never came")
	return nil
}

func TestEveryItemComesOnce(t *testing.T) {
	all := []int{1, 2, 3, 4, 5, 6, 7}
	for limit := 1; limit <= len(all)+1; limit++ {
		if seen := walk(t, &all, limit, func() {}); !slices.Equal(seen, all) {
			t.Errorf("by %d: %v", limit, seen)
		}
	}
}

func TestWhatComesAndGoesMovesNothingElse(t *testing.T) {
	all := []int{10, 20, 30, 40, 50, 60}
	seen := walk(t, &all, 2, func() {
		all = slices.DeleteFunc(all, func(n int) bool { return n == 20 })
		if !slices.Contains(all, 15) {
			all = slices.Insert(all, 1, 15)
		}
	})
	if want := []int{10, 20, 30, 40, 50, 60}; !slices.Equal(seen, want) {
		t.Errorf("want %v, which were there when it was their turn, got %v", want, seen)
	}
}

func TestAnEmptyListIsAList(t *testing.T) {
	p, err := New(Query{Limit: 5}, nil, func(n int) int { return n })
	if err != nil || p.Items == nil || p.Next != "" {
		t.Errorf("got %#v, %v", p, err)
	}
}

func TestACursorOfSomebodyElseIsABadRequest(t *testing.T) {
	for _, cursor := range []string{"%", "bm90IGpzb24", "InRleHQi", "eyJrIjoidGV4dCJ9"} {
		key, err := After[int](Query{Cursor: cursor})
		refused(t, cursor, err)
		if key != 0 {
			t.Errorf("%s: key %d", cursor, key)
		}
	}
}

func refused(t *testing.T, name string, err error) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind != fault.BadRequestKind || f.Fields[0].Parameter != "query.cursor" {
		t.Errorf("%s: %v", name, err)
	}
}

func TestACursorBelongsToItsFilter(t *testing.T) {
	first, err := New(Query{Limit: 2}, []int{1, 2, 3}, func(n int) int { return n }, "toys", "red")
	if err != nil || first.Next == "" {
		t.Fatalf("%+v, %v", first, err)
	}
	q := Query{Limit: 2, Cursor: first.Next}
	if key, err := After[int](q, "toys", "red"); err != nil || key != 2 {
		t.Errorf("its own filter: %d, %v", key, err)
	}
	for name, filter := range map[string][]string{
		"another category": {"bags", "red"}, "other words": {"toys", ""}, "no filter": nil, "the parts joined otherwise": {"toysr", "ed"},
	} {
		_, err := After[int](q, filter...)
		refused(t, name, err)
	}
	plain, err := New(Query{Limit: 2}, []int{1, 2, 3}, func(n int) int { return n })
	if err != nil {
		t.Fatal(err)
	}
	_, err = After[int](Query{Cursor: plain.Next}, "toys", "red")
	refused(t, "a cursor of the whole list", err)
}

// A list of anything, changed in any way between its pages: what is there all
// the time comes once, in order.
func TestWhateverHappensMeanwhileNothingIsSkippedOrRepeated(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		all := rapid.SliceOfNDistinct(rapid.IntRange(1, 500), 0, 40, rapid.ID).Draw(r, "all")
		slices.Sort(all)
		stays := slices.Clone(all)
		seen := walk(t, &all, rapid.IntRange(1, 9).Draw(r, "limit"), func() {
			if gone := rapid.IntRange(1, 500).Draw(r, "gone"); slices.Contains(all, gone) {
				all = slices.DeleteFunc(all, func(n int) bool { return n == gone })
				stays = slices.DeleteFunc(stays, func(n int) bool { return n == gone })
			}
			if fresh := rapid.IntRange(1, 500).Draw(r, "fresh"); !slices.Contains(all, fresh) {
				all = append(all, fresh)
				slices.Sort(all)
			}
		})
		if !slices.IsSorted(seen) || len(slices.Compact(slices.Clone(seen))) != len(seen) {
			r.Fatalf("out of order, or twice: %v", seen)
		}
		for _, n := range stays {
			if !slices.Contains(seen, n) {
				r.Fatalf("%d was there all the time and is not in %v", n, seen)
			}
		}
	})
}

// Contract L-04: who sends what is no cursor of ours is told so. Taken for the beginning, a walk would never end.
func TestACursorWithoutAKeyIsNoBeginning(t *testing.T) {
	for _, text := range []string{`{}`, `{"conform":1}`, `{"k":null}`, `null`, `[]`} {
		q := Query{Limit: 1, Cursor: base64.RawURLEncoding.EncodeToString([]byte(text))}
		if after, err := After[int](q); !fault.Is(err, fault.BadRequestKind) {
			t.Errorf("%s: begins after %d (%v)", text, after, err)
		}
		if after, err := After[*int](q); !fault.Is(err, fault.BadRequestKind) {
			t.Errorf("%s, for a pointer: begins after %v (%v)", text, after, err)
		}
	}
}
