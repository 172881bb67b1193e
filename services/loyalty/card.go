package loyalty

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// mostOnCard is the most that a card is issued with, in the smallest unit: 1,000.00 EUR.
const mostOnCard = 100_000

// letters are those of a code: 32, none of which is taken for another one.
const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

// codeLength makes 80 bits.
const codeLength = 16

// Card is a means of payment: it changes no price and no tax.
type Card struct {
	ID uuid.UUID
	// Ending is the last four characters of the code, for people. The code itself is kept nowhere.
	Ending string
	// Initial is what it was issued with, Balance the sum of its ledger.
	Initial, Balance money.Money
	Closed           bool
	Order            *uuid.UUID
	Version          int64
	Created          time.Time
}

// NewCard is a card as it is issued.
func NewCard(amount money.Money, order *uuid.UUID, at time.Time) (Card, string, error) {
	if amount.Sign() <= 0 || amount.Minor() > mostOnCard {
		return Card{}, "", fault.Invalid("#/amount/amount", "A card is issued with more than nothing and at most 1000.00.")
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Card{}, "", err
	}
	code := newCode()
	return Card{ID: id, Ending: code[len(code)-4:], Initial: amount, Balance: amount, Order: order, Version: 1, Created: at}, code, nil
}

// newCode is a code that nobody can guess, in groups of four.
func newCode() string {
	var raw [codeLength]byte
	_, _ = rand.Read(raw[:]) // never fails: crypto/rand
	var b strings.Builder
	for n, c := range raw {
		if n > 0 && n%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(letters[c%byte(len(letters))])
	}
	return b.String()
}

// hashOf is what is kept of a code. People type it with small letters, blanks and without hyphens.
func hashOf(code string) []byte {
	plain := strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToUpper(code))
	sum := sha256.Sum256([]byte(plain))
	return sum[:]
}

// Take tells whether a checkout may take an amount from the card.
func (c Card) Take(amount money.Money, pointer string) error {
	switch {
	case amount.Sign() <= 0:
		return fault.Invalid(pointer+"/amount/amount", "It is above zero.")
	case amount.Currency() != c.Balance.Currency():
		return fault.Invalid(pointer+"/amount/currency", "The card counts in another currency.")
	case c.Closed || amount.Minor() > c.Balance.Minor():
		return gone(pointer)
	}
	return nil
}

// gone says that a card cannot pay that any more; not why: see C42.
func gone(pointer string) error {
	return fault.Conflict(fault.ConflictKind, "A card cannot pay that any more. Ask for a new quote.").And(pointer, "It does not pay so much any more.")
}

// Close is the card without what is on it. To close it again gives nothing.
func (c Card) Close() (after Card, refundable money.Money) {
	refundable = c.Balance
	if !c.Closed {
		c.Closed, c.Version = true, c.Version+1
	}
	c.Balance = money.New(0, c.Balance.Currency())
	return c, refundable
}

// Cover divides what is to be paid over cards, each as far as it reaches, in their order.
func Cover(total money.Money, cards []Card) (parts []money.Money, left money.Money, err error) {
	rest := total.Minor()
	for _, c := range cards {
		if c.Balance.Currency() != total.Currency() {
			return nil, money.Money{}, fault.Invalid("#/total/currency", "A card counts in another currency.")
		}
		part := max(0, min(rest, c.Balance.Minor()))
		parts, rest = append(parts, money.New(part, total.Currency())), rest-part
	}
	return parts, money.New(rest, total.Currency()), nil
}
