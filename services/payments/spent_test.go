package payments

import (
	"encoding/json"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/money"
)

// C44: the payment is for what gift cards leave of the total, and holds that part of the order's tax.
func TestC44APaymentBesideAGiftCardHoldsItsPartOfTheTax(t *testing.T) {
	for name, c := range map[string]struct {
		event string
		want  int64
		fails bool
	}{
		"without a card":      {`{"total":{"amount":"29.70","currency":"EUR"},"tax":{"amount":"4.74","currency":"EUR"}}`, 474, false},
		"points alone":        {`{"total":{"amount":"29.70","currency":"EUR"},"tax":{"amount":"4.74","currency":"EUR"},"spent":{"cards":{"amount":"0.00","currency":"EUR"}}}`, 474, false},
		"a card pays a third": {`{"total":{"amount":"30.00","currency":"EUR"},"tax":{"amount":"4.79","currency":"EUR"},"spent":{"cards":{"amount":"10.00","currency":"EUR"}}}`, 319, false},
		"but for a cent":      {`{"total":{"amount":"30.00","currency":"EUR"},"tax":{"amount":"4.79","currency":"EUR"},"spent":{"cards":{"amount":"29.99","currency":"EUR"}}}`, 0, false},
		"another currency":    {`{"total":{"amount":"30.00","currency":"EUR"},"tax":{"amount":"4.79","currency":"EUR"},"spent":{"cards":{"amount":"10.00","currency":"SEK"}}}`, 0, true},
	} {
		var d placedData
		if err := json.Unmarshal([]byte(c.event), &d); err != nil {
			t.Fatal(err)
		}
		if got, err := d.tax(); (err != nil) != c.fails || !c.fails && got != money.New(c.want, "EUR") {
			t.Errorf("%s: %s (%v)", name, got, err)
		}
	}
}
