package problem

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// From makes a problem of any error: of a fault what its kind says, of what is
// likely over in a moment a 503, so that clients come back, of the rest a 500.
// What is told as 500 or 503 is logged with its cause, under the same trace id.
func From(ctx context.Context, err error) *Problem {
	var known *Problem
	var f *fault.Fault
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return New(clientGone, "") // nobody reads it, and it is no failure of ours
	case errors.As(err, &known):
		return known
	case errors.As(err, &f):
		return fromFault(ctx, f, err)
	case passing(err):
		slog.WarnContext(ctx, "answering 503", "error", err)
		return New(Unavailable, "Something that is needed for the answer is not there right now.").With("Retry-After", "1")
	}
	slog.ErrorContext(ctx, "answering 500", "error", err)
	return New(Plain(http.StatusInternalServerError), "The service failed. The trace id names the failure in its log.")
}

func fromFault(ctx context.Context, f *fault.Fault, err error) *Problem {
	p := New(Of(string(f.Kind)), f.Detail, fields(f.Fields)...)
	if p.Status >= http.StatusInternalServerError {
		slog.WarnContext(ctx, "answering "+strconv.Itoa(p.Status), "error", err)
	}
	after := f.RetryAfter
	if after == 0 && (p.Status == http.StatusServiceUnavailable || p.Status == http.StatusTooManyRequests) {
		after = time.Second // these are never answered without
	}
	if after > 0 {
		p = p.With("Retry-After", strconv.Itoa(int((after+time.Second-1)/time.Second)))
	}
	return p
}

// passing tells whether the error comes from a network, a deadline, a PostgreSQL
// that starts, stops or is full, or from two transactions that met.
func passing(err error) bool {
	var network net.Error
	var sql interface{ SQLState() string }
	var unsent interface{ SafeToRetry() bool } // pgconn: the connection was closed before anything was sent
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.As(err, &network):
		return true
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		return true // a connection that broke under us
	case errors.As(err, &unsent) && unsent.SafeToRetry():
		return true
	case errors.As(err, &sql):
		return passingState(sql.SQLState())
	}
	return false
}

func passingState(state string) bool {
	switch state {
	case "40001", // serialization failure
		"40P01", // deadlock
		"55P03", // lock not available
		"25006", // read-only transaction: a standby that is not yet promoted
		"25P03": // idle in transaction for too long
		return true
	}
	// connection exception, out of resources, operator intervention
	return strings.HasPrefix(state, "08") || strings.HasPrefix(state, "53") || strings.HasPrefix(state, "57")
}
