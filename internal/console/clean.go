package console

import (
	"bytes"
	"regexp"
)

// escapes are what terminals take for colours and titles.
var escapes = regexp.MustCompile(`\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\-_])`)

// clean takes out of a whole page what makes a text look like another: controls, and marks that turn the direction of what
// follows. It works on the page, so that no template can forget it.
func clean(html []byte) []byte {
	if bytes.IndexByte(html, '\x1b') >= 0 {
		html = escapes.ReplaceAll(html, nil)
	}
	return bytes.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return -1
		case r < ' ', r >= 0x7f && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfeff:
			return '\ufffd'
		}
		return r
	}, html)
}
