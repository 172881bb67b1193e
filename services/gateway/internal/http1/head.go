package http1

import (
	"net/textproto"
	"strings"
)

// field is one header field. Its name is canonical.
type field struct{ name, value string }

// head is the start line and the fields of a response. All of it are pieces of
// one string.
type head struct {
	status int
	// minor is the version: HTTP/1.<minor>.
	minor  byte
	fields []field
}

const (
	nameByte  = 1 << iota // of a field's name: a token
	valueByte             // of a field's value
)

var kinds = kindsOfBytes()

func kindsOfBytes() (k [256]byte) {
	for c := range k {
		switch {
		case c == '\t', c >= ' ' && c != 0x7f:
			k[c] |= valueByte
		}
	}
	for _, c := range []byte("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		k[c] |= nameByte
	}
	return k
}

// parse reads a head, which ends with its empty line.
func (h *head) parse(text string) error {
	line, rest := cutLine(text)
	if err := h.startLine(line); err != nil {
		return err
	}
	return h.parseFields(rest)
}

// startLine reads "HTTP/1.1 200 OK". The text behind the number says nothing.
func (h *head) startLine(line string) error {
	const version = "HTTP/1."
	if len(line) < len(version)+2 || line[:len(version)] != version || !isDigit(line[len(version)]) || line[len(version)+1] != ' ' {
		return malformed("not an HTTP/1 response: %.40q", line)
	}
	h.minor = line[len(version)] - '0'
	number := strings.TrimLeft(line[len(version)+2:], " ")
	if len(number) < 3 || len(number) > 3 && number[3] != ' ' {
		return malformed("not a status: %.40q", line)
	}
	h.status = 0
	for _, c := range []byte(number[:3]) {
		if !isDigit(c) {
			return malformed("not a status: %.40q", line)
		}
		h.status = h.status*10 + int(c-'0')
	}
	if h.status < 100 {
		return malformed("not a status: %.40q", line)
	}
	return nil
}

// parseFields reads fields up to the empty line.
func (h *head) parseFields(text string) error {
	h.fields = h.fields[:0]
	for {
		var line string
		if line, text = cutLine(text); line == "" {
			return nil
		}
		f, err := parseField(line)
		if err != nil {
			return err
		}
		if text != "" && isBlank(text[0]) {
			if text, err = f.unfold(text); err != nil {
				return err
			}
		}
		if f.name != "" {
			h.fields = append(h.fields, f)
		}
	}
}

// cutLine takes a line off; it may end with LF alone (RFC 9112, 2.2).
func cutLine(text string) (line, rest string) {
	i := strings.IndexByte(text, '\n')
	if i < 0 {
		return "", ""
	}
	line, rest = text[:i], text[i+1:]
	if i > 0 && line[i-1] == '\r' {
		line = line[:i-1]
	}
	return line, rest
}

func parseField(line string) (field, error) {
	end, canonical, upper := 0, true, true
	for ; end < len(line) && kinds[line[end]]&nameByte != 0; end++ {
		c := line[end]
		if upper && 'a' <= c && c <= 'z' || !upper && 'A' <= c && c <= 'Z' {
			canonical = false
		}
		upper = c == '-'
	}
	if end == 0 || end == len(line) {
		return field{}, malformed("not a header field: %.40q", line)
	}
	if line[end] != ':' {
		return field{}, oddName(line)
	}
	f := field{name: line[:end], value: trimBlanks(line[end+1:])}
	if !canonical {
		f.name = textproto.CanonicalMIMEHeaderKey(f.name)
	}
	return f, f.check()
}

// oddName judges a name with blanks in it. The field is dropped (RFC 9112, 5.1),
// except where that would change how the response is framed.
func oddName(line string) error {
	name, _, ok := strings.Cut(line, ":")
	if !ok || strings.ContainsFunc(name, func(c rune) bool { return c != ' ' && (c > 0x7f || kinds[c]&nameByte == 0) }) {
		return malformed("not a header field: %.40q", line)
	}
	switch textproto.CanonicalMIMEHeaderKey(strings.ReplaceAll(name, " ", "")) {
	case "Content-Length", "Transfer-Encoding", "Connection":
		return malformed("blanks in the name of a field that frames the response: %.40q", line)
	}
	return nil
}

func (f *field) check() error {
	for i := range len(f.value) {
		if kinds[f.value[i]]&valueByte == 0 {
			return malformed("a control character in the field %q", f.name)
		}
	}
	return nil
}

// unfold adds continuation lines to a value, with one blank for each line break
// (RFC 9112, 5.2). What frames the response may not be folded.
func (f *field) unfold(text string) (rest string, err error) {
	if f.name == "Content-Length" || f.name == "Transfer-Encoding" || f.name == "Connection" {
		return "", malformed("the field %s is folded", f.name)
	}
	var whole strings.Builder
	whole.WriteString(f.value)
	for text != "" && isBlank(text[0]) {
		var line string
		line, text = cutLine(text)
		whole.WriteByte(' ')
		whole.WriteString(trimBlanks(line))
	}
	f.value = trimBlanks(whole.String())
	return text, f.check()
}

func trimBlanks(s string) string {
	for s != "" && isBlank(s[0]) {
		s = s[1:]
	}
	for s != "" && isBlank(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
