package engine

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const (
	// moduleAddress is where a go command in RUN finds the modules that this machine has. RUN shares the machine's loopback. The
	// address is always the same one, since it is part of the base image: another port would be another image, and nothing
	// in BuildKit's cache would fit it.
	moduleAddress = "127.71.79.1:7179"
	// moduleProxies is what Go is told. Where nobody listens at the first one, as in an image that was carried elsewhere, the next one is asked.
	moduleProxies = "http://" + moduleAddress + "|https://proxy.golang.org|direct"
)

// modules serves what this machine's go command downloaded to those in RUN: its folder has the shape of a module proxy.
type modules struct {
	folder string
	server *http.Server
	// offered are the contexts whose modules are there.
	offered map[string]bool
}

// offer downloads the modules of a context and serves them. A context without go.mod needs none.
func (m *modules) offer(ctx context.Context, folder string) error {
	if m.offered[folder] {
		return nil
	}
	if _, err := os.Stat(filepath.Join(folder, "go.mod")); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	cmd := exec.CommandContext(ctx, "go", "mod", "download")
	cmd.Dir = folder
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("downloading the modules of %s: %w\n%s", folder, err, output)
	}
	if err := m.serve(ctx); err != nil {
		return fmt.Errorf("serving modules to RUN: %w", err)
	}
	m.offered[folder] = true
	return nil
}

func (m *modules) serve(ctx context.Context) error {
	if m.server != nil {
		return nil
	}
	var listener net.ListenConfig
	socket, err := listener.Listen(ctx, "tcp", moduleAddress)
	if err != nil {
		return err
	}
	m.server = &http.Server{Handler: http.FileServer(http.Dir(m.folder)), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = m.server.Serve(socket) }() // ends with close
	return nil
}

func (m *modules) close() {
	if m.server != nil {
		_ = m.server.Close()
	}
}

// sum names what is made from these values.
func sum(values ...any) []byte {
	all := sha256.Sum256(fmt.Appendf(nil, "%q", values))
	return all[:8]
}
