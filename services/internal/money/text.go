package money

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/bojanz/currency"
)

// Pattern is what an amount looks like as text, for API descriptions. Parse is
// stricter: it knows how many digits a currency has.
const Pattern = `^-?\d{1,15}(\.\d{1,4})?$`

// Parse reads a decimal amount. Fewer digits after the point than the currency
// has mean the same; more are refused, for rounding would be somebody else's decision.
func Parse(amount, code string) (Money, error) {
	digits, known := currency.GetDigits(code)
	if !known {
		return Money{}, fmt.Errorf("%q %w", code, ErrCurrency)
	}
	whole, fraction, point := strings.Cut(strings.TrimPrefix(amount, "-"), ".")
	missing := int(digits) - len(fraction)
	if whole == "" || missing < 0 || (point && fraction == "") || strings.Trim(whole+fraction, "0123456789") != "" {
		return Money{}, fmt.Errorf("%q %w", amount, ErrAmount)
	}
	minor, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", missing), 10, 64)
	if err != nil || minor > Most {
		return Money{}, fmt.Errorf("%q %w", amount, ErrAmount)
	}
	if strings.HasPrefix(amount, "-") {
		minor = -minor
	}
	return Money{minor, code}, nil
}

// Amount is the decimal amount, with all digits that the currency has: "12.90".
func (m Money) Amount() string {
	fraction := 2
	if digits, known := currency.GetDigits(m.currency); known {
		fraction = int(digits)
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

// String is the amount as logs and errors show it: "12.90 EUR". For people there is Format.
func (m Money) String() string { return m.Amount() + " " + m.currency }

// wire is how services write money. The amount is text, for JSON's numbers are floats.
type wire struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// MarshalJSON writes {"amount":"12.90","currency":"EUR"}. It refuses what no
// other service could read again.
func (m Money) MarshalJSON() ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	return json.Marshal(wire{m.Amount(), m.currency})
}

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
