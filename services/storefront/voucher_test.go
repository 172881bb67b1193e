package storefront

import (
	"net/url"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/problem"
)

// voucher presses the button beside the voucher's field.
func (c *till) voucher(t *testing.T, code, card string) seen {
	t.Helper()
	return c.post(t, "/checkout/vouchers", url.Values{"code": {code}, "card": {card}}.Encode())
}

func TestAVoucherTakesOffAndIsTakenOut(t *testing.T) {
	c := newTill(t)
	c.reviewed(t)
	got := c.voucher(t, " TEN ", "tok_mastercard")
	got.want(t, 200, "<b>TEN</b> takes off €1.00", `value="tok_mastercard" required checked`)
	c.get(t, "/checkout/review").want(t, 200, "takes off €1.00")
	c.voucher(t, "ten", "").want(t, 422, "already", `value="ten"`)
	c.post(t, "/checkout/vouchers", "remove=TEN").want(t, 200, "Order and pay").lacks(t, "takes off")
}

func TestAVoucherThatDoesNothingSaysWhyAtItsField(t *testing.T) {
	c := newTill(t)
	for code, why := range map[string]string{"used-up": "used already", "expired": "not valid today", "not-yours": "somebody else", "below-minimum": "not worth enough", "nothing-left": "nothing left", "other-currency": "another currency"} {
		c.coupons[strings.ToUpper(code)] = code
		c.reviewed(t)
		got := c.voucher(t, strings.ToUpper(code), "tok_visa")
		got.want(t, 422, `id="wrong-code">`, why, `value="`+strings.ToUpper(code)+`"`, `value="tok_visa" required checked`, "Order and pay")
		c.get(t, "/checkout/review").want(t, 200).lacks(t, strings.ToUpper(code)) // it is not part of the order
	}
	c.voucher(t, `<b>"`, "").want(t, 422, "we know no such voucher"[1:], `value="&lt;b&gt;&#34;"`)
	c.voucher(t, strings.Repeat("x", 65), "").want(t, 422, "no such voucher")
}

// Who types a voucher and presses the other button must not pay more than he thinks.
func TestAVoucherThatWasNotAppliedIsAppliedBeforeTheOrder(t *testing.T) {
	c := newTill(t)
	form := c.reviewed(t).form(t, "tok_visa")
	form.Set("code", "TEN")
	c.post(t, "/checkout/orders", form.Encode()).want(t, 200, "<b>TEN</b> takes off €1.00", "Order and pay")
	form.Set("code", "NONE")
	c.post(t, "/checkout/orders", form.Encode()).want(t, 422, "no such voucher", `value="NONE"`)
	if len(c.sent) > 0 {
		t.Error("it was ordered")
	}
}

func TestAVoucherThatWasUsedMeanwhileIsToldAtItsField(t *testing.T) {
	c := newTill(t)
	c.reviewed(t)
	review := c.voucher(t, "TEN", "tok_visa")
	c.set(func() {
		c.coupons["TEN"] = "used-up"
		fresh := c.offerFor(terms{Cart: c.cartID, Country: "DE", Coupons: []string{"TEN"}})
		c.answers = append(c.answers, refuse(problem.QuoteChanged, "A coupon is not valid any more.", map[string]any{"quote": fresh}))
	})
	page := c.post(t, "/checkout/orders", review.form(t, "tok_visa").Encode())
	page.want(t, 409, `id="wrong-code">TEN: this voucher was used already.`, "takes nothing off", "Remove")
	c.post(t, "/checkout/vouchers", "remove=TEN").want(t, 200).lacks(t, "TEN")
}
