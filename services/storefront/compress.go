// Pages are sent compressed: nobody between here and the browser does it.
package storefront

import (
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// worthIt is the size in bytes from which compressing pays.
const worthIt = 1 << 10

var writers = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // the level is one that there is
	return w
}}

// send writes an answer, compressed for who can read that. A page holds nothing
// secret that its length could give away: the cart's id stands in the cookie alone.
func send(w http.ResponseWriter, r *http.Request, code int, body []byte) {
	if len(body) < worthIt || !takesGzip(r.Header.Get("Accept-Encoding")) {
		w.WriteHeader(code)
		_, _ = w.Write(body) // the client may be gone; nobody is left to tell
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(code)
	out, _ := writers.Get().(*gzip.Writer)
	defer writers.Put(out)
	out.Reset(w)
	_, _ = out.Write(body)
	_ = out.Close()
}

// takesGzip reads Accept-Encoding: gzip, or anything, and not with the weight 0.
func takesGzip(header string) bool {
	weight := map[string]float64{}
	for coding := range strings.SplitSeq(strings.ToLower(header), ",") {
		name, parameter, _ := strings.Cut(strings.TrimSpace(coding), ";")
		q := 1.0
		if text, given := strings.CutPrefix(strings.TrimSpace(parameter), "q="); given {
			q, _ = strconv.ParseFloat(text, 64) // what is no number is 0
		}
		weight[strings.TrimSpace(name)] = q
	}
	if q, named := weight["gzip"]; named {
		return q > 0
	}
	return weight["*"] > 0
}
