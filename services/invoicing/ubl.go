package invoicing

import (
	"encoding/xml"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/money"
)

// UBL 2.1 by EN 16931-3-2. Invoice and CreditNote differ in the names of three elements; all others have the same order in both.

const (
	cac = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
	cbc = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
	// core says that no rules but those of the standard are kept: BT-24.
	core = "urn:cen.eu:en16931:2017"
	// piece is a unit of measure of UN/ECE Recommendation 20: one.
	piece = "C62"
)

type ublDocument struct {
	XMLName  xml.Name
	CAC      string       `xml:"xmlns:cac,attr"`
	CBC      string       `xml:"xmlns:cbc,attr"`
	Spec     string       `xml:"cbc:CustomizationID"`
	ID       string       `xml:"cbc:ID"`
	Issued   string       `xml:"cbc:IssueDate"`
	Invoice  string       `xml:"cbc:InvoiceTypeCode,omitempty"`
	Credit   string       `xml:"cbc:CreditNoteTypeCode,omitempty"`
	Note     string       `xml:"cbc:Note,omitempty"`
	Currency string       `xml:"cbc:DocumentCurrencyCode"`
	Order    ublOrder     `xml:"cac:OrderReference"`
	Corrects *ublCorrects `xml:"cac:BillingReference"`
	Seller   ublParty     `xml:"cac:AccountingSupplierParty>cac:Party"`
	Buyer    ublParty     `xml:"cac:AccountingCustomerParty>cac:Party"`
	Terms    *ublTerms    `xml:"cac:PaymentTerms"`
	Charges  []ublCharge  `xml:"cac:AllowanceCharge"`
	Tax      ublTaxTotal  `xml:"cac:TaxTotal"`
	Totals   ublTotals    `xml:"cac:LegalMonetaryTotal"`
	Lines    []ublLine    `xml:"cac:InvoiceLine"`
	Credited []ublLine    `xml:"cac:CreditNoteLine"`
}

type ublOrder struct {
	ID string `xml:"cbc:ID"`
}

type ublCorrects struct {
	ID     string `xml:"cac:InvoiceDocumentReference>cbc:ID"`
	Issued string `xml:"cac:InvoiceDocumentReference>cbc:IssueDate"`
}

type ublParty struct {
	Name    string      `xml:"cac:PartyName>cbc:Name"`
	Address ublAddress  `xml:"cac:PostalAddress"`
	VAT     *ublVAT     `xml:"cac:PartyTaxScheme"`
	Entity  ublEntity   `xml:"cac:PartyLegalEntity"`
	Contact *ublContact `xml:"cac:Contact"`
}

type ublAddress struct {
	Street   string `xml:"cbc:StreetName,omitempty"`
	City     string `xml:"cbc:CityName,omitempty"`
	Postcode string `xml:"cbc:PostalZone,omitempty"`
	Country  string `xml:"cac:Country>cbc:IdentificationCode"`
}

type ublVAT struct {
	Number string `xml:"cbc:CompanyID"`
	Scheme string `xml:"cac:TaxScheme>cbc:ID"`
}

type ublEntity struct {
	Name         string `xml:"cbc:RegistrationName"`
	Registration string `xml:"cbc:CompanyID,omitempty"`
}

type ublContact struct {
	Email string `xml:"cbc:ElectronicMail"`
}

type ublTerms struct {
	Note string `xml:"cbc:Note"`
}

type ublCharge struct {
	Charge   bool        `xml:"cbc:ChargeIndicator"`
	Code     string      `xml:"cbc:AllowanceChargeReasonCode"`
	Reason   string      `xml:"cbc:AllowanceChargeReason"`
	Amount   ublAmount   `xml:"cbc:Amount"`
	Category ublCategory `xml:"cac:TaxCategory"`
}

type ublAmount struct {
	Currency string `xml:"currencyID,attr"`
	Amount   string `xml:",chardata"`
}

type ublCategory struct {
	ID      string `xml:"cbc:ID"`
	Percent string `xml:"cbc:Percent"`
	Scheme  string `xml:"cac:TaxScheme>cbc:ID"`
}

type ublTaxTotal struct {
	Tax       ublAmount     `xml:"cbc:TaxAmount"`
	Subtotals []ublSubtotal `xml:"cac:TaxSubtotal"`
}

type ublSubtotal struct {
	Net      ublAmount   `xml:"cbc:TaxableAmount"`
	Tax      ublAmount   `xml:"cbc:TaxAmount"`
	Category ublCategory `xml:"cac:TaxCategory"`
}

type ublTotals struct {
	Lines   ublAmount  `xml:"cbc:LineExtensionAmount"`
	Net     ublAmount  `xml:"cbc:TaxExclusiveAmount"`
	Gross   ublAmount  `xml:"cbc:TaxInclusiveAmount"`
	Charges *ublAmount `xml:"cbc:ChargeTotalAmount"`
	Paid    *ublAmount `xml:"cbc:PrepaidAmount"`
	Due     ublAmount  `xml:"cbc:PayableAmount"`
}

type ublLine struct {
	ID       string       `xml:"cbc:ID"`
	Invoiced *ublQuantity `xml:"cbc:InvoicedQuantity"`
	Credited *ublQuantity `xml:"cbc:CreditedQuantity"`
	Net      ublAmount    `xml:"cbc:LineExtensionAmount"`
	Item     ublItem      `xml:"cac:Item"`
	Price    ublAmount    `xml:"cac:Price>cbc:PriceAmount"`
}

type ublQuantity struct {
	Unit     string `xml:"unitCode,attr"`
	Quantity int    `xml:",chardata"`
}

type ublItem struct {
	Name     string      `xml:"cbc:Name"`
	SKU      *ublOrder   `xml:"cac:SellersItemIdentification"`
	Category ublCategory `xml:"cac:ClassifiedTaxCategory"`
}

// UBL writes a document as UBL 2.1: 380 is an invoice, 381 a credit note (UNTDID 1001).
func (d Document) UBL() ([]byte, error) {
	out := ublDocument{
		CAC: cac, CBC: cbc, Spec: core, ID: d.Number, Issued: d.IssuedOn, Note: d.Reason, Currency: d.Currency, Order: ublOrder{d.OrderNumber},
		Seller: ublPartyOf(d.Seller), Buyer: ublPartyOf(d.Buyer), Tax: d.ublTax(), Totals: d.ublTotals(),
	}
	switch name := "Invoice"; d.Kind {
	case CreditNote:
		name = "CreditNote"
		out.XMLName = xml.Name{Space: "urn:oasis:names:specification:ubl:schema:xsd:" + name + "-2", Local: name}
		out.Credit, out.Credited = "381", append(d.ublLines(), d.ublShipping()...)
		out.Corrects = &ublCorrects{d.Corrects.Number, d.Corrects.IssuedOn}
		out.Terms = &ublTerms{"Paid back by the means that was used to pay."}
	default:
		out.XMLName = xml.Name{Space: "urn:oasis:names:specification:ubl:schema:xsd:" + name + "-2", Local: name}
		out.Invoice, out.Lines, out.Charges = "380", d.ublLines(), d.ublCharges()
	}
	text, err := xml.MarshalIndent(out, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing %s as UBL: %w", d.Number, err)
	}
	return append([]byte(xml.Header), append(text, '\n')...), nil
}

func ublPartyOf(p Party) ublParty {
	out := ublParty{Name: p.Name, Address: ublAddress{p.Street, p.City, p.Postcode, p.Country}, Entity: ublEntity{p.Name, p.Registration}}
	if p.VATNumber != "" {
		out.VAT = &ublVAT{p.VATNumber, "VAT"}
	}
	if p.Email != "" {
		out.Contact = &ublContact{p.Email}
	}
	return out
}

func (d Document) ublTax() ublTaxTotal {
	out := ublTaxTotal{Tax: amountOf(d.Totals.Tax)}
	for _, v := range d.VAT {
		out.Subtotals = append(out.Subtotals, ublSubtotal{amountOf(v.Net), amountOf(v.Tax), ublCategoryOf(v.Rate)})
	}
	return out
}

func (d Document) ublTotals() ublTotals {
	t := d.Totals
	out := ublTotals{Lines: amountOf(t.Lines), Net: amountOf(t.Net), Gross: amountOf(t.Gross), Due: amountOf(t.Due)}
	if d.Kind == CreditNote {
		out.Lines = amountOf(t.Net) // its shipping is among the lines
		return out
	}
	if len(d.Shipping) > 0 {
		charges := amountOf(t.Shipping)
		out.Charges = &charges
	}
	paid := amountOf(t.Paid)
	out.Paid = &paid
	return out
}

func (d Document) ublLines() (out []ublLine) {
	for _, l := range d.Lines {
		one := ublLine{ID: strconv.Itoa(l.Line), Net: amountOf(l.Net), Item: ublItem{Name: l.Name, Category: ublCategoryOf(l.Rate)}, Price: ublAmount{d.Currency, price(l.Net, l.Quantity)}}
		if l.SKU != "" {
			one.Item.SKU = &ublOrder{l.SKU}
		}
		if quantity := (&ublQuantity{piece, l.Quantity}); d.Kind == CreditNote {
			one.Credited = quantity
		} else {
			one.Invoiced = quantity
		}
		out = append(out, one)
	}
	return out
}

// ublCharges is the shipping of an invoice (BG-21). FC is freight: UNTDID 7161.
func (d Document) ublCharges() (out []ublCharge) {
	for _, c := range d.Shipping {
		out = append(out, ublCharge{true, "FC", "Shipping", amountOf(c.Net), ublCategoryOf(c.Rate)})
	}
	return out
}

// ublShipping is the shipping of a credit note. It stands among the lines: one that credits shipping alone must have some (BR-16).
func (d Document) ublShipping() (out []ublLine) {
	for _, c := range d.Shipping {
		out = append(out, ublLine{
			ID: "S" + strconv.Itoa(len(out)+1), Credited: &ublQuantity{piece, 1}, Net: amountOf(c.Net),
			Item: ublItem{Name: "Shipping", Category: ublCategoryOf(c.Rate)}, Price: amountOf(c.Net),
		})
	}
	return out
}

func amountOf(m money.Money) ublAmount { return ublAmount{m.Currency(), m.Amount()} }

func ublCategoryOf(rate string) ublCategory { return ublCategory{category(rate), rate, "VAT"} }

// price is the net price of one (BT-146), which may have more digits than the currency: so many that, times the quantity, it makes
// the net amount of the line again. It is not rounded to cents, for it is multiplied.
func price(net money.Money, quantity int) string {
	total, _ := new(big.Rat).SetString(net.Amount())
	text := new(big.Rat).Quo(total, big.NewRat(int64(quantity), 1)).FloatString(8)
	whole, fraction, _ := strings.Cut(text, ".")
	_, least, _ := strings.Cut(net.Amount(), ".")
	for len(fraction) > len(least) && strings.HasSuffix(fraction, "0") {
		fraction = fraction[:len(fraction)-1]
	}
	if fraction == "" {
		return whole
	}
	return whole + "." + fraction
}
