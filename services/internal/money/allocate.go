package money

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"slices"
)

var errWeights = errors.New("there is nothing to share it by: weights are not below zero, and one is above it")

// Allocate splits an amount in proportion to weights, to the last unit: the
// parts make the amount. By the method of the largest remainder, each part is
// first rounded towards zero, then what is left goes, a unit each, to those who
// lost most; of equals, to the earlier one. So no part is a unit or more away
// from its exact share, and the order of the weights matters to equals alone.
func (m Money) Allocate(weights ...int64) ([]Money, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	total, err := sumOf(weights)
	if err != nil {
		return nil, fmt.Errorf("sharing %s: %w", m, err)
	}
	parts, order := make([]Money, len(weights)), make([]int, len(weights))
	remainders := make([]uint64, len(weights))
	left := abs(m.minor)
	for n, weight := range weights {
		high, low := bits.Mul64(abs(m.minor), uint64(weight)) //nolint:gosec // not below zero: sumOf
		whole, rest := bits.Div64(high, low, total)           // high < total, for weight <= total and the amount is below 2^63
		parts[n], remainders[n], order[n] = Money{int64(whole), m.currency}, rest, n
		left -= whole
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(remainders[b], remainders[a]) })
	for _, n := range order[:left] {
		parts[n].minor++
	}
	if m.minor < 0 {
		for n := range parts {
			parts[n] = parts[n].Neg()
		}
	}
	return parts, nil
}

// sumOf adds weights up; together they stay within int64.
func sumOf(weights []int64) (uint64, error) {
	var total uint64
	for _, w := range weights {
		if w < 0 {
			return 0, errWeights
		}
		if total += uint64(w); total > 1<<63-1 {
			return 0, fmt.Errorf("the weights: %w", ErrOverflow)
		}
	}
	if total == 0 {
		return 0, errWeights
	}
	return total, nil
}
