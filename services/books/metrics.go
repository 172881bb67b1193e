package books

import (
	"maps"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// meters are what the worker measures. Rules are few, and no label has an id.
type meters struct {
	violations *prometheus.GaugeVec
	last       atomic.Int64
	compared   atomic.Int64
	pending    prometheus.Gauge
	before     map[string]int
}

// newMeters registers the metrics. Until the first round the age is that of the process.
func newMeters(to prometheus.Registerer, now func() time.Time) (*meters, error) {
	m := &meters{
		violations: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "shop_books_violations", Help: "What does not balance and nobody accepted, by rule."}, []string{"rule"}),
		pending:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "shop_books_pending", Help: "Checkouts that are under way, and are compared again."}),
	}
	m.last.Store(now().Unix())
	for _, one := range []prometheus.Collector{
		m.violations, m.pending,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "shop_books_comparison_age_seconds", Help: "How long ago the last round of the comparison ended."},
			func() float64 { return float64(now().Unix() - m.last.Load()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "shop_books_compared_total", Help: "How many times something was compared, ever."},
			func() float64 { return float64(m.compared.Load()) }),
	} {
		if err := to.Register(one); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// set tells whether what is open changed.
func (m *meters) set(open map[string]int, s Status) bool {
	for _, r := range Rules {
		m.violations.WithLabelValues(r.Name).Set(float64(open[r.Name]))
	}
	m.last.Store(s.ComparedAt.Unix())
	m.compared.Store(s.Compared)
	m.pending.Set(float64(s.Pending))
	changed := !maps.Equal(m.before, open)
	m.before = open
	return changed
}
