// Package natsserver runs a NATS server with JetStream in this process: for tests,
// and for a shop on a laptop. It is the server of the image emporium.local/nats.
package natsserver

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// patience is how long it may take to begin, on a machine that does a lot else.
const patience = time.Minute

var errSlow = errors.New("NATS did not take a connection in time")

// Server is one that runs.
type Server struct {
	dir     string
	running *server.Server
	port    int
}

// Start runs a server at a free port of 127.0.0.1 that keeps what it holds in a folder.
func Start(dir string) (*Server, error) {
	s := &Server{dir: dir, port: server.RANDOM_PORT}
	if err := s.Restart(); err != nil {
		return nil, err
	}
	return s, nil
}

// URL is its address.
func (s *Server) URL() string { return fmt.Sprintf("nats://127.0.0.1:%d", s.port) }

// Stop ends the server. Restart brings it back with what it held.
func (s *Server) Stop() {
	s.running.Shutdown()
	s.running.WaitForShutdown()
}

// Restart starts a server that was stopped, at the same address.
func (s *Server) Restart() error {
	one, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: s.port, JetStream: true, StoreDir: s.dir, NoSigs: true, NoLog: true,
		SyncInterval: time.Hour, // what a crash of the machine takes is thrown away anyway
	})
	if err != nil {
		return fmt.Errorf("making a NATS server: %w", err)
	}
	s.running = one
	one.Start()
	if !one.ReadyForConnections(patience) {
		s.Stop()
		return errSlow
	}
	if at, ok := one.Addr().(*net.TCPAddr); ok {
		s.port = at.Port
	}
	return nil
}
