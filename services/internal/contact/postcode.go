package contact

import (
	"regexp"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// longestPostcode is in characters: the longest one in use has ten.
const longestPostcode = 12

// withoutPostcodes are countries whose addresses have none.
const withoutPostcodes = " AE AG AO AW BS BW BZ CD CG CI CM DJ DM ER FJ GD GH GM GQ GY HK JM KI KM KN KP LC ML MO MR MW NR QA RW SB SC SL SR ST SY TF TG TK TL TO TT TV UG VU YE ZW "

// spaced are the forms of those countries that write a blank where people leave it out.
var spaced = map[string]struct {
	form  *regexp.Regexp
	parts string
}{
	"NL": {regexp.MustCompile(`^([1-9]\d{3})([A-Z]{2})$`), "$1 $2"},
	"GB": {regexp.MustCompile(`^([A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2})$`), "$1 $2"},
	"SE": {regexp.MustCompile(`^(\d{3})(\d{2})$`), "$1 $2"},
	"PL": {regexp.MustCompile(`^(\d{2})-?(\d{3})$`), "$1-$2"},
}

// plain are the forms of the others that the shop sells to most.
var plain = map[string]*regexp.Regexp{
	"AT": regexp.MustCompile(`^\d{4}$`), "BE": regexp.MustCompile(`^\d{4}$`), "CH": regexp.MustCompile(`^\d{4}$`), "DE": regexp.MustCompile(`^\d{5}$`),
	"DK": regexp.MustCompile(`^\d{4}$`), "ES": regexp.MustCompile(`^\d{5}$`), "FR": regexp.MustCompile(`^\d{5}$`), "IT": regexp.MustCompile(`^\d{5}$`),
	"US": regexp.MustCompile(`^\d{5}(-\d{4})?$`),
}

// Postcode reads the postcode of a country (ISO 3166-1, two letters) into the form that the country writes. One of a country whose
// form is not known here is taken as it is: a shop that refuses an address that exists loses the order.
func Postcode(pointer, text, country string) (string, error) {
	text, err := Text(pointer, strings.ToUpper(text), longestPostcode)
	if err != nil {
		return "", err
	}
	if text == "" && strings.Contains(withoutPostcodes, " "+country+" ") {
		return "", nil
	}
	wrong := fault.Invalid(pointer, "It is no postcode of this country.")
	if s, known := spaced[country]; known {
		tight := strings.ReplaceAll(text, " ", "")
		if !s.form.MatchString(tight) {
			return "", wrong
		}
		return s.form.ReplaceAllString(tight, s.parts), nil
	}
	if form, known := plain[country]; text == "" || known && !form.MatchString(text) {
		return "", wrong
	}
	return text, nil
}
