package httpapi

import (
	"net/http"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/problem"
	"github.com/emporium-shop/emporium/services/internal/provenance"
)

// writer waits until the header is written, because only then is it known who
// took part in the answer; it also notes the status for the metrics.
type writer struct {
	http.ResponseWriter
	request *http.Request
	sources *provenance.Sources
	// status is 0 until the header is written.
	status int
	// discard is set while a plain-text body is replaced by a problem.
	discard bool
}

// WriteHeader completes the header. An error told in plain text, as the
// standard library's mux does for 404 and 405, becomes a problem.
func (w *writer) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	if status < 200 {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	if status >= 400 && strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		problem.Write(w, w.request, status, "", "")
		w.discard = true
		return
	}
	w.status = status
	w.sources.Write(w.Header())
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) Write(b []byte) (int, error) {
	if w.status == 0 {
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
