// Which products a page shows, and the addresses of the pages beside it.
package storefront

import (
	"net/http"
	"net/url"
	"slices"
	"unicode/utf8"
)

const (
	perPage       = 24
	longestSearch = 100 // characters, as many as catalog takes; what is longer is cut off, not refused
	// mostBack bounds the way back that an address holds.
	mostBack = 20
)

// listing says which products a page shows. Its zero value is all of them.
type listing struct {
	Query, Category, Cursor string
	// Back are the cursors of the pages between the first one and this one. Catalog's
	// cursors lead onward only, so the address remembers the way.
	Back  []string
	Limit int
}

func listingOf(r *http.Request) listing {
	query := r.URL.Query()
	l := listing{Query: cut(query.Get("q")), Category: query.Get("category"), Cursor: query.Get("cursor"), Limit: perPage}
	if l.Cursor != "" {
		l.Back = query["back"][:min(len(query["back"]), mostBack)]
	}
	return l
}

func cut(text string) string {
	if utf8.RuneCountInString(text) <= longestSearch {
		return text
	}
	return string([]rune(text)[:longestSearch])
}

// filter is what catalog is asked for.
func (l listing) filter() url.Values {
	values := url.Values{}
	for name, value := range map[string]string{"q": l.Query, "category": l.Category, "cursor": l.Cursor} {
		if value != "" {
			values.Set(name, value)
		}
	}
	return values
}

// Path is the page that shows the listing.
func (l listing) Path() string {
	values := l.filter()
	if len(l.Back) > 0 {
		values["back"] = l.Back
	}
	if query := values.Encode(); query != "" {
		return "/?" + query
	}
	return "/"
}

// First is the path of the listing's first page.
func (l listing) First() string { return l.at("", nil).Path() }

// Previous is the path of the page before; empty on the first one.
func (l listing) Previous() string {
	if l.Cursor == "" {
		return ""
	}
	return l.at(before(l.Back)).Path()
}

// After is the path of the page at a cursor that came with this one; empty without.
func (l listing) After(cursor string) string {
	if cursor == "" {
		return ""
	}
	return l.at(cursor, onward(l.Cursor, l.Back)).Path()
}

// before is where the page before begins, and the way back from there. Without a way it is the first page.
func before(back []string) (cursor string, rest []string) {
	if len(back) == 0 {
		return "", nil
	}
	last := len(back) - 1
	return back[last], back[:last]
}

// onward is the way back of the page after the one at a cursor.
func onward(cursor string, back []string) []string {
	back = slices.Clone(back)
	if cursor != "" {
		back = append(back, cursor)
	}
	// Who goes on further than that forgets the beginning, and has "First page".
	return back[max(0, len(back)-mostBack):]
}

func (l listing) at(cursor string, back []string) listing {
	l.Cursor, l.Back = cursor, back
	return l
}

// In is the path of the same search in a category; "" is all of them.
func (l listing) In(category string) string {
	return listing{Query: l.Query, Category: category}.Path()
}

// Everything tells whether the listing is the front page.
func (l listing) Everything() bool { return l.Query == "" && l.Category == "" && l.Cursor == "" }
