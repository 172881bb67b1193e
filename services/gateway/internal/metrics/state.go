package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/emporium-shop/emporium/services/gateway/internal/table"
)

// State tells what the front door knows: which table, how old, and how many
// pods there are to ask.
type State struct {
	looks   *prometheus.CounterVec
	info    *prometheus.GaugeVec
	usable  prometheus.Gauge
	swapped prometheus.Gauge
	now     func() time.Time
}

// NewState returns State, registered.
func NewState(reg prometheus.Registerer, now func() time.Time) *State {
	s := &State{
		now: now,
		looks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "emporium_frontdoor_table_looks_total", Help: "What came of looking at the routing table's ConfigMap: swapped, same, rejected, missing, waiting (for endpoints), confirmed (they are known).",
		}, []string{"result"}),
		info: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "emporium_frontdoor_table_info", Help: "1 for the table that is routed by.",
		}, []string{"hash"}),
		usable: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "emporium_frontdoor_table_usable", Help: "0 while the stored table is missing or cannot be used, and an earlier one is routed by.",
		}),
		swapped: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "emporium_frontdoor_table_swapped_timestamp_seconds", Help: "When this replica began to route by its table.",
		}),
	}
	reg.MustRegister(s.looks, s.info, s.usable, s.swapped)
	return s
}

// Looked is a table.Watcher.
func (s *State) Looked(sight table.Sight, t *table.Compiled) {
	s.looks.WithLabelValues(string(sight)).Inc()
	switch sight {
	case table.Rejected, table.Missing:
		s.usable.Set(0)
	default:
		s.usable.Set(1)
	}
	if sight == table.Swapped {
		s.info.Reset()
		s.info.WithLabelValues(t.Hash).Set(1)
		s.swapped.Set(float64(s.now().UnixNano()) / 1e9)
	}
}

// RegisterContact adds the time of the last successful contact with the API.
func RegisterContact(reg prometheus.Registerer, last func() time.Time) {
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "emporium_frontdoor_api_last_contact_timestamp_seconds", Help: "When the Kubernetes API last answered; 0 before it did.",
	}, func() float64 {
		if at := last(); !at.IsZero() {
			return float64(at.UnixNano()) / 1e9
		}
		return 0
	}))
}

// RegisterFlag adds a gauge that is 1 while something is so.
func RegisterFlag(reg prometheus.Registerer, name, help string, is func() bool) {
	RegisterNumber(reg, name, help, func() int64 {
		if is() {
			return 1
		}
		return 0
	})
}

// RegisterNumber adds a gauge of what is read when it is asked for.
func RegisterNumber(reg prometheus.Registerer, name, help string, read func() int64) {
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(read()) }))
}

// endpoints counts pods when it is asked, so it never tells of a service that is gone.
type endpoints struct {
	desc   *prometheus.Desc
	tables interface{ Load() *table.Compiled }
	count  func(service string) int
}

// RegisterEndpoints adds the number of pods to ask, by role and service.
func RegisterEndpoints(reg prometheus.Registerer, tables interface{ Load() *table.Compiled }, count func(upstream string) int) {
	reg.MustRegister(&endpoints{prometheus.NewDesc("emporium_frontdoor_endpoints", "Pods that a request may be sent to.",
		[]string{"role", "service"}, nil), tables, count})
}

// Describe implements prometheus.Collector.
func (e *endpoints) Describe(ch chan<- *prometheus.Desc) { ch <- e.desc }

// Collect implements prometheus.Collector.
func (e *endpoints) Collect(ch chan<- prometheus.Metric) {
	for _, role := range []table.Role{table.Active, table.Preview} {
		for service, upstream := range e.tables.Load().Stack(role).Upstreams() {
			ch <- prometheus.MustNewConstMetric(e.desc, prometheus.GaugeValue, float64(e.count(upstream)), string(role), service)
		}
	}
}
