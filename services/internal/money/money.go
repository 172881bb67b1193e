// Package money is an amount of a currency, counted in its smallest unit. No
// amount is ever a float, in memory, in JSON or in the database. An operation
// that cannot be exact says so: it returns an error, or takes a Rounding.
package money

import (
	"cmp"
	"errors"
	"fmt"
)

// Most bounds what an amount may be, in smallest units, above and below zero:
// 15 digits, which every language's numbers hold, and far below int64.
const Most int64 = 999_999_999_999_999

// What keeps an amount from being made.
var (
	// ErrAmount is text that is no amount of its currency.
	ErrAmount = errors.New("is not an amount of this currency")
	// ErrCurrency is a code that ISO 4217 does not know.
	ErrCurrency = errors.New("is not an ISO 4217 currency")
	// ErrOverflow is an amount beyond Most.
	ErrOverflow = errors.New("is more than an amount can be")
	// ErrMixed is an operation on two currencies.
	ErrMixed = errors.New("are amounts of different currencies")
)

// Money is an amount of a currency. The zero value is no money of no currency.
type Money struct {
	minor    int64
	currency string
}

// New returns an amount in smallest units: New(1290, "EUR") is 12.90 euros. It is
// for constants and for what the service's own database holds, and checks
// nothing; an amount beyond Most is refused by what is done with it next.
func New(minor int64, currency string) Money { return Money{minor, currency} }

// Minor is the amount in smallest units, for the database.
func (m Money) Minor() int64 { return m.minor }

// Currency is the ISO 4217 code.
func (m Money) Currency() string { return m.currency }

// Sign is -1, 0 or 1.
func (m Money) Sign() int { return cmp.Compare(m.minor, 0) }

// IsZero tells whether it is no money, of whichever currency.
func (m Money) IsZero() bool { return m.minor == 0 }

// Neg is the amount that makes zero with this one.
func (m Money) Neg() Money { return Money{-m.minor, m.currency} }

// Add adds an amount of the same currency.
func (m Money) Add(other Money) (Money, error) {
	if m.currency != other.currency {
		return Money{}, mixed(m, other)
	}
	if err := errors.Join(m.check(), other.check()); err != nil {
		return Money{}, err
	}
	return m.of(m.minor + other.minor) // two of 15 digits are far from int64's end
}

// Sub takes an amount of the same currency away.
func (m Money) Sub(other Money) (Money, error) { return m.Add(other.Neg()) }

// Times returns the amount n times.
func (m Money) Times(n int64) (Money, error) {
	minor, err := scale(m.minor, n, 1, Down)
	if err != nil {
		return Money{}, fmt.Errorf("%s times %d %w", m, n, err)
	}
	return m.of(minor)
}

// Compare is -1 when m is less than other, 0 when they are the same, else 1.
func (m Money) Compare(other Money) (int, error) {
	if m.currency != other.currency {
		return 0, mixed(m, other)
	}
	return cmp.Compare(m.minor, other.minor), nil
}

// Sum adds amounts of one currency up; none make zero of that currency.
func Sum(currency string, amounts ...Money) (Money, error) {
	total := New(0, currency)
	for _, a := range amounts {
		var err error
		if total, err = total.Add(a); err != nil {
			return Money{}, fmt.Errorf("adding up: %w", err)
		}
	}
	return total, nil
}

// of is another amount of the same currency.
func (m Money) of(minor int64) (Money, error) {
	made := Money{minor, m.currency}
	return made, made.check()
}

func (m Money) check() error {
	if m.minor > Most || m.minor < -Most {
		return fmt.Errorf("%d smallest units of %s %w", m.minor, m.currency, ErrOverflow)
	}
	return nil
}

func mixed(a, b Money) error { return fmt.Errorf("%s and %s %w", a, b, ErrMixed) }
