// Package pgserver runs a PostgreSQL of its own, for tests and laptops. It speaks on a Unix socket only, so it needs no port;
// it keeps nothing on disk safe, so it is fast; and it dies with its process, however that ends.
package pgserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	neturl "net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// bin is where Debian's package postgresql-15 puts the programs.
const bin = "/usr/lib/postgresql/15/bin/"

var errMissing = errors.New("PostgreSQL 15 is not installed in " + bin + ": run `make tools`, or apt-get install postgresql-15")

// Superuser is the role that owns the server.
const Superuser = "postgres"

// Server is a PostgreSQL that runs.
type Server struct {
	dir  string
	cmd  *exec.Cmd
	done chan struct{}
}

// Start makes a server and runs it.
func Start() (*Server, error) {
	if _, err := os.Stat(bin + "postgres"); err != nil {
		return nil, errMissing
	}
	who, err := owner()
	if err != nil {
		return nil, err
	}
	sweep()
	dir, err := makeDir(who)
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, done: make(chan struct{})}
	if err := makeData(s.data(), who); err != nil {
		return nil, err
	}
	if err := s.run(who); err != nil {
		return nil, err
	}
	return s, nil
}

// run starts the server on a thread of its own: Pdeathsig is sent when the
// thread ends that started the process, and only a locked one stays.
func (s *Server) run(who *syscall.SysProcAttr) error {
	s.cmd = exec.Command(bin+"postgres", "-D", s.data(), "-k", s.dir,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "max_connections=200", "-c", "shared_buffers=64MB")
	var log bytes.Buffer
	s.cmd.SysProcAttr, s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = who, s.dir, &log, &log
	began := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		began <- s.cmd.Start()
		_ = s.cmd.Wait() // how it ended is seen by whoever waits for the socket
		close(s.done)
	}()
	if err := <-began; err != nil {
		return fmt.Errorf("starting PostgreSQL: %w", err)
	}
	return s.await(&log)
}

func (s *Server) await(log *bytes.Buffer) error {
	for range 600 {
		// The socket is there before the server takes a session.
		conn, err := pgx.Connect(context.Background(), s.URL("postgres", Superuser))
		if err == nil {
			return conn.Close(context.Background())
		}
		select {
		case <-s.done:
			return fmt.Errorf("PostgreSQL ended at its start: %s", log.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
	return errors.New("PostgreSQL did not take a session within 30 s")
}

// Stop ends the server at once and removes what it kept.
func (s *Server) Stop() {
	_ = s.cmd.Process.Signal(syscall.SIGQUIT) // at once: nothing in there is kept
	<-s.done
	_ = os.RemoveAll(s.dir)
}

// URL is the address of a database, for a role.
func (s *Server) URL(database, role string) string {
	return (&neturl.URL{Scheme: "postgres", User: neturl.User(role), Path: "/" + database,
		RawQuery: neturl.Values{"host": {s.dir}, "sslmode": {"disable"}}.Encode()}).String()
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// owner is who runs the server: postgres when we are root, whom PostgreSQL
// refuses; ourselves otherwise. SIGQUIT makes it stop with all its children.
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

// makeDir makes a directory that the server may write, with our process id in its name.
func makeDir(who *syscall.SysProcAttr) (string, error) {
	dir, err := os.MkdirTemp("/tmp", fmt.Sprintf("emporium-pg-%d-", os.Getpid())) // not TMPDIR: a socket's path is short
	if err != nil {
		return "", fmt.Errorf("making a directory for PostgreSQL: %w", err)
	}
	if who.Credential != nil {
		err = os.Chown(dir, int(who.Credential.Uid), int(who.Credential.Gid))
	}
	return dir, err
}

// sweep removes what a killed test binary could not.
func sweep() {
	found, _ := filepath.Glob("/tmp/emporium-pg-*-*")
	for _, dir := range found {
		var pid int
		if _, err := fmt.Sscanf(filepath.Base(dir), "emporium-pg-%d-", &pid); err != nil {
			continue
		}
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = os.RemoveAll(dir)
		}
	}
}
