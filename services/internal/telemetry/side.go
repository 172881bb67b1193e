package telemetry

import (
	"net/http"
	"net/http/pprof"
)

// Side is what the side port serves: /metrics, and /debug/pprof for who looks for
// what a service spends its time with. The port is not part of any route, so
// nobody outside the cluster reaches it.
func (m *Metrics) Side() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.Handler())
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}
