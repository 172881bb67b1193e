// What a customer types of himself and where the goods go, and what is wrong with it.
package storefront

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"unicode/utf8"
)

// address is what checkout wants of it, and the mail address.
type address struct {
	Email    string `json:"email"`
	Name     string `json:"name"`
	Street   string `json:"street"`
	Postcode string `json:"postcode"`
	City     string `json:"city"`
	Country  string `json:"country"`
}

// longest is how many characters each field takes: no more than the cookie holds of them in any script.
var longest = map[string]int{"email": 254, "name": 80, "street": 100, "postcode": 20, "city": 60, "country": 2}

// addressFields are the fields in their order on the page: what they are called there, and what is said of an empty one.
var addressFields = []struct{ id, label, missing string }{
	{"email", "Email", "Enter your email address, such as jane@example.org."},
	{"name", "Full name", "Enter the name that stands at the door."},
	{"street", "Street and number", "Enter the street and number."},
	{"postcode", "Postcode", "Enter the postcode."},
	{"city", "Town or city", "Enter the town or city."},
	{"country", "Country", "Choose a country."},
}

// flaw is what is wrong with a field: ID is the field's on the page.
type flaw struct{ ID, Label, Text string }

// flaws are in the order of the page.
type flaws []flaw

// Of is what is wrong with one field.
func (f flaws) Of(id string) string {
	for _, one := range f {
		if one.ID == id {
			return one.Text
		}
	}
	return ""
}

// addressOf reads the fields of a form.
func addressOf(get func(string) string) address {
	field := func(id string) string { return strings.TrimSpace(get(id)) }
	return address{field("email"), field("name"), field("street"), field("postcode"), field("city"), field("country")}
}

func (a address) field(id string) string {
	return map[string]string{"email": a.Email, "name": a.Name, "street": a.Street, "postcode": a.Postcode, "city": a.City, "country": a.Country}[id]
}

// Lines are the address as it is written on a parcel.
func (a address) Lines() []string {
	where := a.Country
	for _, c := range countries {
		if c.Code == a.Country {
			where = c.Name
		}
	}
	return []string{a.Name, a.Street, strings.TrimSpace(a.Postcode + " " + a.City), where}
}

// digest tells one address from another, so that nobody orders to one that is not on the page before him.
func (a address) digest() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{a.Email, a.Name, a.Street, a.Postcode, a.City, a.Country}, "\x00")))
	return hex.EncodeToString(sum[:8])
}

// check is what is wrong with it, where the shop sends goods to these countries.
func (a address) check(to []country) (wrong flaws) {
	for _, f := range addressFields {
		if text := a.wrong(f.id, f.missing, to); text != "" {
			wrong = append(wrong, flaw{f.id, f.label, text})
		}
	}
	return wrong
}

func (a address) wrong(id, missing string, to []country) string {
	text := a.field(id)
	switch n := utf8.RuneCountInString(text); {
	case text == "":
		return missing
	case n > longest[id], id == "email" && len(text) > longest[id]:
		return fmt.Sprintf("It is too long: at most %d characters.", longest[id])
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError }):
		return "It holds characters that cannot be printed."
	}
	at := slices.IndexFunc(to, func(c country) bool { return c.Code == a.Country })
	switch {
	case id == "email" && !isMail(text):
		return "This is no email address. One looks like jane@example.org."
	case id == "country" && at < 0:
		return "We do not send there yet. Choose another country."
	case id == "postcode" && at >= 0:
		return to[at].misfit(text)
	}
	return ""
}

// isMail takes what net/mail takes of addresses with a domain, without names, comments and quotes.
func isMail(text string) bool {
	read, err := mail.ParseAddress(text)
	_, domain, _ := strings.Cut(text, "@")
	return err == nil && read.Address == text && read.Name == "" && strings.Contains(domain, ".") && !strings.ContainsAny(text, "\" <>")
}

// cut is the address as it is kept while it is still wrong. What is too long stays so, by a character: it never becomes right by itself.
func (a address) cut() address {
	short := func(id string) string {
		text := []rune(a.field(id))
		return string(text[:min(len(text), longest[id]+1)])
	}
	return address{short("email"), short("name"), short("street"), short("postcode"), short("city"), short("country")}
}
