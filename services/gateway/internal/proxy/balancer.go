package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/emporium-shop/emporium/services/gateway/internal/upstream"
)

var (
	// errNoPod: the route's service has no pod at all.
	errNoPod = errors.New("no pod is ready")
	// errUnreachable: no pod took the connection, so nothing was sent.
	errUnreachable = errors.New("no pod takes connections")
)

// balancer sends a request to a pod of its service, and offers it to another
// one when that can do no harm.
type balancer struct {
	base     http.RoundTripper
	attempts int
	now      func() time.Time
	recorder Recorder
}

// RoundTrip implements http.RoundTripper.
func (b *balancer) RoundTrip(r *http.Request) (res *http.Response, err error) {
	ex := exchangeOf(r.Context())
	err = b.offer(ex, r, func(pod *upstream.Endpoint) (err error) {
		res, err = b.base.RoundTrip(ex.attempt(r, pod))
		return err
	})
	return res, err
}

// offer sends a request to one pod after the other until one answers.
func (b *balancer) offer(ex *exchange, r *http.Request, send func(*upstream.Endpoint) error) (err error) {
	if ex.pool.Len() == 0 {
		return errNoPod
	}
	if ex.body, err = hold(r); err != nil {
		return err
	}
	for {
		pod := ex.pool.Pick(ex.tried)
		if pod == nil {
			return lastOr(err, errNoPod)
		}
		ex.use(pod)
		if err = send(pod); err == nil {
			pod.Answered()
			return nil
		}
		if err = b.learn(ex, pod, err); !ex.mayRepeat(err) || len(ex.tried) >= b.attempts {
			return err
		}
		b.recorder.Retried(ex.service())
	}
}

func lastOr(last, other error) error {
	if last != nil {
		return last
	}
	return other
}

// attempt addresses the request to a pod. A later attempt gets a copy: the
// transport may still be writing the one before.
func (ex *exchange) attempt(r *http.Request, pod *upstream.Endpoint) *http.Request {
	if len(ex.tried) > 1 {
		copied, url := *r, *r.URL
		copied.URL = &url
		r = &copied
	}
	r.URL.Host = pod.Address
	ex.body.attach(r)
	return r
}

// learn passes over a pod that does not take connections.
func (b *balancer) learn(ex *exchange, pod *upstream.Endpoint, err error) error {
	var dial *dialError
	if !errors.As(err, &dial) || ex.r.Context().Err() != nil {
		return err
	}
	if pod.Refused(b.now()) {
		b.recorder.Ejected(ex.service())
	}
	return fmt.Errorf("%w: %w", errUnreachable, err)
}

// mayRepeat tells whether asking another pod can do no harm: nothing was sent,
// or the request means the same when it is done twice and can be sent again.
// A pod that is merely slow is not left: its work would be done once more by
// the next one. No byte of a response has been forwarded here.
func (ex *exchange) mayRepeat(err error) bool {
	if ex.r.Context().Err() != nil || ex.body.clientError() != nil {
		return false
	}
	if errors.Is(err, errUnreachable) {
		return ex.body.untouched() || ex.body.replayable()
	}
	return !isTimeout(err) && isIdempotent(ex.r) && ex.body.replayable()
}

// isIdempotent follows RFC 9110, 9.2.2. A request with an Idempotency-Key is
// so by the services' contract: they answer a repetition with the stored answer.
func isIdempotent(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete:
		return true
	}
	return r.Header.Get("Idempotency-Key") != ""
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}
