package main

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
)

// wire leads from a port of this machine to PostgreSQL, which listens on a Unix socket alone: the driver of Java knows none.
type wire struct{ at net.Listener }

// openWire leads to the server of an address. It ends with close.
func openWire(server string) (*wire, error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, fmt.Errorf("reading where PostgreSQL is: %w", err)
	}
	socket := filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432")
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("leading to PostgreSQL: %w", err)
	}
	go func() {
		for {
			from, err := at.Accept()
			if err != nil {
				return
			}
			go join(from, socket)
		}
	}()
	return &wire{at}, nil
}

// join passes on what two say, until one of them ends.
func join(from net.Conn, socket string) {
	defer from.Close()
	to, err := net.Dial("unix", socket)
	if err != nil {
		return // as a server that is away
	}
	defer to.Close()
	done := make(chan struct{}, 2)
	pass := func(to io.Writer, from io.Reader) {
		_, _ = io.Copy(to, from) // how it ended is seen by both
		done <- struct{}{}
	}
	go pass(to, from)
	go pass(from, to)
	<-done
}

func (w *wire) close() { _ = w.at.Close() }
