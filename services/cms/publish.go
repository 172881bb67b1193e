package cms

import (
	"maps"
	"slices"
	"time"
)

// board is all that is shown now or will be, and the key of previews. It is never changed; package snapshot puts a newer one in its place.
// No job publishes: each read looks at the clock.
type board struct {
	// pages are the versions of a page, by slug and language.
	pages map[string]map[string][]Version
	// slugs are those of pages, in order.
	slugs []string
	// key signs previews.
	key []byte
}

func newBoard(versions []Version, key []byte) *board {
	b := &board{pages: map[string]map[string][]Version{}, key: key}
	for _, v := range versions {
		if b.pages[v.Slug] == nil {
			b.pages[v.Slug] = map[string][]Version{}
		}
		b.pages[v.Slug][v.Lang] = append(b.pages[v.Slug][v.Lang], v)
	}
	b.slugs = slices.Sorted(maps.Keys(b.pages))
	return b
}

// shown is the version that is shown. Of those whose time it is, that is the one that began last, and of two that began at once the
// later one: a campaign lies over a page while it lasts, and gives it back at its end.
func shown(versions []Version, now time.Time) (best Version, there bool) {
	for _, v := range versions {
		if v.Shows(now) && (!there || v.From.After(best.From) || v.From.Equal(best.From) && v.Number > best.Number) {
			best, there = v, true
		}
	}
	return best, there
}

// page is what somebody sees who asks for a page in a language, and in which languages it is there.
func (b *board) page(slug, lang string, now time.Time) (v Version, in []string, there bool) {
	for _, l := range preferred(lang) {
		one, has := shown(b.pages[slug][l], now)
		if !has {
			continue
		}
		if in = append(in, l); !there {
			v, there = one, true
		}
	}
	slices.Sort(in)
	return v, in, there
}

// all are the pages that are shown, after a slug, up to limit: of each its versions in the order of the languages.
func (b *board) all(after string, limit int, now time.Time) (list [][]Version) {
	from, there := slices.BinarySearch(b.slugs, after)
	if there {
		from++
	}
	for _, slug := range b.slugs[from:] {
		var page []Version
		for _, lang := range languages {
			if v, shows := shown(b.pages[slug][lang], now); shows {
				page = append(page, v)
			}
		}
		if len(list) == limit {
			break
		}
		if page != nil {
			list = append(list, page)
		}
	}
	return list
}

// fresh is for how long an answer made of some pages is surely right, as far as the schedule goes: longest at most, in whole seconds.
func (b *board) fresh(slugs []string, now time.Time, longest time.Duration) time.Duration {
	for _, slug := range slugs {
		for _, versions := range b.pages[slug] {
			for _, v := range versions {
				for _, change := range []time.Time{v.From, v.Until} {
					if change.After(now) {
						longest = min(longest, change.Sub(now))
					}
				}
			}
		}
	}
	return longest.Truncate(time.Second)
}
