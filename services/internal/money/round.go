package money

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Rounding is what happens to a part of the smallest unit. It is text, to be
// stored beside the amount that it made: who recalculates it years later must
// round the same way, whatever the policy is by then.
type Rounding string

// The ways to round. The shop's policy is HalfUp.
const (
	HalfUp   Rounding = "half-up"   // to the nearest; a half goes away from zero
	HalfEven Rounding = "half-even" // to the nearest; a half goes to the even one
	Down     Rounding = "down"      // towards zero
	Up       Rounding = "up"        // away from zero
)

var (
	errRounding = errors.New("is no way to round")
	errRate     = errors.New("is no rate: a decimal number of up to 6 digits on each side of the point, not below zero")
)

// Rate is an exact decimal factor, such as 0.19. The zero value is 0.
type Rate struct{ millionths int64 }

// million is how fine a rate is: a percentage with four digits after the point.
const million = 1_000_000

// ParseRate reads a factor: "0.19".
func ParseRate(text string) (Rate, error) {
	whole, fraction, point := strings.Cut(text, ".")
	if whole == "" || len(whole) > 6 || len(fraction) > 6 || (point && fraction == "") || strings.Trim(whole+fraction, "0123456789") != "" {
		return Rate{}, fmt.Errorf("%q %w", text, errRate)
	}
	n, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", 6-len(fraction)), 10, 64)
	return Rate{n}, err
}

// Percent reads a percentage: "19", "25.5".
func Percent(text string) (Rate, error) {
	r, err := ParseRate(text)
	if err == nil && r.millionths%100 != 0 {
		err = fmt.Errorf("%q percent %w", text, errRate)
	}
	return Rate{r.millionths / 100}, err
}

// String is the factor that ParseRate reads.
func (r Rate) String() string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%d.%06d", r.millionths/million, r.millionths%million), "0"), ".")
}

// PercentText is the rate as Percent reads it: "25.5".
func (r Rate) PercentText() string {
	return Rate{r.millionths * 100}.String()
}

// Compare is -1 when r is lower than other, 0 when they are the same, else 1.
func (r Rate) Compare(other Rate) int { return cmp.Compare(r.millionths, other.millionths) }

// Part is amount × rate: the tax on a net amount, a discount of some per cent.
func (m Money) Part(r Rate, how Rounding) (Money, error) { return m.Share(r.millionths, million, how) }

// Net splits an amount that contains a tax: net = amount / (1 + rate), rounded
// once, and the tax is the rest. So both always make the amount again.
func (m Money) Net(r Rate, how Rounding) (net, tax Money, err error) {
	if net, err = m.Share(million, million+r.millionths, how); err != nil {
		return Money{}, Money{}, err
	}
	tax, err = m.Sub(net)
	return net, tax, err
}

// Share is amount × numerator / denominator, rounded once.
func (m Money) Share(numerator, denominator int64, how Rounding) (Money, error) {
	minor, err := scale(m.minor, numerator, denominator, how)
	if err != nil {
		return Money{}, fmt.Errorf("%s × %d / %d: %w", m, numerator, denominator, err)
	}
	return m.of(minor)
}

// scale is a × b / c with the whole product of 128 bits in between.
func scale(a, b, c int64, how Rounding) (int64, error) {
	if c <= 0 {
		return 0, errors.New("the denominator is not above zero")
	}
	high, low := bits.Mul64(abs(a), abs(b))
	if high >= uint64(c) {
		return 0, ErrOverflow
	}
	quotient, rest := bits.Div64(high, low, uint64(c))
	up, err := how.up(quotient, rest, uint64(c))
	if err != nil {
		return 0, err
	}
	if up {
		quotient++
	}
	if quotient > uint64(Most) {
		return 0, ErrOverflow
	}
	if (a < 0) != (b < 0) {
		return -int64(quotient), nil
	}
	return int64(quotient), nil
}

// up tells whether a quotient with a rest goes one further from zero.
func (how Rounding) up(quotient, rest, divisor uint64) (bool, error) {
	half := rest >= divisor-rest // rest*2 >= divisor, without its overflow
	exact := rest == divisor-rest
	switch how {
	case HalfUp:
		return half, nil
	case HalfEven:
		return half && (!exact || quotient%2 == 1), nil
	case Down:
		return false, nil
	case Up:
		return rest > 0, nil
	}
	return false, fmt.Errorf("%q %w", string(how), errRounding)
}

// abs holds the smallest int64, too.
func abs(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}
