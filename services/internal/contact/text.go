package contact

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// Text reads one line that people write, such as a name: composed (NFC), without blanks around it, of at most so many characters.
// Every script is welcome. What nobody sees, and what turns the direction of the text, is not.
func Text(pointer, text string, longest int) (string, error) {
	text = norm.NFC.String(strings.TrimSpace(text))
	if strings.ContainsFunc(text, hidden) {
		return "", fault.Invalid(pointer, "It holds characters that nobody sees.")
	}
	if utf8.RuneCountInString(text) > longest {
		return "", fault.Invalid(pointer, fmt.Sprintf("It has more than %d characters.", longest))
	}
	return text, nil
}

// Required is Text that must say something.
func Required(pointer, text string, longest int) (string, error) {
	text, err := Text(pointer, text, longest)
	if err == nil && text == "" {
		err = fault.Invalid(pointer, "It is missing.")
	}
	return text, err
}

// joiners are invisible, and several scripts cannot be written without them.
const joiners = "\u200c\u200d"

// hidden tells whether a character is a control, or of those that format text: direction marks are among them.
func hidden(r rune) bool {
	return unicode.IsControl(r) || r == utf8.RuneError || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) && !strings.ContainsRune(joiners, r)
}
