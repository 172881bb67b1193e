package notifications

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// post is a mail server: it notes what it accepts, and refuses whom it is told to.
type post struct {
	at      net.Listener
	refuses string
	mu      sync.Mutex
	got     []string
}

func newPost(t *testing.T, refuses string) *post {
	t.Helper()
	at, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // ends with the test
	if err != nil {
		t.Fatal(err)
	}
	p := &post{at: at, refuses: refuses}
	go func() {
		for {
			conn, err := at.Accept()
			if err != nil {
				return
			}
			go p.serve(conn)
		}
	}()
	t.Cleanup(func() { at.Close() })
	return p
}

// serve speaks as much of RFC 5321 as a client needs.
func (p *post) serve(conn net.Conn) {
	defer conn.Close()
	say := func(line string) { _, _ = conn.Write([]byte(line + "\r\n")) }
	in := textproto.NewReader(bufio.NewReader(conn))
	say("220 post")
	for {
		line, err := in.ReadLine()
		if err != nil {
			return
		}
		switch verb := strings.ToUpper(strings.Fields(line + " x")[0]); {
		case verb == "RCPT" && p.refuses != "" && strings.Contains(line, p.refuses):
			say("550 no such box " + p.refuses)
		case verb == "DATA":
			say("354 go on")
			text, err := in.ReadDotLines()
			if err != nil {
				return
			}
			p.mu.Lock()
			p.got = append(p.got, strings.Join(text, "\n"))
			p.mu.Unlock()
			say("250 taken")
		case verb == "QUIT":
			say("221 bye")
			return
		default:
			say("250 well")
		}
	}
}

func (p *post) all() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.got...)
}

func (p *post) sender(t *testing.T, db *postgres.DB) *sender {
	t.Helper()
	to, err := server("smtp://"+p.at.Addr().String(), from.Address)
	if err != nil {
		t.Fatal(err)
	}
	return &sender{&store{db}, to, from, time.Now}
}

func TestMailsAreHandedToTheServerOnce(t *testing.T) {
	db, p := pgtest.Open(t, schema()), newPost(t, "")
	b, other := buy(), buy()
	taken(t, db, b.placed(t), other.placed(t))
	s := p.sender(t, db)
	for range 2 {
		if _, err := s.send(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	got := p.all()
	if len(got) != 2 || !strings.Contains(got[0], "Message-ID: <"+b.order.String()+".placed@") || !strings.Contains(got[1], other.order.String()) {
		t.Errorf("the server has %q", got)
	}
}

func TestARefusedRecipientKeepsNobodyWaitingAndIsNotLogged(t *testing.T) {
	db, p := pgtest.Open(t, schema()), newPost(t, "gone@example.org")
	bad, good := buy(), buy()
	bad.email = "gone@example.org"
	taken(t, db, bad.placed(t), good.placed(t))
	n, err := p.sender(t, db).send(t.Context())
	if n != 1 || !errors.Is(err, errRefused) || strings.Contains(err.Error(), "example.org") || len(p.all()) != 1 {
		t.Errorf("%d sent, %d arrived: %v", n, len(p.all()), err)
	}
}

// C43: killed between "mail accepted" and "noted": at most one repetition, with the same Message-ID.
func TestC43KilledBetweenAcceptedAndNotedAMailIsRepeatedOnceUnderItsMessageID(t *testing.T) {
	db, p := pgtest.Open(t, schema()), newPost(t, "")
	taken(t, db, buy().placed(t))
	s := p.sender(t, db)
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
	after := p.sender(t, db)
	for range 3 {
		if _, err := after.send(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	got := p.all()
	if len(got) != 2 || got[0] != got[1] {
		t.Errorf("%d mails arrived: %q", len(got), got)
	}
}

func TestAServerThatIsAwayIsTriedAgain(t *testing.T) {
	db, p := pgtest.Open(t, schema()), newPost(t, "")
	taken(t, db, buy().placed(t))
	s := p.sender(t, db)
	p.at.Close()
	if n, err := s.send(t.Context()); n != 0 || err == nil || mails(t, db)[0].SentAt != (time.Time{}) {
		t.Errorf("%d sent to nobody: %v", n, err)
	}
	if n, err := newPost(t, "").sender(t, db).send(t.Context()); n != 1 || err != nil {
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
