package git

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"

	"golang.org/x/crypto/ssh"
)

// overSSH runs git-upload-pack at the server, as git does.
type overSSH struct {
	dialer *net.Dialer
	url    *url.URL
	config *ssh.ClientConfig
	left   *int64

	wrong   error // what was found out in a callback, whose error the library puts into words
	conn    net.Conn
	client  *ssh.Client
	release func() bool
	in      io.Writer
	out     *packets
}

func (c *Client) overSSH(u *url.URL, with Credentials, left *int64) (connection, error) {
	if with.identity == nil {
		return nil, refuse(InvalidCredentials, "spec.git.url is for ssh: let spec.git.secret name a Secret with identity (a private key) and known_hosts")
	}
	keys, err := keysFor(with.knownHosts, u.Hostname(), u.Port())
	if err != nil {
		return nil, err
	}
	s := &overSSH{dialer: c.dialer(u.Hostname()), url: u, left: left}
	s.config = &ssh.ClientConfig{
		User: u.User.Username(), Auth: []ssh.AuthMethod{ssh.PublicKeys(with.identity)}, HostKeyAlgorithms: keys.algorithms(),
		HostKeyCallback: func(host string, addr net.Addr, key ssh.PublicKey) error {
			s.wrong = keys.check(host, addr, key)
			return s.wrong
		},
	}
	if s.config.User == "" {
		s.config.User = defaultUser
	}
	return s, nil
}

func (s *overSSH) greet(ctx context.Context) (*packets, error) {
	if err := s.connect(ctx); err != nil {
		return nil, err
	}
	session, err := s.client.NewSession()
	if err != nil {
		return nil, err
	}
	out, err := session.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if s.in, err = session.StdinPipe(); err != nil {
		return nil, err
	}
	_ = session.Setenv("GIT_PROTOCOL", "version=2") // a server that does not take it speaks the old version
	if err := session.Start(service + " " + quoted(s.path())); err != nil {
		return nil, err
	}
	s.out = newPackets(budget{out, s.left})
	if _, err := s.out.r.Peek(1); errors.Is(err, io.EOF) {
		return nil, noRepository(s.url.Hostname()) // it says so to people, and ends
	}
	return s.out, nil
}

// connect ends when ctx does: closing is the only way to interrupt the library.
func (s *overSSH) connect(ctx context.Context) error {
	port := s.url.Port()
	if port == "" {
		port = "22"
	}
	address := net.JoinHostPort(s.url.Hostname(), port)
	conn, err := s.dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	s.conn = conn
	s.release = context.AfterFunc(ctx, func() { conn.Close() })
	c, channels, requests, err := ssh.NewClientConn(conn, address, s.config)
	switch {
	case s.wrong != nil:
		return s.wrong
	case err != nil:
		return s.handshake(err)
	}
	s.client = ssh.NewClient(c, channels, requests)
	return nil
}

// handshake tells a refused key from a broken connection; the library has words for it alone.
func (s *overSSH) handshake(err error) error {
	switch {
	case strings.Contains(err.Error(), "unable to authenticate"):
		return refuse(AuthenticationRefused, "%s does not take the identity of the Secret that spec.git.secret names: "+
			"add its public key to the repository, as a deploy key that may read", s.url.Hostname())
	case strings.Contains(err.Error(), "no common algorithm for host key"):
		return errHostKey
	}
	return err
}

// path is the repository as servers of ssh name it: /~user is a home, all else begins at the root.
func (s *overSSH) path() string {
	if strings.HasPrefix(s.url.Path, "/~") {
		return s.url.Path[1:]
	}
	return s.url.Path
}

// quoted is one word for a shell, as git quotes it.
func quoted(path string) string {
	return "'" + strings.NewReplacer("'", `'\''`, "!", `'\!'`).Replace(path) + "'"
}

func (s *overSSH) ask(_ context.Context, question []byte) (*packets, error) {
	_, err := s.in.Write(question)
	return s.out, err
}

func (s *overSSH) close() {
	if s.client != nil {
		_ = s.client.Close() // the server may have ended it
	}
	if s.conn != nil {
		s.release()
		s.conn.Close()
	}
}
