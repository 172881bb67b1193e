package http1

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

// PodError is a response that the pod did not give, or not by the rules.
type PodError struct {
	action string
	err    error
}

func (e *PodError) Error() string { return e.action + ": " + e.err.Error() }

// Unwrap returns the cause: os.ErrDeadlineExceeded when the pod was too late.
func (e *PodError) Unwrap() error { return e.err }

// ClientError is a response that the client did not take. No pod is to blame.
type ClientError struct{ err error }

func (e *ClientError) Error() string { return "writing the response to the client: " + e.err.Error() }

// Unwrap returns what the ResponseWriter said.
func (e *ClientError) Unwrap() error { return e.err }

var (
	// errStale: a reused connection was closed, or had unread bytes. Nothing was sent.
	errStale = errors.New("the kept connection is not usable any more")
	// errUnsent: the connection broke before it took a byte of the request.
	errUnsent = errors.New("the connection took nothing")
	// errSilent: the pod closed the connection without a byte of a response.
	errSilent = errors.New("the pod closed the connection")
)

func malformed(format string, args ...any) error {
	return &PodError{"reading the response", fmt.Errorf(format, args...)}
}

// podFailed blames the pod, unless it is blamed already or the client left.
func podFailed(action string, err error) error {
	var known *PodError
	if errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if err == io.EOF { //nolint:errorlint // the socket's own word
		err = io.ErrUnexpectedEOF
	}
	return &PodError{action, err}
}

// isCut tells whether the pod ended the connection, as against being late.
func isCut(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed)
}

func isExpired(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
