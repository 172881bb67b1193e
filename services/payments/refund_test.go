package payments

import "testing"

// The tax of a payment's refunds goes by the same running total.
func TestC28TheTaxOfRefundsOfAPayment(t *testing.T) {
	p := Payment{Amount: 6188, Currency: "EUR", Authorized: true, Captured: 6188, Tax: 988}
	before := int64(0)
	for n, want := range []int64{511, 144, 127, 48, 96, 62} {
		amount := p.Money([]int64{3200, 900, 800, 300, 600, 388}[n])
		after, err := p.BeginRefund(amount)
		if err != nil {
			t.Fatal(err)
		}
		p, _ = after.Settle(Attempt{Kind: Refund, Amount: amount, Outcome: Open}, Answer{Outcome: Done})
		if got := p.RefundedTax - before; got != want {
			t.Errorf("refund %d has a tax of %d, want %d", n, got, want)
		}
		before = p.RefundedTax
	}
	if p.Refunded != 6188 || p.RefundedTax != 988 || p.State(false) != Refunded {
		t.Errorf("%+v", p)
	}
}
