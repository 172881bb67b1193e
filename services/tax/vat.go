package tax

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// Number is a VAT identification number of the Union: FR40303265045.
type Number struct {
	// Prefix is its country by the register's codes: Greece is EL.
	Prefix, Digits string
}

// String is the number as it is stored.
func (n Number) String() string { return n.Prefix + n.Digits }

// Country is ISO 3166-1.
func (n Number) Country() string {
	if n.Prefix == "EL" {
		return "GR"
	}
	return n.Prefix
}

// forms are what numbers look like (Directive 2006/112/EC Art. 215; the register's own list).
var forms = map[string]*regexp.Regexp{
	"AT": form(`U\d{8}`), "BE": form(`[01]\d{9}`), "BG": form(`\d{9,10}`), "CY": form(`\d{8}[A-Z]`), "CZ": form(`\d{8,10}`),
	"DE": form(`\d{9}`), "DK": form(`\d{8}`), "EE": form(`\d{9}`), "EL": form(`\d{9}`), "ES": form(`[0-9A-Z]\d{7}[0-9A-Z]`),
	"FI": form(`\d{8}`), "FR": form(`[0-9A-HJ-NP-Z]{2}\d{9}`), "HR": form(`\d{11}`), "HU": form(`\d{8}`), "IE": form(`\d[0-9A-Z+*]\d{5}[A-Z]{1,2}`),
	"IT": form(`\d{11}`), "LT": form(`(\d{9}|\d{12})`), "LU": form(`\d{8}`), "LV": form(`\d{11}`), "MT": form(`\d{8}`),
	"NL": form(`\d{9}B\d{2}`), "PL": form(`\d{10}`), "PT": form(`\d{9}`), "RO": form(`\d{2,10}`), "SE": form(`\d{12}`),
	"SI": form(`\d{8}`), "SK": form(`\d{10}`),
}

// checks are the check digits of those countries whose rule is certain.
var checks = map[string]func(string) bool{"DE": checkDE, "FR": checkFR, "EL": checkEL}

func form(pattern string) *regexp.Regexp { return regexp.MustCompile(`^` + pattern + `$`) }

// blanks are what people put into a number.
var blanks = strings.NewReplacer(" ", "", "\u00a0", "", ".", "", "-", "")

// ParseNumber reads a number as people write it. What is wrong with it is told at
// "#/vatNumber", without asking the register.
func ParseNumber(text string) (Number, error) {
	text = strings.ToUpper(blanks.Replace(text))
	if len(text) < 4 {
		return Number{}, wrongNumber("A VAT number is a country's two letters and its digits: DE136695976.")
	}
	n := Number{text[:2], text[2:]}
	pattern := forms[n.Prefix]
	switch {
	case n.Prefix == "GR":
		return Number{}, wrongNumber("Greek VAT numbers begin with EL.")
	case pattern == nil:
		return Number{}, wrongNumber("It does not begin with the two letters of a country of the Union.")
	case !pattern.MatchString(n.Digits):
		return Number{}, wrongNumber("It is not written as those of its country are.")
	case checks[n.Prefix] != nil && !checks[n.Prefix](n.Digits):
		return Number{}, wrongNumber("Its check digit is wrong: is there a typo?")
	}
	return n, nil
}

func wrongNumber(why string) error { return fault.Invalid("#/vatNumber", why) }

// checkDE is ISO 7064 MOD 11,10.
func checkDE(s string) bool {
	p := 10
	for _, c := range s[:8] {
		sum := (int(c-'0') + p) % 10
		if sum == 0 {
			sum = 10
		}
		p = 2 * sum % 11
	}
	return (11-p)%10 == int(s[8]-'0')
}

// checkFR is for the numeric keys; newer ones have letters and a rule of their own.
func checkFR(s string) bool {
	key, err := strconv.Atoi(s[:2])
	if err != nil {
		return true
	}
	siren, err := strconv.Atoi(s[2:])
	return err == nil && key == (12+3*(siren%97))%97
}

func checkEL(s string) bool {
	sum := 0
	for n, c := range s[:8] {
		sum += int(c-'0') << (8 - n)
	}
	return sum%11%10 == int(s[8]-'0')
}

// Verdict is what the register says of a number.
type Verdict string

// The verdicts. Unchecked is a register that is down, slow or not there: never free
// of tax because of an error.
const (
	Registered    Verdict = "registered"
	NotRegistered Verdict = "not-registered"
	Unchecked     Verdict = "unchecked"
)

// Reasons for the tax that is taken, as they stand on the order.
const (
	IntraCommunity = "intra-Community supply"
	domestic       = "domestic supply"
	notRegistered  = "VAT number is not registered"
	unchecked      = "VAT number could not be checked"
)

// eligible tells whether a supply to a country could be free of tax for the holder of
// a number (Directive 2006/112/EC Art. 138): the goods leave the seller's country, and
// the number is not of it.
func (n Number) eligible(seller, shipsTo string) bool {
	return shipsTo != seller && n.Country() != seller
}

// reason decides by the register's verdict; exempt is only what it says is registered.
func (n Number) reason(seller, shipsTo string, v Verdict) (why string, exempt bool) {
	switch {
	case !n.eligible(seller, shipsTo):
		return domestic, false
	case v == Registered:
		return IntraCommunity, true
	case v == NotRegistered:
		return notRegistered, false
	}
	return unchecked, false
}
