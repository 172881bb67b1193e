package controllers

import "github.com/prometheus/client_golang/prometheus"

// Metrics of the operator. No label grows with shops or releases.
type Metrics struct {
	// SwitchDuration is the time from the write of a switch to its confirmation by the last replica.
	SwitchDuration prometheus.Histogram
	// ReleaseDuration is the time from the cut of a release to its confirmed switch; ways back are left out.
	ReleaseDuration prometheus.Histogram
	// Transitions counts how often shops came to a reason of their Ready condition.
	Transitions *prometheus.CounterVec
	// Writes counts the writes by kind and verb.
	Writes *prometheus.CounterVec
}

// NewMetrics makes the metrics and registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		SwitchDuration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "emporium_switch_duration_seconds", Help: "Time from the write of a switch to its confirmation by every front-door replica.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}),
		ReleaseDuration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "emporium_release_duration_seconds", Help: "Time from the cut of a release to its confirmed switch; ways back are left out.",
			Buckets: []float64{1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600},
		}),
		Transitions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "emporium_transitions_total", Help: "How often shops came to a reason, as their Ready condition names it.",
		}, []string{"reason"}),
		Writes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "emporium_api_writes_total", Help: "Writes to the Kubernetes API by kind and verb; leader election and events are not counted.",
		}, []string{"kind", "verb"}),
	}
	reg.MustRegister(m.SwitchDuration, m.ReleaseDuration, m.Transitions, m.Writes)
	return m
}
