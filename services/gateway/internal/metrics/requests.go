package metrics

import (
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/emporium-shop/emporium/services/gateway/internal/proxy"
	"github.com/emporium-shop/emporium/services/gateway/internal/table"
)

// Requests records what the front door passes on. It implements proxy.Recorder.
type Requests struct {
	duration *prometheus.HistogramVec
	inFlight *prometheus.GaugeVec
	retries  *prometheus.CounterVec
	ejected  *prometheus.CounterVec
	failures *prometheus.CounterVec

	tallies sync.Map // of key to *tally
}

type key struct {
	role    table.Role
	service string
}

// tally is the counts of one service in one role.
type tally struct {
	inFlight prometheus.Gauge
	duration prometheus.ObserverVec
	failures *prometheus.CounterVec // by cause
	gone     atomic.Bool
	// classes are the observers of duration that were needed so far: finding one by its
	// label costs more than observing.
	classes [len(classes)]atomic.Pointer[prometheus.Observer]
}

// observer returns that of a class of status. Series appear with their first request.
func (t *tally) observer(class int) prometheus.Observer {
	if known := t.classes[class].Load(); known != nil {
		return *known
	}
	found := t.duration.WithLabelValues(classes[class])
	t.classes[class].Store(&found)
	return found
}

// NewRequests returns Requests, registered.
func NewRequests(reg prometheus.Registerer) *Requests {
	m := &Requests{
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "http_server_request_duration_seconds",
			Help:    "Time from the arrival of a request to the end of its response, by role of the release, service and class of status (broken: the response could not be finished).",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"role", "service", "status"}),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "http_server_requests_in_flight", Help: "Requests that are being answered.",
		}, []string{"role", "service"}),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "emporium_frontdoor_retries_total", Help: "Requests that were sent once more, to another pod or by another connection.",
		}, []string{"service"}),
		ejected: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "emporium_frontdoor_ejections_total", Help: "Pods that were passed over for a while because they refused a connection.",
		}, []string{"service"}),
	}
	m.failures = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "emporium_frontdoor_failures_total", Help: "Requests that a pod did not answer with a status below 500, by cause. A guard counts pod_error, pod_cut, no_pod and too_late as errors.",
	}, []string{"role", "service", "cause"})
	reg.MustRegister(m.duration, m.inFlight, m.retries, m.ejected, m.failures)
	return m
}

// Begin implements proxy.Recorder. Requests without a route have the service "".
func (m *Requests) Begin(role table.Role, service string) proxy.Tally {
	t := m.tally(key{role, service})
	t.inFlight.Inc()
	return t
}

func (m *Requests) tally(k key) *tally {
	if found, ok := m.tallies.Load(k); ok {
		return found.(*tally)
	}
	labels := prometheus.Labels{"role": string(k.role), "service": k.service}
	made, _ := m.tallies.LoadOrStore(k, &tally{inFlight: m.inFlight.With(labels), duration: m.duration.MustCurryWith(labels), failures: m.failures.MustCurryWith(labels)})
	return made.(*tally)
}

// End implements proxy.Tally.
func (t *tally) End(r proxy.Result) {
	t.inFlight.Dec()
	if t.gone.Load() { // counting would bring the removed series back
		return
	}
	t.observer(class(r.Status)).Observe(r.Duration.Seconds())
	if r.Cause != proxy.Answered {
		t.failures.WithLabelValues(string(r.Cause)).Inc()
	}
}

// Retried implements proxy.Recorder.
func (m *Requests) Retried(service string) { m.count(m.retries, service) }

// Ejected implements proxy.Recorder.
func (m *Requests) Ejected(service string) { m.count(m.ejected, service) }

// count leaves out a service that is gone: a request of it that still runs would bring
// the removed series back.
func (m *Requests) count(of *prometheus.CounterVec, service string) {
	for _, role := range []table.Role{table.Active, table.Preview} {
		if _, known := m.tallies.Load(key{role, service}); known {
			of.WithLabelValues(service).Inc()
			return
		}
	}
}

// Swapped removes the series of services that the table does not name. It is a
// table.Watcher.
func (m *Requests) Swapped(sight table.Sight, t *table.Compiled) {
	if sight != table.Swapped {
		return
	}
	kept := map[string]bool{"": true}
	for _, release := range t.Source.Releases {
		for _, route := range release.Routes {
			kept[route.Service] = true
		}
	}
	m.tallies.Range(func(k, v any) bool {
		if service := k.(key).service; !kept[service] {
			v.(*tally).gone.Store(true)
			m.tallies.Delete(k)
			m.forget(prometheus.Labels{"service": service})
		}
		return true
	})
}

func (m *Requests) forget(labels prometheus.Labels) {
	m.duration.DeletePartialMatch(labels)
	m.inFlight.DeletePartialMatch(labels)
	m.retries.DeletePartialMatch(labels)
	m.ejected.DeletePartialMatch(labels)
	m.failures.DeletePartialMatch(labels)
}

// classes are the values of the label status; broken is the first one.
var classes = [...]string{"broken", "1xx", "2xx", "3xx", "4xx", "5xx"}

// class returns an index of classes.
func class(status int) int {
	if status == proxy.StatusGone {
		return 0
	}
	return min(max(status/100, 1), 5)
}
