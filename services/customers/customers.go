package customers

import (
	"regexp"

	"github.com/google/uuid"
	"golang.org/x/text/language"

	"github.com/emporium-shop/emporium/services/internal/contact"
	"github.com/emporium-shop/emporium/services/internal/contact/phone"
	"github.com/emporium-shop/emporium/services/internal/fault"
)

const (
	// longestName and longestLine bound what is written on a parcel, in characters.
	longestName, longestLine = 120, 200
	// mostAddresses bounds an address book.
	mostAddresses = 200
	// addressBookFull is the kind of an address book that takes no more.
	addressBookFull fault.Kind = "address-book-full"
)

// Profile is what a customer says of himself. One who has said nothing yet has version 0.
type Profile struct {
	// Customer is the subject of the customer's tokens.
	Customer string
	// Email is where mail goes; without a value nowhere.
	Email contact.Mail
	Name  string
	// Phone is E.164.
	Phone string
	// Locale is a BCP 47 tag: "de-AT".
	Locale  string
	Version int64
}

// Said is a profile as somebody writes it.
type Said struct{ Email, Name, Phone, Country, Locale string }

// Change is the profile with what the customer says now, all of it.
func (p Profile) Change(s Said) (Profile, error) {
	after := Profile{Customer: p.Customer, Version: p.Version + 1}
	var err error
	if s.Email != "" {
		if after.Email, err = contact.ParseMail("#/email", s.Email); err != nil {
			return Profile{}, err
		}
	}
	if after.Name, err = contact.Text("#/name", s.Name, longestName); err != nil {
		return Profile{}, err
	}
	if after.Phone, err = phone.Parse("#/phone", s.Phone, s.Country); err != nil {
		return Profile{}, err
	}
	after.Locale, err = locale(s.Locale)
	return after, err
}

// same tells whether two profiles say the same.
func (p Profile) same(other Profile) bool {
	p.Version = other.Version
	return p == other
}

func locale(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	tag, err := language.Parse(text)
	if err != nil {
		return "", fault.Invalid("#/locale", "It is no language tag such as de-AT.")
	}
	return tag.String(), nil
}

// Address is where goods go.
type Address struct {
	ID                           uuid.UUID
	Name, Street, Postcode, City string
	// Country is ISO 3166-1, two letters.
	Country string
	// Phone is E.164; empty where the customer gave none.
	Phone   string
	Version int64
}

var countryForm = regexp.MustCompile(`^[A-Z]{2}$`)

// Checked is the address in the form that is stored: what is wrong with it is told by its place.
func (a Address) Checked() (Address, error) {
	if region, err := language.ParseRegion(a.Country); err != nil || !countryForm.MatchString(a.Country) || !region.IsCountry() {
		return Address{}, fault.Invalid("#/country", "It is no country of ISO 3166-1.")
	}
	var err error
	for _, line := range []struct {
		text    *string
		pointer string
		longest int
	}{{&a.Name, "#/name", longestName}, {&a.Street, "#/street", longestLine}, {&a.City, "#/city", longestLine}} {
		if *line.text, err = contact.Required(line.pointer, *line.text, line.longest); err != nil {
			return Address{}, err
		}
	}
	if a.Postcode, err = contact.Postcode("#/postcode", a.Postcode, a.Country); err != nil {
		return Address{}, err
	}
	a.Phone, err = phone.Parse("#/phone", a.Phone, a.Country)
	return a, err
}

func (a Address) same(other Address) bool {
	a.Version = other.Version
	return a == other
}

// full is said of an address book with as many as it may hold.
func full() error {
	return fault.Conflict(addressBookFull, "The address book is full. Remove an address that is not needed any more.")
}
