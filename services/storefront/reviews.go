// What customers say of a product: a part of its page that the page can do without.
package storefront

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/services/internal/client"
)

const (
	reviewsShown = 5
	mostStars    = 5
)

// opinions is what the page shows of a product's reviews; the zero value shows nothing.
type opinions struct {
	Items   []review `json:"items"`
	Summary summary  `json:"summary,omitzero"`
}

// summary has no average where there is no review.
type summary struct {
	Count   int            `json:"count"`
	Average float64        `json:"average,omitempty"`
	Stars   map[string]int `json:"stars"`
}

// bar is how many reviews have a number of stars.
type bar struct{ Stars, Count int }

// Bars go from five stars to one.
func (o opinions) Bars() (all []bar) {
	for stars := mostStars; stars > 0; stars-- {
		all = append(all, bar{stars, o.Summary.Stars[strconv.Itoa(stars)]})
	}
	return all
}

type review struct {
	Author    string    `json:"author"`
	Stars     int       `json:"stars"`
	Title     string    `json:"title,omitempty"`
	Text      string    `json:"text"`
	Helpful   int       `json:"helpful"`
	CreatedAt time.Time `json:"createdAt"`
}

// Drawn shows the stars.
func (r review) Drawn() string { return drawn(r.Stars) }

// Day is when it was written, as <time> wants it.
func (r review) Day() string { return r.CreatedAt.UTC().Format(time.DateOnly) }

// Drawn is the average as stars, rounded to whole ones.
func (o opinions) Drawn() string { return drawn(int(o.Summary.Average + 0.5)) }

// Average has one digit, as the service gives it.
func (o opinions) Average() string { return strconv.FormatFloat(o.Summary.Average, 'f', 1, 64) }

// Most is the largest average there can be.
func (o opinions) Most() int { return mostStars }

// More is how many reviews the page does not show.
func (o opinions) More() int { return o.Summary.Count - len(o.Items) }

// drawn keeps to five stars, whatever another service says.
func drawn(stars int) string {
	stars = min(max(stars, 0), mostStars)
	return strings.Repeat("★", stars) + strings.Repeat("☆", mostStars-stars)
}

// reviews asks the service of that name. A shop need not have it: then there is no client.
type reviews struct{ api *client.Client }

// of is what customers say of a product. An error leaves that part of the page out.
func (r reviews) of(sku string) func(context.Context) (opinions, error) {
	return func(ctx context.Context) (opinions, error) {
		if r.api == nil {
			return opinions{}, nil
		}
		ctx, cancel := context.WithTimeout(ctx, partPatience)
		defer cancel()
		query := url.Values{"sku": {sku}, "limit": {strconv.Itoa(reviewsShown)}}
		found, _, err := client.Call[opinions](ctx, r.api, client.Request{Path: "/api/reviews", Query: query})
		return found, err
	}
}
