package http1

import (
	"errors"
	"io"
	"net/http"
	"strings"
)

// Deliver writes the response to a client, whose header the caller has filled
// by CopyHeader. After an error the client's connection must be cut, so that it
// does not take the part for the whole: a PodError is the pod's, a ClientError
// the client's.
func (r *Response) Deliver(w http.ResponseWriter) error {
	announced := r.announced()
	if len(announced) > 0 {
		w.Header().Add("Trailer", strings.Join(announced, ", "))
	}
	w.WriteHeader(r.Status)
	if r.body.end == byChunks || r.body.end == byClosing {
		// What a stream has sent so far is shown before it is waited for more.
		r.in.beforeWait = func() error { return flush(w) }
	}
	if err := r.copyBody(w); err != nil {
		return err
	}
	return r.sendTrailer(w, len(announced) > 0)
}

// copyBody gives the connection to the pod back before the last piece is
// written: the client may be slow.
func (r *Response) copyBody(w io.Writer) error {
	for {
		piece, err := r.body.next()
		if errors.Is(err, io.EOF) {
			r.giveBack()
			return nil
		}
		if err != nil {
			return err
		}
		if r.body.ended {
			r.giveBack()
		}
		if _, err = w.Write(piece); err != nil {
			return &ClientError{err}
		}
	}
}

// sendTrailer writes the fields behind the body.
func (r *Response) sendTrailer(w http.ResponseWriter, announced bool) error {
	fields := r.body.trailer.fields
	if r.body.end != byChunks || len(fields) == 0 && !announced {
		return nil
	}
	// net/http would count a short body and send its length, and no trailer.
	if err := flush(w); err != nil {
		return err
	}
	for _, f := range fields {
		if mayTrail(f.name) {
			w.Header().Add(http.TrailerPrefix+f.name, f.value)
		}
	}
	return nil
}

func flush(w http.ResponseWriter) error {
	if err := http.NewResponseController(w).Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return &ClientError{err}
	}
	return nil
}
