package gateway

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// HAProxy is a process of its own, which is told at run time where the requests to each host go: no connection is closed
// for it, and the next request on a kept-alive one goes the new way.
type HAProxy struct {
	// Resolve tells at which address, host:port, a Service is reached.
	Resolve func(ctx context.Context, service string) (string, error)

	folder string
	cmd    *exec.Cmd
}

// settings sends each request to the address that the map has for its host.
const settings = `global
  stats socket %[1]s/admin.sock level admin
  maxconn 1000
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
frontend web
  bind %[2]s
  http-request set-var(txn.to) req.hdr(host),field(1,:),lower,map(%[1]s/hosts.map)
  http-request return status 404 content-type text/plain string "no route" unless { var(txn.to) -m found }
  default_backend stack
backend stack
  http-request set-dst var(txn.to),field(1,:)
  http-request set-dst-port var(txn.to),field(2,:)
  server stack 0.0.0.0:0
`

// StartHAProxy starts Debian's HAProxy at an address, host:port. It ends with Stop.
func StartHAProxy(ctx context.Context, address string) (*HAProxy, error) {
	folder, err := os.MkdirTemp("", "haproxy-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for HAProxy: %w", err)
	}
	p := &HAProxy{folder: folder}
	if err := os.WriteFile(p.path("hosts.map"), nil, 0o644); err != nil {
		return nil, fmt.Errorf("writing HAProxy's map: %w", err)
	}
	if err := os.WriteFile(p.path("haproxy.cfg"), fmt.Appendf(nil, settings, folder, address), 0o644); err != nil {
		return nil, fmt.Errorf("writing HAProxy's settings: %w", err)
	}
	// Debian keeps it where only root's path leads.
	p.cmd = exec.Command("/usr/sbin/haproxy", "-f", p.path("haproxy.cfg"), "-db")
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting HAProxy: %w", err)
	}
	if err := p.answers(ctx); err != nil {
		p.Stop()
		return nil, err
	}
	return p, nil
}

// answers waits until HAProxy answers at its socket.
func (p *HAProxy) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := p.command(ctx, "show info")
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// Stop ends the process.
func (p *HAProxy) Stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	_ = os.RemoveAll(p.folder)
}

// Send lets the requests to a host go to a Service.
func (p *HAProxy) Send(ctx context.Context, host, service string) error {
	address, err := p.Resolve(ctx, service)
	if err != nil {
		return fmt.Errorf("finding Service %s: %w", service, err)
	}
	answer, err := p.command(ctx, "set map "+p.path("hosts.map")+" "+host+" "+address)
	if err == nil && strings.Contains(answer, "not found") {
		answer, err = p.command(ctx, "add map "+p.path("hosts.map")+" "+host+" "+address)
	}
	return said(answer, err)
}

// Drop lets requests to a host be answered with 404.
func (p *HAProxy) Drop(ctx context.Context, host string) error {
	answer, err := p.command(ctx, "del map "+p.path("hosts.map")+" "+host)
	if strings.Contains(answer, "not found") {
		return nil
	}
	return said(answer, err)
}

// Refuses is what HAProxy never does.
func (p *HAProxy) Refuses() bool { return false }

// said: HAProxy says nothing where it did what it was told.
func said(answer string, err error) error {
	if answer = strings.TrimSpace(answer); err == nil && answer != "" {
		err = fmt.Errorf("HAProxy says: %s", answer)
	}
	return err
}

func (p *HAProxy) path(name string) string { return filepath.Join(p.folder, name) }

func (p *HAProxy) command(ctx context.Context, line string) (string, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", p.path("admin.sock"))
	if err != nil {
		return "", fmt.Errorf("reaching HAProxy: %w", err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, line+"\n"); err != nil {
		return "", fmt.Errorf("telling HAProxy: %w", err)
	}
	answer, err := io.ReadAll(conn)
	return string(answer), err
}
