package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/custom"
	"github.com/blevesearch/bleve/v2/analysis/char/asciifolding"
	"github.com/blevesearch/bleve/v2/analysis/lang/de"
	"github.com/blevesearch/bleve/v2/analysis/lang/en"
	"github.com/blevesearch/bleve/v2/analysis/token/lowercase"
	tokenizer "github.com/blevesearch/bleve/v2/analysis/tokenizer/unicode"
	"github.com/blevesearch/bleve/v2/mapping"
	"golang.org/x/text/unicode/norm"

	"github.com/emporium-shop/emporium/services/internal/gtin"
)

// Language says how words are bent: which endings make no difference.
type Language string

// The languages that there are.
const (
	English Language = "en"
	German  Language = "de"
)

var languages = []Language{English, German}

const (
	// mostWords bounds a search; what comes after that is not looked at.
	mostWords = 8
	// plain is the analyzer that keeps endings, for suggestions.
	plain = "plain"
	// exactly below these many letters, one typo from there on, two from longWord on.
	shortWord, longWord = 4, 8
)

var folding = asciifolding.New()

// fold writes letters as everybody can type them: é and e with U+0301 are e, ß is ss, ø is o.
func fold(text string) string {
	return string(folding.Filter(norm.NFKC.Bytes([]byte(strings.ToValidUTF8(text, " ")))))
}

func lower(text string) string { return strings.ToLower(fold(text)) }

// newMapping says how products are indexed: each text once for each language, and once as it is.
func newMapping() (*mapping.IndexMappingImpl, error) {
	m := mapping.NewIndexMapping()
	for name, filters := range map[string][]any{
		string(English): {lowercase.Name, en.PossessiveName, en.SnowballStemmerName},
		string(German):  {lowercase.Name, de.NormalizeName, de.SnowballStemmerName},
		plain:           {lowercase.Name},
	} {
		config := map[string]any{"type": custom.Name, "tokenizer": tokenizer.Name, "token_filters": filters}
		if err := m.AddCustomAnalyzer(name, config); err != nil {
			return nil, err
		}
	}
	document := mapping.NewDocumentStaticMapping()
	for _, name := range []string{string(English), string(German), plain} {
		document.AddFieldMappingsAt(name, field(name))
	}
	document.AddFieldMappingsAt(skuField, field("keyword"))
	document.AddFieldMappingsAt(gtinField, field("keyword"))
	m.DefaultMapping = document
	return m, nil
}

// field is one that is looked into and never read: what a product is stands in memory.
func field(analyzer string) *mapping.FieldMapping {
	f := mapping.NewTextFieldMapping()
	f.Analyzer, f.Store, f.DocValues, f.IncludeTermVectors, f.IncludeInAll = analyzer, false, false, false, false
	return f
}

// word is one of a search.
type word struct {
	// terms are what an index holds of it: mostly one, several of "end-grain". All must be there.
	terms []string
	// code says that it has digits: it may be an article number, and has no typos.
	code string
	// gtin is the number at GS1 that it is, in 14 digits; empty where it is none.
	gtin string
	// optional words say too little to be asked for: "the".
	optional bool
	// typos is how many letters may be wrong.
	typos int
}

// reader makes words of what somebody typed.
type reader struct {
	mapping *mapping.IndexMappingImpl
	stop    map[Language]analysis.TokenMap
}

func newReader(m *mapping.IndexMappingImpl) (*reader, error) {
	english, err := en.TokenMapConstructor(nil, nil)
	if err != nil {
		return nil, err
	}
	german, err := de.TokenMapConstructor(nil, nil)
	return &reader{m, map[Language]analysis.TokenMap{English: english, German: german}}, err
}

// words reads a search. Signs that are no letters are none; without a word everything is found.
func (r *reader) words(text string, l Language) (all []word) {
	for _, typed := range strings.Fields(lower(text)) {
		if len(all) == mostWords {
			break
		}
		w := word{terms: r.terms(typed, string(l)), optional: r.stop[l][typed]}
		if len(w.terms) == 0 {
			continue
		}
		letters := utf8.RuneCountInString(typed)
		switch {
		case strings.ContainsFunc(typed, unicode.IsDigit):
			w.code = typed
			w.gtin, _ = gtin.Of(typed)
		case letters >= longWord:
			w.typos = 2
		case letters >= shortWord:
			w.typos = 1
		}
		all = append(all, w)
	}
	if every(all, func(w word) bool { return w.optional }) {
		for n := range all {
			all[n].optional = false
		}
	}
	return all
}

// terms are those of a text that is folded.
func (r *reader) terms(folded, analyzer string) (all []string) {
	for _, token := range r.mapping.AnalyzerNamed(analyzer).Analyze([]byte(folded)) {
		all = append(all, string(token.Term))
	}
	return all
}

func every[T any](all []T, holds func(T) bool) bool {
	for _, one := range all {
		if !holds(one) {
			return false
		}
	}
	return true
}
