package main

import (
	"bufio"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// target is a proxy that is measured.
type target struct {
	name string
	// address answers HTTP/1.1, address2 HTTP/2 with prior knowledge.
	address, address2 string
	process           *exec.Cmd
}

// startRole starts this program in a role; it ends when its input does.
func startRole(ctx context.Context, role string, lines int, args ...string) (*exec.Cmd, []string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env = append(os.Environ(), roleVariable+"="+role, "GOGC=400")
	cmd.Stderr = os.Stderr
	if _, err = cmd.StdinPipe(); err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err = cmd.Start(); err != nil {
		return nil, nil, err
	}
	var addresses []string
	for in := bufio.NewScanner(out); len(addresses) < lines && in.Scan(); {
		addresses = append(addresses, in.Text())
	}
	if len(addresses) < lines {
		return nil, nil, errors.New("starting the role " + role + ": it gave no address")
	}
	return cmd, addresses, nil
}

// startOther starts haproxy or nginx with a configuration of its own.
func startOther(ctx context.Context, name, folder string, pods []string) (t target, err error) {
	t = target{name: name}
	if t.address, err = freeAddress(); err != nil {
		return t, err
	}
	if t.address2, err = freeAddress(); err != nil {
		return t, err
	}
	text, args := haproxy, []string{"-f"}
	if name == "nginx" {
		text, args = nginx, []string{"-e", "stderr", "-c"}
	}
	for key, value := range map[string]string{"ADDRESS1": t.address, "ADDRESS2": t.address2, "POD1": pods[0], "POD2": pods[1], "FOLDER": folder} {
		text = strings.ReplaceAll(text, key, value)
	}
	path := filepath.Join(folder, name+".conf")
	if err = os.WriteFile(path, []byte(text), 0o600); err != nil {
		return t, err
	}
	t.process = exec.CommandContext(ctx, "/usr/sbin/"+name, append(args, path)...)
	t.process.Stderr = os.Stderr
	return t, t.process.Start()
}

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

func (t target) await() error {
	for range 200 {
		conn, err := net.Dial("tcp", t.address)
		if err == nil {
			return conn.Close()
		}
		time.Sleep(25 * time.Millisecond)
	}
	return errors.New("starting " + t.name + ": it does not listen")
}

const haproxy = `global
  nbthread 2
  maxconn 4096
defaults
  mode http
  timeout connect 1s
  timeout client 75s
  timeout server 60s
  option forwardfor
  http-reuse always
frontend one
  bind ADDRESS1
  default_backend pods
frontend two
  bind ADDRESS2 proto h2
  default_backend pods
backend pods
  balance roundrobin
  server a POD1
  server b POD2
`

const nginx = `worker_processes 2;
daemon off;
error_log stderr warn;
pid FOLDER/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path FOLDER/body; proxy_temp_path FOLDER/proxy; fastcgi_temp_path FOLDER/f; uwsgi_temp_path FOLDER/u; scgi_temp_path FOLDER/s;
  keepalive_requests 100000000;
  upstream pods { server POD1; server POD2; keepalive 256; keepalive_requests 100000000; }
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $remote_addr;
  server { listen ADDRESS1; location / { proxy_pass http://pods; } }
  server { listen ADDRESS2 http2; location / { proxy_pass http://pods; } }
}
`
