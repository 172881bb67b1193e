// Package smtptest is a mail server for tests, as httptest is a server of HTTP: it keeps what it accepts, and refuses whom it is told to.
package smtptest

import (
	"bufio"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
)

// Server takes mails at an address of this machine until its test ends.
type Server struct {
	at      net.Listener
	refuses []string

	mu  sync.Mutex
	got []string
}

// Start begins to take mails, for everybody but the recipients that it refuses.
func Start(t testing.TB, refuses ...string) *Server {
	t.Helper()
	at, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // ends with the test
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{at: at, refuses: refuses}
	t.Cleanup(s.Close)
	go func() {
		for conn, err := at.Accept(); err == nil; conn, err = at.Accept() {
			go s.serve(conn)
		}
	}()
	return s
}

// URL is what a service gets as SMTP_URL.
func (s *Server) URL() string { return "smtp://" + s.at.Addr().String() }

// Close takes the server away: nobody reaches it any more.
func (s *Server) Close() { _ = s.at.Close() }

// Mails are those that were accepted, in their order, as they came.
func (s *Server) Mails() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.got...)
}

// Read are the mails to an address, as their reader sees them: lines and links are whole.
func (s *Server) Read(to string) (all []string) {
	for _, mail := range s.Mails() {
		if strings.Contains(strings.ToLower(mail), "to: <"+strings.ToLower(to)+">") {
			all = append(all, quotedPrintable.Replace(mail))
		}
	}
	return all
}

// quotedPrintable undoes as much of RFC 2045 as breaks links.
var quotedPrintable = strings.NewReplacer("=\n", "", "=3D", "=")

// serve speaks as much of RFC 5321 as a client needs.
func (s *Server) serve(conn net.Conn) {
	defer conn.Close()
	in := textproto.NewReader(bufio.NewReader(conn))
	for answer := "220 smtptest"; ; {
		if _, err := conn.Write([]byte(answer + "\r\n")); err != nil {
			return
		}
		line, err := in.ReadLine()
		if err != nil {
			return
		}
		switch strings.ToUpper(strings.Fields(line + " x")[0]) {
		case "RCPT":
			answer = s.recipient(line)
		case "DATA":
			if answer = s.data(conn, in); answer == "" {
				return
			}
		case "QUIT":
			_, _ = conn.Write([]byte("221 bye\r\n")) // the client is going
			return
		default:
			answer = "250 well"
		}
	}
}

func (s *Server) recipient(line string) string {
	for _, box := range s.refuses {
		if strings.Contains(line, box) {
			return "550 no such box " + box
		}
	}
	return "250 well"
}

// data reads a mail and keeps it before it says so; empty is that the client went away meanwhile.
func (s *Server) data(conn net.Conn, in *textproto.Reader) string {
	if _, err := conn.Write([]byte("354 go on\r\n")); err != nil {
		return ""
	}
	text, err := in.ReadDotLines()
	if err != nil {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, strings.Join(text, "\n"))
	return "250 taken"
}
