package proxy

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// limitSilence sets how long a socket waits for an acknowledgement: tcp(7), TCP_USER_TIMEOUT, in milliseconds.
func limitSilence(fd uintptr, limit time.Duration) error {
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(limit.Milliseconds())))
}
