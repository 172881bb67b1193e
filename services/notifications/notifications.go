package notifications

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/money"
)

// Kind is what a mail is about.
type Kind string

// The kinds: of each but refunds an order has one mail at most, of refunds and parcels one each.
const (
	Placed    Kind = "placed"
	Paid      Kind = "paid"
	Sent      Kind = "sent"
	Cancelled Kind = "cancelled"
	Refunded  Kind = "refunded"
)

// Order is what mails about an order must know. It is learned from the event
// that tells of the order.
type Order struct {
	ID, Saga uuid.UUID
	Number   string
	// Token lets whoever has it see the order; empty where the event is of a release that did not tell it.
	Token    string
	Email    string
	Name     string
	Locale   string
	Lines    []Line
	Shipping money.Money
	Discount money.Money
	Total    money.Money
	Taxes    []Tax
	Address  []string
}

// Line is one product of an order.
type Line struct {
	Name     string
	Quantity int
	Total    money.Money
}

// Tax is what an order holds of a rate.
type Tax struct {
	Rate string
	Tax  money.Money
}

// Notice is something that happened to an order. It becomes a mail when the
// order is known: events of payments and of orders come in any order.
type Notice struct {
	// ID is that of the event.
	ID   uuid.UUID
	Kind Kind
	// Order is zero where only the checkout that made the order is named.
	Order, Saga uuid.UUID
	// About tells refunds and parcels of one order apart; empty for all others.
	About  string
	Amount *money.Money
	// Cards is what of a refund's amount goes back to gift cards; nil where nothing does.
	Cards *money.Money
	// Parcel is set where it is about one.
	Parcel *Parcel
	At     time.Time
}

// Mail is a notice as it is sent.
type Mail struct {
	ID      uuid.UUID
	Order   uuid.UUID
	Kind    Kind
	About   string
	To      string
	Name    string
	Locale  string
	Subject string
	Text    string
	// MessageID is made of order, kind, and refund or parcel, so a mail that is sent twice is known by it.
	MessageID string
	MadeAt    time.Time
	// SentAt is zero until a server has accepted the mail.
	SentAt time.Time
}

// Sender is the shop as its mails name it.
type Sender struct {
	// Domain is the right side of each Message-ID.
	Domain string
	// Shop is where customers reach the shop, such as https://shop.example; empty: mails have no link.
	Shop string
}

// link leads to the order's page, which shows it to whoever has its token and to nobody else. Without the token it leads to the form
// that asks for the mail address as well.
func (s Sender) link(o Order) string {
	switch {
	case s.Shop == "":
		return ""
	case o.Token == "":
		return s.Shop + "/orders?number=" + url.QueryEscape(o.Number)
	}
	return s.Shop + "/orders/" + o.ID.String() + "?token=" + url.QueryEscape(o.Token)
}

// shopAt reads the address of the shop: http or https, a host, and perhaps a path.
func shopAt(text string) (string, error) {
	u, err := url.Parse(text)
	switch {
	case text == "":
		return "", nil
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", fmt.Errorf("PUBLIC_URL must be where customers reach the shop, such as https://shop.example, not %q", text)
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// Write makes the mail of a notice.
func Write(id uuid.UUID, n Notice, o Order, s Sender, now time.Time) (Mail, error) {
	locale := language(o.Locale)
	subject, text, err := render(locale, n, o, s.link(o))
	if err != nil {
		return Mail{}, err
	}
	return Mail{
		ID: id, Order: o.ID, Kind: n.Kind, About: n.About, To: o.Email, Name: clean(o.Name), Locale: locale, Subject: clean(subject), Text: text,
		MessageID: messageID(o.ID, n.Kind, n.About, s.Domain), MadeAt: now,
	}, nil
}

// languages are those that there are templates in; the first is for all others.
var languages = []string{"en", "de"}

// language is the one of a locale: "de" for "de-AT".
func language(locale string) string {
	own, _, _ := strings.Cut(strings.ToLower(locale), "-")
	for _, one := range languages {
		if one == own {
			return one
		}
	}
	return languages[0]
}

func messageID(order uuid.UUID, kind Kind, about, domain string) string {
	parts := []string{order.String(), string(kind)}
	if about != "" {
		parts = append(parts, about)
	}
	return "<" + strings.Join(parts, ".") + "@" + domain + ">"
}

// clean makes one line of a text that a customer wrote: a line break in a header
// would begin another header.
func clean(text string) string {
	words := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || r == unicode.ReplacementChar })
	return strings.Join(words, " ")
}
