package proxy

import (
	"errors"
	"io"
	"strings"
	"syscall"

	"github.com/emporium-shop/emporium/services/gateway/internal/http1"
)

// Cause says who decided how a request ended. It is what a guard judges by, and a label
// of metrics: the set is bounded.
type Cause string

const (
	// Answered: a pod answered with a status below 500.
	Answered Cause = "answered"
	// PodError: a pod answered with a status of 500 and above.
	PodError Cause = "pod_error"
	// PodCut: a pod took the request and closed the connection, or broke its answer off.
	PodCut Cause = "pod_cut"
	// NoPod: the service has no pod, or none takes connections.
	NoPod Cause = "no_pod"
	// TooLate: a pod took the request and did not begin to answer in time.
	TooLate Cause = "too_late"
	// ClientGone: the client did not wait for the answer, or did not read it.
	ClientGone Cause = "client_gone"
	// Refused: the request was malformed, too large or too slow in coming.
	Refused Cause = "refused"
	// NoRoute: there is nothing at this path, or nothing for the public.
	NoRoute Cause = "no_route"
	// NoRelease: no release answers on this port.
	NoRelease Cause = "no_release"
	// Local: this replica itself had no port, file or memory left to ask a pod.
	Local Cause = "local"
	// Unclassified: none of the others. It is held against nobody.
	Unclassified Cause = "unclassified"
)

// errPod marks what is a pod's fault where the error itself does not tell.
var errPod = errors.New("the pod broke the rules of HTTP")

// podFault tells whether an error that came after a pod was asked is the pod's: it closed
// the connection, or what it sent is no HTTP. The errors of net/http have no types.
func podFault(err error) bool {
	var direct *http1.PodError
	if errors.As(err, &direct) {
		return true
	}
	for _, known := range []error{errPod, io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, known) {
			return true
		}
	}
	for _, text := range [...]string{
		"malformed HTTP", "malformed MIME", "transport connection broken", "server closed idle connection",
		"response headers exceeded", "failed to read from server", "unexpected EOF", "backend tried to switch",
	} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

// ownFaults are errors of dialing that tell of this replica, not of the pod.
var ownFaults = []error{
	syscall.EADDRNOTAVAIL, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EACCES, syscall.EPERM, syscall.EADDRINUSE,
}

func ownFault(err error) bool {
	for _, own := range ownFaults {
		if errors.Is(err, own) {
			return true
		}
	}
	return false
}
