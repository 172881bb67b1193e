package notifications

import (
	"bytes"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
	"unicode"
)

// message is a mail as servers pass it on (RFC 5322). No header holds anything
// that a customer wrote as he wrote it: names and subjects are encoded words (RFC
// 2047), an address is one, or the mail is refused.
func message(m Mail, from mail.Address) ([]byte, error) {
	to, err := recipient(m)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, h := range [][2]string{
		{"From", from.String()},
		{"To", addressed(to)},
		{"Subject", mime.QEncoding.Encode("utf-8", m.Subject)},
		{"Date", m.MadeAt.UTC().Format(time.RFC1123Z)},
		{"Message-ID", m.MessageID},
		{"Content-Language", m.Locale},
		// No holiday answers to this (RFC 3834).
		{"Auto-Submitted", "auto-generated"},
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
	} {
		fmt.Fprintf(&out, "%s: %s\r\n", h[0], folded(h[1]))
	}
	out.WriteString("\r\n")
	body := quotedprintable.NewWriter(&out)
	if _, err := body.Write([]byte(strings.ReplaceAll(m.Text, "\n", "\r\n"))); err != nil {
		return nil, fmt.Errorf("writing a mail: %w", err)
	}
	if err := body.Close(); err != nil {
		return nil, fmt.Errorf("writing a mail: %w", err)
	}
	return out.Bytes(), nil
}

// recipient is whom a mail is for. What is no single plain address is refused.
func recipient(m Mail) (mail.Address, error) {
	plain, err := mail.ParseAddress(m.To)
	if err != nil || plain.Name != "" || plain.Address != m.To {
		return mail.Address{}, errRecipient // not the address itself: errors are logged
	}
	return mail.Address{Name: m.Name, Address: plain.Address}, nil
}

// addressed is an address with its name. A name beyond ASCII is base64 as a whole: net/mail leaves a backslash in quoted-printable
// ones, which no reader takes.
func addressed(a mail.Address) string {
	if strings.ContainsFunc(a.Name, func(r rune) bool { return r > unicode.MaxASCII }) {
		return mime.BEncoding.Encode("utf-8", a.Name) + " <" + a.Address + ">"
	}
	return a.String()
}

// folded breaks a header between encoded words, of which each fits into a line.
func folded(value string) string { return strings.ReplaceAll(value, "?= =?", "?=\r\n =?") }
