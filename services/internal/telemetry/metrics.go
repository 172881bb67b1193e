package telemetry

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are those that every service has, in a registry of their own, so that
// two services of one process do not meet.
type Metrics struct {
	*prometheus.Registry
	duration *prometheus.HistogramVec
	// Active is how many requests are in flight.
	Active prometheus.Gauge
	// Shed counts requests that were refused because too many were in flight.
	Shed *prometheus.CounterVec
}

// NewMetrics makes them; version is the image's.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "http_server_request_duration_seconds",
			Help:    "How long requests took, from the request's header to the end of the answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route", "method", "status"}),
		Active: prometheus.NewGauge(prometheus.GaugeOpts{Name: "http_server_active_requests", Help: "Requests that are in flight."}),
		Shed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "http_server_shed_requests_total", Help: "Requests that were refused because too many were in flight.",
		}, []string{"route"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "build_info", Help: "1, with the version of the image.", ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	m.MustRegister(m.duration, m.Active, m.Shed, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the metrics in Prometheus' format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{})
}

// Observe notes an answered request. The route is a pattern, never a path: paths hold ids.
func (m *Metrics) Observe(route, method string, status int, took time.Duration) {
	m.duration.WithLabelValues(route, known(method), strconv.Itoa(status)).Observe(took.Seconds())
}

// known keeps a caller from making up label values.
func known(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}
