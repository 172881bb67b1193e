package notifications

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/smtptest"
)

// sends is what hands mails to a server.
func sends(t *testing.T, p *smtptest.Server, db *postgres.DB) *sender {
	t.Helper()
	to, err := server(p.URL(), from.Address)
	if err != nil {
		t.Fatal(err)
	}
	return &sender{&store{db}, to, from, time.Now}
}

func TestMailsAreHandedToTheServerOnce(t *testing.T) {
	db, p := pgtest.Open(t, schema()), smtptest.Start(t)
	b, other := buy(), buy()
	taken(t, db, b.placed(t), other.placed(t))
	s := sends(t, p, db)
	for range 2 {
		if _, err := s.send(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	got := p.Mails()
	if len(got) != 2 || !strings.Contains(got[0], "Message-ID: <"+b.order.String()+".placed@") || !strings.Contains(got[1], other.order.String()) {
		t.Errorf("the server has %q", got)
	}
}

func TestARefusedRecipientKeepsNobodyWaitingAndIsNotLogged(t *testing.T) {
	db, p := pgtest.Open(t, schema()), smtptest.Start(t, "gone@example.org")
	bad, good := buy(), buy()
	bad.email = "gone@example.org"
	taken(t, db, bad.placed(t), good.placed(t))
	n, err := sends(t, p, db).send(t.Context())
	if n != 1 || !errors.Is(err, errRefused) || strings.Contains(err.Error(), "example.org") || len(p.Mails()) != 1 {
		t.Errorf("%d sent, %d arrived: %v", n, len(p.Mails()), err)
	}
}

// C43: killed between "mail accepted" and "noted": at most one repetition, with the same Message-ID.
func TestC43KilledBetweenAcceptedAndNotedAMailIsRepeatedOnceUnderItsMessageID(t *testing.T) {
	db, p := pgtest.Open(t, schema()), smtptest.Start(t)
	taken(t, db, buy().placed(t))
	s := sends(t, p, db)
	accepting := s.sink
	dying, die := context.WithCancel(t.Context())
	s.sink = func(ctx context.Context, to string, text []byte) error {
		err := accepting(ctx, to, text)
		die() // the server has it
		return err
	}
	if _, err := s.send(dying); err == nil {
		t.Error("it did not die")
	}
	after := sends(t, p, db)
	for range 3 {
		if _, err := after.send(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	got := p.Mails()
	if len(got) != 2 || got[0] != got[1] {
		t.Errorf("%d mails arrived: %q", len(got), got)
	}
}

func TestAServerThatIsAwayIsTriedAgain(t *testing.T) {
	db, p := pgtest.Open(t, schema()), smtptest.Start(t)
	taken(t, db, buy().placed(t))
	s := sends(t, p, db)
	p.Close()
	if n, err := s.send(t.Context()); n != 0 || err == nil || mails(t, db)[0].SentAt != (time.Time{}) {
		t.Errorf("%d sent to nobody: %v", n, err)
	}
	if n, err := sends(t, smtptest.Start(t), db).send(t.Context()); n != 1 || err != nil {
		t.Errorf("%d sent: %v", n, err)
	}
}

func TestAnAddressThatIsNoneIsTold(t *testing.T) {
	for _, address := range []string{"mail:25", "http://mail", "smtp://", "smtp://jo:secret@%zz"} {
		if _, err := server(address, from.Address); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", address, err)
		}
	}
}
