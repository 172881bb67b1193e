// Pictures of products, in sizes, from media. What a page needs to know of them is in memory: no page asks or waits for it.
package storefront

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emporium-shop/emporium/services/internal/client"
)

const (
	// photosFresh is for how long a picture that staff took away may still be shown; mediaFresh for how long pages
	// name pictures after media went away.
	photosFresh = time.Minute
	mediaFresh  = 5 * time.Second
	photosLimit = 100
)

// photoWidths are those in which media has pictures (GET /api/media/{hash}/{size}).
var photoWidths = []int{160, 320, 480, 640, 960, 1280, 1920}

// photo is a picture as catalog names it.
type photo struct {
	Hash   string `json:"hash"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Alt    string `json:"alt"`
}

// usable tells whether an address can be made of it: what is no hash becomes part of no path.
func (p photo) usable() bool {
	return len(p.Hash) == 64 && strings.Trim(p.Hash, "0123456789abcdef") == "" && p.Width > 0 && p.Height > 0
}

// at is the address in a width. What it answers never changes.
func (p photo) at(width int) string {
	return "/api/media/" + p.Hash + "/" + strconv.Itoa(width) + ".jpg"
}

// set are its addresses as srcset has them. None is larger than the original: media enlarges nothing.
func (p photo) set() string {
	var all []string
	for _, width := range photoWidths {
		all = append(all, p.at(width)+" "+strconv.Itoa(min(width, p.Width))+"w")
		if width >= p.Width {
			break
		}
	}
	return strings.Join(all, ", ")
}

// high is how high it is in a width.
func (p photo) high(width int) int {
	return max(1, (p.Height*width+p.Width/2)/p.Width)
}

// photos are the pictures of all products. The zero pointer is a shop without media: it knows of none.
type photos struct {
	goods catalog
	media *client.Client
	named *kept[map[string]photo]
	there *kept[bool]
	// asked are hashes that media was asked for already, and whether it has them.
	asked map[string]bool
	known atomic.Pointer[map[string]photo]
}

func photosOf(goods catalog, media *client.Client) *photos {
	p := &photos{goods: goods, media: media, asked: map[string]bool{}}
	p.named, p.there = keep(photosFresh, p.all), keep(mediaFresh, p.answers)
	p.named.patience = mapPatience
	return p
}

// look brings what pages know up to date, without waiting. Where media does not answer they know of no picture, and
// show what catalog draws.
func (p *photos) look(ctx context.Context) {
	if p == nil {
		return
	}
	named, _ := p.named.latest(ctx, "")
	if there, _ := p.there.latest(ctx, ""); !there {
		named = nil
	}
	p.known.Store(&named)
}

// warm waits for the first answers, so that the first page has pictures, too.
func (p *photos) warm(ctx context.Context) {
	if p != nil {
		p.named.get(ctx, "")
		p.there.get(ctx, "")
	}
}

// of is a product's first picture.
func (p *photos) of(sku string) (photo, bool) {
	if p == nil {
		return photo{}, false
	}
	known := p.known.Load()
	if known == nil {
		return photo{}, false
	}
	one, there := (*known)[sku]
	return one, there
}

// path is where a product's picture is read that is shown alone.
func (p *photos) path(sku, drawn string) string {
	if one, there := p.of(sku); there {
		return one.at(960)
	}
	return drawn
}

// all walks catalog's list. One question is under way at a time, so asked needs no lock. While media does not answer the
// pictures that were known stay so: answers tells that they are not to be shown.
func (p *photos) all(ctx context.Context, _ string) (map[string]photo, error) {
	found := map[string]photo{}
	for l, n := (listing{Limit: photosLimit}), 0; n < mapPages; n++ {
		list, err := p.goods.products(ctx, l)
		if err != nil {
			return nil, err
		}
		for _, one := range list.Items {
			if len(one.Media) == 0 || !one.Media[0].usable() {
				continue
			}
			switch there, err := p.has(ctx, one.Media[0].Hash); {
			case err != nil:
				return nil, err
			case there:
				found[one.SKU] = one.Media[0]
			}
		}
		if l.Cursor = list.Next; l.Cursor == "" {
			break
		}
	}
	return found, nil
}

// has tells whether media has a picture that catalog names: somebody may have typed it. What it has it keeps, and is not asked again for.
func (p *photos) has(ctx context.Context, hash string) (bool, error) {
	if p.asked[hash] {
		return true, nil
	}
	err := p.ask(ctx, hash)
	if p.asked[hash] = err == nil; err != nil && status(err) != http.StatusNotFound {
		return false, err
	}
	return err == nil, nil
}

func (p *photos) ask(ctx context.Context, hash string) error {
	ctx, cancel := context.WithTimeout(ctx, max(time.Second, partPatience))
	defer cancel()
	_, _, err := client.Call[photoAbout](ctx, p.media, client.Request{Path: "/api/media/" + url.PathEscape(hash)})
	return err
}

// photoAbout is what is read of media's answer.
type photoAbout struct {
	Hash string `json:"hash"`
}

// answers tells whether media does. A refusal is an answer.
func (p *photos) answers(ctx context.Context, _ string) (bool, error) {
	named, _ := p.named.latest(ctx, "")
	if len(named) == 0 {
		return false, nil
	}
	err := p.ask(ctx, named[slices.Min(slices.Collect(maps.Keys(named)))].Hash)
	return err == nil || status(err) == http.StatusNotFound, nil
}
