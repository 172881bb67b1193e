package httpapi

import (
	"net/http"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/problem"
	"github.com/emporium-shop/emporium/services/internal/provenance"
)

// writer waits until the header is written, because only then is it known who
// took part in the answer; it also notes the status for the metrics.
type writer struct {
	http.ResponseWriter
	request *http.Request
	sources *provenance.Sources
	refuse  func(http.ResponseWriter, *http.Request, *problem.Problem)
	// status is 0 until the header is written.
	status int
	// discard is set while a body is replaced by a problem, or by nothing.
	discard bool
}

// WriteHeader completes the header. An error told in plain text, as the
// standard library's mux does for 404 and 405, becomes a problem; a copy that
// the client has already becomes 304.
func (w *writer) WriteHeader(status int) {
	switch {
	case w.status != 0:
		return
	case status < 200:
		w.ResponseWriter.WriteHeader(status)
		return
	case status >= 400 && strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain"):
		w.Header().Del("Content-Type")
		w.refuse(w, w.request, problem.New(problem.Plain(status), ""))
		w.discard = true
		return
	case status == http.StatusOK && w.fresh():
		status, w.discard = http.StatusNotModified, true
		bare(w.Header())
	}
	w.status = status
	w.sources.Write(w.Header())
	w.ResponseWriter.WriteHeader(status)
}

// fresh tells whether the client has what is answered: a read whose If-None-Match
// names the answer's ETag.
func (w *writer) fresh() bool {
	tag, have := w.Header().Get("ETag"), w.request.Header.Values("If-None-Match")
	read := w.request.Method == http.MethodGet || w.request.Method == http.MethodHead
	return read && tag != "" && len(have) > 0 && etag.Fresh(strings.Join(have, ","), tag)
}

// bare leaves what RFC 9110 (15.4.5) wants in a 304. A cache renews the headers
// of its copy by these, so ETag, Cache-Control, Expires and Vary stay as they
// are, and what describes a body goes.
func bare(h http.Header) {
	for name := range h {
		if strings.HasPrefix(name, "Content-") && name != "Content-Location" && name != "Content-Security-Policy" {
			h.Del(name)
		}
	}
	h.Del("Last-Modified")
}

func (w *writer) Write(b []byte) (int, error) {
	if w.status == 0 && !w.discard {
		w.WriteHeader(http.StatusOK)
	}
	if w.discard {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// FlushError keeps a flush from writing the header past WriteHeader.
func (w *writer) FlushError() error {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush serves code that looks for an http.Flusher.
func (w *writer) Flush() {
	_ = w.FlushError() // a flush that fails shows in the next write
}

// Unwrap serves http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
