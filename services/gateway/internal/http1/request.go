package http1

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

const (
	// joined is the largest body that is copied behind the head, so that both
	// are one write.
	joined = 8 << 10
	// keptHead is the largest head buffer that is kept for the next request.
	keptHead = joined + 4<<10
)

// Resender decides on sending a request once more.
type Resender interface {
	// MayResend is asked when a kept connection was closed without a byte of a
	// response: the pod may have got the request, so it must be idempotent.
	MayResend() bool
}

// Request is a request as it is written. Its bytes do not depend on the pod.
type Request struct {
	head, body []byte
	// fields is the length of the head without its end.
	fields    int
	isHead    bool
	hasLength bool
	bad       bool
	resender  Resender
	// Informer hears of responses before the final one. Nil: they are dropped.
	Informer Informer
	// Waiter hears that the response takes a while. Nil: nobody does.
	Waiter Waiter
}

// Informer is who hears of responses before the final one (1xx, never 101).
type Informer interface {
	Inform(status int, header http.Header)
}

// Waiter is who waits for a response that takes a while.
type Waiter interface {
	// Waits is called before a pod is connected to, and when it has not answered within
	// some 100 ms. The context that it returns ends the wait from then on.
	Waits(ctx context.Context) context.Context
}

var requests = sync.Pool{New: func() any { return &Request{head: make([]byte, 0, 1<<10)} }}

// Begin returns the request line and the Host of r, which must be Plain. A nil
// resender never sends again. Free the request when it is answered.
func Begin(r *http.Request, resender Resender) *Request {
	q := requests.Get().(*Request)
	q.isHead, q.resender, q.bad, q.fields = r.Method == http.MethodHead, resender, false, 0
	q.hasLength = r.Method == http.MethodPost || r.Method == http.MethodPut || r.Method == http.MethodPatch
	b := append(q.head[:0], r.Method...)
	b = append(b, ' ')
	b = append(b, r.URL.EscapedPath()...)
	if r.URL.ForceQuery || r.URL.RawQuery != "" {
		b = append(b, '?')
		b = append(b, r.URL.RawQuery...)
	}
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, r.Host...)
	q.head = append(b, "\r\n"...)
	return q
}

// Field adds a header field whose value is the parts in a row. The length and what belongs
// to one connection (HopByHop) is not for who calls it.
func (q *Request) Field(name string, value ...string) {
	b := append(q.head, name...)
	b = append(b, ": "...)
	for _, part := range value {
		// net/http has refused such values; this is the last one that could.
		if strings.IndexByte(part, '\n') >= 0 || strings.IndexByte(part, '\r') >= 0 || strings.IndexByte(part, 0) >= 0 {
			q.bad = true
			return
		}
		b = append(b, part...)
	}
	q.head = append(b, "\r\n"...)
}

// End adds the body, which must stay as it is until Free. It tells whether the
// request can be sent. Ending it again changes the body.
func (q *Request) End(body []byte) bool {
	if q.fields == 0 {
		q.fields = len(q.head)
	}
	q.head = q.head[:q.fields]
	if len(body) > 0 || q.hasLength { // many servers want a length for POST, even of nothing
		q.head = append(q.head, "Content-Length: "...)
		q.head = strconv.AppendInt(q.head, int64(len(body)), 10)
		q.head = append(q.head, "\r\n"...)
	}
	q.head = append(q.head, "\r\n"...)
	q.body = body
	if len(body) <= joined {
		q.head, q.body = append(q.head, body...), nil
	}
	return !q.bad && len(body) <= MaxBody
}

// Free gives the memory back.
func (q *Request) Free() {
	q.body, q.Informer, q.resender, q.Waiter = nil, nil, nil, nil
	if cap(q.head) <= keptHead {
		requests.Put(q)
	}
}

// HopByHop tells whether a field, by its canonical name, is about one
// connection (RFC 9110, 7.6.1) and ends here.
func HopByHop(name string) bool {
	switch name {
	case "Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade":
		return true
	}
	return false
}
