// What pages say, in a language. Texts are looked up by what they are in English, so that one without a translation is English.
package storefront

import (
	"net/http"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	messages "golang.org/x/text/message/catalog"
)

// speech says a text in a language, with arguments as fmt takes them.
type speech func(text string, args ...any) string

// texts that depend on a number, by the rules of CLDR. The number is the first argument.
var plurals = map[string]map[string][]any{
	"%d products": {
		english: {plural.One, "%d product", plural.Other, "%d products"},
		german:  {plural.One, "%d Produkt", plural.Other, "%d Produkte"},
	},
	"%d reviews": {
		english: {plural.One, "%d review", plural.Other, "%d reviews"},
		german:  {plural.One, "%d Bewertung", plural.Other, "%d Bewertungen"},
	},
	"%d things": {
		english: {plural.One, "item", plural.Other, "items"},
		german:  {plural.One, "Artikel", plural.Other, "Artikel"},
	},
}

// dictionary is made once: what it holds is written here.
var dictionary = func() messages.Catalog {
	b := messages.NewBuilder(messages.Fallback(language.English))
	for text, translated := range germanTexts {
		if err := b.SetString(language.German, text, translated); err != nil {
			panic(err) // at the start of any test
		}
	}
	for text, in := range plurals {
		for code, cases := range in {
			if err := b.Set(language.Make(code), text, plural.Selectf(1, "%d", cases...)); err != nil {
				panic(err)
			}
		}
	}
	return b
}()

// speaking is the speech of a language. A text without arguments is taken as it is: it may be anybody's, and hold a "%".
func speaking(code string) speech {
	printer := message.NewPrinter(language.Make(code), message.Catalog(dictionary))
	return func(text string, args ...any) string {
		if len(args) > 0 {
			return printer.Sprintf(text, args...)
		}
		if translated, there := germanTexts[text]; there && code == german {
			return translated
		}
		return text
	}
}

var speeches = map[string]speech{english: speaking(english), german: speaking(german)}

// say is a text in the language of a request.
func (s *shop) say(r *http.Request, text string, args ...any) string {
	return speeches[s.languageIn(r)](text, args...)
}

// germanMonths are CLDR's, wide and within a date. golang.org/x/text has no dates.
var germanMonths = [...]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}

// date is a day as CLDR's long pattern writes it: "2 November 2026" (en-GB), "2. November 2026" (de).
func date(code string) func(time.Time) string {
	return func(t time.Time) string {
		t = t.UTC()
		if code == german {
			return t.Format("2. ") + germanMonths[t.Month()-1] + t.Format(" 2006")
		}
		return t.Format("2 January 2006")
	}
}

// locale is how amounts are written in a language: as the shop says, where it is the shop's own.
func (s settings) localeOf(code string) string {
	if code == s.own() {
		return s.locale
	}
	return code
}
