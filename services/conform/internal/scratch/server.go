// Package scratch gives a checked service a PostgreSQL: a throw-away server, or
// databases on one that is there, behind a proxy that can be cut.
package scratch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrMissing says that this machine has no PostgreSQL to start.
var ErrMissing = errors.New("PostgreSQL is not installed (apt-get install postgresql), and none was named with -postgres")

// Server is a PostgreSQL that ends with the process that started it.
type Server struct {
	dir  string
	cmd  *exec.Cmd
	done chan struct{}
}

// Start makes a server that speaks on a Unix socket only and keeps nothing safe.
func Start() (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	who, err := owner()
	if err != nil {
		return nil, err
	}
	dir, err := folder(who)
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, done: make(chan struct{})}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
	initdb.SysProcAttr, initdb.Dir = who, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("making a PostgreSQL server: %w: %s", err, out), os.RemoveAll(dir))
	}
	return s, s.run(filepath.Join(bin, "postgres"), who)
}

// URL is the superuser's address of a database.
func (s *Server) URL(database string) string {
	return "postgres://postgres@/" + database + "?host=" + url.QueryEscape(s.dir) + "&sslmode=disable"
}

// Stop ends the server at once and removes what it kept.
func (s *Server) Stop() {
	_ = s.cmd.Process.Signal(syscall.SIGQUIT) // ended already: that is what is wanted
	<-s.done
	_ = os.RemoveAll(s.dir)
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// run starts the server on a thread of its own: Pdeathsig is sent when the
// thread ends that started the process, and only a locked one stays.
func (s *Server) run(postgres string, who *syscall.SysProcAttr) error {
	s.cmd = exec.Command(postgres, "-D", s.data(), "-k", s.dir, "-c", "listen_addresses=", "-c", "fsync=off",
		"-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=300", "-c", "shared_buffers=64MB")
	var log bytes.Buffer
	s.cmd.SysProcAttr, s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = who, s.dir, &log, &log
	began := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		began <- s.cmd.Start()
		_ = s.cmd.Wait() // how it ended is seen by whoever waits for a session
		close(s.done)
	}()
	if err := <-began; err != nil {
		return fmt.Errorf("starting PostgreSQL: %w", err)
	}
	return s.await(&log)
}

func (s *Server) await(log *bytes.Buffer) error {
	ctx := context.Background()
	for range 600 {
		conn, err := pgx.Connect(ctx, s.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.done:
			return fmt.Errorf("starting PostgreSQL: it ended: %s", log.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
	return errors.New("starting PostgreSQL: no session within 30 s")
}

// programs finds the folder of the newest PostgreSQL: Debian's, or where PATH has one.
func programs() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres") // the pattern is right
	if len(found) > 0 {
		return filepath.Dir(slices.Max(found)), nil
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", ErrMissing
}

// owner is who runs the server: postgres when we are root, whom PostgreSQL refuses; ourselves otherwise.
func owner() (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Geteuid() != 0 {
		return attr, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("looking for the user that PostgreSQL runs as: %w", err)
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, errors.Join(err1, err2)
}

// folder is short, as a socket's path must be, and names our process id so that the next run can sweep it.
func folder(who *syscall.SysProcAttr) (string, error) {
	sweep()
	dir, err := os.MkdirTemp("/tmp", fmt.Sprintf("conform-%d-", os.Getpid()))
	if err != nil {
		return "", fmt.Errorf("making a folder for PostgreSQL: %w", err)
	}
	if who.Credential != nil {
		err = os.Chown(dir, int(who.Credential.Uid), int(who.Credential.Gid))
	}
	return dir, err
}

func sweep() {
	found, _ := filepath.Glob("/tmp/conform-*-*") // the pattern is right
	for _, dir := range found {
		var pid int
		if _, err := fmt.Sscanf(filepath.Base(dir), "conform-%d-", &pid); err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = os.RemoveAll(dir)
		}
	}
}
