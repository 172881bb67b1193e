package smtptest_test

import (
	"net/smtp"
	"slices"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/smtptest"
)

func send(s *smtptest.Server, to, text string) error {
	return smtp.SendMail(strings.TrimPrefix(s.URL(), "smtp://"), nil, "shop@example.org", []string{to}, []byte("To: <"+to+">\r\n\r\n"+text+"\r\n"))
}

func TestMailsAreKeptAsTheyCameAndReadByTheirReaderWithWholeLinks(t *testing.T) {
	s := smtptest.Start(t)
	for to, text := range map[string]string{"Ann@example.org": "https://shop/?token=3Dab=\r\ncd", "ben@example.org": ".a line with a dot"} {
		if err := send(s, to, text); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.Read("ann@example.org"); !slices.Equal(got, []string{"To: <Ann@example.org>\n\nhttps://shop/?token=abcd"}) {
		t.Errorf("Ann reads %q", got)
	}
	if got := s.Mails(); len(got) != 2 || !slices.Contains(got, "To: <ben@example.org>\n\n.a line with a dot") || !strings.Contains(strings.Join(got, ""), "token=3Dab=\ncd") {
		t.Errorf("it keeps %q", got)
	}
	if got := s.Read("cho@example.org"); got != nil {
		t.Errorf("who got none reads %q", got)
	}
}

func TestWhoIsRefusedGetsNothingAndOthersDo(t *testing.T) {
	s := smtptest.Start(t, "gone@example.org")
	if err := send(s, "gone@example.org", "x"); err == nil || !strings.Contains(err.Error(), "550") {
		t.Errorf("a refused recipient: %v", err)
	}
	if err := send(s, "ann@example.org", "x"); err != nil || len(s.Mails()) != 1 {
		t.Errorf("%q: %v", s.Mails(), err)
	}
}

func TestAServerThatIsClosedTakesNothing(t *testing.T) {
	s := smtptest.Start(t)
	s.Close()
	if err := send(s, "ann@example.org", "x"); err == nil || len(s.Mails()) != 0 {
		t.Errorf("%q: %v", s.Mails(), err)
	}
}
