package main

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

type metrics struct {
	broken   string
	registry *prometheus.Registry
	duration *prometheus.HistogramVec
	active   prometheus.Gauge
}

func newMetrics(broken string) *metrics {
	name := "http_server_request_duration_seconds"
	if broken == "M-02" {
		name = "http_request_duration_seconds"
	}
	m := &metrics{
		broken: broken, registry: prometheus.NewRegistry(),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: "How long requests took.", Buckets: []float64{.01, .1, 1}}, []string{"route", "method", "status"}),
		active:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "http_server_active_requests", Help: "Requests under way."}),
	}
	m.registry.MustRegister(m.duration, m.active)
	if broken != "M-05" {
		info := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "build_info", Help: "The image."}, []string{"version"})
		info.WithLabelValues("1").Set(1)
		m.registry.MustRegister(info)
	}
	return m
}

func (m *metrics) handler() http.Handler {
	if m.broken == "M-01" {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"requests": 1}`)) // the client went away
		})
	}
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// begin counts a request; what it returns is called with its end.
func (m *metrics) begin() func(route, path, method string, status int, took time.Duration) {
	m.active.Inc()
	return func(route, path, method string, status int, took time.Duration) {
		m.active.Dec()
		if m.broken == "M-03" {
			route = path
		}
		switch method {
		case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		default:
			if m.broken != "M-04" {
				method = "other"
			}
		}
		m.duration.WithLabelValues(route, method, strconv.Itoa(status)).Observe(took.Seconds())
	}
}
