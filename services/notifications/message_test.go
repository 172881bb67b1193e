package notifications

import (
	"bytes"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

var (
	from    = mail.Address{Name: "Emporium", Address: "shop@emporium.example"}
	at      = time.Date(2026, 11, 26, 14, 30, 0, 0, time.UTC)
	headers = []string{"Auto-Submitted", "Content-Language", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To"}
)

// parsed reads a message as a mail program does.
func parsed(t testing.TB, m Mail) (header mail.Header, subject, body string) {
	t.Helper()
	text, err := message(m, from)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.SplitSeq(text, []byte("\r\n")) {
		if len(line) > 998 || bytes.ContainsAny(line, "\r\n") || bytes.ContainsFunc(line, func(r rune) bool { return r > '~' || r < ' ' && r != '\t' }) {
			t.Fatalf("a line that RFC 5322 does not know: %q", line)
		}
	}
	read, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	var names []string
	for name, values := range read.Header {
		names = append(names, name)
		if len(values) != 1 {
			t.Fatalf("%s is there %d times", name, len(values))
		}
	}
	if slices.Sort(names); !slices.Equal(names, headers) {
		t.Fatalf("headers %v", names)
	}
	decoded, err := io.ReadAll(quotedprintable.NewReader(read.Body))
	if err != nil {
		t.Fatal(err)
	}
	if subject, err = new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	return read.Header, subject, strings.ReplaceAll(string(decoded), "\r\n", "\n")
}

func written(t testing.TB, n Notice, o Order) Mail {
	t.Helper()
	m, err := Write(uuid.New(), n, o, Sender{"emporium.example", "https://shop.example"}, at)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// C43: a name `Ann\r\nBcc: x@y.example` adds no header. Neither does anything else that a customer may write.
func TestC43NothingThatACustomerWritesAddsAHeader(t *testing.T) {
	b := buy()
	b.name = "Ann\r\nBcc: x@y.example"
	m := written(t, Notice{Kind: Placed}, b.known(t))
	header, _, body := parsed(t, m)
	to, err := header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Address != "ann@example.org" || to[0].Name != "Ann Bcc: x@y.example" || strings.Contains(body, "\nBcc:") {
		t.Errorf("to %v (%v): %s", to, err, body)
	}
	rapid.Check(t, func(t *rapid.T) {
		o := sampleOrder
		o.Name, o.Number = rapid.String().Draw(t, "name"), rapid.StringMatching(`[ -~\r\nä☃]{0,200}`).Draw(t, "number")
		o.Lines = []Line{{rapid.String().Draw(t, "line"), 1, sampleOrder.Total}}
		m, err := Write(uuid.New(), Notice{Kind: Placed}, o, Sender{"emporium.example", "https://shop.example"}, at)
		if err != nil {
			t.Fatal(err)
		}
		header, subject, body := parsed(testing.TB(quiet{TB: nil, t: t}), m)
		if to, err := header.AddressList("To"); err != nil || len(to) != 1 || to[0].Address != o.Email {
			t.Fatalf("to %v (%v)", to, err)
		}
		if subject != m.Subject || body != m.Text {
			t.Fatalf("subject %q is read as %q; text %q as %q", m.Subject, subject, m.Text, body)
		}
	})
}

// quiet is rapid's T where a testing.TB is asked for.
type quiet struct {
	testing.TB
	t *rapid.T
}

func (q quiet) Helper()                        {}
func (q quiet) Fatal(args ...any)              { q.t.Fatal(args...) }
func (q quiet) Fatalf(format string, a ...any) { q.t.Fatalf(format, a...) }

func TestWhatIsNoSingleAddressIsRefused(t *testing.T) {
	for _, to := range []string{"", "ann", "ann@example.org, bob@example.org", "Ann <ann@example.org>", "ann@example.org\r\nBcc: x@y.example", "ann@example.org "} {
		if _, err := message(Mail{To: to}, from); err == nil || strings.Contains(err.Error(), "example") {
			t.Errorf("%q: %v", to, err)
		}
	}
}

// C43: a Message-ID made of order and kind.
func TestC43TheMessageIDIsMadeOfOrderAndKind(t *testing.T) {
	o := buy().known(t)
	first := written(t, Notice{Kind: Placed}, o)
	header, _, _ := parsed(t, first)
	want := "<" + o.ID.String() + ".placed@emporium.example>"
	if header.Get("Message-Id") != want || written(t, Notice{Kind: Placed}, o).MessageID != want {
		t.Errorf("%q, want %q", header.Get("Message-Id"), want)
	}
	seen := map[string]bool{}
	for _, n := range []Notice{{Kind: Placed}, {Kind: Paid}, {Kind: Sent}, {Kind: Cancelled}, {Kind: Refunded, About: "a"}, {Kind: Refunded, About: "b"}} {
		m := written(t, n, o)
		if seen[m.MessageID] {
			t.Errorf("two mails are %s", m.MessageID)
		}
		seen[m.MessageID] = true
	}
}

func TestMailsAreWrittenInTheCustomersLanguage(t *testing.T) {
	b := buy()
	for locale, want := range map[string][]string{
		"en":    {"Your order 10001", "2 × Moka Pot: €25.80", "Total: €30.70", "25.5% tax: €4.90", "Hello Ann Ähnlich"},
		"de-AT": {"Ihre Bestellung 10001", "2 × Moka Pot: 25,80", "Summe: 30,70", "25,5 % Mehrwertsteuer: 4,90", "Guten Tag Ann Ähnlich"},
		"fr":    {"Your order 10001"},
		"":      {"Your order 10001"},
	} {
		o := b.known(t)
		o.Locale = locale
		m := written(t, Notice{Kind: Placed}, o)
		for _, part := range want {
			if !strings.Contains(m.Subject+"\n"+m.Text, part) {
				t.Errorf("%q: no %q in %s\n%s", locale, part, m.Subject, m.Text)
			}
		}
	}
}

func TestEveryKindHasWordsInEveryLanguage(t *testing.T) {
	amount := sampleOrder.Shipping
	for _, locale := range languages {
		for _, kind := range []Kind{Placed, Paid, Sent, Cancelled, Refunded} {
			o := sampleOrder
			o.Locale = locale
			m := written(t, Notice{Kind: kind, Amount: &amount}, o)
			if m.Subject == "" || !strings.Contains(m.Subject, o.Number) || !strings.Contains(m.Text, o.Number) || strings.Contains(m.Text, "<no value>") || strings.Contains(m.Text, "\n\n\n") {
				t.Errorf("%s %s: %q\n%s", locale, kind, m.Subject, m.Text)
			}
			if kind == Refunded && !strings.Contains(m.Text, "4") {
				t.Errorf("%s: no amount in %s", locale, m.Text)
			}
		}
	}
	if _, _, err := render("en", Notice{Kind: "lost"}, sampleOrder, ""); err == nil {
		t.Error("a kind without words")
	}
}
