// An invoice or a credit note of a customer's own order, as a page to print.
package storefront

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// paper is a document of invoicing's, as it was issued.
type paper struct {
	ID          string        `json:"id"`
	Kind        string        `json:"kind"`
	Number      string        `json:"number"`
	Order       string        `json:"order"`
	OrderNumber string        `json:"orderNumber"`
	IssuedOn    string        `json:"issuedOn"`
	Reason      string        `json:"reason,omitempty"`
	Corrects    *corrected    `json:"corrects,omitempty"`
	Seller      party         `json:"seller"`
	Buyer       party         `json:"buyer"`
	Lines       []paperLine   `json:"lines"`
	Shipping    []paperCharge `json:"shipping"`
	VAT         []paperCharge `json:"vat"`
	Totals      paperTotals   `json:"totals"`
}

type corrected struct {
	Number string `json:"number"`
}

type party struct {
	Name         string `json:"name"`
	Street       string `json:"street"`
	Postcode     string `json:"postcode,omitempty"`
	City         string `json:"city"`
	Country      string `json:"country"`
	VATNumber    string `json:"vatNumber,omitempty"`
	Registration string `json:"registration,omitempty"`
	Email        string `json:"email,omitempty"`
}

type paperLine struct {
	Name     string `json:"name"`
	SKU      string `json:"sku,omitempty"`
	Quantity int    `json:"quantity"`
	Unit     money  `json:"unit"`
	Rate     string `json:"rate"`
	Net      money  `json:"net"`
	Tax      money  `json:"tax"`
	Gross    money  `json:"gross"`
}

type paperCharge struct {
	Rate  string `json:"rate"`
	Net   money  `json:"net"`
	Tax   money  `json:"tax"`
	Gross money  `json:"gross"`
}

type paperTotals struct {
	Net   money `json:"net"`
	Tax   money `json:"tax"`
	Gross money `json:"gross"`
}

// Where is the address as it is written on a letter.
func (p party) Where() []string {
	where := p.Country
	for _, c := range countries {
		if c.Code == p.Country {
			where = c.Name
		}
	}
	return []string{p.Name, p.Street, strings.TrimSpace(p.Postcode + " " + p.City), where}
}

// Words is what it is; Issued is its day.
func (p paper) Words() string { return invoice{Kind: p.Kind}.Words() }

// Issued is the day of the document.
func (p paper) Issued() time.Time { return dayOf(p.IssuedOn) }

// Back is the page of its order.
func (p paper) Back() string { return historyPath + "/" + url.PathEscape(p.Order) }

// paperPage shows a document of an order. Somebody else's is not told from one that there is not (C24).
func (s *shop) paperPage(w http.ResponseWriter, r *http.Request) {
	s.mine(func(w http.ResponseWriter, r *http.Request, who session) {
		order, id := r.PathValue("id"), r.PathValue("document")
		if s.accounts.invoicing == nil || !isID(order) || !isID(id) {
			s.fail(w, r, http.StatusNotFound)
			return
		}
		p, err := ask[paper](r.Context(), s.accounts.invoicing, who.Token, "/api/invoicing/documents/"+url.PathEscape(id), nil)
		switch {
		case err != nil:
			s.unseen(w, r, err)
			return
		case p.Order != order:
			s.fail(w, r, http.StatusNotFound)
			return
		}
		s.render(w, r, http.StatusOK, "invoice", page{Title: s.say(r, p.Words()) + " " + p.Number, Unlisted: true, Personal: true, Count: <-s.counting(r), Body: p})
	})(w, r)
}
