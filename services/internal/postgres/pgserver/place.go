package pgserver

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// ErrMissing says that this machine has no PostgreSQL to start.
var ErrMissing = errors.New("PostgreSQL is not installed: run `make tools`, or apt-get install postgresql")

// programs finds the folder of the newest PostgreSQL: Debian's, or where PATH has one.
func programs() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres") // the pattern is right
	if len(found) > 0 {
		return filepath.Dir(slices.MaxFunc(found, older)), nil
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", ErrMissing
}

// older compares by the version's number: 9 is older than 15.
func older(a, b string) int { return number(a) - number(b) }

func number(postgres string) int {
	n, _ := strconv.Atoi(version(filepath.Dir(postgres))) // 9.6 is the oldest
	return n
}

// version is that of the folder: /usr/lib/postgresql/15/bin.
func version(bin string) string { return filepath.Base(filepath.Dir(bin)) }

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
	dir, err := os.MkdirTemp("/tmp", fmt.Sprintf("pgserver-%d-", os.Getpid())) // not TMPDIR: a socket's path is short
	if err != nil {
		return "", fmt.Errorf("making a directory for PostgreSQL: %w", err)
	}
	if who.Credential != nil {
		err = os.Chown(dir, int(who.Credential.Uid), int(who.Credential.Gid))
	}
	return dir, err
}

// sweep removes what a process that was killed could not.
func sweep() {
	found, _ := filepath.Glob("/tmp/pgserver-*-*") // the pattern is right
	for _, dir := range found {
		var pid int
		if _, err := fmt.Sscanf(filepath.Base(dir), "pgserver-%d-", &pid); err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = os.RemoveAll(dir)
		}
	}
}
