package books

import (
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/money"
)

// What is read of each owner's books, as it is on the wire. Nothing of it is personal.

// Order is one of orders.
type Order struct {
	ID      uuid.UUID   `json:"order"`
	Number  string      `json:"number"`
	Saga    uuid.UUID   `json:"saga"`
	Hold    uuid.UUID   `json:"hold"`
	Payment *uuid.UUID  `json:"payment,omitempty"`
	Total   money.Money `json:"total"`
	// Due is what of the total gift cards do not pay.
	Due      *money.Money `json:"due,omitempty"`
	Refunded money.Money  `json:"refunded"`
	// CardsBack is what went back to gift cards; nil where none paid, or orders does not tell.
	CardsBack   *money.Money `json:"cardsBack,omitempty"`
	State       string       `json:"state"`
	PlacedAt    time.Time    `json:"placedAt"`
	ChangedAt   time.Time    `json:"changedAt"`
	Lines       []Line       `json:"lines"`
	Redemptions []Coupon     `json:"redemptions"`
}

// Line is so many of a product, of an order or a hold.
type Line struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
}

// Coupon is what a coupon took off, of an order or a redemption.
type Coupon struct {
	Code   string      `json:"coupon"`
	Amount money.Money `json:"amount"`
}

// Payment is one of payments: what the shop knows of its money.
type Payment struct {
	ID         uuid.UUID   `json:"payment"`
	Saga       string      `json:"saga"`
	State      string      `json:"state"`
	Amount     money.Money `json:"amount"`
	Authorized money.Money `json:"authorized"`
	Captured   money.Money `json:"captured"`
	Refunded   money.Money `json:"refunded"`
	Held       money.Money `json:"held"`
	Balanced   bool        `json:"balanced"`
	UnderWay   bool        `json:"underWay"`
	Reference  *string     `json:"pspReference,omitempty"`
	// Cards is what gift cards pay of the order, CardsBack what of it goes back to them; nil where none do, or payments did not know.
	Cards     *money.Money `json:"cards,omitempty"`
	CardsBack *money.Money `json:"cardsBack,omitempty"`
	ChangedAt time.Time    `json:"changedAt"`
}

// Charge is an authorisation of the provider's ledger. Amounts are in smallest units.
type Charge struct {
	ID         uuid.UUID `json:"authorization"`
	Reference  string    `json:"reference"`
	Currency   string    `json:"currency"`
	Authorized int64     `json:"authorized"`
	Held       int64     `json:"held"`
	Captured   int64     `json:"captured"`
	Refunded   int64     `json:"refunded"`
	Balanced   bool      `json:"balanced"`
	ChangedAt  time.Time `json:"changedAt"`
}

// Live tells whether the customer misses money for it: reserved on the card, or taken and not given back.
func (c Charge) Live() bool { return c.Held != 0 || c.Captured != c.Refunded }

// money is an amount of the charge.
func (c Charge) money(minor int64) money.Money { return money.New(minor, c.Currency) }

// Hold is what inventory keeps for a checkout.
type Hold struct {
	ID        uuid.UUID  `json:"id"`
	Saga      uuid.UUID  `json:"saga"`
	State     string     `json:"state"`
	Order     *uuid.UUID `json:"order,omitempty"`
	ExpiresAt time.Time  `json:"expiresAt"`
	ChangedAt time.Time  `json:"changedAt"`
	Lines     []Line     `json:"lines"`
}

// Redemption is the coupons of a checkout.
type Redemption struct {
	ID        uuid.UUID  `json:"id"`
	Saga      uuid.UUID  `json:"saga"`
	State     string     `json:"state"`
	Order     *uuid.UUID `json:"order,omitempty"`
	Coupons   []Coupon   `json:"coupons"`
	ChangedAt time.Time  `json:"changedAt"`
}

// Mail is one about an order.
type Mail struct {
	ID        uuid.UUID  `json:"mail"`
	Order     uuid.UUID  `json:"order"`
	Saga      *uuid.UUID `json:"saga,omitempty"`
	Kind      string     `json:"kind"`
	ChangedAt time.Time  `json:"changedAt"`
}

// Saga is a checkout.
type Saga struct {
	ID    uuid.UUID  `json:"saga"`
	State string     `json:"state"`
	Order *uuid.UUID `json:"order,omitempty"`
	Stuck []string   `json:"stuck"`
	// Trouble says of each of Stuck what was refused, WaitsTo what is to be done next, in words.
	Trouble   []Refused `json:"trouble"`
	WaitsTo   string    `json:"waitsTo,omitempty"`
	BegunAt   time.Time `json:"begunAt"`
	ChangedAt time.Time `json:"changedAt"`
}

// Refused is a step of a checkout that could not be undone.
type Refused struct {
	Step   string `json:"step"`
	Undo   string `json:"undo"`
	Reason string `json:"reason"`
}

// Stock is a product of inventory, with what its movements and holds add up to.
type Stock struct {
	SKU       string `json:"sku"`
	OnHand    int64  `json:"onHand"`
	Reserved  int64  `json:"reserved"`
	Short     int64  `json:"short"`
	Unlimited bool   `json:"unlimited"`
	Moved     int64  `json:"moved"`
	Held      int64  `json:"held"`
}

// Use is a coupon of promotions, with what its redemptions add up to.
type Use struct {
	Code     string `json:"code"`
	Used     int64  `json:"used"`
	Redeemed int64  `json:"redeemed"`
	Uses     *int64 `json:"uses,omitempty"`
}

// The states that rules ask for.
const (
	placed, cancelled         = "placed", "cancelled"
	open, committed, reserved = "open", "committed", "reserved"
	running, undone           = "running", "undone"
)
