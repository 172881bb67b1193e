// Package gtin knows the article numbers that GS1 gives out: what bar codes say.
package gtin

import "strings"

// longest is a GTIN-14; all others are one with zeros before it.
const longest = 14

// Of is the number in 14 digits, by which two are compared: 036000291452 and 0036000291452 are one. It is none where the length
// is not that of a GTIN-8, -12, -13 or -14, or its last digit is not what the others demand
// (GS1 General Specifications, 7.9: weights 3 and 1 in turn, the sum is a multiple of ten).
func Of(text string) (fourteen string, valid bool) {
	if !lengths[len(text)] {
		return "", false
	}
	fourteen = strings.Repeat("0", longest-len(text)) + text
	sum := 0
	for n, digit := range []byte(fourteen) {
		if digit < '0' || digit > '9' {
			return "", false
		}
		sum += int(digit-'0') * (3 - n%2*2)
	}
	if sum%10 != 0 {
		return "", false
	}
	return fourteen, true
}

var lengths = map[int]bool{8: true, 12: true, 13: true, longest: true}
