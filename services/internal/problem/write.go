package problem

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/emporium-shop/emporium/services/internal/trace"
)

// Write answers the request with a problem that names the request's path and
// trace. It is the only writer of problems, so all have the same headers.
func Write(w http.ResponseWriter, r *http.Request, p *Problem) {
	h := w.Header()
	for _, name := range []string{"Content-Length", "Content-Encoding", "ETag", "Last-Modified", "Expires"} {
		h.Del(name) // of the answer that was meant to be
	}
	for name, values := range p.header {
		h[name] = values
	}
	h.Set("Content-Type", ContentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if p.Status == GoneStatus {
		// net/http also takes a read deadline that passed for a client that left, and would end the context of
		// every later request of the connection: a client that is still there comes back on another one.
		h.Set("Connection", "close")
		w.WriteHeader(p.Status) // for the metrics: nobody reads it
		return
	}
	body := p.encode(r)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client is gone: nobody to tell
	}
}

func (p *Problem) encode(r *http.Request) []byte {
	complete := *p
	complete.Instance, complete.TraceID = r.URL.EscapedPath(), trace.From(r.Context()).ID
	body, err := json.Marshal(&complete)
	if err != nil { // strings and numbers only: cannot happen
		return []byte("{}")
	}
	return p.grown(body)
}

// grown adds the kind's own members. One that cannot be written is left out: the refusal matters more.
func (p *Problem) grown(body []byte) []byte {
	if len(p.more) == 0 {
		return body
	}
	more, err := json.Marshal(p.more)
	if err != nil {
		return body
	}
	return append(append(body[:len(body)-1], ','), more[1:]...)
}
