// Package pgserver runs a throw-away PostgreSQL: it speaks on a Unix socket only,
// so it needs no port, keeps nothing on disk safe, so it is fast, and ends with the
// process that started it, however that ends.
package pgserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	neturl "net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Superuser is the role that owns the server.
const Superuser = "postgres"

// Server is one that runs.
type Server struct {
	dir, bin string
	settings []string
	cmd      *exec.Cmd
	done     chan struct{}
	// outside is the superuser's address of a server that others run.
	outside *neturl.URL
}

// Start makes a server and runs it, with the newest PostgreSQL of this machine.
// settings are further ones, which count more than its own: "synchronous_commit=on".
func Start(settings ...string) (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
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
	s := &Server{dir: dir, bin: bin, settings: settings}
	if err := makeData(bin, s.data(), who); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := s.run(who); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// URL is the address of a database for a role, which needs no password, or has it there.
func (s *Server) URL(database, role string) string {
	if s.outside != nil {
		return s.outsideURL(database, role)
	}
	return (&neturl.URL{Scheme: "postgres", User: neturl.User(role), Path: "/" + database,
		RawQuery: neturl.Values{"host": {s.dir}, "sslmode": {"disable"}}.Encode()}).String()
}

// Stop ends the server at once and removes what it kept.
func (s *Server) Stop() {
	if s.outside != nil {
		return
	}
	s.Kill()
	_ = os.RemoveAll(s.dir)
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// run starts the server on a thread of its own: Pdeathsig is sent when the
// thread ends that started the process, and only a locked one stays.
func (s *Server) run(who *syscall.SysProcAttr) error {
	args := []string{"-D", s.data(), "-k", s.dir,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "max_connections=300", "-c", "shared_buffers=64MB"}
	for _, setting := range s.settings { // the last one of a name counts
		args = append(args, "-c", setting)
	}
	s.cmd, s.done = exec.Command(filepath.Join(s.bin, "postgres"), args...), make(chan struct{})
	var log bytes.Buffer
	s.cmd.SysProcAttr, s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = who, s.dir, &log, &log
	began, done := make(chan error, 1), s.done
	go func() {
		runtime.LockOSThread()
		began <- s.cmd.Start()
		_ = s.cmd.Wait() // how it ended is seen by whoever waits for a session
		close(done)
	}()
	if err := <-began; err != nil {
		return fmt.Errorf("starting PostgreSQL: %w", err)
	}
	return s.await(&log)
}

// patience is how long a server may take to begin, on a machine that does a lot else.
const patience = 2 * time.Minute

func (s *Server) await(log *bytes.Buffer) error {
	ctx := context.Background()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		// The socket is there before the server takes a session.
		conn, err := pgx.Connect(ctx, s.URL("postgres", Superuser))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.done:
			return fmt.Errorf("PostgreSQL ended at its start: %s", log.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
	return fmt.Errorf("PostgreSQL did not take a session within %s", patience)
}
