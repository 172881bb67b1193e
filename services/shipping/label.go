package shipping

import "fmt"

// TrackingNumber is an identifier by UPU S10: LX for a tracked small parcel, eight
// digits, a check digit, and the country that sends.
func TrackingNumber(serial int64, from string) string {
	digits := fmt.Sprintf("%08d", serial%100_000_000)
	return "LX" + digits + string(checkDigit(digits)) + from
}

// checkDigit is that of S10: a weighted sum modulo 11.
func checkDigit(digits string) rune {
	weights, sum := [8]int{8, 6, 4, 2, 3, 5, 9, 7}, 0
	for n, d := range digits {
		sum += weights[n] * int(d-'0')
	}
	switch check := 11 - sum%11; check {
	case 10:
		return '0'
	case 11:
		return '5'
	default:
		return rune('0' + check)
	}
}
