package invoicing

import (
	"errors"
	"fmt"
	"regexp"
)

var (
	countryCode = regexp.MustCompile(`^[A-Z]{2}$`)
	// EN 16931, BR-CO-09: the number begins with its country, which for Greece is EL.
	vatNumber = regexp.MustCompile(`^[A-Z]{2}[0-9A-Z+*]{2,12}$`)
	errSeller = errors.New("SELLER_NAME is not set: nothing is invoiced, and events wait, until the environment says who sells")
)

// sellerOf reads who sells out of the environment; nil where nothing is said of it. A seller of whom some is said and some is
// missing is an error: invoices without an address or a VAT number are none.
func sellerOf(get func(string) string) (*Party, error) {
	s := Party{
		Name: get("SELLER_NAME"), Street: get("SELLER_STREET"), Postcode: get("SELLER_POSTCODE"), City: get("SELLER_CITY"), Country: get("SELLER_COUNTRY"),
		VATNumber: get("SELLER_VAT_NUMBER"), Registration: get("SELLER_REGISTRATION"), Email: get("SELLER_EMAIL"),
	}
	if s == (Party{}) {
		return nil, nil //nolint:nilnil // nothing is said
	}
	var wrong []error
	for _, must := range []struct{ name, value string }{
		{"SELLER_NAME", s.Name}, {"SELLER_STREET", s.Street}, {"SELLER_CITY", s.City}, {"SELLER_COUNTRY", s.Country}, {"SELLER_VAT_NUMBER", s.VATNumber},
	} {
		if must.value == "" {
			wrong = append(wrong, errors.New(must.name+" is not set"))
		}
	}
	if s.Country != "" && !countryCode.MatchString(s.Country) {
		wrong = append(wrong, fmt.Errorf("SELLER_COUNTRY must be two capitals, such as DE, not %q", s.Country))
	}
	if s.VATNumber != "" && !vatNumber.MatchString(s.VATNumber) {
		wrong = append(wrong, fmt.Errorf("SELLER_VAT_NUMBER must begin with its country and have no blanks, such as DE136695976, not %q", s.VATNumber))
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, fmt.Errorf("reading who sells: %w", err)
	}
	return &s, nil
}
