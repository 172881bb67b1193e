package engine

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/emporium-shop/emporium/hack/gitserver"
)

const (
	// moduleAddress is where a go command in RUN finds the modules that this machine has. RUN shares the machine's loopback. The
	// address is always the same one, since it is part of the base image: another port would be another image, and nothing
	// in BuildKit's cache would fit it.
	moduleAddress = "127.71.79.1:7179"
	// moduleProxies is what Go is told. Where nobody listens at the first one, as in an image that was carried elsewhere, the next one is asked.
	moduleProxies = "http://" + moduleAddress + "|https://proxy.golang.org|direct"
)

// modules serves what this machine's go command downloads to those in RUN.
type modules struct {
	// at is another address than moduleAddress, for a test of this package beside one that builds.
	at     string
	server *http.Server
}

// serve begins, unless it has begun.
func (m *modules) serve(ctx context.Context) error {
	if m.server != nil {
		return nil
	}
	proxy, err := gitserver.HostModules(ctx)
	if err != nil {
		return err
	}
	var listener net.ListenConfig
	socket, err := listener.Listen(ctx, "tcp", cmp.Or(m.at, moduleAddress))
	if err != nil {
		return fmt.Errorf("serving Go's modules to RUN: %w", err)
	}
	m.server = &http.Server{Handler: proxy, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = m.server.Serve(socket) }() // ends with close
	return nil
}

func (m *modules) close() {
	if m.server != nil {
		_ = m.server.Close()
	}
}
