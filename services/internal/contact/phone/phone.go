// Package phone reads phone numbers. It stands apart from package contact, for the numbering plans of all countries are large.
package phone

import (
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// longest is how much is looked at: E.164 has 15 digits, people write blanks and brackets between them.
const longest = 40

// Parse reads a number as people write it in a country (ISO 3166-1, two letters) into E.164: "+4930901820". Without a country the
// number must begin with + and the country's code. No number is none.
func Parse(pointer, text, country string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return "", nil
	}
	wrong := fault.Invalid(pointer, "It is no phone number.")
	if len(text) > longest {
		return "", wrong
	}
	n, err := phonenumbers.Parse(text, country)
	if err != nil || n.GetExtension() != "" || !phonenumbers.IsPossibleNumber(n) {
		return "", wrong
	}
	return phonenumbers.Format(n, phonenumbers.E164), nil
}
