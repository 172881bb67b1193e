package gtin

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestC15GTINsAreAcceptedByLengthAndCheckDigit(t *testing.T) {
	for text, want := range map[string]string{
		"4006381333931": "04006381333931", "5901234123457": "05901234123457", "96385074": "00000096385074", "036000291452": "00036000291452",
		"0036000291452": "00036000291452", "9780306406157": "09780306406157", "10614141000415": "10614141000415",
	} {
		if got, valid := Of(text); !valid || got != want {
			t.Errorf("%s: %q, %t; want %s", text, got, valid, want)
		}
	}
	for _, text := range []string{"4006381333932", "4006381339331", "400638133393", "40063813339AB", "abcdefgh", "010614141000415", "", "0", "9638507", " 96385074", "９６385074", "-9638507"} {
		if got, valid := Of(text); valid || got != "" {
			t.Errorf("%q is taken for %s", text, got)
		}
	}
}

// One digit that is typed wrong is always seen, and so are digits that are swapped, but for those that differ by five.
func TestC15ADigitThatIsWrongIsSeen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		right := valid(rapid.Uint64Range(0, 9_999_999_999_999).Draw(t, "number"))
		if got, is := Of(right); !is || got != right {
			t.Fatalf("%s is refused", right)
		}
		at, by := rapid.IntRange(0, 13).Draw(t, "at"), rapid.IntRange(1, 9).Draw(t, "by")
		wrong := []byte(right)
		wrong[at] = '0' + (wrong[at]-'0'+byte(by))%10
		if got, is := Of(string(wrong)); is {
			t.Fatalf("%s is taken, and so is %s", right, got)
		}
		swapped, n := []byte(right), rapid.IntRange(0, 12).Draw(t, "swapped")
		swapped[n], swapped[n+1] = swapped[n+1], swapped[n]
		apart := int(right[n]) - int(right[n+1])
		if _, is := Of(string(swapped)); is != (apart%5 == 0) {
			t.Fatalf("%s is %t for %s", swapped, is, right)
		}
	})
}

// valid is a number with the digit that makes it right.
func valid(number uint64) string {
	for check := range 10 {
		text := fmt.Sprintf("%013d%d", number, check)
		if _, is := Of(text); is {
			return text
		}
	}
	return strings.Repeat("x", longest)
}
