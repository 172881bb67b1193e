// What pages say, in a language. Texts are looked up by what they are in English, so that one without a translation is English.
package storefront

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

// speech says a text in a language, with arguments as fmt takes them.
type speech func(text string, args ...any) string

// speaking is the speech of a language. A text without arguments is taken as it is: it may be anybody's, and hold a "%".
func speaking(code string) speech {
	printer := message.NewPrinter(language.Make(code), message.Catalog(dictionary))
	return func(text string, args ...any) string {
		if len(args) > 0 {
			return printer.Sprintf(text, args...)
		}
		if e, there := catalogues[code][text]; there && !e.plural() {
			return e.Text
		}
		return text
	}
}

var speeches = map[string]speech{english: speaking(english), german: speaking(german)}

// say is a text in the language of a request.
func (s *shop) say(r *http.Request, text string, args ...any) string {
	return speeches[s.languageIn(r)](text, args...)
}

// addressed is a line of an address: countries are called as people of the language call them, all else is as it was typed.
func addressed(code string) func(string) string {
	return func(line string) string {
		for _, c := range countries {
			if c.Name == line {
				return speeches[code](line)
			}
		}
		return line
	}
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

// moment is a day with its time, as CLDR joins the long date and the short time in both languages.
func moment(code string) func(time.Time) string {
	day := date(code)
	return func(t time.Time) string { return day(t) + t.UTC().Format(", 15:04 UTC") }
}

// dayOf is a day as services write it; zero is that it is none.
func dayOf(text string) time.Time {
	day, _ := time.Parse(time.DateOnly, text)
	return day
}

// decimal is a number that a service wrote, as people of the language write it, with as many digits. What is no number stays.
func decimal(code string) func(string) string {
	printer := message.NewPrinter(language.Make(code))
	return func(text string) string {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return text
		}
		_, fraction, _ := strings.Cut(text, ".")
		return printer.Sprint(number.Decimal(n, number.Scale(len(fraction))))
	}
}

// locale is how amounts are written in a language: as the shop says, where it is the shop's own.
func (s settings) localeOf(code string) string {
	if code == s.own() {
		return s.locale
	}
	return code
}
