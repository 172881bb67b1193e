// Package page lists long things a piece at a time: a limit, and an opaque
// cursor that says after which item the next piece begins. A list read so
// neither repeats nor skips an item that is there all the time, whatever is
// added or removed meanwhile; pages by number do both.
package page

import (
	"encoding/base64"
	"encoding/json"
	"net/http"

	"github.com/emporium-shop/emporium/services/internal/problem"
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

// After reads the key after which the page begins; the zero K without a cursor.
func After[K any](q Query) (after K, err error) {
	if q.Cursor == "" {
		return after, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err == nil {
		err = json.Unmarshal(raw, &after)
	}
	if err != nil {
		return after, problem.New(http.StatusBadRequest, "", "The cursor is not one of ours.",
			problem.Field{Parameter: "query.cursor", Detail: "Use next of the page before, unchanged."})
	}
	return after, nil
}

// New makes a page of up to limit+1 items. The one too many tells that there
// is a next page; the key of the last one shown is where that begins.
func New[T, K any](q Query, items []T, key func(T) K) (Of[T], error) {
	if len(items) <= q.Limit {
		return Of[T]{Items: append([]T{}, items...)}, nil // [] in JSON, never null
	}
	items = items[:q.Limit]
	raw, err := json.Marshal(key(items[q.Limit-1]))
	return Of[T]{Items: items, Next: base64.RawURLEncoding.EncodeToString(raw)}, err
}
