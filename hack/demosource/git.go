package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/emporium-shop/emporium/hack/cluster/load"
	"github.com/emporium-shop/emporium/hack/gitserver"
)

// The Git server is where pods reach this machine. The address is there as long as the cluster is.
const (
	gitAddress = load.HostAddress + ":3000"
	gitURL     = "http://" + gitAddress + "/git/"
	goProxy    = "http://" + gitAddress + "/goproxy"
)

// server serves the repositories of this checkout's demo.
func (d *demo) server(ctx context.Context) (gitserver.Server, error) {
	folder := filepath.Join(d.Root, ".cluster", "demo-source", "git")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return gitserver.Server{}, fmt.Errorf("making room for repositories: %w", err)
	}
	modules, err := gitserver.HostModules(ctx)
	return gitserver.Server{Repositories: folder, Modules: modules}, err
}

// listen lets the Git server answer until the context ends.
func (d *demo) listen(ctx context.Context) (done <-chan error, err error) {
	server, err := d.server(ctx)
	if err != nil {
		return nil, err
	}
	handler, err := server.Handler(ctx)
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", gitAddress)
	if err != nil {
		return nil, fmt.Errorf("serving Git at %s: %w; the address is there while the cluster runs, and one demosource at a time may have it", gitAddress, err)
	}
	web := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- web.Serve(listener) }()
	context.AfterFunc(ctx, func() { _ = web.Close() })
	return ended, nil
}

// serve is for people who want to push themselves, after the demo.
func (d *demo) serve(ctx context.Context) error {
	ended, err := d.listen(ctx)
	if err != nil {
		return err
	}
	for _, name := range repositories {
		fmt.Fprintf(d.Out, "git clone %s%s.git\n", gitURL, name)
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
