// Package page lists long things a piece at a time: a limit, and an opaque
// cursor that says after which item the next piece begins. A list read so
// neither repeats nor skips an item that is there all the time, whatever is
// added or removed meanwhile; pages by number do both.
package page

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// Query is what every list takes. Embed it in the input of an operation.
type Query struct {
	Limit  int    `query:"limit" default:"20" minimum:"1" maximum:"100" doc:"How many items at most"`
	Cursor string `query:"cursor" maxLength:"512" doc:"next of the page before; empty for the first page"`
}

// Of is a piece of a list.
type Of[T any] struct {
	Items []T `json:"items" nullable:"false"`
	// Next is empty on the last page.
	Next string `json:"next,omitempty" doc:"Cursor of the next page; absent on the last one"`
}

// cursor is what a client carries from page to page.
type cursor[K any] struct {
	Key *K `json:"k"`
	// Filter is a hash of what the list was filtered and ordered by.
	Filter string `json:"f,omitempty"`
}

// After reads the key after which the page begins; the zero K without a cursor.
// filter is everything else that decides what is listed: a cursor goes on with
// the list that it comes from, and with no other.
func After[K any](q Query, filter ...string) (K, error) {
	var c cursor[K]
	var none K
	if q.Cursor == "" {
		return none, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err != nil || c.Key == nil { // without a key it would begin the list again, and nobody would notice
		return none, fault.BadRequest("query.cursor", "The cursor is not one of ours. Use next of the page before, unchanged.")
	}
	if c.Filter != hash(filter) {
		return none, fault.BadRequest("query.cursor", "The cursor is of a list with another filter. Begin again without a cursor.")
	}
	return *c.Key, nil
}

// New makes a page of up to limit+1 items. The one too many tells that there
// is a next page; the key of the last one shown is where that begins. filter
// must be what After is given.
func New[T, K any](q Query, items []T, key func(T) K, filter ...string) (Of[T], error) {
	if len(items) <= q.Limit {
		return Of[T]{Items: append([]T{}, items...)}, nil // [] in JSON, never null
	}
	items = items[:q.Limit]
	next, err := Cursor(key(items[q.Limit-1]), filter...)
	return Of[T]{Items: items, Next: next}, err
}

// Cursor goes on after a key; filter must be what After is given.
func Cursor[K any](key K, filter ...string) (string, error) {
	raw, err := json.Marshal(cursor[K]{&key, hash(filter)})
	if err != nil {
		return "", fmt.Errorf("writing the cursor: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

// hash is not secret: who makes up a cursor reads what he could read without one.
func hash(filter []string) string {
	if len(filter) == 0 {
		return ""
	}
	sum := fnv.New32a()
	for _, part := range filter {
		fmt.Fprintf(sum, "%d:%s,", len(part), part)
	}
	return fmt.Sprintf("%08x", sum.Sum32())
}
