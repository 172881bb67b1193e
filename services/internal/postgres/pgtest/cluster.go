package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

type cluster struct {
	dir  string
	cmd  *exec.Cmd
	done chan struct{}
}

// start makes a cluster and runs it.
func start() (*cluster, error) {
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
	c := &cluster{dir: dir, done: make(chan struct{})}
	if err := makeData(c.data(), who); err != nil {
		return nil, err
	}
	if err := c.run(who); err != nil {
		return nil, err
	}
	started.Store(c)
	return c, nil
}

// run starts the server on a thread of its own: Pdeathsig is sent when the
// thread ends that started the process, and only a locked one stays.
func (c *cluster) run(who *syscall.SysProcAttr) error {
	c.cmd = exec.Command(bin+"postgres", "-D", c.data(), "-k", c.dir,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "max_connections=200", "-c", "shared_buffers=64MB")
	var log bytes.Buffer
	c.cmd.SysProcAttr, c.cmd.Dir, c.cmd.Stdout, c.cmd.Stderr = who, c.dir, &log, &log
	began := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		began <- c.cmd.Start()
		_ = c.cmd.Wait() // how it ended is seen by whoever waits for the socket
		close(c.done)
	}()
	if err := <-began; err != nil {
		return fmt.Errorf("starting PostgreSQL: %w", err)
	}
	return c.await(&log)
}

func (c *cluster) await(log *bytes.Buffer) error {
	for range 600 {
		// The socket is there before the server takes a session.
		conn, err := pgx.Connect(context.Background(), addressIn(c.dir, "postgres", superuser))
		if err == nil {
			return conn.Close(context.Background())
		}
		select {
		case <-c.done:
			return fmt.Errorf("PostgreSQL ended at its start: %s", log.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
	return errors.New("PostgreSQL did not take a session within 30 s")
}

func (c *cluster) stop() {
	_ = c.cmd.Process.Signal(syscall.SIGQUIT) // at once: nothing in there is kept
	<-c.done
	_ = os.RemoveAll(c.dir)
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

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
	dir, err := os.MkdirTemp("/tmp", fmt.Sprintf("pgtest-%d-", os.Getpid())) // not TMPDIR: a socket's path is short
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
	found, _ := filepath.Glob("/tmp/pgtest-*-*")
	for _, dir := range found {
		var pid int
		if _, err := fmt.Sscanf(filepath.Base(dir), "pgtest-%d-", &pid); err != nil {
			continue
		}
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = os.RemoveAll(dir)
		}
	}
}
