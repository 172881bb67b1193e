package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/emporium-shop/emporium/services/gateway/internal/upstream"
)

var (
	// errNoPod: the route's service has no pod at all.
	errNoPod = errors.New("no pod is ready")
	// errUnreachable: no pod took the connection, so nothing was sent.
	errUnreachable = errors.New("no pod takes connections")
	// errLocal: nothing was sent, and that is this replica's own doing.
	errLocal = errors.New("this replica cannot open a connection")
)

// balancer sends a request to a pod of its service, and offers it to another
// one when that can do no harm.
type balancer struct {
	front *Front
	base  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (b *balancer) RoundTrip(r *http.Request) (res *http.Response, err error) {
	ex := exchangeOf(r.Context())
	err = b.offer(ex, r, func(pod *upstream.Endpoint) (err error) {
		res, err = b.base.RoundTrip(ex.attempt(r, pod)) //nolint:bodyclose // the ReverseProxy closes what it is returned
		return err
	})
	return res, err
}

// offer sends the request to one pod after the other, until one answers or none may be
// asked any more.
func (b *balancer) offer(ex *exchange, r *http.Request, send func(*upstream.Endpoint) error) (err error) {
	if ex.pool.Len() == 0 {
		return errNoPod
	}
	if err = b.front.take(ex, r); err != nil {
		return err
	}
	ex.pool.Asked()
	for {
		pod := ex.pool.Pick(ex.tried)
		if pod == nil {
			return lastOr(err, errNoPod)
		}
		ex.use(pod)
		if err = send(pod); err == nil {
			return nil
		}
		if err = b.learn(ex, pod, err); len(ex.tried) >= b.front.Attempts || !ex.mayRepeat(err) {
			return err
		}
		b.front.Recorder.Retried(ex.service())
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

// learn holds against a pod what is its fault: that it takes no connections, or that it
// took a request and did not answer.
func (b *balancer) learn(ex *exchange, pod *upstream.Endpoint, err error) error {
	if ex.r.Context().Err() != nil {
		return err
	}
	if isSilent(err) && pod.Refused(b.front.Now()) { // each further request would wait as long
		b.front.Recorder.Ejected(ex.service())
		return err
	}
	if !notSent(err) {
		if podFault(err) && ex.body.clientError() == nil && pod.Failed(b.front.Now()) {
			b.front.Recorder.Ejected(ex.service())
		}
		return err
	}
	if ownFault(err) {
		return fmt.Errorf("%w: %w", errLocal, err)
	}
	if pod.Refused(b.front.Now()) {
		b.front.Recorder.Ejected(ex.service())
	}
	return fmt.Errorf("%w: %w", errUnreachable, err)
}

// notSent tells whether the error is from before there was a connection.
func notSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// answered tells the pod how its answer was. A gateway within the pod that finds nobody
// behind it (502, 503, 504) is as good as none.
func (b *balancer) answered(ex *exchange, status int) {
	pod := ex.tried[len(ex.tried)-1]
	switch status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		if pod.Failed(b.front.Now()) {
			b.front.Recorder.Ejected(ex.service())
		}
	default:
		pod.Answered()
	}
}

// mayRepeat tells whether asking another pod can do no harm: nothing was sent,
// or the request means the same when it is done twice and can be sent again.
// A pod that is merely slow is not left: its work would be done once more by
// the next one; one whose machine is gone is. No byte of a response has been forwarded here. What was sent is repeated
// as long as the budget of the service's pods lasts.
func (ex *exchange) mayRepeat(err error) bool {
	if ex.r.Context().Err() != nil || ex.body.clientError() != nil {
		return false
	}
	if errors.Is(err, errUnreachable) || errors.Is(err, errLocal) {
		return ex.body.untouched() || ex.body.replayable()
	}
	return (!isTimeout(err) || isSilent(err)) && isIdempotent(ex.r) && ex.body.replayable() && ex.pool.MayRepeat()
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
