package invoicing

import (
	"encoding/xml"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// The business rules of EN 16931-1 (6.4) that concern what this service writes, on a document in UBL: what is checked is what others
// will read. A tax may be less than one away from its net amount times its rate, as the standard's public Schematron allows: prices
// that contain tax leave no other choice (rule R7). All other sums are exact. A rule is named as the standard names it.

// Broken is a rule that a document breaks.
type Broken struct{ Rule, Why string }

// Error tells it.
func (b Broken) Error() string { return b.Rule + ": " + b.Why }

// element is one of XML, with all that is in it.
type element struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Text    string     `xml:",chardata"`
	In      []element  `xml:",any"`
}

// all are the elements at a path: "TaxTotal/TaxSubtotal".
func (e element) all(path string) []element {
	found := []element{e}
	for name := range strings.SplitSeq(path, "/") {
		var next []element
		for _, f := range found {
			for _, in := range f.In {
				if in.XMLName.Local == name {
					next = append(next, in)
				}
			}
		}
		found = next
	}
	return found
}

// text is that of the first element at a path, without blanks around it.
func (e element) text(path string) string {
	for _, found := range e.all(path) {
		return strings.TrimSpace(found.Text)
	}
	return ""
}

func (e element) attribute(name string) string {
	for _, a := range e.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (e element) has(path string) bool { return e.text(path) != "" }

// number is what an element holds; zero where it is not there or no number, which other rules tell.
func (e element) number(path string) *big.Rat {
	if n, ok := new(big.Rat).SetString(e.text(path)); ok {
		return n
	}
	return new(big.Rat)
}

func sumOf(list []element, path string) *big.Rat {
	sum := new(big.Rat)
	for _, e := range list {
		sum.Add(sum, e.number(path))
	}
	return sum
}

// check is a document under examination.
type check struct {
	root           element
	lines, charges []element
	found          []Broken
}

// Check tells which rules of EN 16931 a document in UBL breaks; none is as it should be.
func Check(text []byte) ([]Broken, error) {
	c := &check{}
	if err := xml.Unmarshal(text, &c.root); err != nil {
		return nil, fmt.Errorf("reading UBL: %w", err)
	}
	c.lines = append(c.root.all("InvoiceLine"), c.root.all("CreditNoteLine")...)
	c.charges = c.root.all("AllowanceCharge")
	for _, rules := range []func(){c.present, c.parties, c.sums, c.breakdown, c.categories, c.payment, c.digits} {
		rules()
	}
	return c.found, nil
}

// must notes a rule that does not hold.
func (c *check) must(rule string, holds bool, why string, of ...any) {
	if !holds {
		c.found = append(c.found, Broken{rule, fmt.Sprintf(why, of...)})
	}
}

// present are the rules of what an invoice has.
func (c *check) present() {
	for _, r := range []struct{ rule, path, why string }{
		{"BR-01", "CustomizationID", "no specification (BT-24)"}, {"BR-02", "ID", "no number (BT-1)"}, {"BR-03", "IssueDate", "no day (BT-2)"},
		{"BR-05", "DocumentCurrencyCode", "no currency (BT-5)"}, {"BR-12", "LegalMonetaryTotal/LineExtensionAmount", "no sum of lines (BT-106)"},
		{"BR-13", "LegalMonetaryTotal/TaxExclusiveAmount", "no net total (BT-109)"}, {"BR-14", "LegalMonetaryTotal/TaxInclusiveAmount", "no total (BT-112)"},
		{"BR-15", "LegalMonetaryTotal/PayableAmount", "nothing is said to be due (BT-115)"},
	} {
		c.must(r.rule, c.root.has(r.path), "%s", r.why)
	}
	c.must("BR-04", c.root.has("InvoiceTypeCode") || c.root.has("CreditNoteTypeCode"), "no type (BT-3)")
	c.must("BR-16", len(c.lines) > 0, "no line (BG-25)")
	for _, r := range c.root.all("BillingReference") {
		c.must("BR-55", r.has("InvoiceDocumentReference/ID"), "a reference to no invoice (BT-25)")
	}
	for n, l := range c.lines {
		c.line(n+1, l)
	}
	for _, a := range c.charges {
		allowance := a.text("ChargeIndicator") != "true"
		rule := func(charge, other string) string {
			if allowance {
				return other
			}
			return charge
		}
		reason := a.has("AllowanceChargeReason") || a.has("AllowanceChargeReasonCode")
		c.must(rule("BR-36", "BR-31"), a.has("Amount"), "an allowance or charge without an amount")
		c.must(rule("BR-37", "BR-32"), a.has("TaxCategory/ID"), "an allowance or charge without a VAT category")
		c.must(rule("BR-38", "BR-33"), reason, "an allowance or charge without a reason")
		c.must(rule("BR-CO-22", "BR-CO-21"), reason, "an allowance or charge without a reason")
	}
}

func (c *check) line(n int, l element) {
	quantity := append(l.all("InvoicedQuantity"), l.all("CreditedQuantity")...)
	c.must("BR-21", l.has("ID"), "line %d has no identifier (BT-126)", n)
	c.must("BR-22", len(quantity) == 1, "line %d has no quantity (BT-129)", n)
	c.must("BR-23", slices.ContainsFunc(quantity, func(q element) bool { return q.attribute("unitCode") != "" }), "the quantity of line %d has no unit (BT-130)", n)
	c.must("BR-24", l.has("LineExtensionAmount"), "line %d has no net amount (BT-131)", n)
	c.must("BR-25", l.has("Item/Name"), "line %d has no name (BT-153)", n)
	c.must("BR-26", l.has("Price/PriceAmount"), "line %d has no price (BT-146)", n)
	c.must("BR-27", l.has("Price/PriceAmount") && l.number("Price/PriceAmount").Sign() >= 0, "the price of line %d is below zero", n)
	c.must("BR-CO-04", l.has("Item/ClassifiedTaxCategory/ID"), "line %d has no VAT category (BT-151)", n)
}

// parties are the rules of seller and buyer.
func (c *check) parties() {
	const seller, buyer = "AccountingSupplierParty/Party", "AccountingCustomerParty/Party"
	c.must("BR-06", c.root.has(seller+"/PartyLegalEntity/RegistrationName"), "no name of the seller (BT-27)")
	c.must("BR-07", c.root.has(buyer+"/PartyLegalEntity/RegistrationName"), "no name of the buyer (BT-44)")
	c.must("BR-08", len(c.root.all(seller+"/PostalAddress")) == 1, "no address of the seller (BG-5)")
	c.must("BR-09", c.root.has(seller+"/PostalAddress/Country/IdentificationCode"), "no country of the seller (BT-40)")
	c.must("BR-10", len(c.root.all(buyer+"/PostalAddress")) == 1, "no address of the buyer (BG-8)")
	c.must("BR-11", c.root.has(buyer+"/PostalAddress/Country/IdentificationCode"), "no country of the buyer (BT-55)")
	vat := ""
	for _, scheme := range c.root.all(seller + "/PartyTaxScheme") {
		if scheme.text("TaxScheme/ID") == "VAT" {
			vat = scheme.text("CompanyID")
		}
	}
	c.must("BR-CO-26", vat != "" || c.root.has(seller+"/PartyLegalEntity/CompanyID") || c.root.has(seller+"/PartyIdentification/ID"), "nothing identifies the seller (BT-29, BT-30, BT-31)")
	c.must("BR-CO-09", vat == "" || vatNumber.MatchString(vat), "the seller's VAT number does not begin with its country (BT-31)")
}

// sums are the rules of totals. Amounts are exact decimals, and so is their comparison.
func (c *check) sums() {
	t := element{In: c.root.all("LegalMonetaryTotal")}
	of := func(name string) *big.Rat { return t.number("LegalMonetaryTotal/" + name) }
	same := func(rule string, got, want *big.Rat, what string) {
		c.must(rule, got.Cmp(want) == 0, "%s is %s, not %s", what, got.FloatString(2), want.FloatString(2))
	}
	allowances, charges := new(big.Rat), new(big.Rat)
	for _, a := range c.charges {
		if a.text("ChargeIndicator") == "true" {
			charges.Add(charges, a.number("Amount"))
		} else {
			allowances.Add(allowances, a.number("Amount"))
		}
	}
	same("BR-CO-10", of("LineExtensionAmount"), sumOf(c.lines, "LineExtensionAmount"), "the sum of lines (BT-106)")
	same("BR-CO-11", of("AllowanceTotalAmount"), allowances, "the sum of allowances (BT-107)")
	same("BR-CO-12", of("ChargeTotalAmount"), charges, "the sum of charges (BT-108)")
	net := new(big.Rat).Add(of("LineExtensionAmount"), of("ChargeTotalAmount"))
	same("BR-CO-13", of("TaxExclusiveAmount"), net.Sub(net, of("AllowanceTotalAmount")), "the net total (BT-109)")
	tax := c.tax()
	c.must("BR-CO-15", len(tax) == 1, "not one sum of VAT in the document's currency (BT-110)")
	same("BR-CO-15", of("TaxInclusiveAmount"), new(big.Rat).Add(of("TaxExclusiveAmount"), sumOf(tax, "TaxAmount")), "the total (BT-112)")
	due := new(big.Rat).Sub(of("TaxInclusiveAmount"), of("PrepaidAmount"))
	same("BR-CO-16", of("PayableAmount"), due.Add(due, of("PayableRoundingAmount")), "what is due (BT-115)")
}

// tax is the sum of VAT in the document's currency; another one in that of the seller's books may stand beside it.
func (c *check) tax() []element {
	currency := c.root.text("DocumentCurrencyCode")
	return slices.DeleteFunc(c.root.all("TaxTotal"), func(e element) bool {
		return !slices.ContainsFunc(e.all("TaxAmount"), func(a element) bool { return a.attribute("currencyID") == currency })
	})
}

// breakdown are the rules of VAT by rate.
func (c *check) breakdown() {
	subtotals := c.root.all("TaxTotal/TaxSubtotal")
	c.must("BR-CO-18", len(subtotals) > 0, "no VAT breakdown (BG-23)")
	sum, tax := sumOf(subtotals, "TaxAmount"), sumOf(c.tax(), "TaxAmount")
	c.must("BR-CO-14", sum.Cmp(tax) == 0, "the sum of VAT (BT-110) is %s, not %s", tax.FloatString(2), sum.FloatString(2))
	for _, s := range subtotals {
		c.must("BR-45", s.has("TaxableAmount"), "a breakdown without a net amount (BT-116)")
		c.must("BR-46", s.has("TaxAmount"), "a breakdown without a tax (BT-117)")
		c.must("BR-47", s.has("TaxCategory/ID"), "a breakdown without a category (BT-118)")
		c.must("BR-48", s.has("TaxCategory/Percent") || s.text("TaxCategory/ID") == "O", "a breakdown without a rate (BT-119)")
		c.must("BR-CO-17", c.near(s), "the VAT of %s %% (BT-117) is %s, too far from the rate times %s", s.text("TaxCategory/Percent"), s.text("TaxAmount"), s.text("TaxableAmount"))
	}
}

// near tells whether a tax is less than one away from its net amount times its rate, rounded to two digits.
func (c *check) near(subtotal element) bool {
	want := new(big.Rat).Mul(subtotal.number("TaxableAmount"), subtotal.number("TaxCategory/Percent"))
	want.Quo(want, big.NewRat(100, 1))
	rounded, _ := new(big.Rat).SetString(want.FloatString(2))
	off := rounded.Sub(rounded, subtotal.number("TaxAmount"))
	return off.Abs(off).Cmp(big.NewRat(1, 1)) < 0
}

// categories are the rules of goods that are taxed (BR-S) and of those whose rate is zero (BR-Z).
func (c *check) categories() {
	const ofLine, ofCharge = "Item/ClassifiedTaxCategory", "TaxCategory"
	for _, category := range []string{"S", "Z"} {
		lines, charges := having(c.lines, ofLine, category), having(c.charges, ofCharge, category)
		told := having(c.root.all("TaxTotal/TaxSubtotal"), ofCharge, category)
		used, vat := len(lines)+len(charges) > 0, c.root.has("AccountingSupplierParty/Party/PartyTaxScheme/CompanyID")
		rule := func(n string) string { return "BR-" + category + "-" + n }
		c.must(rule("01"), used == (len(told) > 0) && (category == "S" || len(told) <= 1), "lines and charges of category %s, and its breakdown, do not belong together", category)
		c.must(rule("02"), len(lines) == 0 || vat, "a line of category %s, and no VAT number of the seller (BT-31)", category)
		c.must(rule("04"), len(charges) == 0 || vat, "a charge of category %s, and no VAT number of the seller (BT-31)", category)
		for _, e := range lines {
			c.must(rule("05"), (e.number(ofLine+"/Percent").Sign() > 0) == (category == "S"), "a line of category %s with a rate of %s", category, e.text(ofLine+"/Percent"))
		}
		for _, e := range charges {
			c.must(rule("07"), (e.number(ofCharge+"/Percent").Sign() > 0) == (category == "S"), "a charge of category %s with a rate of %s", category, e.text(ofCharge+"/Percent"))
		}
		for _, s := range told {
			c.subtotal(rule, category, s, lines, charges)
		}
	}
}

// subtotal are the rules of a breakdown of one category and rate.
func (c *check) subtotal(rule func(string) string, category string, s element, lines, charges []element) {
	rate := s.number("TaxCategory/Percent")
	sum := new(big.Rat)
	for _, l := range lines {
		if l.number("Item/ClassifiedTaxCategory/Percent").Cmp(rate) == 0 {
			sum.Add(sum, l.number("LineExtensionAmount"))
		}
	}
	for _, a := range charges {
		if a.number("TaxCategory/Percent").Cmp(rate) != 0 {
			continue
		}
		if a.text("ChargeIndicator") == "true" {
			sum.Add(sum, a.number("Amount"))
		} else {
			sum.Sub(sum, a.number("Amount"))
		}
	}
	net := s.number("TaxableAmount")
	c.must(rule("08"), sum.Cmp(net) == 0, "the net amount at %s %% (BT-116) is %s, its lines and charges make %s", rate.FloatString(2), net.FloatString(2), sum.FloatString(2))
	c.must(rule("09"), (category == "S" && c.near(s)) || (category == "Z" && s.number("TaxAmount").Sign() == 0), "the VAT at %s %% (BT-117) is %s", rate.FloatString(2), s.text("TaxAmount"))
	c.must(rule("10"), !s.has("TaxCategory/TaxExemptionReason") && !s.has("TaxCategory/TaxExemptionReasonCode"), "a reason for no tax (BT-120) where there is one")
}

func having(list []element, at, category string) (out []element) {
	for _, e := range list {
		if e.text(at+"/ID") == category {
			out = append(out, e)
		}
	}
	return out
}

// digits are the rules BR-DEC: no amount has more than two digits after the point. A price may.
func (c *check) digits() {
	at := map[string]string{
		"LegalMonetaryTotal/LineExtensionAmount": "BR-DEC-09", "LegalMonetaryTotal/AllowanceTotalAmount": "BR-DEC-10", "LegalMonetaryTotal/ChargeTotalAmount": "BR-DEC-11",
		"LegalMonetaryTotal/TaxExclusiveAmount": "BR-DEC-12", "TaxTotal/TaxAmount": "BR-DEC-13", "LegalMonetaryTotal/TaxInclusiveAmount": "BR-DEC-14",
		"LegalMonetaryTotal/PrepaidAmount": "BR-DEC-16", "LegalMonetaryTotal/PayableAmount": "BR-DEC-18", "TaxTotal/TaxSubtotal/TaxableAmount": "BR-DEC-19",
		"TaxTotal/TaxSubtotal/TaxAmount": "BR-DEC-20", "InvoiceLine/LineExtensionAmount": "BR-DEC-23", "CreditNoteLine/LineExtensionAmount": "BR-DEC-23", "AllowanceCharge/Amount": "BR-DEC-05",
	}
	currency := c.root.text("DocumentCurrencyCode")
	for path, rule := range at {
		for _, e := range c.root.all(path) {
			_, fraction, _ := strings.Cut(strings.TrimSpace(e.Text), ".")
			c.must(rule, len(fraction) <= 2, "%s has %d digits after the point", path, len(fraction))
			// Not a rule of the standard's list but of its syntax binding: an amount names its currency, and it is the document's.
			c.must("UBL-CURRENCY", path == "TaxTotal/TaxAmount" || e.attribute("currencyID") == currency, "%s is not in %s", path, currency)
		}
	}
	slices.SortStableFunc(c.found, func(a, b Broken) int { return strings.Compare(a.Rule, b.Rule) })
}

// payment: who is to pay is told until when. The standard has this rule, the public Schematron for UBL leaves it out.
func (c *check) payment() {
	due := c.root.number("LegalMonetaryTotal/PayableAmount").Sign() > 0
	c.must("BR-CO-25", !due || c.root.has("DueDate") || c.root.has("PaymentTerms/Note"), "something is due, and nothing says when (BT-9, BT-20)")
}
