package http1

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// Response is a response whose head has arrived. Deliver it or not, Close it
// once; nothing of it may be used after that.
type Response struct {
	// Status is that of the final response.
	Status int

	client *Client
	conn   *conn // nil once it is given back
	in     input
	head   head
	body   body
}

// keptFields is the largest number of fields that memory is kept for.
const keptFields = 256

var responses = sync.Pool{New: func() any { return &Response{} }}

func newResponse(client *Client, c *conn) *Response {
	r := responses.Get().(*Response)
	r.client, r.conn, r.in.source = client, c, c
	return r
}

// begin reads heads up to the final one and finds out where the body ends.
func (r *Response) begin(q *Request) error {
	if err := r.readHeads(q); err != nil {
		return podFailed("reading the response", err)
	}
	framing, err := frame(&r.head, q.isHead)
	if err != nil {
		return err
	}
	r.Status = r.head.status
	r.body.begin(&r.in, framing)
	return nil
}

func (r *Response) readHeads(q *Request) error {
	for left := maxHead; ; {
		text, err := r.in.until(left, headEnd)
		if err != nil {
			return err
		}
		left -= len(text)
		if err = r.head.parse(string(text)); err != nil {
			return err
		}
		switch {
		case r.head.status >= 200:
			return nil
		case r.head.status == http.StatusSwitchingProtocols:
			return malformed("a switch of protocols that was not asked for")
		case q.Informer != nil:
			header := http.Header{}
			r.CopyHeader(header)
			q.Informer.Inform(r.head.status, header)
		}
	}
}

// CopyHeader adds the fields that are for the client.
func (r *Response) CopyHeader(to http.Header) {
	values := make([]string, len(r.head.fields)) // one allocation for all of them
	own := r.ofConnection()
	for i, f := range r.head.fields {
		if HopByHop(f.name) || own[f.name] {
			continue
		}
		if before, ok := to[f.name]; ok {
			to[f.name] = append(before, f.value)
			continue
		}
		values[i] = f.value
		to[f.name] = values[i : i+1 : i+1]
	}
	switch {
	case r.body.end == byLength:
		r.copyLength(to)
	case r.body.end != none || r.head.status < 200 || r.head.status == http.StatusNoContent:
		delete(to, "Content-Length")
	case len(to["Content-Length"]) > 1: // equal ones
		to["Content-Length"] = to["Content-Length"][:1]
	}
}

// copyLength writes the length as digits alone; that is how nearly every pod writes it.
func (r *Response) copyLength(to http.Header) {
	length := to["Content-Length"]
	var digits [20]byte
	if plain := strconv.AppendInt(digits[:0], r.body.length, 10); len(length) != 1 || length[0] != string(plain) {
		to["Content-Length"] = []string{string(plain)}
	}
}

// ofConnection returns the names that the pod counts to its connection.
func (r *Response) ofConnection() map[string]bool {
	var names map[string]bool
	for _, f := range r.head.fields {
		if f.name != "Connection" {
			continue
		}
		if names == nil {
			names = map[string]bool{}
		}
		for name := range strings.SplitSeq(f.value, ",") {
			names[http.CanonicalHeaderKey(trimBlanks(name))] = true
		}
	}
	return names
}

// announced returns the names of the trailer fields that the head announces.
func (r *Response) announced() (names []string) {
	for _, f := range r.head.fields {
		if f.name != "Trailer" || r.body.end != byChunks {
			continue
		}
		for name := range strings.SplitSeq(f.value, ",") {
			if name = http.CanonicalHeaderKey(trimBlanks(name)); mayTrail(name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// mayTrail tells whether a field may stand behind a body: what frames or routes
// a message comes too late there (RFC 9110, 6.5.1).
func mayTrail(name string) bool {
	if name == "" || HopByHop(name) {
		return false
	}
	switch name {
	case "Content-Length", "Content-Encoding", "Content-Type", "Content-Range", "Host", "Authorization", "Set-Cookie", "Cache-Control", "Expect":
		return false
	}
	return true
}

// clean tells whether the connection has nothing left of this response, or of
// what a pod wrote behind it.
func (r *Response) clean() bool { return r.body.ended && r.body.keep && len(r.in.unread()) == 0 }

// giveBack ends the exchange with the pod: the connection is kept only when the
// response is read to its end and nothing else is there.
func (r *Response) giveBack() {
	c := r.conn
	if c == nil {
		return
	}
	r.conn = nil
	if c.rest() && r.clean() {
		r.client.pool.put(c)
		return
	}
	c.close()
}

// Close ends the response.
func (r *Response) Close() {
	r.giveBack()
	r.in.giveBack()
	r.in.source, r.in.beforeWait = nil, nil
	if cap(r.head.fields) > keptFields {
		r.head.fields = nil
	}
	clear(r.head.fields) // they hold the text of the head
	clear(r.body.trailer.fields)
	r.client, r.body = nil, body{trailer: head{fields: r.body.trailer.fields[:0]}}
	responses.Put(r)
}
