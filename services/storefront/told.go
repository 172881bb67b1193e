// What was said in English before anybody knew for whom: what is wrong with a field, and what other services refuse. It is found again
// in the catalogue, with its numbers and names.
package storefront

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// filled are the texts that come with their arguments in them. No two fit the same text.
var filled = []string{
	"It is too long: at most %d characters.", "A postcode of %s looks like %s.", "Please enter a whole number from %d to %d.",
	"More than %d vouchers cannot be used at once.", "Please say it in %d characters.", "There are %d left.",
}

// foreign are the texts of other services that customers meet: of payments, checkout, inventory and returns. Another one stays English.
var foreign = []string{
	"There is not enough money on the card. Choose another one.", "The card has expired. Choose another one.", "There is no such card. Look at its number again.",
	"The bank confirmed another amount than yours. Nothing was taken; try again.", "It was sold to others meanwhile. Nothing was charged.",
	"The order could not be finished, and nothing was charged. Please try again.", "That many were not bought, or are returned already.", "All of it is returned.",
	"The order was cancelled: its money goes back without a return.", "The order was not sent yet: cancel it, and nothing has to be sent back.",
	"Who bought the product can review it, once it has arrived.", "This account was erased.",
	"Standard", "Express", "standard", "express",
}

// patterns find the arguments in filled texts.
var patterns = func() (all []*regexp.Regexp) {
	verbs := strings.NewReplacer("%d", "([0-9]{1,9})", "%s", "(.+)")
	for _, text := range filled {
		all = append(all, regexp.MustCompile("^"+verbs.Replace(regexp.QuoteMeta(text))+"$"))
	}
	return all
}()

// told says a text that was said in English in another language, as far as the catalogue has it.
func told(code string) func(string) string {
	say := speeches[code]
	return func(text string) string {
		if code == english {
			return text
		}
		return again(say, text)
	}
}

func again(say speech, text string) string {
	if is := say(text); is != text {
		return is
	}
	for n, pattern := range patterns {
		if found := pattern.FindStringSubmatch(text); found != nil {
			return say(filled[n], arguments(say, filled[n], found[1:])...)
		}
	}
	if small := recased(text, unicode.ToLower); say(small) != small { // a sentence that began with something else
		return capital(say(small))
	}
	if what, rest, there := strings.Cut(text, ": "); there && say(rest) != rest { // a voucher, and what is wrong with it
		return what + ": " + say(rest)
	}
	return text
}

// verb is where an argument stands.
var verb = regexp.MustCompile("%[ds]")

// arguments are numbers as numbers, so that they are written as the language does, and names in its words.
func arguments(say speech, text string, found []string) []any {
	args := make([]any, len(found))
	for n, kind := range verb.FindAllString(text, -1) {
		args[n] = say(found[n])
		if kind == "%d" {
			args[n], _ = strconv.Atoi(found[n]) // the pattern has let digits through alone; too many of them are none
		}
	}
	return args
}
