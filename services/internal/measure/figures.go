package measure

import (
	"fmt"
	"slices"
	"strings"
)

// Spread is the median of values, with the lowest and the highest: "5 [4–7]".
func Spread(values []float64, format string) string {
	text := fmt.Sprintf(strings.ReplaceAll("X [X–X]", "X", format), Median(values), slices.Min(values), slices.Max(values))
	return text
}

// Median of an even number is the mean of the middle two.
func Median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
