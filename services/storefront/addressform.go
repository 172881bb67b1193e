// The form of an address in the account: one to add an address, and one at each address that changes it in place.
package storefront

// addressForm is a form with what it holds.
type addressForm struct {
	Fields    []addressField
	Countries []country
	// Phone is kept as it is: the form does not ask for it.
	Phone string
}

// addressField is a field of it. Its ID is that of no other form of the page.
type addressField struct {
	ID, Name, Label, Value, Wrong, Fill string
	Most                                int
	Half, Needed                        bool
}

// most is how many characters customers takes.
var most = map[string]int{"name": 120, "street": 200, "postcode": 20, "city": 200}

// Form changes an address: it holds what was typed where something is wrong with that, else what is kept.
func (b accountBody) Form(a savedAddress) addressForm {
	if b.Kept.ID == a.ID {
		a = b.Kept
	}
	return b.form(a)
}

// NewForm adds an address.
func (b accountBody) NewForm() addressForm {
	if b.Kept.ID != "" {
		return b.form(savedAddress{})
	}
	return b.form(b.Kept)
}

func (b accountBody) form(a savedAddress) addressForm {
	f := addressForm{Countries: b.Countries, Phone: a.Phone}
	values := address{Name: a.Name, Street: a.Street, Postcode: a.Postcode, City: a.City, Country: a.Country}
	for _, one := range addressFields {
		if one.id == "email" {
			continue
		}
		id := idIn(a.ID, one.id)
		f.Fields = append(f.Fields, addressField{id, one.id, one.label, values.field(one.id), b.Wrong.Of(id), fills[one.id], most[one.id], one.id == "postcode" || one.id == "city", one.id != "postcode"})
	}
	return f
}

// idIn is the ID of a field in the form of an address.
func idIn(form, field string) string {
	if form == "" {
		return field
	}
	return field + "-" + form
}

// in are flaws of the form of an address.
func (f flaws) in(form string) (all flaws) {
	for _, one := range f {
		if isID(form) && one.ID != "sure" {
			one.ID = idIn(form, one.ID)
		}
		all = append(all, one)
	}
	return all
}
