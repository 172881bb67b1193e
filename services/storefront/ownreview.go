// One's own review of a product: what a customer types, and what reviews is asked in his name.
package storefront

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/emporium-shop/emporium/services/internal/client"
)

const reviewsAPI = "/api/reviews"

// reviewFields are those of the form, in the order of the page: what is said where one is empty, and how many characters reviews takes.
var reviewFields = []struct {
	id, label, missing string
	most               int
}{
	{"stars", "Stars", "Choose how many stars.", 1},
	{"author", "The name that others see", "Enter the name that others see.", 60},
	{"title", "Title, if you like", "", 120},
	{"text", "What you think of it", "Write what you think of it.", 4000},
}

// typedReview is a review as it was typed.
type typedReview struct{ Stars, Author, Title, Text string }

// typedReviewIn reads the form. Browsers end lines with two characters, which count as one.
func typedReviewIn(get func(string) string) typedReview {
	field := func(id string) string { return strings.TrimSpace(strings.ReplaceAll(get(id), "\r\n", "\n")) }
	return typedReview{field("stars"), field("author"), field("title"), field("text")}
}

func (t typedReview) field(id string) string {
	return map[string]string{"stars": t.Stars, "author": t.Author, "title": t.Title, "text": t.Text}[id]
}

// check is what is wrong with it, before anybody is asked.
func (t typedReview) check() (wrong flaws) {
	for _, f := range reviewFields {
		text, why := t.field(f.id), ""
		switch {
		case text == "", f.id == "stars" && t.stars() == 0:
			why = f.missing
		case utf8.RuneCountInString(text) > f.most:
			why = fmt.Sprintf("It is too long: at most %d characters.", f.most)
		case strings.ContainsFunc(text, func(r rune) bool {
			return r == utf8.RuneError || unicode.IsControl(r) && (f.id != "text" || r != '\n' && r != '\t')
		}):
			why = "It holds characters that cannot be printed."
		}
		if why != "" {
			wrong = append(wrong, flaw{f.id, f.label, why})
		}
	}
	return wrong
}

// stars are how many were chosen, 0 for none.
func (t typedReview) stars() int {
	if n, err := strconv.Atoi(t.Stars); err == nil && n >= 1 && n <= mostStars {
		return n
	}
	return 0
}

// wire is the review as reviews takes it: of a product, where it is a new one. A title of nothing is none.
func (t typedReview) wire(sku string) map[string]any {
	said := map[string]any{"stars": t.stars(), "author": t.Author, "text": t.Text}
	for name, text := range map[string]string{"title": t.Title, "sku": sku} {
		if text != "" {
			said[name] = text
		}
	}
	return said
}

// ownReview is a review of the customer's own, as reviews has it.
type ownReview struct {
	ID    string `json:"id"`
	State string `json:"state"`
	Stars int    `json:"stars"`
	Title string `json:"title,omitempty"`
	Text  string `json:"text"`
	// Tag is the version, which a change must name.
	Tag string `json:"-"`
}

// Drawn shows the stars.
func (o ownReview) Drawn() string { return drawn(o.Stars) }

// send writes a review, or puts it in the place of the one that there is. A new one is written once, however often it comes with its key.
func (r reviews) send(ctx context.Context, token, sku, key string, t typedReview, before *ownReview) (ownReview, error) {
	ask := client.Request{Method: http.MethodPost, Path: reviewsAPI, Key: key, Header: bearer(token), Body: t.wire(sku)}
	if before != nil {
		ask = client.Request{Method: http.MethodPut, Path: reviewsAPI + "/" + url.PathEscape(before.ID), IfMatch: before.Tag, Header: bearer(token), Body: t.wire("")}
	}
	made, _, err := client.Call[ownReview](ctx, r.api, ask)
	return made, err
}

// own reads a review of the customer's.
func (r reviews) own(ctx context.Context, token, id string) (ownReview, error) {
	found, meta, err := client.Call[ownReview](ctx, r.api, client.Request{Path: reviewsAPI + "/" + url.PathEscape(id), Header: bearer(token)})
	found.Tag = meta.ETag
	return found, err
}
