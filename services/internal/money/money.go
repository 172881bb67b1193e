// Package money is an amount of a currency, counted in its smallest unit. No
// amount is ever a float, in memory, in JSON or in the database.
package money

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/Rhymond/go-money"
	"github.com/danielgtaylor/huma/v2"
)

// most bounds an amount in minor units. Far below int64, so that a cart's lines
// and their sum cannot overflow.
const most = 1_000_000_000_000

var (
	errAmount   = errors.New("is not an amount of this currency")
	errCurrency = errors.New("is not an ISO 4217 currency")
)

// Money is an amount of a currency. The zero value is no money of no currency.
type Money struct {
	minor    int64
	currency string
}

// New returns an amount in minor units: New(1290, "EUR") is 12.90 euros.
func New(minor int64, currency string) Money { return Money{minor, currency} }

// Minor is the amount in minor units, for the database.
func (m Money) Minor() int64 { return m.minor }

// Currency is the ISO 4217 code.
func (m Money) Currency() string { return m.currency }

// Times returns the amount n times.
func (m Money) Times(n int) Money {
	return Money{m.lib().Multiply(int64(n)).Amount(), m.currency}
}

// Sum adds amounts of one currency up; none make zero of that currency.
func Sum(currency string, amounts ...Money) (Money, error) {
	total := money.New(0, currency)
	for _, a := range amounts {
		var err error
		if total, err = total.Add(a.lib()); err != nil {
			return Money{}, fmt.Errorf("adding %s to %s: %w", a, currency, err)
		}
	}
	return Money{total.Amount(), currency}, nil
}

// String is the amount as it is read: "12.90 EUR".
func (m Money) String() string { return m.amount() + " " + m.currency }

func (m Money) lib() *money.Money { return money.New(m.minor, m.currency) }

// Parse reads a decimal amount. It takes no more digits than the currency has:
// rounding would be somebody else's decision.
func Parse(amount, currency string) (Money, error) {
	c := money.GetCurrency(currency)
	if c == nil || c.Code != currency {
		return Money{}, fmt.Errorf("%q %w", currency, errCurrency)
	}
	whole, fraction, dot := strings.Cut(strings.TrimPrefix(amount, "-"), ".")
	if whole == "" || len(fraction) > c.Fraction || (dot && fraction == "") || strings.Trim(whole+fraction, "0123456789") != "" {
		return Money{}, fmt.Errorf("%q %w", amount, errAmount)
	}
	minor, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", c.Fraction-len(fraction)), 10, 64)
	if err != nil || minor > most {
		return Money{}, fmt.Errorf("%q %w", amount, errAmount)
	}
	if strings.HasPrefix(amount, "-") {
		minor = -minor
	}
	return Money{minor, currency}, nil
}

func (m Money) amount() string {
	fraction := 2
	if c := money.GetCurrency(m.currency); c != nil {
		fraction = c.Fraction
	}
	digits, sign := strconv.FormatInt(m.minor, 10), ""
	if m.minor < 0 {
		digits, sign = digits[1:], "-"
	}
	if fraction == 0 {
		return sign + digits
	}
	digits = strings.Repeat("0", max(0, fraction+1-len(digits))) + digits
	return sign + digits[:len(digits)-fraction] + "." + digits[len(digits)-fraction:]
}

// wire is how services write money. The amount is text, for JSON's numbers are floats.
type wire struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// MarshalJSON writes {"amount":"12.90","currency":"EUR"}.
func (m Money) MarshalJSON() ([]byte, error) { return json.Marshal(wire{m.amount(), m.currency}) }

// UnmarshalJSON reads what MarshalJSON writes, and "12.9" and "12" as well.
func (m *Money) UnmarshalJSON(b []byte) error {
	var w wire
	if err := json.Unmarshal(b, &w); err != nil {
		return fmt.Errorf("decoding money: %w", err)
	}
	var err error
	*m, err = Parse(w.Amount, w.Currency)
	return err
}

// Schema describes money in OpenAPI, and makes huma check it.
func (Money) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{
		Type: huma.TypeObject, Required: []string{"amount", "currency"}, AdditionalProperties: false,
		Description: "An amount of a currency",
		Properties: map[string]*huma.Schema{
			"amount":   {Type: huma.TypeString, Pattern: `^-?\d{1,10}(\.\d{1,4})?$`, Description: "Decimal, with the digits that the currency has", Examples: []any{"12.90"}},
			"currency": {Type: huma.TypeString, Pattern: `^[A-Z]{3}$`, Description: "ISO 4217", Examples: []any{"EUR"}},
		},
	}
	s.PrecomputeMessages()
	for _, p := range s.Properties {
		p.PrecomputeMessages()
	}
	return s
}
