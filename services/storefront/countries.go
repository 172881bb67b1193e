// Where the shop sends goods, and what a postcode looks like there.
package storefront

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// country is one of those whose tax the shop knows.
type country struct {
	Code, Name string
	postcode   *regexp.Regexp
	// Example is a postcode of the country.
	Example string
}

func digits(n int) string { return fmt.Sprintf(`^[0-9]{%d}$`, n) }

// countries are those of the EU, in the order of their names. Postcodes are as the Universal Postal Union lists them, without blanks.
var countries = func() (all []country) {
	for _, row := range [][4]string{
		{"AT", "Austria", digits(4), "1010"},
		{"BE", "Belgium", digits(4), "1000"},
		{"BG", "Bulgaria", digits(4), "1000"},
		{"HR", "Croatia", digits(5), "10000"},
		{"CY", "Cyprus", digits(4), "1010"},
		{"CZ", "Czechia", digits(5), "110 00"},
		{"DK", "Denmark", digits(4), "1050"},
		{"EE", "Estonia", digits(5), "10111"},
		{"FI", "Finland", digits(5), "00100"},
		{"FR", "France", digits(5), "75001"},
		{"DE", "Germany", digits(5), "10115"},
		{"GR", "Greece", digits(5), "104 31"},
		{"HU", "Hungary", digits(4), "1011"},
		{"IE", "Ireland", `^[A-Z][0-9][0-9W][A-Z0-9]{4}$`, "D02 AF30"},
		{"IT", "Italy", digits(5), "00118"},
		{"LV", "Latvia", `^(LV-?)?[0-9]{4}$`, "LV-1010"},
		{"LT", "Lithuania", `^(LT-?)?[0-9]{5}$`, "LT-01100"},
		{"LU", "Luxembourg", `^(L-?)?[0-9]{4}$`, "1111"},
		{"MT", "Malta", `^[A-Z]{3}[0-9]{4}$`, "VLT 1010"},
		{"NL", "Netherlands", `^[0-9]{4}[A-Z]{2}$`, "1011 AB"},
		{"PL", "Poland", `^[0-9]{2}-?[0-9]{3}$`, "00-001"},
		{"PT", "Portugal", `^[0-9]{4}-?[0-9]{3}$`, "1000-001"},
		{"RO", "Romania", digits(6), "010011"},
		{"SK", "Slovakia", digits(5), "811 01"},
		{"SI", "Slovenia", `^(SI-?)?[0-9]{4}$`, "1000"},
		{"ES", "Spain", digits(5), "28001"},
		{"SE", "Sweden", digits(5), "111 20"},
	} {
		all = append(all, country{row[0], row[1], regexp.MustCompile(row[2]), row[3]})
	}
	return all
}()

// shipsTo reads SHIP_TO: codes with commas between. Unset: all that there are.
func shipsTo(text string) ([]country, error) {
	if text == "" {
		return countries, nil
	}
	var some []country
	for code := range strings.SplitSeq(text, ",") {
		code = strings.ToUpper(strings.TrimSpace(code))
		n := slices.IndexFunc(countries, func(c country) bool { return c.Code == code })
		if n < 0 {
			return nil, fmt.Errorf("reading the environment: SHIP_TO names %q, which is no code of a country of the EU such as DE", code)
		}
		some = append(some, countries[n])
	}
	return some, nil
}

// misfit says what is wrong with a postcode; empty: nothing. Blanks and small letters are no matter.
func (c country) misfit(postcode string) string {
	bare := strings.ToUpper(strings.Join(strings.Fields(postcode), ""))
	if c.postcode.MatchString(bare) {
		return ""
	}
	return fmt.Sprintf("A postcode of %s looks like %s.", c.Name, c.Example)
}
