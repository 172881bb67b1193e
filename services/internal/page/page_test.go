package page

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/problem"
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
	for _, cursor := range []string{"%", "bm90IGpzb24", "InRleHQi"} {
		_, err := After[int](Query{Cursor: cursor})
		var p *problem.Problem
		if !errors.As(err, &p) || p.Status != http.StatusBadRequest || p.Errors[0].Parameter != "query.cursor" {
			t.Errorf("%s: %v", cursor, err)
		}
	}
}
