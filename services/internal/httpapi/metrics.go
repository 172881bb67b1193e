package httpapi

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are those that every service has. They live in a registry of their
// own, so that two handlers of one test process do not meet.
type metrics struct {
	registry *prometheus.Registry
	duration *prometheus.HistogramVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "http_server_request_duration_seconds",
			Help:    "How long requests took, from the request's header to the end of the answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route", "method", "status"}),
	}
	m.registry.MustRegister(m.duration)
	return m
}

// handler serves these metrics and the process's own, which live in the default registry.
func (m *metrics) handler() http.Handler {
	all := prometheus.Gatherers{m.registry, prometheus.DefaultGatherer}
	return promhttp.HandlerFor(all, promhttp.HandlerOpts{})
}

func (m *metrics) observe(r *http.Request, status int, took time.Duration) {
	m.duration.WithLabelValues(route(r), method(r.Method), strconv.Itoa(status)).Observe(took.Seconds())
}

// route is the pattern that the mux matched, never the path: paths hold ids.
func route(r *http.Request) string {
	_, path, found := strings.Cut(r.Pattern, " ")
	switch {
	case r.Pattern == "":
		return "unmatched"
	case found:
		return path
	}
	return r.Pattern
}

// method keeps a caller from making up label values.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}
