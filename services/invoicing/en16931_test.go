package invoicing

import (
	"slices"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/money"
)

// written is a document in UBL.
func written(t testing.TB, d Document) string {
	t.Helper()
	text, err := d.UBL()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// rulesOf are the rules that a document breaks, each once.
func rulesOf(t testing.TB, text string) (rules []string) {
	t.Helper()
	found, err := Check([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range found {
		rules = append(rules, b.Rule)
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

// mutations break rules in the invoice of the basket: what stands there, what takes its place, and which rules tell.
var mutations = []struct{ rules, old, with string }{
	{"BR-01", "<cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID>", ""},
	{"BR-02", "<cbc:ID>2026-000123</cbc:ID>", "<cbc:ID> </cbc:ID>"},
	{"BR-03", "<cbc:IssueDate>2026-11-27</cbc:IssueDate>", ""},
	{"BR-04", "<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>", ""},
	{"BR-06", "<cbc:RegistrationName>Emporium Sample GmbH</cbc:RegistrationName>", ""},
	{"BR-07", "<cbc:RegistrationName>Anna Sample</cbc:RegistrationName>", "<cbc:RegistrationName> </cbc:RegistrationName>"},
	{"BR-21", "<cbc:ID>1</cbc:ID>", ""},
	{"BR-22 BR-23", `<cbc:InvoicedQuantity unitCode="C62">1</cbc:InvoicedQuantity>`, ""},
	{"BR-23", `<cbc:InvoicedQuantity unitCode="C62">1</cbc:InvoicedQuantity>`, "<cbc:InvoicedQuantity>1</cbc:InvoicedQuantity>"},
	{"BR-25", "<cbc:Name>Pan</cbc:Name>", ""},
	{"BR-26 BR-27", `<cbc:PriceAmount currencyID="EUR">33.53</cbc:PriceAmount>`, ""},
	{"BR-27", `<cbc:PriceAmount currencyID="EUR">33.53`, `<cbc:PriceAmount currencyID="EUR">-33.53`},
	{"BR-38 BR-CO-22", "<cbc:AllowanceChargeReasonCode>FC</cbc:AllowanceChargeReasonCode>\n    <cbc:AllowanceChargeReason>Shipping</cbc:AllowanceChargeReason>", ""},
	{"BR-CO-09", "<cbc:CompanyID>DE136695976", "<cbc:CompanyID>136695976"},
	{"BR-CO-26 BR-S-02 BR-S-04", "<cbc:CompanyID>DE136695976</cbc:CompanyID>", ""},
	{"BR-CO-10 BR-CO-13", `<cbc:LineExtensionAmount currencyID="EUR">49.87`, `<cbc:LineExtensionAmount currencyID="EUR">49.86`},
	{"BR-CO-12 BR-CO-13", `<cbc:ChargeTotalAmount currencyID="EUR">4.31</cbc:ChargeTotalAmount>`, ""},
	{"BR-CO-11 BR-CO-13", "<cbc:ChargeTotalAmount", `<cbc:AllowanceTotalAmount currencyID="EUR">1.00</cbc:AllowanceTotalAmount><cbc:ChargeTotalAmount`},
	{"BR-CO-13 BR-CO-15", `<cbc:TaxExclusiveAmount currencyID="EUR">54.18`, `<cbc:TaxExclusiveAmount currencyID="EUR">54.17`},
	{"BR-CO-14 BR-CO-15", `<cac:TaxTotal>` + "\n    " + `<cbc:TaxAmount currencyID="EUR">8.15`, `<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">8.14`},
	{"BR-CO-15 BR-CO-16", `<cbc:TaxInclusiveAmount currencyID="EUR">62.33`, `<cbc:TaxInclusiveAmount currencyID="EUR">62.32`},
	{"BR-CO-16", `<cbc:PrepaidAmount currencyID="EUR">62.33`, `<cbc:PrepaidAmount currencyID="EUR">62.34`},
	{"BR-CO-16 BR-CO-25", `<cbc:PayableAmount currencyID="EUR">0.00`, `<cbc:PayableAmount currencyID="EUR">0.01`},
	{"BR-CO-14 BR-CO-17 BR-S-09", `<cbc:TaxAmount currencyID="EUR">6.90`, `<cbc:TaxAmount currencyID="EUR">7.90`},
	{"BR-DEC-14", `<cbc:TaxInclusiveAmount currencyID="EUR">62.33`, `<cbc:TaxInclusiveAmount currencyID="EUR">62.330`},
	{"BR-DEC-23", `<cbc:LineExtensionAmount currencyID="EUR">33.53`, `<cbc:LineExtensionAmount currencyID="EUR">33.530`},
	{"UBL-CURRENCY", `<cbc:TaxInclusiveAmount currencyID="EUR">`, `<cbc:TaxInclusiveAmount currencyID="USD">`},
	{"BR-S-08", `<cbc:Amount currencyID="EUR">1.51</cbc:Amount>` + "\n    <cac:TaxCategory>\n      <cbc:ID>S</cbc:ID>\n      <cbc:Percent>7<", `<cbc:Amount currencyID="EUR">1.51</cbc:Amount><cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>19<`},
}

// Each rule is broken once, in an invoice that is right, and told by its name and by no other than belong to it.
func TestABrokenRuleIsNamed(t *testing.T) {
	d := billed(t, basket())
	text := written(t, d)
	if got := rulesOf(t, text); len(got) > 0 {
		t.Fatalf("the invoice that all of this begins with breaks %v", got)
	}
	for _, c := range mutations {
		if !strings.Contains(text, c.old) {
			t.Fatalf("%s: the invoice has no %s\n%s", c.rules, c.old, text)
		}
		if got := strings.Join(rulesOf(t, strings.Replace(text, c.old, c.with, 1)), " "); got != c.rules {
			t.Errorf("with %q for %q: %s, want %s", c.with, c.old, got, c.rules)
		}
	}
}

// Goods at a rate of zero are of category Z, and have rules of their own.
func TestGoodsAtZeroPerCentAreOfCategoryZ(t *testing.T) {
	text := written(t, billed(t, single(2, 5000, 0, "0")))
	if got := rulesOf(t, text); len(got) > 0 || !strings.Contains(text, "<cbc:ID>Z</cbc:ID>") {
		t.Fatalf("%v in %s", got, text)
	}
	for _, c := range []struct{ rules, old, with string }{
		{"BR-Z-01", "<cac:ClassifiedTaxCategory>\n        <cbc:ID>Z</cbc:ID>", "<cac:ClassifiedTaxCategory><cbc:ID>E</cbc:ID>"},
		{"BR-Z-05", "<cac:ClassifiedTaxCategory>\n        <cbc:ID>Z</cbc:ID>\n        <cbc:Percent>0", "<cac:ClassifiedTaxCategory><cbc:ID>Z</cbc:ID><cbc:Percent>7"},
		{"BR-CO-26 BR-Z-02", "<cbc:CompanyID>DE136695976</cbc:CompanyID>", ""},
		{"BR-Z-10", "<cbc:Percent>0</cbc:Percent>", "<cbc:Percent>0</cbc:Percent><cbc:TaxExemptionReason>None</cbc:TaxExemptionReason>"},
	} {
		got := rulesOf(t, strings.Replace(text, c.old, c.with, 1))
		for want := range strings.SplitSeq(c.rules, " ") {
			if !slices.Contains(got, want) {
				t.Errorf("with %q for %q: %v, want %s", c.with, c.old, got, c.rules)
			}
		}
	}
}

func TestACreditNoteThatNamesNoInvoiceBreaksARule(t *testing.T) {
	c := Credited{Invoice: billed(t, basket())}
	text := written(t, c.and(t, Wish{All: true}))
	if got := rulesOf(t, strings.Replace(text, "<cbc:ID>2026-000123</cbc:ID>", "", 1)); !slices.Equal(got, []string{"BR-55"}) {
		t.Errorf("%v", got)
	}
	if got := rulesOf(t, strings.Replace(text, "<cbc:Note>Paid back by the means that was used to pay.</cbc:Note>", "", 1)); !slices.Equal(got, []string{"BR-CO-25"}) {
		t.Errorf("%v", got)
	}
}

// A currency of three digits cannot be written by the standard, and is not issued as something else.
func TestDinarsOfThreeDigitsAreNotInvoiced(t *testing.T) {
	p := single(1, 0, 0, "0")
	dinar := func(minor int64) money.Money { return money.New(minor, "KWD") }
	p.Lines = []placedLine{{"A", "Lamp", 1, dinar(1235), dinar(1235), dinar(0)}}
	p.Currency, p.Shipping, p.Total, p.Taxes = "KWD", dinar(0), dinar(1235), []placedRate{{"0", dinar(1235), dinar(0)}}
	if got := rulesOf(t, written(t, billed(t, p))); !slices.Contains(got, "BR-DEC-23") {
		t.Errorf("%v", got)
	}
}

func TestWhatIsNoXMLIsAnError(t *testing.T) {
	if _, err := Check([]byte("<Invoice>")); err == nil {
		t.Error("it was read")
	}
}
