package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// shop is the whole shop in a process of its own, so that it does not wait for the generator's garbage collector.
type shop struct {
	cmd            *exec.Cmd
	address, token string
}

// settings are what the shop is told beside its own. With one replica of each a service has as many connections as two replicas
// have in the sample shop; and who waits for the books need not wait long.
var settings = []string{"DB_POOL_MAX=8", "BOOKS_EVERY=2s"}

func startShop(ctx context.Context) (*shop, error) {
	binary := filepath.Join("bin", "load-shop")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/shop")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("building the shop, from the folder of the checkout: %w", err)
	}
	s := &shop{cmd: exec.CommandContext(ctx, binary, "-address", "127.0.0.1:0", "-fsync")}
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(os.Interrupt) }
	s.cmd.Env, s.cmd.Stderr = append(slices.Clone(settings), os.Environ()...), os.Stderr
	// Ctrl-C is for us: who orders must be answered first. Killed, we take the shop along.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT}
	said, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the shop: %w", err)
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the shop: %w", err)
	}
	lines := bufio.NewReader(said)
	if s.address, s.token, err = welcome(lines); err != nil {
		s.stop()
		return nil, err
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }() // whoever says more waits for a reader
	return s, nil
}

// welcome reads where the shop is, and the token of its staff.
func welcome(lines *bufio.Reader) (address, token string, err error) {
	for address == "" || token == "" {
		line, err := lines.ReadString('\n')
		if err != nil {
			return "", "", fmt.Errorf("reading what the shop says of itself: %w", err)
		}
		if at, found := strings.CutPrefix(line, "The shop is open: "); found {
			address = strings.TrimSpace(at)
		}
		if name, bearer, found := strings.Cut(line, "Authorization: Bearer "); found && strings.HasPrefix(name, "staff") {
			token = strings.TrimSpace(bearer)
		}
	}
	return address, token, nil
}

// stop ends the shop with its database; what it was asked is answered first.
func (s *shop) stop() {
	if err := s.cmd.Process.Signal(os.Interrupt); err == nil {
		_ = s.cmd.Wait() // how it ended, it says itself
	}
}
