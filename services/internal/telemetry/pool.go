package telemetry

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

// pool reads the state of a service's connections whenever it is scraped.
type pool struct {
	stat                                       func() *pgxpool.Stat
	connections, acquires, waits, waited, most *prometheus.Desc
}

// Pool tells of the connections to the database of a service. The number that
// matters is db_pool_wait_seconds_total: how long requests waited for one.
func Pool(service string, stat func() *pgxpool.Stat) prometheus.Collector {
	labels := prometheus.Labels{"db": service}
	desc := func(name, help string, variable ...string) *prometheus.Desc {
		return prometheus.NewDesc("db_pool_"+name, help, variable, labels)
	}
	return &pool{
		stat:        stat,
		connections: desc("connections", "Connections to the database that are open, by what they do.", "state"),
		most:        desc("connections_max", "How many connections there may be."),
		acquires:    desc("acquires_total", "How often a connection was asked for and got."),
		waits:       desc("waits_total", "How often none was free, so that the request waited for one, or gave up (outcome).", "outcome"),
		waited:      desc("wait_seconds_total", "How long requests waited for a connection, in all."),
	}
}

// Describe implements prometheus.Collector.
func (p *pool) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(p, out) }

// Collect implements prometheus.Collector.
func (p *pool) Collect(out chan<- prometheus.Metric) {
	s := p.stat()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	gauge(p.connections, float64(s.AcquiredConns()), "used")
	gauge(p.connections, float64(s.IdleConns()), "idle")
	gauge(p.connections, float64(s.ConstructingConns()), "connecting")
	gauge(p.most, float64(s.MaxConns()))
	counter(p.acquires, float64(s.AcquireCount()))
	counter(p.waits, float64(s.EmptyAcquireCount()), "served")
	counter(p.waits, float64(s.CanceledAcquireCount()), "gave-up")
	counter(p.waited, s.EmptyAcquireWaitTime().Seconds())
}
