package storefront

import (
	"context"
	"net/http"
)

// The addresses that a customer keeps.

func addressIn(get func(string) string) savedAddress {
	t := typedIn(get, "id", "name", "street", "postcode", "city", "country", "phone")
	return savedAddress{t["id"], t["name"], t["street"], t["postcode"], t["city"], t["country"], t["phone"]}
}

// saveAddress adds an address, or with an id changes or removes it.
func (s *shop) saveAddress(w http.ResponseWriter, r *http.Request) {
	s.change("address", func(ctx context.Context, who session, get func(string) string) (wrong flaws, err error) {
		id := get("id")
		switch {
		case s.accounts.customers == nil:
			return nil, errAway
		case id != "" && !isID(id):
			return flaws{{"name", "Address", "That is not there any more."}}, nil
		case id != "" && get("remove") != "":
			return nil, s.accounts.changeAddress(ctx, who.Token, id, nil)
		}
		said := typedIn(get, "name", "street", "postcode", "city", "country", "phone")
		for _, f := range addressFields {
			if f.id != "email" && f.id != "postcode" && said[f.id] == "" {
				wrong = append(wrong, flaw{f.id, f.label, f.missing})
			}
		}
		switch {
		case wrong != nil:
			return wrong, nil
		case id != "":
			return nil, s.accounts.changeAddress(ctx, who.Token, id, said)
		}
		return nil, s.accounts.addAddress(ctx, who.Token, keyOf(get("attempt")), said)
	})(w, r)
}

// knownAddress is what a customer who orders need not type: his mail address, and the first of his address book. Where it cannot be had
// he types it.
func (s *shop) knownAddress(ctx context.Context) address {
	who, a := buyerIn(ctx), s.accounts
	if who.Token == "" {
		return address{}
	}
	about := part(ctx, a.customers, func(ctx context.Context) (profile, error) { return a.profile(ctx, who.Token) })
	book := part(ctx, a.customers, listed[savedAddress](a.customers, who.Token, addressBook))
	var known address
	if p := <-about; p != nil {
		known.Email, known.Name = p.Email, p.Name
	}
	if b := <-book; b != nil && len(b.Items) > 0 {
		one := b.Items[0]
		known.Name, known.Street, known.Postcode, known.City, known.Country = one.Name, one.Street, one.Postcode, one.City, one.Country
	}
	return known.cut()
}
