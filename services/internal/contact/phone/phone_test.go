package phone

import (
	"testing"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

func TestC38PhoneNumbers(t *testing.T) {
	for _, c := range [][3]string{{"+49 30 901820", "", "+4930901820"}, {"030 901820", "DE", "+4930901820"}, {"+39 06 6982", "", "+39066982"}, {"", "DE", ""}} {
		if got, err := Parse("", c[0], c[1]); err != nil || got != c[2] {
			t.Errorf("%s %s: %q (%v)", c[0], c[1], got, err)
		}
	}
	for _, bad := range []string{"+1234567890123456", "+0301234567", "030 901820", "abc"} {
		if got, err := Parse("#/phone", bad, ""); !fault.Is(err, fault.InvalidKind) {
			t.Errorf("%s is taken as %q (%v)", bad, got, err)
		}
	}
}
