package browser

import (
	"bufio"
	"io"
	"net"
	"net/textproto"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// post is a mail server that keeps what it gets, for the link that sets a password.
type post struct {
	at  net.Listener
	mu  sync.Mutex
	got []string
}

func newPost(t *testing.T) *post {
	t.Helper()
	at, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // ends with the test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = at.Close() })
	p := &post{at: at}
	go func() {
		for conn, err := at.Accept(); err == nil; conn, err = at.Accept() {
			go p.serve(conn)
		}
	}()
	return p
}

// serve speaks as much of RFC 5321 as a client needs.
func (p *post) serve(conn net.Conn) {
	defer conn.Close()
	in := textproto.NewReader(bufio.NewReader(conn))
	for answer := "220 post"; ; answer = "250 well" {
		_, _ = io.WriteString(conn, answer+"\r\n")
		line, err := in.ReadLine()
		if err != nil || strings.HasPrefix(strings.ToUpper(line), "QUIT") {
			return
		}
		if !strings.HasPrefix(strings.ToUpper(line), "DATA") {
			continue
		}
		_, _ = io.WriteString(conn, "354 go on\r\n")
		text, err := in.ReadDotLines()
		if err != nil {
			return
		}
		p.mu.Lock()
		p.got = append(p.got, strings.NewReplacer("=\n", "", "=3D", "=").Replace(strings.Join(text, "\n")))
		p.mu.Unlock()
	}
}

var accountLink = regexp.MustCompile(`https?://\S+(/account/confirm\?token=\S+)`)

// link is the path of the link that somebody got; empty before the mail comes.
func (p *post) link(to string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, mail := range p.got {
		if found := accountLink.FindStringSubmatch(mail); found != nil && strings.Contains(strings.ToLower(mail), "to: <"+to+">") {
			return found[1]
		}
	}
	return ""
}
