package proxy

import (
	"errors"
	"net"
	"syscall"
	"time"
)

// noticeSilence lets the kernel tell of a machine that is gone without a word: its power, its cable, its kernel. Kubernetes notices
// after 40 s, and until then its pods are among those that are asked. What streams is left out: where a pod reads a large body
// slowly its window is closed, which Linux takes for silence, too.
func (o TransportOptions) noticeSilence(d *net.Dialer) {
	if o.SilenceTimeout == 0 {
		return
	}
	// What was acknowledged and is waited for is asked about: the kernel counts whole seconds.
	idle := max(o.SilenceTimeout.Round(time.Second), time.Second)
	d.KeepAlive, d.KeepAliveConfig = 0, net.KeepAliveConfig{Enable: true, Idle: idle, Interval: max(idle/3, time.Second)}
	d.Control = func(_, _ string, socket syscall.RawConn) (err error) {
		failed := socket.Control(func(fd uintptr) { err = limitSilence(fd, o.SilenceTimeout) })
		return errors.Join(failed, err)
	}
}

// isSilent tells whether the machine of a pod acknowledged nothing for too long. The pod may have got the request.
func isSilent(err error) bool { return errors.Is(err, syscall.ETIMEDOUT) && !notSent(err) }
