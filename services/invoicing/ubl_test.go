package invoicing

import (
	"encoding/xml"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The order of elements is that of the schemas of OASIS UBL 2.1, in which nothing may stand at another place.
var orderOf = map[string][]string{
	"Invoice": {"CustomizationID", "ID", "IssueDate", "InvoiceTypeCode", "Note", "DocumentCurrencyCode", "OrderReference", "AccountingSupplierParty", "AccountingCustomerParty",
		"PaymentTerms", "AllowanceCharge", "TaxTotal", "LegalMonetaryTotal", "InvoiceLine"},
	"CreditNote": {"CustomizationID", "ID", "IssueDate", "CreditNoteTypeCode", "Note", "DocumentCurrencyCode", "OrderReference", "BillingReference", "AccountingSupplierParty", "AccountingCustomerParty",
		"PaymentTerms", "AllowanceCharge", "TaxTotal", "LegalMonetaryTotal", "CreditNoteLine"},
	"Party":              {"PartyName", "PostalAddress", "PartyTaxScheme", "PartyLegalEntity", "Contact"},
	"PostalAddress":      {"StreetName", "CityName", "PostalZone", "Country"},
	"PartyLegalEntity":   {"RegistrationName", "CompanyID"},
	"AllowanceCharge":    {"ChargeIndicator", "AllowanceChargeReasonCode", "AllowanceChargeReason", "Amount", "TaxCategory"},
	"TaxTotal":           {"TaxAmount", "TaxSubtotal"},
	"TaxSubtotal":        {"TaxableAmount", "TaxAmount", "TaxCategory"},
	"TaxCategory":        {"ID", "Percent", "TaxScheme"},
	"LegalMonetaryTotal": {"LineExtensionAmount", "TaxExclusiveAmount", "TaxInclusiveAmount", "ChargeTotalAmount", "PrepaidAmount", "PayableAmount"},
	"InvoiceLine":        {"ID", "InvoicedQuantity", "LineExtensionAmount", "Item", "Price"},
	"CreditNoteLine":     {"ID", "CreditedQuantity", "LineExtensionAmount", "Item", "Price"},
	"Item":               {"Name", "SellersItemIdentification", "ClassifiedTaxCategory"},
}

func ordered(t testing.TB, e element) {
	t.Helper()
	last := 0
	for _, in := range e.In {
		if order := orderOf[e.XMLName.Local]; order != nil {
			at := slices.Index(order, in.XMLName.Local)
			if at < last {
				t.Errorf("%s stands at a wrong place in %s", in.XMLName.Local, e.XMLName.Local)
			}
			last = max(last, at)
		}
		ordered(t, in)
	}
}

func TestElementsStandInTheOrderOfUBL(t *testing.T) {
	p := basket()
	d := billed(t, p)
	d.Seller.Registration = "HRB 1"
	c := Credited{Invoice: d}
	for name, text := range map[string]string{"Invoice": written(t, d), "CreditNote": written(t, c.and(t, Wish{All: true}))} {
		var root element
		if err := xml.Unmarshal([]byte(text), &root); err != nil {
			t.Fatal(err)
		}
		if root.XMLName.Local != name || root.XMLName.Space != "urn:oasis:names:specification:ubl:schema:xsd:"+name+"-2" {
			t.Errorf("the root is %v", root.XMLName)
		}
		if id := root.In[1].XMLName; id.Space != cbc {
			t.Errorf("%v is not in the namespace of basic components", id)
		}
		ordered(t, root)
	}
}

// What others read is what was sold: terms of EN 16931 by their places in UBL.
func TestUBLSaysWhatTheDocumentSays(t *testing.T) {
	d := billed(t, basket())
	c := Credited{Invoice: d}
	note := c.and(t, Wish{Lines: map[int]int{3: 1}, Reason: "Scratched & <broken>"})
	for _, doc := range []struct {
		of   Document
		want map[string]string
	}{
		{d, map[string]string{
			"ID": "2026-000123", "IssueDate": "2026-11-27", "InvoiceTypeCode": "380", "DocumentCurrencyCode": "EUR", "OrderReference/ID": "10001",
			"AccountingCustomerParty/Party/PartyName/Name": "Anna Sample", "AccountingCustomerParty/Party/PostalAddress/PostalZone": "10115",
			"TaxTotal/TaxAmount": "8.15", "LegalMonetaryTotal/PrepaidAmount": "62.33", "LegalMonetaryTotal/PayableAmount": "0.00",
			"InvoiceLine/Item/SellersItemIdentification/ID": "BOOK-1", "AllowanceCharge/Amount": "1.51",
		}},
		{note, map[string]string{
			"CreditNoteTypeCode": "381", "BillingReference/InvoiceDocumentReference/ID": "2026-000123", "BillingReference/InvoiceDocumentReference/IssueDate": "2026-11-27",
			"LegalMonetaryTotal/TaxExclusiveAmount": "33.53", "TaxTotal/TaxAmount": "6.37", "LegalMonetaryTotal/PayableAmount": "39.90",
			"CreditNoteLine/CreditedQuantity": "1", "CreditNoteLine/ID": "3", "Note": "Scratched & <broken>",
		}},
	} {
		var root element
		if err := xml.Unmarshal([]byte(written(t, doc.of)), &root); err != nil {
			t.Fatal(err)
		}
		for path, want := range doc.want {
			if got := root.text(path); got != want {
				t.Errorf("%s: %q, want %q", path, got, want)
			}
		}
	}
}

// The price of one, times the quantity, is the net amount of the line to the cent.
func TestThePriceOfOneMakesTheLine(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		net, quantity := rapid.Int64Range(0, 10_000_000).Draw(r, "net"), rapid.IntRange(1, 10_000).Draw(r, "quantity")
		text := price(euro(net), quantity)
		one, ok := new(big.Rat).SetString(text)
		if !ok {
			r.Fatal(text)
		}
		if got := one.Mul(one, big.NewRat(int64(quantity), 1)).FloatString(2); got != euro(net).Amount() {
			r.Errorf("%d × %s = %s, not %s", quantity, text, got, euro(net).Amount())
		}
	})
	for text, got := range map[string]string{"49.00": price(euro(14700), 3), "3.33333333": price(euro(1000), 3), "2.5": strings.TrimSuffix(price(euro(500), 2), "0")} {
		if got != text {
			t.Errorf("%s, want %s", got, text)
		}
	}
}
