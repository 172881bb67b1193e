package books

// Rule is something that holds in books that balance.
type Rule struct {
	// Name is short and for good: metrics, acceptances and people use it.
	Name string
	// Says is the rule, Mend the way out where it is broken.
	Says, Mend string
	// One of these finds where it does not hold.
	Case  func(Case) []Finding
	Stock func(Stock) []Finding
	Use   func(Use) []Finding
}

// Rules are all rules. Each is a value in, values out: no clock, no SQL, no floats.
var Rules = []Rule{
	{
		Name: "order-authorized-once", Case: authorizedOnce,
		Says: "An order has its payment, authorised for what of its total gift cards do not pay; where that is nothing it has none.",
		Mend: "Look at the payment by the order's saga. Cancel the order if it cannot be paid; refund what it should not have taken.",
	},
	{
		Name: "order-captured", Case: captured,
		Says: "An order that is paid, sent or completed was captured, all that is due of it; one that is placed soon is.",
		Mend: "See whether payments-worker runs and the provider answers. Capture the rest by POST /api/payments/{id}/captures, or cancel the order.",
	},
	{
		Name: "no-charge-without-order", Case: chargeWithoutOrder,
		Says: "Where there is no order, no money is reserved or taken at the provider.",
		Mend: "Void or refund the payment (POST /api/payments/{id}/voids or /refunds); what payments does not know, at the provider.",
	},
	{
		Name: "charged-once", Case: chargedOnce,
		Says: "A checkout is charged once.",
		Mend: "Refund or void, at the provider, each charge but the one that the payment names as pspReference.",
	},
	{
		Name: "refunds-within-captures", Case: refunds,
		Says: "No more is given back than was taken, and order and payment say the same of it.",
		Mend: "Look at the refunds of the payment. Orders hear of them by payments.payment.refunded.v1: is anything in orders.inbox_parked?",
	},
	{
		Name: "gift-cards-as-ordered", Case: giftCards,
		Says: "Gift cards pay what of an order's total is not due, no more goes back to them than that, and order and payment say the same of it.",
		Mend: "Orders and loyalty hear of refunds by payments.payment.refunded.v1: is anything in orders.inbox_parked or loyalty.inbox_parked? What a card lacks is given by another card (POST /api/loyalty/cards).",
	},
	{
		Name: "ledger-balances", Case: ledgers,
		Says: "The entries of a ledger make zero, and say what its payment says.",
		Mend: "Somebody wrote past the service. Correct the ledger with another movement, never by changing one.",
	},
	{
		Name: "as-the-provider", Case: asProvider,
		Says: "The shop and the provider say the same of what is authorised, reserved, captured and refunded.",
		Mend: "payments-worker asks for what is open: is it running? Otherwise the provider's word counts; correct the payment.",
	},
	{
		Name: "order-holds-its-goods", Case: goods,
		Says: "The goods of an order are sold from its hold: the same products, as many of each.",
		Mend: "Inventory hears of orders by orders.order.placed.v1: is its worker running, is anything in inventory.inbox_parked? If the goods are gone, cancel the order.",
	},
	{
		Name: "hold-has-an-order", Case: holdWithoutOrder,
		Says: "What was sold was sold to an order, and what is held is let go when its time is over.",
		Mend: "Ask checkout what became of the saga. Without an order put the goods back by a movement (POST /api/inventory/movements).",
	},
	{
		Name: "coupons-as-ordered", Case: coupons,
		Says: "The coupons of an order are redeemed for it, and no coupon is for no order.",
		Mend: "Promotions hears of orders by events: is its worker running, is anything in promotions.inbox_parked? A reservation of a checkout that was undone is released by POST /internal/promotions/redemptions/{id}/release.",
	},
	{
		Name: "order-confirmed", Case: mails,
		Says: "An order is confirmed by one mail, and no mail is about no order.",
		Mend: "Notifications hears of orders by events: is its worker running, is anything in notifications.inbox_parked?",
	},
	{
		Name: "cancelled-is-undone", Case: cancellation,
		Says: "Of an order that was cancelled no money is kept, no goods and no coupon.",
		Mend: "Refund or void its payment. Goods and coupons come back by orders.order.cancelled.v1: look at the workers of inventory and promotions, and at what they parked.",
	},
	{
		Name: "saga-ends", Case: sagas,
		Says: "A checkout ends with its order, or undone with none.",
		Mend: "Look at the saga (GET /api/checkout/attempts/{id}): a step that is stuck is undone by hand at the service that it names; checkout-worker goes on with the rest.",
	},
	{
		Name: "stock-is-its-ledger", Stock: stock,
		Says: "On hand is what the movements add up to, reserved what the open holds do, and neither is below zero or beyond what there is.",
		Mend: "Somebody wrote past the service. Count the product and correct it by a movement (POST /api/inventory/movements).",
	},
	{
		Name: "coupon-used-as-redeemed", Use: uses,
		Says: "A coupon was used as often as redemptions have it, and no more often than it may be.",
		Mend: "Somebody wrote past the service. Correct the coupon's count; end it, if it was used too often.",
	},
}

// rule finds one by its name.
func rule(name string) (Rule, bool) {
	for _, r := range Rules {
		if r.Name == name {
			return r, true
		}
	}
	return Rule{}, false
}
