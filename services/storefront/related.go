// Which products are shown beside another one.
package storefront

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// related returns up to limit of the candidates that are most like p, the
// likest first. A shared brand counts as much as two shared words.
func related(p product, candidates []product, limit int) []product {
	type scored struct {
		product
		score float64
	}
	own := words(p)
	var ranked []scored
	for _, other := range candidates {
		if other.SKU != p.SKU {
			ranked = append(ranked, scored{other, likeness(own, p, other)})
		}
	}
	// Stable, so that two replicas show the same when products are equally alike.
	slices.SortStableFunc(ranked, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	var found []product
	for _, r := range ranked[:min(limit, len(ranked))] {
		found = append(found, r.product)
	}
	return found
}

func likeness(own map[string]bool, p, other product) float64 {
	theirs := words(other)
	shared := 0.0
	for word := range theirs {
		if own[word] {
			shared++
		}
	}
	if p.Brand != "" && p.Brand == other.Brand {
		shared += 2
	}
	// Divided by the length, or the longest description would always win.
	return shared / float64(1+len(theirs))
}

// words are those of a product's texts that carry meaning: short ones rarely do.
func words(p product) map[string]bool {
	found := map[string]bool{}
	for word := range strings.FieldsFuncSeq(strings.ToLower(p.Name+" "+p.Description), notLetter) {
		if len(word) > 3 {
			found[word] = true
		}
	}
	return found
}

func notLetter(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
