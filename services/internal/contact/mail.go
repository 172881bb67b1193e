// Package contact reads how people are reached: mail addresses, names, phone numbers, postcodes. Each is checked, and brought into
// the one form that is stored and compared. What is refused is a fault.Invalid at the pointer that the caller names.
package contact

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

const (
	// longestLocal and longestMail bound an address, in octets (RFC 5321 4.5.3.1).
	longestLocal, longestMail = 64, 254
	// localMarks may stand before the @ beside letters and digits (RFC 5322 3.2.3).
	localMarks = "!#$%&'*+-/=?^_`{|}~."
)

// Mail is a mail address.
type Mail struct {
	// Spelled is as the customer wrote it: mail goes there.
	Spelled string
	// Key is what is compared: capitals do not count, and a name in another script is that of the DNS.
	Key string
}

// ParseMail reads an address.
func ParseMail(pointer, text string) (Mail, error) {
	wrong := fault.Invalid(pointer, "It is no mail address.")
	text = norm.NFC.String(strings.Trim(text, " "))
	at := strings.LastIndexByte(text, '@')
	if at < 1 || at > longestLocal || len(text) > longestMail || !utf8.ValidString(text) {
		return Mail{}, wrong
	}
	local, domain := text[:at], text[at+1:]
	if strings.ContainsFunc(local, notInLocal) || strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return Mail{}, wrong
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || !strings.Contains(ascii, ".") || strings.HasPrefix(ascii, ".") || strings.HasSuffix(ascii, ".") || strings.Contains(ascii, "..") || at+1+len(ascii) > longestMail {
		return Mail{}, wrong
	}
	return Mail{text, strings.ToLower(local) + "@" + ascii}, nil
}

func notInLocal(r rune) bool {
	letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	return !letter && !strings.ContainsRune(localMarks, r) && (r < utf8.RuneSelf || hidden(r))
}
