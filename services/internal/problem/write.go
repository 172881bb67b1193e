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
	return body
}
