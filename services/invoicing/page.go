package invoicing

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/money"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// wording is what a page says in a language.
type wording struct {
	Lang, Invoice, CreditNote, Number, Date, Order, Corrects, Reason, Seller, Buyer, VATNumber, Register string
	Item, Quantity, Price, Rate, Net, Tax, Gross, Shipping, Total, Paid, Due, Back, Sum                  string
	// cancelled, refund and returned are the reasons of credit notes that nobody gave one.
	cancelled, refund, returned string
}

var english = wording{
	Lang: "en", Invoice: "Invoice", CreditNote: "Credit note", Number: "Number", Date: "Date", Order: "Order", Corrects: "Corrects invoice", Reason: "Reason",
	Seller: "Seller", Buyer: "Buyer", VATNumber: "VAT number", Register: "Register", Item: "Item", Quantity: "Quantity", Price: "Price", Rate: "VAT rate", Net: "Net",
	Tax: "VAT", Gross: "Total", Shipping: "Shipping", Total: "Total", Paid: "Paid", Due: "To be paid", Back: "Goes back", Sum: "Sum",
	cancelled: "Order cancelled", refund: "Refund", returned: "Goods returned",
}

var german = wording{
	Lang: "de", Invoice: "Rechnung", CreditNote: "Rechnungskorrektur", Number: "Nummer", Date: "Datum", Order: "Bestellung", Corrects: "Korrigiert Rechnung", Reason: "Grund",
	Seller: "Verkäufer", Buyer: "Käufer", VATNumber: "USt-IdNr.", Register: "Register", Item: "Artikel", Quantity: "Menge", Price: "Preis", Rate: "USt-Satz", Net: "Netto",
	Tax: "USt", Gross: "Gesamt", Shipping: "Versand", Total: "Gesamtbetrag", Paid: "Bezahlt", Due: "Zu zahlen", Back: "Erstattung", Sum: "Summe",
	cancelled: "Bestellung storniert", refund: "Erstattung", returned: "Ware zurückgegeben",
}

// words are those of a locale: German for "de" and "de-AT", English for all others.
func words(locale string) wording {
	if own, _, _ := strings.Cut(strings.ToLower(locale), "-"); own == german.Lang {
		return german
	}
	return english
}

// Page is a document as people print it. What customers wrote is text there, whatever it looks like.
func (d Document) Page() ([]byte, error) {
	var out bytes.Buffer
	locale := d.Locale
	if locale == "" {
		locale = english.Lang
	}
	data := struct {
		D Document
		W wording
		M func(money.Money) string
	}{d, words(d.Locale), func(m money.Money) string { return m.Format(locale) }}
	if err := pageTemplate.Execute(&out, data); err != nil {
		return nil, fmt.Errorf("writing the page of %s: %w", d.Number, err)
	}
	return out.Bytes(), nil
}

// Title is what the document is called in its language.
func (d Document) Title() string {
	if d.Kind == CreditNote {
		return words(d.Locale).CreditNote
	}
	return words(d.Locale).Invoice
}
