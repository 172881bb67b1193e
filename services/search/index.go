package search

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/blevesearch/bleve/v2/search/query"

	"github.com/emporium-shop/emporium/services/internal/gtin"
)

const (
	skuField  = "sku"
	gtinField = "gtin"
	// batch is how many products are written at a time.
	batch = 500
	// enough results without typos make a search with typos needless.
	enough = 5
	// sharedLetters is how many letters at the beginning a word with typos must share with what it finds.
	sharedLetters = 1
)

// index knows which products have which words. It is on disk and is made anew by each process: what it holds comes from the
// catalog and can be had again, so nothing of it need survive.
type index struct {
	bleve  bleve.Index
	folder string
	*reader
}

// openIndex makes an empty index in a folder of its own below dir; empty is the system's folder for temporary files.
func openIndex(dir string) (*index, error) {
	m, err := newMapping()
	if err != nil {
		return nil, fmt.Errorf("describing the index: %w", err)
	}
	r, err := newReader(m)
	if err != nil {
		return nil, fmt.Errorf("reading the languages: %w", err)
	}
	folder, err := os.MkdirTemp(dir, "search-")
	if err != nil {
		return nil, fmt.Errorf("making the folder of the index: %w", err)
	}
	// unsafe_batch: nobody waits for the disk, which holds what is not needed after a crash.
	b, err := bleve.NewUsing(filepath.Join(folder, "index"), m, scorch.Name, scorch.Name, map[string]any{"unsafe_batch": true})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making the index: %w", err), os.RemoveAll(folder))
	}
	return &index{b, folder, r}, nil
}

func (x *index) close() error { return errors.Join(x.bleve.Close(), os.RemoveAll(x.folder)) }

// put indexes products, in the place of what there was of them.
func (x *index) put(all []*Product) error {
	b := x.bleve.NewBatch()
	for n, p := range all {
		text := p.text()
		number, _ := gtin.Of(p.GTIN)
		document := map[string]any{skuField: lower(p.SKU), gtinField: number, plain: fold(p.Name + " " + p.Brand + " " + strings.ReplaceAll(p.Category, "-", " ")), string(English): text, string(German): text}
		if err := b.Index(p.SKU, document); err != nil {
			return fmt.Errorf("indexing %s: %w", p.SKU, err)
		}
		if (n+1)%batch == 0 || n == len(all)-1 {
			if err := x.bleve.Batch(b); err != nil {
				return fmt.Errorf("writing the index: %w", err)
			}
			b.Reset()
		}
	}
	return nil
}

// text is what a search looks into, folded.
func (p *Product) text() string {
	parts := []string{p.Name, p.Brand, strings.ReplaceAll(p.Category, "-", " "), p.Description}
	for _, name := range slices.Sorted(maps.Keys(p.Attributes)) { // in one order, or a text would differ from itself
		parts = append(parts, p.Attributes[name])
	}
	return fold(strings.Join(parts, "\n"))
}

func (x *index) remove(sku string) error {
	if err := x.bleve.Delete(sku); err != nil {
		return fmt.Errorf("removing %s from the index: %w", sku, err)
	}
	return nil
}

// find returns which products have all the words, in which tier; at most most of them. Words with typos are looked for when
// there is little without.
func (x *index) find(ctx context.Context, words []word, l Language, most int) (map[string]int, error) {
	tiers := map[string]int{}
	exact, err := x.ask(ctx, wanted(words, l, false), most)
	for _, sku := range exact {
		tiers[sku] = 0
	}
	if err != nil || len(exact) >= enough || every(words, func(w word) bool { return w.typos == 0 }) {
		return tiers, err
	}
	similar, err := x.ask(ctx, wanted(words, l, true), most)
	for _, sku := range similar {
		if _, there := tiers[sku]; !there {
			tiers[sku] = 1
		}
	}
	return tiers, err
}

// wanted asks for all words that are not optional.
func wanted(words []word, l Language, typos bool) query.Query {
	var all []query.Query
	for _, w := range words {
		if !w.optional {
			all = append(all, w.query(l, typos))
		}
	}
	return bleve.NewConjunctionQuery(all...)
}

func (w word) query(l Language, typos bool) query.Query {
	var terms []query.Query
	for _, t := range w.terms {
		exact := bleve.NewTermQuery(t)
		exact.SetField(string(l))
		if !typos || w.typos == 0 {
			terms = append(terms, exact)
			continue
		}
		similar := bleve.NewFuzzyQuery(t)
		similar.SetField(string(l))
		similar.SetFuzziness(w.typos)
		similar.SetPrefix(sharedLetters)
		terms = append(terms, similar) // finds what is exact as well
	}
	all := query.Query(bleve.NewConjunctionQuery(terms...))
	if w.code != "" {
		sku := bleve.NewTermQuery(w.code)
		sku.SetField(skuField)
		all = bleve.NewDisjunctionQuery(sku, all)
	}
	if w.gtin != "" {
		number := bleve.NewTermQuery(w.gtin)
		number.SetField(gtinField)
		all = bleve.NewDisjunctionQuery(number, all)
	}
	return all
}

// beginning returns products whose names have words that begin so; the words before the last one must be whole.
func (x *index) beginning(ctx context.Context, text string, most int) ([]string, error) {
	terms := x.terms(lower(text), plain)
	if len(terms) == 0 {
		return nil, nil
	}
	terms = terms[:min(len(terms), mostWords)]
	var all []query.Query
	for n, t := range terms {
		if n == len(terms)-1 {
			begins := bleve.NewPrefixQuery(t)
			begins.SetField(plain)
			all = append(all, begins)
			continue
		}
		whole := bleve.NewTermQuery(t)
		whole.SetField(plain)
		all = append(all, whole)
	}
	return x.ask(ctx, bleve.NewConjunctionQuery(all...), most)
}

// ask returns the SKUs of what fits, without a score: theirs are not the same in all replicas.
func (x *index) ask(ctx context.Context, q query.Query, most int) (skus []string, err error) {
	r := bleve.NewSearchRequestOptions(q, most, 0, false)
	r.Score = "none"
	r.SortBy([]string{"_id"})
	found, err := x.bleve.SearchInContext(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("looking into the index: %w", err)
	}
	for _, hit := range found.Hits {
		skus = append(skus, hit.ID)
	}
	return skus, nil
}
