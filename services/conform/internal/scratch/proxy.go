package scratch

import (
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// Proxy passes TCP on to PostgreSQL until it is cut: then connections break
// and new ones are refused, as when the server is gone.
type Proxy struct {
	network, target string
	address         string
	mu              sync.Mutex
	listener        net.Listener
	open            map[net.Conn]bool
}

// Listen starts a proxy before the server at host and port; a host that is a path is a folder with a Unix socket.
func Listen(host string, port uint16) (*Proxy, error) {
	p := &Proxy{network: "tcp", target: net.JoinHostPort(host, strconv.Itoa(int(port))), address: "127.0.0.1:0", open: map[net.Conn]bool{}}
	if strings.HasPrefix(host, "/") {
		p.network, p.target = "unix", filepath.Join(host, ".s.PGSQL."+strconv.Itoa(int(port)))
	}
	if err := p.Mend(); err != nil {
		return nil, err
	}
	p.address = p.listener.Addr().String()
	return p, nil
}

// Address is where the service finds the database.
func (p *Proxy) Address() string { return p.address }

// Mend lets connections through again.
func (p *Proxy) Mend() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		return nil
	}
	l, err := net.Listen("tcp", p.address)
	if err != nil {
		return fmt.Errorf("listening for the service's database connections: %w", err)
	}
	p.listener = l
	go p.accept(l)
	return nil
}

// Cut breaks every connection and refuses new ones.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
	for conn := range p.open {
		_ = conn.Close()
	}
}

func (p *Proxy) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go p.pass(conn)
	}
}

func (p *Proxy) pass(conn net.Conn) {
	defer conn.Close()
	server, err := net.Dial(p.network, p.target)
	if err != nil {
		return
	}
	defer server.Close()
	p.note(conn, server)
	defer p.forget(conn, server)
	ended := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{conn, server}, {server, conn}} {
		go func() {
			_, _ = io.Copy(way[0], way[1]) // either side went away
			ended <- struct{}{}
		}()
	}
	<-ended
}

func (p *Proxy) note(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		p.open[c] = true
	}
	if p.listener == nil { // it was cut while this one was being opened
		for _, c := range conns {
			_ = c.Close()
		}
	}
}

func (p *Proxy) forget(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		delete(p.open, c)
	}
}
